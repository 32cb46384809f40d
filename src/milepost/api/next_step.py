"""The command to type next, as every result ends with it."""

from __future__ import annotations

import shlex
from pathlib import Path

from milepost.problem.read import FILE_NAME


def next_step(words: str, problem: Path | str) -> str:
    """Return a command that names the problem file, unless it is the one that is taken anyway.

    >>> next_step("train", "milepost.toml"), next_step("train", "churn/milepost.toml")
    ('milepost train', 'milepost train --problem churn/milepost.toml')
    """
    named = "" if Path(problem) == Path(FILE_NAME) else f" --problem {shlex.quote(str(problem))}"
    return f"milepost {words}{named}"
