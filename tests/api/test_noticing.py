from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from milepost.api.noticing import notice
from milepost.api.opening import open_problem
from milepost.ground.events import silent

ROWS = 400


@pytest.fixture
def noticed(tmp_path: Path):
    """Return what is noticed about a table of 400 days, where churn has a date and its absence has none."""
    chance = np.random.default_rng(0)
    at = [datetime(2024, 1, 1) + timedelta(days=n) for n in range(ROWS)]
    leaves = chance.random(ROWS) < 0.4
    calls = np.where(leaves, 1.0, 0.0) + chance.normal(size=ROWS)

    def notice_of(keys: str, *, without_answer: int = 0) -> dict[tuple[str, str | None], str]:
        gone = np.arange(ROWS) % 20 < without_answer
        table = {
            "at": at,
            "calls": [None if g else call for g, call in zip(gone, calls, strict=True)],
            "churned_at": [t + timedelta(days=3) if yes else None for t, yes in zip(at, leaves, strict=True)],
            "churn": [None if g else ("Yes" if yes else "No") for g, yes in zip(gone, leaves, strict=True)],
        }
        pl.DataFrame(table).write_csv(tmp_path / "t.csv")
        path = tmp_path / "milepost.toml"
        path.write_text(
            f'[problem]\nname = "t"\ntarget = "churn"\nhorizon = "9d"\n[data]\nsource = "t.csv"\ntime = "at"\n{keys}\n',
            encoding="utf-8",
        )
        opened = open_problem(path, listener=silent)
        found = notice(opened, opened.rows(opened.split.development), seed=0, listener=silent)
        return {(finding.code, finding.column): finding.says for finding in found}

    return notice_of


def test_the_time_of_an_event_is_told_once(noticed):
    found = noticed('known_at = "churned_at"')
    assert ("split-known-at-of-one-answer", "churned_at") in found
    assert ("time-missing", "churned_at") not in found


def test_a_column_that_is_empty_with_the_answer_is_told_where_answers_are_missing(noticed):
    assert ("leak-with-answer", "calls") in noticed('exclude = ["churned_at"]', without_answer=2)
    assert ("leak-with-answer", "calls") not in noticed('exclude = ["churned_at"]')


def test_inputs_that_only_grow_are_told_of_a_split_by_time(noticed, tmp_path):
    noticed("")
    table = pl.read_csv(tmp_path / "t.csv").with_columns(day=np.arange(ROWS) // 30)
    table.write_csv(tmp_path / "t.csv")
    opened = open_problem(tmp_path / "milepost.toml", listener=silent)
    found = notice(opened, opened.rows(opened.split.development), seed=0, listener=silent)
    (beyond,) = (one for one in found if one.code == "beyond-what-was-learned")
    assert (beyond.column, beyond.severity) == ("day", "warn")
