"""The door to LightGBM for prediction: its shared library by ctypes, without its Python package.

`import lightgbm` brings scikit-learn, pandas and pyarrow along (over 200 MB, seconds); the library alone is 2 MB.
"""

from __future__ import annotations

import ctypes
import importlib.util
import struct
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from milepost.ground.doors import door
from milepost.ground.errors import MilepostError

# From LightGBM's C interface (LightGBM/c_api.h): float64 data, raw margins or their contributions, all rounds.
_FLOAT64 = 1
_ROW_MAJOR = 1
_RAW_MARGIN = 1
_CONTRIBUTIONS = 3
_FIRST_ROUND = 0
_ALL_ROUNDS = -1
_PLACES = ("lib", "bin", ".")
_NAMES = ("lib_lightgbm.so", "lib_lightgbm.dylib", "lib_lightgbm.dll")


class Trees:
    """LightGBM trees: raw margins of one row or of many, the same bits for both at any number of threads.

    Attributes:
        columns: how many encoded columns a row has.
        outputs: how many margins a row gets: 1, or one for each class.
    """

    def __init__(self, text: str, *, where: str) -> None:
        """Load trees from LightGBM's model text.

        Args:
            text: as Booster.model_to_string writes it.
            where: the file it came from, for the error.

        Raises:
            MilepostError: the text holds no trees.
            EnvironmentFault: LightGBM or the system library under it is not installed.
        """
        self._where = where
        self._batch, self._single = _library()
        self._handle, rounds = ctypes.c_void_p(), ctypes.c_int()
        self._call(
            self._batch.LGBM_BoosterLoadModelFromString,
            text.encode("utf-8"),
            ctypes.byref(rounds),
            ctypes.byref(self._handle),
        )
        _free_with(self, self._batch.LGBM_BoosterFree, self._handle)
        self.columns = self._count(self._batch.LGBM_BoosterGetNumFeature)
        self.outputs = self._count(self._batch.LGBM_BoosterGetNumClasses)

    def margins(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return the raw margins of many rows, shape (rows, outputs).

        Args:
            matrix: encoded rows, float64, shape (rows, columns); NaN is missing.
            threads: how many work at once; the bits do not depend on it.
        """
        return self._predicted(matrix, _RAW_MARGIN, self.outputs, threads)

    def contributions(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Return what each encoded column adds to each margin, shape (rows, outputs, columns + 1), the base last.

        The base is the mean margin over the rows that the trees were grown on; with the contributions it sums up to the
        margin but for rounding. They are the Shapley values of the columns.

        Args:
            matrix: as for margins.
            threads: as for margins.

        Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees".
        """
        width = self.columns + 1
        flat = self._predicted(matrix, _CONTRIBUTIONS, self.outputs * width, threads)
        return flat.reshape(len(flat), self.outputs, width)

    def _predicted(self, matrix: np.ndarray, kind: int, width: int, threads: int) -> np.ndarray:
        """Return what LightGBM says of many rows, shape (rows, width)."""
        matrix = np.ascontiguousarray(matrix, dtype=np.float64)
        numbers, written = np.empty((len(matrix), width)), ctypes.c_int64()
        if len(matrix):
            self._call(
                self._batch.LGBM_BoosterPredictForMat,
                self._handle,
                ctypes.c_void_p(matrix.ctypes.data),
                _FLOAT64,
                ctypes.c_int32(matrix.shape[0]),
                ctypes.c_int32(matrix.shape[1]),
                _ROW_MAJOR,
                kind,
                _FIRST_ROUND,
                _ALL_ROUNDS,
                f"num_threads={threads}".encode(),
                ctypes.byref(written),
                ctypes.c_void_p(numbers.ctypes.data),
            )
        return numbers

    def row_margins(self) -> Callable[[Sequence[float]], list[float]]:
        """Return a function from one encoded row to its raw margins; threads may share it.

        The call keeps Python's lock: it takes about 4 µs, less than giving the lock away and waiting for it.
        """
        fast = self._prepared_for_one_row()
        call = self._single.LGBM_BoosterPredictForMatSingleRowFast
        pack = struct.Struct(f"{self.columns}d").pack
        result_of, written = ctypes.c_double * self.outputs, ctypes.byref(ctypes.c_int64())

        def margins(row: Sequence[float]) -> list[float]:
            result = result_of()
            if call(fast, pack(*row), written, result):
                raise self._refusal()
            return list(result)

        return margins

    def _prepared_for_one_row(self) -> ctypes.c_void_p:
        fast = ctypes.c_void_p()
        self._call(
            self._batch.LGBM_BoosterPredictForMatSingleRowFastInit,
            self._handle,
            _RAW_MARGIN,
            _FIRST_ROUND,
            _ALL_ROUNDS,
            _FLOAT64,
            ctypes.c_int32(self.columns),
            b"num_threads=1",
            ctypes.byref(fast),
        )
        # Registered later than the trees', so called earlier: the configuration must go before what it refers to.
        _free_with(self, self._batch.LGBM_FastConfigFree, fast)
        return fast

    def _count(self, getter: Callable[..., int]) -> int:
        number = ctypes.c_int()
        self._call(getter, self._handle, ctypes.byref(number))
        return number.value

    def _call(self, function: Callable[..., int], *arguments: object) -> None:
        if function(*arguments):
            raise self._refusal()

    def _refusal(self) -> MilepostError:
        why = self._batch.LGBM_GetLastError().decode("utf-8", "replace")
        return MilepostError(
            f"LightGBM refused the trees: {why.strip()}.",
            where=self._where,
            fix="Fetch the bundle again from the registry, or train it again.",
        )


@cache
def _library() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """Return the library twice: calls of the first let other threads run, calls of the second do not."""
    with door("lightgbm"):
        path = str(_library_path())
        batch, single = ctypes.CDLL(path), ctypes.PyDLL(path)
    batch.LGBM_GetLastError.restype = ctypes.c_char_p
    return batch, single


def _library_path() -> Path:
    found = importlib.util.find_spec("lightgbm")  # looks for the package, does not import it
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm")
    for folder in map(Path, found.submodule_search_locations):
        for path in (folder / place / name for place in _PLACES for name in _NAMES):
            if path.is_file():
                return path
    raise OSError(f"{' or '.join(_NAMES)} is not in the package")


def _free_with(owner: Trees, release: Callable[[ctypes.c_void_p], int], handle: ctypes.c_void_p) -> None:
    """Free handle when owner goes; not when Python ends, because a thread may still be answering."""
    weakref.finalize(owner, release, handle).atexit = False
