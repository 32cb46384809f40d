from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logged import NOON, SCHEMA, log_place, outcome, prediction, write
from milepost.predlog.aside import journal_aside
from milepost.predlog.delta_tables import open_table
from milepost.predlog.fold import fold
from milepost.predlog.forgetting import OUT_OF_REACH, Forgotten, Removed, forget
from milepost.predlog.places import LogPlace
from milepost.predlog.read import read_outcomes, read_predictions
from milepost.predlog.records import Predictions, encode
from milepost.predlog.redaction import compile_redaction
from milepost.predlog.rotation import last_asked
from milepost.predlog.tending import tend

DAY = timedelta(days=1)
ROWS = [prediction(number, NOON + number * DAY, entity=f"client-{number % 3}") for number in range(9)]
SHADOW = prediction(9, role="shadow", entity=None, request=ROWS[1].prediction_id, inputs=[81.5, "secret-1", 1])
OUTCOMES = [outcome(number, row.prediction_id, row_at + DAY) for number, (row, row_at) in enumerate(
    (row, NOON + number * DAY) for number, row in enumerate(ROWS))]  # fmt: skip


@pytest.fixture
def place(tmp_path) -> LogPlace:
    """A folded log of three entities."""
    place = log_place(tmp_path / "a folder é")
    for row in ROWS:
        row.inputs[1] = f"secret-{row.entity[-1]}"
    write(place, [*ROWS, SHADOW], OUTCOMES).close()
    fold(place)
    return place


def entities(place: LogPlace) -> set[str | None]:
    return set(read_predictions(place, roles=None, origins=None).collect()["entity"])


def places_that_hold(folder: Path, text: str) -> list[str]:
    """Return the files below a folder that hold a text, as it is or in a column of Parquet."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            plain = text.encode() in path.read_bytes()
            table = pl.read_parquet(path, hive_partitioning=False) if path.suffix == ".parquet" else pl.DataFrame()
            if plain or (table.height and text in str(table.to_dicts())):
                found.append(path.name)
    return found


def removed(done: Forgotten) -> dict[str, int]:
    return {Path(one.where).name: one.rows for one in done.removed}


def test_all_rows_of_an_entity_are_gone_and_others_stay_as_they_were(place):
    others = read_predictions(place).filter(pl.col("entity") != "client-1").sort("at").collect()
    done = forget(place, "client-1", clock=lambda: NOON)
    assert removed(done) == {"outcomes": 3, "predictions": 3 + 1}
    assert (done.at, done.remaining, done.out_of_reach) == (NOON, (), OUT_OF_REACH)
    assert read_predictions(place).sort("at").collect().equals(others)
    assert read_outcomes(place).collect().height == 6
    assert read_predictions(place, schema_id=SCHEMA.id).collect()["inputs"].dtype == SCHEMA.struct


def test_nothing_of_an_entity_is_on_the_disk_any_more_not_even_in_old_versions(place):
    folder = Path(place.tables)
    tend(place, retention=None)
    assert places_that_hold(folder, "secret-1")
    forget(place, "client-1")
    assert places_that_hold(folder, "secret-1") == []
    assert places_that_hold(folder, "client-1") == []
    assert places_that_hold(folder, "secret-2")


def test_what_a_killed_process_left_long_ago_goes_too_and_what_is_being_written_stays(place):
    day = Path(place.predictions) / "day=2026-01-05"
    orphan, young = day / "part-orphan.parquet", day / "part-young.parquet"
    for path in (orphan, young):
        pl.DataFrame({"entity": ["client-1"]}).write_parquet(path)
    old = orphan.stat().st_mtime - 7200
    os.utime(orphan, (old, old))
    forget(place, "client-1")
    assert (orphan.exists(), young.exists()) == (False, True)


def test_forgetting_again_removes_nothing_and_says_so(place):
    forget(place, "client-1")
    assert forget(place, "client-1").removed == ()
    assert forget(place, "nobody").removed == ()
    assert entities(place) == {"client-0", "client-2"}


def test_a_log_that_is_not_there_has_nothing_to_forget(tmp_path):
    done = forget(log_place(tmp_path), "client-1")
    assert (done.removed, done.remaining) == ((), ())
    assert not (tmp_path / "log").exists()


def test_rows_that_are_not_folded_yet_are_forgotten(tmp_path):
    place = log_place(tmp_path)
    write(place, ROWS, OUTCOMES).close()
    done = forget(place, "client-1")
    assert removed(done) == {"outcomes": 3, "predictions": 3}
    assert entities(place) == {"client-0", "client-2"}
    assert not list(place.journals.iterdir())


def test_a_journal_that_a_service_writes_to_is_left_alone_and_named(tmp_path):
    place = log_place(tmp_path)
    journal = write(place, ROWS, OUTCOMES)
    before = journal.path.read_bytes()
    done = forget(place, "client-1", patience_s=0)
    assert entities(place) == {"client-0", "client-2"}
    assert journal.path.read_bytes() == before
    assert [one.where for one in done.remaining] == [str(journal.path)]
    assert done.remaining[0].what == "6 rows of the entity are still in a journal that a service writes to."
    journal.close()
    again = forget(place, "client-1")
    assert (again.removed, again.remaining) == ((), ())
    assert places_that_hold(tmp_path, "client-1") == []


def test_a_service_that_is_asked_begins_its_next_journal_so_that_nothing_remains(tmp_path):
    place = log_place(tmp_path)
    journal, before = write(place, ROWS, OUTCOMES), last_asked(place.journals)

    def serve():
        while last_asked(place.journals) == before:
            time.sleep(0.01)
        journal.rotate()

    service = threading.Thread(target=serve)
    service.start()
    done = forget(place, "client-1")
    service.join()
    assert done.remaining == ()
    assert removed(done) == {"outcomes": 3, "predictions": 3}
    assert places_that_hold(tmp_path, "client-1") == []
    write(place, ROWS[:1], journal=journal).close()
    assert read_predictions(place).collect().height == 6 + 1


def test_a_service_is_asked_even_where_its_journal_holds_nothing_of_the_entity_for_its_memory_may(tmp_path):
    place = log_place(tmp_path)
    journal = write(place, ROWS, OUTCOMES)
    assert forget(place, "client-9", patience_s=0).remaining == ()
    assert last_asked(place.journals) != ""
    journal.close()


def test_a_run_that_holds_answers_aside_is_named_for_it_publishes_them_later(tmp_path):
    place = log_place(tmp_path)
    with journal_aside(place.journals, durability="process") as (aside, publish):
        aside.schema(SCHEMA)
        aside.add(encode(Predictions(SCHEMA.id, ROWS)))
        aside.commit()
        (remaining,) = forget(place, "client-1", patience_s=0).remaining
        assert remaining.where == str(aside.path.parent)
        publish()
    done = forget(place, "client-1")
    assert (removed(done), done.remaining) == ({"predictions": 3}, ())


def test_what_is_elsewhere_goes_before_the_predictions_by_which_it_is_found(place):
    told = []

    def elsewhere(ids):
        told.append((sorted(ids), read_predictions(place).filter(pl.col("entity") == "client-1").collect().height))
        return [Removed("elsewhere", 2)] if len(told) == 1 else []

    done = forget(place, "client-1", elsewhere=elsewhere)
    ids = sorted([*(row.prediction_id for row in ROWS if row.entity == "client-1"), SHADOW.prediction_id])
    assert told[0] == (ids, 3)
    assert removed(done)["elsewhere"] == 2


GONE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from logged import log_place, prediction, write
rows = [prediction(number, entity=f"client-{number % 3}") for number in range(9)]
print(write(log_place(Path(sys.argv[1])), rows).path)
"""


def test_a_damaged_journal_is_written_anew_and_its_damaged_part_is_named(tmp_path):
    place = log_place(tmp_path)
    command = [sys.executable, "-c", GONE, str(tmp_path), str(Path(__file__).parents[1] / "support")]
    gone = Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    other = write(place, [prediction(20, entity="client-1")])
    other.close()
    with gone.open("ab") as stream:
        stream.write(b"damage" + other.path.read_bytes())
    done = forget(place, "client-1")
    assert removed(done) == {gone.name: 3, "predictions": 4}
    assert [one.where for one in done.remaining] == [str(gone)]
    assert "milepost log verify" in done.remaining[0].fix
    assert entities(place) == {"client-0", "client-2"}


def test_an_entity_is_forgotten_by_its_hash_and_by_what_it_was_called_before(tmp_path):
    redaction = compile_redaction({"customer": "hash"}, SCHEMA, b"k" * 32, entity="customer")
    place = log_place(tmp_path)
    hashed = prediction(1, entity=redaction.entity("client-1"))
    write(place, [prediction(0, entity="client-1"), hashed, prediction(2)]).close()
    assert removed(forget(place, "client-1", redaction=redaction)) == {"predictions": 2}
    assert entities(place) == {"c-2"}


def test_where_entities_are_not_logged_that_is_said(place):
    redaction = compile_redaction({"customer": "drop"}, SCHEMA, b"k" * 32, entity="customer")
    done = forget(place, "client-1", redaction=redaction)
    assert done.out_of_reach[0].startswith("Rows that were logged without an entity")
    assert done.out_of_reach[1:] == OUT_OF_REACH
    assert removed(done)["predictions"] == 4  # from before the rule


@pytest.mark.parametrize(
    "values", [["client-1", "client-2", None], pl.Series([1, 2, None]), pl.Series([1.0, 2.0, None])]
)
def test_samples_beside_bundles_are_written_anew_without_the_entity(place, tmp_path, values):
    path = tmp_path / "reference.parquet"
    pl.DataFrame({"customer": values, "tenure": [1, 2, 3]}).write_parquet(path)
    name = "client-1" if isinstance(values, list) else "1"
    done = forget(place, name, samples=[(path, "customer")])
    assert Removed(str(path), 1) in done.removed
    assert pl.read_parquet(path)["tenure"].to_list() == [2, 3]
    assert pl.read_parquet(path).schema["customer"] == pl.DataFrame({"customer": values}).schema["customer"]


def test_a_sample_without_the_entity_is_not_touched(place, tmp_path):
    path = tmp_path / "reference.parquet"
    pl.DataFrame({"customer": ["client-9"]}).write_parquet(path)
    before = path.stat().st_mtime_ns
    assert removed(forget(place, "client-1", samples=[(path, "customer")])) == {"outcomes": 3, "predictions": 4}
    assert path.stat().st_mtime_ns == before


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8) | st.sampled_from(
    ["' OR '1'='1", "a'b", 'a"b', "\\", "%", "a;--", "é", "\n"]
)


@given(NAMES, NAMES)
@settings(max_examples=10)
def test_an_entity_of_any_name_is_forgotten_alone(tmp_path_factory, one, other):
    place = log_place(tmp_path_factory.mktemp("log"))
    write(place, [prediction(0, entity=one), prediction(1, entity=other), prediction(2)]).close()
    forget(place, one)
    assert entities(place) == {other, "c-2"} - {one}


def test_the_name_of_the_entity_is_not_in_the_versions_of_the_tables(place):
    forget(place, "client-1")
    log = Path(place.predictions) / "_delta_log"
    assert not any(b"client-1" in path.read_bytes() for path in log.iterdir())
    assert "DELETE" in "".join(path.read_text() for path in log.glob("*.json"))


FOLDER = """
import sys, time
from pathlib import Path
from milepost.predlog.fold import fold
from milepost.predlog.places import LogPlace
from milepost.predlog.rotation import last_asked
from milepost.predlog.tending import tend
place = LogPlace(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
until = time.monotonic() + float(sys.argv[3])
while time.monotonic() < until:
    fold(place)
    tend(place, retention=None)
"""


def test_while_folds_and_merges_go_on_an_entity_is_forgotten_and_nothing_else_is_lost(place):
    journal = write(place)
    command = [sys.executable, "-c", FOLDER, str(place.journals), place.tables, "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as folder:
        assert folder.stdout.readline() == "ready\n"
        number = 100
        while folder.poll() is None:
            number += 1
            write(place, [prediction(number, entity="c-7")], journal=journal)
            time.sleep(0.001)  # as many rows as that a second are enough
            if number == 110:
                forget(place, "client-1", patience_s=0)
        assert folder.returncode == 0
    assert entities(place) == {"client-0", "client-2", "c-7"}
    assert read_predictions(place).collect().height == 6 + number - 100


def test_many_predictions_of_one_entity_are_deleted(tmp_path):
    place = log_place(tmp_path)
    rows = [prediction(number, entity="client-1" if number % 10 else "client-2") for number in range(6_000)]
    write(place, rows, per_frame=1000).close()
    assert removed(forget(place, "client-1")) == {"predictions": 5400}
    assert open_table(place.predictions).version() < 20
    assert read_predictions(place).collect().height == 600
