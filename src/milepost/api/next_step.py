"""The command to type next, as every result and every error ends with it."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

from milepost.problem.read import FILE_NAME

_VERBS = "init|check|train|evaluate|report|score|status|promote|rollback|history|serve|outcomes|parity"
_COMMAND = re.compile(rf"\bmilepost (?:{_VERBS}|log [a-z]+|keys [a-z]+)\b")


def next_step(words: str, problem: Path | str) -> str:
    """Return a command that names the problem file, unless it is the one that is taken anyway.

    >>> next_step("train", "milepost.toml"), next_step("train", "churn/milepost.toml")
    ('milepost train', 'milepost train --problem churn/milepost.toml')
    """
    return f"milepost {words}{_option(problem)}"


def with_problem(advice: str, problem: Path | str) -> str:
    """Return advice whose commands name the problem file: for floors that do not know where it lies.

    >>> with_problem("Run: milepost status   (it says more)", "churn.toml")
    'Run: milepost status --problem churn.toml   (it says more)'
    """
    if " --problem " in advice:
        return advice
    return _COMMAND.sub(lambda command: command[0] + _option(problem), advice)


def program() -> str:
    """Return how to call milepost from here: by its name, or by its path where no shell would find it."""
    beside = Path(sys.executable).with_name("milepost")
    return "milepost" if shutil.which("milepost") or not beside.exists() else shlex.quote(str(beside))


def _option(problem: Path | str) -> str:
    return "" if Path(problem) == Path(FILE_NAME) else f" --problem {shlex.quote(str(problem))}"
