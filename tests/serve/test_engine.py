from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from milepost.predictor.selftest import synthetic_rows
from milepost.predlog.records import INPUTS, Predictions, decode, predictions_of
from milepost.serve.engine import FEWEST_AS_BATCH, Engine, UnreadableRow
from milepost.serve.state import read_state
from milepost.serve.voices import Voices, load_voice

TASKS = ("binary", "multiclass", "regression")
AT = 1_767_225_600_000_000_000  # 2026-01-01
OWN = ("prediction_id", "answer_us")  # what two answers to the same row do not share


def _engine(settings, *, with_challenger=False):
    named = read_state(Path(settings.state)).champion
    voice = load_voice(named, settings)
    return Engine(Voices(voice, voice if with_challenger else None), settings, clock_ns=lambda: AT)


def _table(engine, answered):
    schema = engine.voices.champion.logged
    return pl.concat([predictions_of(decode(record.payload), schema) for record in answered.records])


def _without_ids(answers):
    return [{name: value for name, value in answer.items() if name != "prediction_id"} for answer in answers]


@pytest.mark.parametrize("task", TASKS)
def test_a_batch_is_answered_and_recorded_like_its_rows_one_by_one(task, make_settings):
    settings = make_settings(task, entity="flight", context=("region",), control_share=0.3)
    engine = _engine(settings)
    rows = [
        {**row, "flight": number % 7, **({"region": "north"} if number % 2 else {})}
        for number, row in enumerate(synthetic_rows(engine.voices.champion.predictor.schema) * 3)
    ]
    assert len(rows) >= FEWEST_AS_BATCH
    together, alone = engine.answer(rows), [engine.answer([row]) for row in rows]
    assert _without_ids(together.answers) == _without_ids([one.answers[0] for one in alone])
    table = _table(engine, together).drop(OWN)
    assert table.equals(pl.concat([_table(engine, one) for one in alone]).drop(OWN))


@pytest.mark.parametrize("task", TASKS)
def test_what_is_recorded_is_what_was_answered(task, make_settings):
    engine = _engine(make_settings(task))
    (row, *_) = synthetic_rows(engine.voices.champion.predictor.schema)
    answered = engine.answer([row], request_id="r-1", began=0.0)
    (answer,), (record,) = answered.answers, _table(engine, answered).to_dicts()
    kind = "number" if task == "regression" else "label"
    assert (record[kind], record[f"decision_{kind}"]) == (answer["prediction"], answer["decision"])
    assert record["prediction_id"] == answer["prediction_id"]
    assert record["request_id"] == answer["request_id"] == "r-1"
    assert record["probabilities"] == (list(answer["probabilities"].values()) if task != "regression" else None)
    assert record["flags"] == answer["flags"]
    assert record["answer_us"] > 0


@pytest.mark.parametrize("task", TASKS)
def test_logged_inputs_asked_again_give_the_same_answer(task, make_settings):
    engine = _engine(make_settings(task))
    voice = engine.voices.champion
    answered = engine.answer(synthetic_rows(voice.predictor.schema) * 2)
    logged = _table(engine, answered).get_column(INPUTS + voice.logged.id).struct.unnest()
    again = voice.predictor.answer_table(logged)
    said = [answer["prediction"] for answer in answered.answers]
    assert again["prediction"].to_list() == said


@pytest.mark.parametrize("number", [1, FEWEST_AS_BATCH])
def test_the_time_that_the_caller_waited_is_recorded(number, make_settings):
    engine = _engine(make_settings())
    rows = synthetic_rows(engine.voices.champion.predictor.schema)[:1] * number
    waited = _table(engine, engine.answer(rows, began=time.perf_counter() - 1.0))["answer_us"]
    assert waited.is_between(1_000_000, 20_000_000).all()
    assert _table(engine, engine.answer(rows))["answer_us"].null_count() == number


def test_an_unreadable_row_is_named_by_field_and_among_others_by_its_place(make_settings):
    engine = _engine(make_settings())
    good = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    bad = {**good, "tenure": "many"}
    del bad["contract"]
    for rows, where in (
        ([bad], "field 'tenure'"),
        ([good, bad], "row 1, field 'tenure'"),
        ([good] * 40 + [bad], "row 40, "),
    ):
        with pytest.raises(UnreadableRow) as caught:
            engine.answer(rows)
        assert len(caught.value.fields) == 2
        assert where in " ".join(field.where for field in caught.value.fields)
    with pytest.raises(UnreadableRow, match="mapping"):
        engine.answer([7])


def test_the_challenger_answers_its_share_of_entities_and_is_recorded_as_canary(make_settings):
    engine = _engine(make_settings(entity="customer", canary_share=0.25), with_challenger=True)
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    answered = engine.answer([{**row, "customer": f"c-{number}"} for number in range(1000)])
    table = _table(engine, answered)
    canaries = (table["role"] == "canary").sum()
    assert 190 < canaries < 310  # 250 and four standard errors
    assert answered.roles == {"champion": 1000 - canaries, "canary": canaries}
    again = engine.answer([{**row, "customer": f"c-{number}"} for number in range(1000)])
    assert _table(engine, again).sort("entity")["role"].equals(table.sort("entity")["role"])


def test_a_challenger_that_has_not_earned_it_answers_nobody(make_settings):
    engine = _engine(make_settings(entity="customer", canary_share=0.25, shadow=True), with_challenger=True)
    challenger = engine.voices.challenger
    unearned = replace(challenger, named=replace(challenger.named, may_answer=False))
    engine.voices = replace(engine.voices, challenger=unearned)
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    for rows in ([{**row, "customer": f"c-{number}"} for number in range(100)], [{**row, "customer": "c-1"}]):
        answered = engine.answer(rows)
        assert answered.roles == {"champion": len(rows)}
        assert answered.shadow is not None


def test_the_control_group_is_told_in_answer_and_record_with_its_probability(make_settings):
    engine = _engine(make_settings(entity="customer", control_share=0.2))
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    rows = [{**row, "customer": number} for number in range(500)]
    answered = engine.answer(rows)
    table = _table(engine, answered)
    assert [answer["arm"] for answer in answered.answers] == table["arm"].to_list()
    assert dict(table.group_by("arm").agg(pl.col("arm_share").unique().first()).iter_rows()) == {
        "control": 0.2,
        "act": 0.8,
    }
    assert engine.answer([rows[3]]).answers[0]["arm"] == answered.answers[3]["arm"]


@pytest.mark.parametrize("number", [1, 50])
def test_shadows_are_rows_of_their_own_that_name_the_answer_that_was_given(number, make_settings):
    engine = _engine(make_settings(shadow=True), with_challenger=True)
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    answered = engine.answer([row] * number)
    shadows = predictions_of(decode(answered.shadow().payload), engine.voices.champion.logged)
    assert shadows["role"].unique().to_list() == ["shadow"]
    assert shadows["request"].to_list() == [answer["prediction_id"] for answer in answered.answers]
    assert not set(shadows["prediction_id"]) & set(shadows["request"])


def test_redacted_columns_never_reach_a_record(make_settings):
    redaction = {"payment_method": "drop", "customer": "hash", "contract": "hash", "region": "drop"}
    settings = make_settings(entity="customer", context=("region", "phone"), redaction={**redaction, "phone": "hash"})
    engine = _engine(settings)
    row = {
        **synthetic_rows(engine.voices.champion.predictor.schema)[0],
        "customer": "Ms Smith",
        "region": "Fleet Street",
        "phone": "+44 20",
        "payment_method": "a strange way",
        "contract": "handshake",
    }
    for rows in ([row], [row] * 40):
        answered = engine.answer(rows)
        assert "a strange way" in " ".join(answered.answers[0]["flags"])  # the caller sent it and may read it
        table = _table(engine, answered)
        kept = json.dumps(table.to_dicts(), default=str)
        for secret in ("Smith", "Fleet", "+44", "strange", "handshake"):
            assert secret not in kept
        assert table["entity"].null_count() == 0


def test_inputs_are_sampled_by_share_and_ids_and_answers_always_kept(make_settings):
    engine = _engine(make_settings(inputs_share=0.3))
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    for table in (
        _table(engine, engine.answer([row] * 600)),
        pl.concat([_table(engine, engine.answer([row])) for _ in range(600)]),
    ):
        kept = table.get_column(INPUTS + engine.voices.champion.logged.id).is_not_null().sum()
        assert 130 < kept < 230  # 180 and four standard errors
        assert table["label"].null_count() == table["prediction_id"].null_count() == 0


def test_guards_act_alike_on_one_row_and_on_many(make_settings):
    guards = (
        {"name": "new", "when": "tenure < 10", "then": "abstain"},
        {"name": "odd", "when": "unseen", "then": "override", "to": "No"},
    )
    engine = _engine(make_settings(guards=guards))
    rows = synthetic_rows(engine.voices.champion.predictor.schema) * 2
    together, alone = engine.answer(rows), [engine.answer([row]).answers[0] for row in rows]
    assert _without_ids(together.answers) == _without_ids(alone)
    used = [tuple(answer.get("guards", ())) for answer in alone]
    assert {("new",), ("odd",)} & set(used)
    assert _table(engine, together)["guards"].to_list() == [list(names) for names in used]


def test_a_frame_of_one_row_is_small_and_holds_no_names_of_columns(make_settings):
    engine = _engine(make_settings())
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    (record,) = engine.answer([row]).records
    assert isinstance(decode(record.payload), Predictions)
    assert b"monthly_charges" not in record.payload
    assert len(record.payload) < 600


def test_ids_are_in_the_order_of_answers(make_settings):
    engine = _engine(make_settings())
    row = synthetic_rows(engine.voices.champion.predictor.schema)[0]
    ids = [answer["prediction_id"] for answer in engine.answer([row] * 100).answers]
    assert ids == sorted(ids)
    assert len(set(ids)) == 100
    assert engine.answer([row]).answers[0]["prediction_id"] > ids[-1]
