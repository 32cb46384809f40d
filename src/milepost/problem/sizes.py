"""Sizes of data as a problem file writes them: "8 MB", "512 kB"."""

from __future__ import annotations

import re
from decimal import Decimal

from milepost.ground.errors import MilepostError

ALLOWED = 'a number with its unit: B, kB, MB, GB, or KiB, MiB, GiB, such as "8 MB" or "512 kB"'
LARGEST = 10**12  # a terabyte; more is a slip of the pen

_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_BY_FOLDED = {unit.casefold(): size for unit, size in _BYTES.items()} | {"k": 10**3, "m": 10**6, "g": 10**9}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", re.ASCII)


def parse_size(text: str, *, where: str) -> int:
    """Return the bytes that text says, 1 or more.

    Raises:
        MilepostError: text is no size, has no unit, or says less than a byte or more than a terabyte.

    >>> parse_size("8 MB", where="here"), parse_size("512kB", where="here"), parse_size("1 MiB", where="here")
    (8000000, 512000, 1048576)
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise MilepostError(f"{text!r} is no size.", where=where, fix=f"Write {ALLOWED}.")
    number, unit = match[1], match[2].casefold()
    if unit not in _BY_FOLDED:
        doubt = f"{match[2]!r} is no unit" if unit else "it has no unit"
        fix = f"Write {ALLOWED}." if unit else f'Write the unit, such as "{number} MB".'
        raise MilepostError(f"{text!r} is no size: {doubt}.", where=where, fix=fix)
    size = Decimal(number) * _BY_FOLDED[unit]
    if not 1 <= size <= LARGEST:
        bound = "less than a byte" if size < 1 else "more than a terabyte"
        raise MilepostError(f"{text!r} is {bound}.", where=where, fix='Write another size, such as "8 MB".')
    return int(size)


def size_text(size: int) -> str:
    """Return a size in the largest of GB, MB, kB, B that says it exactly.

    >>> size_text(8_000_000), size_text(1_500), size_text(1_048_576)
    ('8 MB', '1500 B', '1048576 B')
    """
    unit = next(unit for unit in ("GB", "MB", "kB", "B") if size % _BYTES[unit] == 0)
    return f"{size // _BYTES[unit]} {unit}"
