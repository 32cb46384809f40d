"""A real worker at a port of this machine answers as the bundle does in memory, for every rung and task."""

import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from milepost.ground.errors import EnvironmentFault
from milepost.predictor.selftest import synthetic_rows
from milepost.serve.parity import asked_worker, compare, raw_questions, settings_aside, typed_questions
from milepost.serve.parity_rows import BEYOND_FLOATS, raw_rows, typed_rows
from milepost.serve.state import Named, State, read_state, write_state
from milepost.serve.voices import load_voice
from rung_bundles import RUNGS, TASKS, write_all_rungs, write_rung
from serving import PATIENCE_S, settings_around

ROWS = 40  # of each kind, beside the synthetic ones


@pytest.fixture
def aside(tmp_path):
    """Return a maker of settings of a service aside, for a bundle."""

    def make(bundle, **changes):
        (tmp_path / "own").mkdir()
        (tmp_path / "aside").mkdir()
        settings = settings_around(bundle.path, tmp_path / "own", **changes)
        return settings_aside(settings, Named(bundle.bundle_id, str(bundle.path)), tmp_path / "aside")

    return make


def questions_for(voice, seed=0):
    schema = voice.predictor.schema
    raw = raw_questions(voice, [*synthetic_rows(schema), *raw_rows(schema, ROWS, seed=seed)])
    return [*typed_questions(voice, typed_rows(schema, ROWS, seed=seed), kind="typed"), *raw]


def swap(settings, bundle, connection):
    """Let the worker answer with another bundle; return it as it answers."""
    named = Named(bundle.bundle_id, str(bundle.path))
    write_state(State(named), Path(settings.state))
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        connection.request("GET", "/model")
        if bundle.bundle_id.encode() in connection.getresponse().read():
            return load_voice(named, settings)
        time.sleep(0.02)
    raise AssertionError(f"the worker does not take up {bundle.bundle_id}")


@pytest.mark.parametrize("task", TASKS)
def test_every_rung_answers_over_http_as_in_memory_bit_for_bit(aside, tmp_path, task):
    together = write_all_rungs(tmp_path / "bundles", task)
    settings = aside(together)
    with asked_worker(settings) as connection:
        for bundle in (together, *(write_rung(tmp_path / "bundles", rung, task) for rung in RUNGS)):
            compared = compare(connection, questions_for(swap(settings, bundle, connection)))
            assert compared.rows > 2 * ROWS
            assert 0 < compared.unreadable < compared.rows / 4
            assert compared.different == 0, compared.differences


GUARDS = (
    {"name": "late", "when": "unseen", "then": "abstain"},
    {"name": "low", "when": "visits < 2", "then": "clamp", "to": [-5.0, 5.0]},
)


def test_guards_and_arms_do_not_stand_between_the_two(aside, tmp_path):
    bundle = write_rung(tmp_path / "bundles", "boosted", "regression")
    settings = aside(bundle, guards=GUARDS, control_share=0.5, shadow=True, log="best_effort")
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    questions = questions_for(voice, seed=1)
    assert any(question.answer and "guard late acted" in question.answer["flags"] for question in questions)
    with asked_worker(settings) as connection:
        assert compare(connection, questions).different == 0


def test_one_bit_of_difference_is_told(aside, tmp_path):
    bundle = write_rung(tmp_path / "bundles", "linear", "binary")
    settings = aside(bundle)
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    questions = raw_questions(voice, synthetic_rows(voice.predictor.schema))[:8]
    answer = questions[3].answer
    nudged = {**answer["probabilities"], "yes": answer["probabilities"]["yes"] + 2**-53}
    questions[3] = replace(questions[3], answer={**answer, "probabilities": nudged})
    questions[5] = replace(questions[5], answer={**questions[5].answer, "flags": ["odd"]})
    questions[6] = replace(questions[6], answer=None, errors=("no",))
    with asked_worker(settings) as connection:
        compared = compare(connection, questions)
    assert (compared.rows, compared.different) == (8, 3)
    told = [(one.field, one.way) for one in compared.differences]
    assert told == [
        ("probabilities", "alone"), ("flags", "alone"), ("error", "alone"), ("probabilities", "in a batch"),
        ("flags", "in a batch"),
    ]  # fmt: skip


def test_nothing_of_the_service_itself_is_touched(aside, tmp_path):
    bundle = write_rung(tmp_path / "bundles", "tree", "multiclass")
    settings = aside(bundle)
    before = {path: path.read_bytes() for path in (tmp_path / "own").rglob("*") if path.is_file()}
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    with asked_worker(settings) as connection:
        compare(connection, questions_for(voice)[:5])
    assert {path: path.read_bytes() for path in (tmp_path / "own").rglob("*") if path.is_file()} == before
    assert list((tmp_path / "aside" / "journals").iterdir())


def test_a_worker_that_does_not_come_up_says_why(aside, tmp_path):
    settings = aside(write_rung(tmp_path / "bundles", "dummy", "binary"))
    write_state(State(Named("0" * 16, str(tmp_path / "nowhere"))), Path(settings.state))
    with pytest.raises(EnvironmentFault, match="did not come up") as refused, asked_worker(settings):
        pass
    assert "There is no bundle here" in refused.value.fix


def test_what_no_float_holds_and_minus_zero_reach_the_model_alike(aside, tmp_path):
    bundle = write_rung(tmp_path / "bundles", "linear", "regression")
    settings = aside(bundle)
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    usual = synthetic_rows(voice.predictor.schema)[0]
    table = pl.DataFrame(
        [{**usual, "visits": BEYOND_FLOATS, "amount": -0.0}, {**usual, "visits": 2**53, "amount": 0.0}]
    )
    table = table.with_columns(pl.col("since").str.to_date(), pl.col("seen").str.to_datetime(time_zone="UTC"))
    with asked_worker(settings) as connection:
        assert compare(connection, typed_questions(voice, table, kind="typed")).different == 0
