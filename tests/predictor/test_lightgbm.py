from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from milepost.ground.errors import MilepostError
from milepost.predictor.lightgbm import Trees

COLUMNS = 8
CATEGORIES = [0, 1]


@cache
def booster(objective: str) -> lightgbm.Booster:
    """Train a few trees on numbers with missing values and two columns of integer codes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, COLUMNS))
    x[:, CATEGORIES] = rng.integers(0, 9, size=(2000, 2))
    x[rng.random(x.shape) < 0.1] = np.nan
    truth = np.nan_to_num(x[:, 2]) + (x[:, 0] > 4) + rng.normal(size=2000)
    settings = {"objective": objective, "verbose": -1, "num_threads": 1, "num_leaves": 15}
    if objective == "multiclass":
        truth, settings["num_class"] = np.digitize(truth, [0, 1]), 3
    if objective == "binary":
        truth = truth > 0.5
    data = lightgbm.Dataset(x, np.asarray(truth, dtype=float), categorical_feature=CATEGORIES)
    return lightgbm.train(settings, data, 25)


def rows() -> np.ndarray:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, COLUMNS)) * np.exp(rng.normal(size=(600, COLUMNS)) * 3)
    x[:, CATEGORIES] = rng.integers(-2, 15, size=(600, 2))
    x[rng.random(x.shape) < 0.2] = np.nan
    x[:40, 2:] = -0.0
    x[40:60, 2:] = 1e-40
    x[60:80, :] = 1e300
    x[80:90, 1] = 2.5
    return x


def loaded(objective: str) -> Trees:
    return Trees(booster(objective).model_to_string(), where="test")


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_margins_are_those_of_the_lightgbm_package(objective):
    expected = booster(objective).predict(rows(), raw_score=True).reshape(600, -1)
    assert np.array_equal(loaded(objective).margins(rows()), expected)


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_one_row_has_the_bits_of_many_at_any_number_of_threads(objective):
    trees = loaded(objective)
    margins = trees.row_margins()
    one_by_one = np.array([margins(row) for row in rows().tolist()])
    for threads in (1, 2, 3):
        assert np.array_equal(one_by_one, trees.margins(rows(), threads=threads))


def test_the_shape_is_known_before_the_first_row():
    trees = loaded("multiclass")
    assert (trees.columns, trees.outputs) == (COLUMNS, 3)
    assert trees.margins(np.empty((0, COLUMNS))).shape == (0, 3)


def test_threads_that_share_a_row_function_do_not_mix_rows():
    margins, asked = loaded("binary").row_margins(), rows().tolist()
    expected = [margins(row) for row in asked]
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda place: margins(asked[place % 600]), range(6000)))
    assert given == expected * 10


def test_a_row_function_outlives_the_trees_it_came_from():
    margins = loaded("binary").row_margins()
    gc.collect()
    assert margins([0.0] * COLUMNS) == margins([0.0] * COLUMNS)


def test_memory_is_given_back():
    text = booster("binary").model_to_string()

    def pages() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    for _ in range(20):
        Trees(text, where="test").row_margins()
    before = pages()
    for _ in range(300):
        Trees(text, where="test").row_margins()
    assert pages() - before < 2000  # 300 leaked models would be far more than 8 MB


@pytest.mark.parametrize("text", ["", "tree\n", "not a model"])
def test_text_without_trees_is_refused(text, capfd):
    with pytest.raises(MilepostError, match="LightGBM refused the trees"):
        Trees(text, where="trees/boosted.txt")
    capfd.readouterr()  # LightGBM itself speaks on standard error


def test_a_matrix_of_another_width_is_refused(capfd):
    with pytest.raises(MilepostError, match="number of features"):
        loaded("binary").margins(np.zeros((1, COLUMNS + 1)))
    capfd.readouterr()


LOAD = """
import sys
from milepost.ground.errors import EnvironmentFault
from milepost.predictor.lightgbm import Trees
try:
    Trees("", where="test")
except EnvironmentFault as why:
    print(why)
"""


def said_with(package: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(package)!r})\n{LOAD}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def test_a_library_that_cannot_be_loaded_names_the_cure(tmp_path):
    (tmp_path / "lightgbm" / "lib").mkdir(parents=True)
    (tmp_path / "lightgbm" / "__init__.py").touch()
    (tmp_path / "lightgbm" / "lib" / "lib_lightgbm.so").write_text("not a library")
    assert "could not be loaded" in said_with(tmp_path)
    assert "pip install" in said_with(tmp_path)


def test_a_missing_package_names_the_cure():
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['lightgbm'] = None\n{LOAD}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "pip install 'lightgbm'" in done.stdout


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_contributions_are_those_of_the_lightgbm_package(objective):
    expected = booster(objective).predict(rows(), pred_contrib=True).reshape(600, -1, COLUMNS + 1)
    assert np.array_equal(loaded(objective).contributions(rows()), expected)


@pytest.mark.parametrize("objective", ["binary", "multiclass", "regression"])
def test_contributions_have_the_same_bits_alone_and_at_any_number_of_threads(objective):
    trees = loaded(objective)
    told = trees.contributions(rows(), threads=2)
    assert np.array_equal(told, np.concatenate([trees.contributions(row[None]) for row in rows()]))
    assert told.sum(axis=2) == pytest.approx(trees.margins(rows()), abs=1e-12)
