"""A clock that jumps back by an hour, and forward again, while a service answers, takes outcomes, folds and tends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from milepost.predlog.ids import moment_of
from milepost.predlog.journal import journals_in
from milepost.predlog.read import find_prediction, joined, read_outcomes, read_predictions
from milepost.predlog.verifying import verify_log
from milepost.serve.keeper import FOLD_S, TEND_S, Keeper
from milepost.serve.keys import add_key
from milepost.serve.service import KEYS_FILE, Service
from serving import ask, usual_row

HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)  # so that an hour back is another day


class Stepping:
    """A service and its keeper by a clock that only the test moves; machines' own seconds never jump."""

    def __init__(self, settings: Any, row: dict[str, Any]) -> None:
        self.now, self.seconds, self.row = BEGIN, 0.0, row
        self.settings, self.place = settings, settings.place
        self.service = Service(settings, clock_ns=lambda: int(self.now.timestamp() * 1e6) * 1000)
        self.keeper = Keeper(
            settings, history=Path(settings.folder), state=lambda: None, retention=timedelta(days=2),
            clock=lambda: self.now, seconds=lambda: self.seconds,
        )  # fmt: skip

    def answers(self, number: int, **more: Any) -> list[str]:
        """Return the ids of answers, a second after each other."""
        ids = []
        for _ in range(number):
            self.now += timedelta(seconds=1)
            ids.append(ask(self.service, "POST", "/predict", {"row": self.row, **more}).json["prediction_id"])
        return ids

    def told(self, prediction_id: str, truth: str) -> str:
        """Return what became of a truth."""
        self.now += timedelta(seconds=1)
        body = {"prediction_id": prediction_id, "truth": truth}
        [row] = ask(self.service, "POST", "/outcomes", body).json["outcomes"]
        return row["status"]

    def keep(self, seconds: float) -> None:
        """Let the keeper do what is due after some time."""
        self.seconds += seconds
        self.keeper.step()


@pytest.fixture
def stepping(make_settings, bundles) -> Iterator[Stepping]:
    made = Stepping(make_settings(), usual_row(bundles("binary")))
    yield made
    made.service.commits.close()


JUMPS = pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "forward"])


@JUMPS
def test_ids_increase_and_each_answer_is_logged_once_whatever_the_clock_does(stepping, jump):
    ids = stepping.answers(3)
    stepping.keep(FOLD_S)
    for step in (jump, -jump):
        stepping.now += step
        ids += stepping.answers(3)
        stepping.keep(TEND_S)
    ids += stepping.answers(1)
    assert ids == sorted(set(ids))
    assert sorted(read_predictions(stepping.place).collect()["prediction_id"]) == ids
    assert all(find_prediction(stepping.place, one) for one in ids)
    assert {flaw.code for flaw in verify_log(stepping.place)} == {"clock-jumped-back"}


def test_a_new_process_after_a_jump_back_doubles_no_id_and_no_journal(stepping):
    ids = stepping.answers(3)
    stepping.now -= HOUR
    other = Stepping(stepping.settings, stepping.row)
    other.now = stepping.now
    ids += other.answers(3)
    assert len(journals_in(stepping.place.journals)) == 2
    for one in (stepping, other):
        one.service.commits.close()
        one.keep(FOLD_S)
    assert sorted(read_predictions(stepping.place).collect()["prediction_id"]) == sorted(set(ids))
    assert journals_in(stepping.place.journals) == []


@JUMPS
def test_windows_and_as_of_go_by_the_time_that_each_answer_has(stepping, jump):
    before = stepping.answers(2)
    stepping.now += jump
    after = stepping.answers(2)
    for _ in range(2):
        edge = BEGIN + jump / 2
        early = read_predictions(stepping.place, until=edge).collect()["prediction_id"]
        late = read_predictions(stepping.place, since=edge).collect()["prediction_id"]
        known = read_predictions(stepping.place, as_of=edge).collect()["prediction_id"]
        assert sorted(early) == sorted(known) == (after if jump < timedelta(0) else before)
        assert sorted(late) == (before if jump < timedelta(0) else after)
        stepping.keep(FOLD_S)


@JUMPS
def test_a_correction_after_a_jump_stands(stepping, jump):
    [about] = stepping.answers(1)
    assert stepping.told(about, "Yes") == "taken"
    stepping.now += jump
    assert stepping.told(about, "No") == "corrected"
    assert stepping.told(about, "No") == "known already"
    assert read_outcomes(stepping.place).collect()["label"].to_list() == ["No"]
    stepping.keep(FOLD_S)
    assert joined(stepping.place).collect()["truth_label"].to_list() == ["No"]


@JUMPS
def test_a_retry_after_a_jump_gets_the_stored_answer(stepping, jump):
    first = stepping.answers(1, request_id="r-1")
    stepping.now += jump
    assert stepping.answers(1, request_id="r-1") == first
    assert read_predictions(stepping.place).collect().height == 1


def test_a_jump_of_an_hour_deletes_no_day_and_no_file_that_a_reader_needs(stepping):
    stepping.answers(3)
    stepping.keep(FOLD_S)
    lazy = read_predictions(stepping.place)
    for jump in (HOUR, -HOUR, -HOUR, HOUR):
        stepping.now += jump
        stepping.keep(TEND_S)
    assert lazy.collect().height == 3


def test_a_key_ends_by_the_clock_and_lives_longer_while_it_is_wrong(stepping):
    path = Path(stepping.settings.folder) / KEYS_FILE
    secret = add_key(path, "shop", ["read"], until=BEGIN + HOUR / 2, clock=lambda: BEGIN)
    stepping.service.keys.refresh()

    def status() -> int:
        return ask(stepping.service, "GET", "/schema", headers={"Authorization": f"Bearer {secret}"}).status

    found = []
    for jump in (timedelta(0), HOUR, -HOUR):
        stepping.now += jump
        found.append(status())
    assert found == [200, 401, 200]


def test_an_id_tells_a_time_that_never_goes_back(stepping):
    stepping.answers(1)
    stepping.now -= HOUR
    [later] = stepping.answers(1)
    assert moment_of(later) >= BEGIN
    assert find_prediction(stepping.place, later)["at"] < BEGIN
