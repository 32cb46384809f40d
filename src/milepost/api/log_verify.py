"""The verb `log_verify`: whether the log is what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.serving import log_place_of
from milepost.ground.text import counted
from milepost.predlog.verifying import Flaw, verify_log
from milepost.problem.read import read_problem
from milepost.show.notebook import Shows


@dataclass(frozen=True, slots=True)
class LogVerified(Shows):
    """What is wrong with a log.

    Attributes:
        name: of the problem.
        outcome: "sound" where nothing must be mended, else "damaged".
        flaws: what is wrong or odd, place by place.
        says: how many of them there are.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Log of"

    name: str
    outcome: Literal["sound", "damaged"]
    flaws: tuple[Flaw, ...]
    says: tuple[str, ...]
    next_step: str


@verb
def log_verify(*, problem: Path | str = "milepost.toml") -> LogVerified:
    """Return what is wrong with the log: damaged frames and files, rows twice, outcomes of no prediction.

    All of it is read; a service may go on writing meanwhile. Nothing is changed.

    Args:
        problem: path of the problem file.

    Raises:
        EnvironmentFault: the log cannot be read at all.
    """
    contract = read_problem(Path(problem))
    flaws = verify_log(log_place_of(contract))
    stops = sum(flaw.severity == "stop" for flaw in flaws)
    following = next_step("log verify" if stops else "log show", problem)
    outcome: Literal["sound", "damaged"] = "damaged" if stops else "sound"
    return LogVerified(contract.aim.name, outcome, flaws, (_says(len(flaws), stops),), following)


def _says(flaws: int, stops: int) -> str:
    if not flaws:
        return "Journals, tables and rows are as they should be."
    must = f"{counted(stops, 'thing')} must be mended" if stops else "nothing must be mended"
    return f"{counted(flaws, 'thing')} stood out; {must}."
