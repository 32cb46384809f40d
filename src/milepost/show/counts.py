"""Decisions counted out of a round number of rows, which people grasp better than shares.

confusion ((1191, 103), (200, 267))  ->  of 100 customers 15 found, 11 missed, 6 false alarms, 68 rightly left alone
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.ground.text import count
from milepost.show.wording import clean


@dataclass(frozen=True, slots=True)
class OutOf:
    """The four cells of a binary confusion, scaled to a round number of rows; they add up to it.

    Attributes:
        of: 100, or more where positives are so rare that none of 100 would be one.
        found, missed, false_alarms, left_alone: how many of them.
    """

    of: int
    found: int
    missed: int
    false_alarms: int
    left_alone: int

    @property
    def positives(self) -> int:
        return self.found + self.missed

    @property
    def called(self) -> int:
        return self.found + self.false_alarms


def out_of(confusion: Sequence[Sequence[int]]) -> OutOf | None:
    """Return a binary confusion, counts as [truth][decision], per 100 rows or more; None where there are no rows.

    >>> out_of(((1191, 103), (200, 267)))
    OutOf(of=100, found=15, missed=11, false_alarms=6, left_alone=68)
    """
    (left_alone, false_alarms), (missed, found) = confusion
    cells = [found, missed, false_alarms, left_alone]
    rows = sum(cells)
    if rows == 0:
        return None
    rarest = min(found + missed, rows - found - missed)
    of = next((size for size in (100, 1000, 10_000) if rarest * size >= 5 * rows), 100_000 if rarest else 100)
    return OutOf(of, *_rounded([cell * of / rows for cell in cells], of))


def _rounded(parts: list[float], total: int) -> list[int]:
    """Return whole numbers near parts that add up to total: the largest remainders are rounded up."""
    whole = [int(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: whole[place] - parts[place])
    for place in by_remainder[: total - sum(whole)]:
        whole[place] += 1
    return whole


def found_and_missed(cells: OutOf, noun: str, target: str, positive: str) -> tuple[str, ...]:
    """Return a binary confusion as sentences for a beginner.

    Args:
        cells: counted out of a round number.
        noun: what the rows are, in the plural.
        target: the column that is predicted; may be empty.
        positive: the class that is to be found.
    """
    act = f"{clean(target)} = {clean(positive)}" if target else clean(positive)
    false = count(cells.false_alarms)
    alarms = f"{false} of these is a false alarm" if cells.false_alarms == 1 else f"{false} of these are false alarms"
    return (
        f"Of {count(cells.of)} {noun}, {count(cells.positives)} turn out to have {act}: "
        f"the model finds {count(cells.found)} of them and misses {count(cells.missed)}.",
        f"It says {act} for {count(cells.called)} in all; {alarms}.",
        f"{count(cells.left_alone)} {'is' if cells.left_alone == 1 else 'are'} rightly left alone.",
    )
