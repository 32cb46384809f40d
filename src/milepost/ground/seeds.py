"""Chance as an argument: every random choice gets a seed derived from the run's seed and its own name."""

from __future__ import annotations

import hashlib


def derived(seed: int, *names: str | int) -> int:
    """Return a seed in 0..2**31-1 that depends on seed and names alone.

    Two choices with different names are independent; the same names give the same seed on every machine.
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
