"""Every error a user can meet: what was wrong, where, and what to do next.

MilepostError           the user's mistake, exit code 2
├── UnknownNameError    a column, key, metric or command that does not exist
└── EnvironmentFault    disk, store or network failed, exit code 5
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from milepost.ground.text import listed, nearest


class MilepostError(Exception):
    """Base of all errors that Milepost raises on purpose.

    Attributes:
        what: one sentence naming the bad value.
        where: file and line, table and column, or bundle.
        fix: one imperative sentence; a command to run where there is one.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str, fix: str) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(f"{what}\n  where: {where}\n  fix:   {fix}")

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (type(self), self.what, self.where, self.fix), self.__dict__)


class UnknownNameError(MilepostError):
    """Something was named that does not exist; the nearest right spelling is the cure."""

    def __init__(self, noun: str, name: str, *, known: Iterable[str], where: str) -> None:
        choices = list(known)
        near = nearest(name, choices)
        if near:
            fix = f"Write {near!r} instead."
        else:
            fix = f"Choose one of: {listed(choices, most=30)}." if choices else f"There is no {noun} yet."
        super().__init__(f"No {noun} is called {name!r}.", where=where, fix=fix)


class EnvironmentFault(MilepostError):
    """The disk, a store or the network failed; the user's files are as they were."""

    exit_code: ClassVar[int] = 5


def _rebuilt(family: type[MilepostError], what: str, where: str, fix: str) -> MilepostError:
    """Return the error again on the other side of a process border."""
    error = family.__new__(family)
    MilepostError.__init__(error, what, where=where, fix=fix)
    return error
