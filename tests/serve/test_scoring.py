"""A table answered batch by batch gives the records that single requests give."""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from milepost.predictor.load import load_predictor
from milepost.predictor.selftest import synthetic_rows
from milepost.predlog.aside import journal_aside
from milepost.predlog.fold import fold
from milepost.predlog.journal import Journal, journals_in, read_frames
from milepost.predlog.read import read_predictions
from milepost.serve.engine import Engine
from milepost.serve.scoring import Scoring
from milepost.serve.state import read_state
from milepost.serve.voices import Voices, load_voice

DETAILS = {"entity": "who", "time": "asked_at", "context": ("region", "born")}
NOW = 1_770_000_000_000_000_000
OWN = ("prediction_id", "origin", "day")  # differ by the way


@pytest.fixture
def voice_of(make_settings):
    """Return a maker of settings with the voice that they ask."""

    def make(task="binary", **changes):
        settings = make_settings(task, **changes)
        return settings, load_voice(read_state(Path(settings.state)).champion, settings)

    return make


def details(rows):
    """Return rows with an entity, a time and context columns."""
    return [
        {
            **row,
            "who": f"c-{place}",
            "asked_at": f"2026-01-{place % 28 + 1:02d}T10:00",
            "region": place % 3,
            "born": None,
        }
        for place, row in enumerate(rows)
    ]


def logged(settings, inputs_of):
    fold(settings.place)
    rows = read_predictions(settings.place, schema_id=inputs_of.logged.id).collect()
    return rows.sort("entity").drop(OWN)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_table_and_single_requests_leave_the_same_records(voice_of, task):
    changes = {**DETAILS, "control_share": 0.3, "zone": "Europe/Berlin", "redaction": {"who": "hash"}}
    (served, voice), (scored, _) = voice_of(task, **changes), voice_of(task, **changes)
    Path(scored.folder, "redaction.key").write_bytes(Path(served.folder, "redaction.key").read_bytes())
    voice_scored = load_voice(read_state(Path(scored.state)).champion, scored)
    rows = details(synthetic_rows(voice.predictor.schema))
    engine, journal = Engine(Voices(voice), served, clock_ns=lambda: NOW), Journal(served.place.journals)
    for row in rows:
        for record in engine.answer([row]).records:
            journal.schema(record.schema)
            journal.add(record.payload)
    journal.close()
    with journal_aside(scored.place.journals, durability="process") as (aside, publish):
        table = pl.DataFrame(rows, infer_schema_length=None)
        Scoring(voice_scored, scored, aside, clock_ns=lambda: NOW).answer(table)
        publish()
    one_by_one, as_table = logged(served, voice), logged(scored, voice_scored)
    assert one_by_one.height == len(rows)
    assert as_table.equals(one_by_one)


def test_times_that_have_no_zone_are_of_the_problems(voice_of):
    settings, voice = voice_of("multiclass", **DETAILS, zone="Europe/Berlin")
    rows = details(synthetic_rows(voice.predictor.schema))[:1]
    given = [datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 10, tzinfo=UTC), "2026-06-01 12:00"]
    for value in given:
        with journal_aside(settings.place.journals, durability="process") as (aside, publish):
            table = pl.DataFrame(rows).with_columns(asked_at=pl.lit(value), born=pl.lit(date(1990, 1, 2)))
            Scoring(voice, settings, aside).answer(table)
            publish()
    found = read_predictions(settings.place).collect()
    assert set(found["time"]) == {datetime(2026, 6, 1, 10, tzinfo=UTC)}
    assert set(found["context"]) == {'{"region":0,"born":"1990-01-02"}'}


def test_nothing_is_seen_before_it_is_published(voice_of):
    settings, voice = voice_of()
    table = pl.DataFrame(synthetic_rows(voice.predictor.schema), infer_schema_length=None)
    with journal_aside(settings.place.journals, durability="disk") as (aside, publish):
        scoring = Scoring(voice, settings, aside)
        scoring.answer(table)
        assert read_predictions(settings.place).collect().is_empty()
        scoring.answer(table)
        publish()
    assert read_predictions(settings.place).collect()["prediction_id"].n_unique() == 2 * table.height
    assert list(Path(settings.tables).glob(".scoring-*")) == []


def test_long_batches_become_frames_that_a_fold_can_hold(voice_of):
    settings, voice = voice_of()
    table = pl.DataFrame(synthetic_rows(load_predictor(voice.named.folder).schema), infer_schema_length=None)
    with journal_aside(settings.place.journals, durability="process") as (aside, publish):
        Scoring(voice, settings, aside, frame_bytes=20_000).answer(pl.concat([table] * 10))
        publish()
    (journal,) = journals_in(settings.place.journals)
    assert len(list(read_frames(journal))) > 10
    assert fold(settings.place, most_rows=50).predictions == 10 * table.height
