from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from milepost.predictor.load import load_predictor
from milepost.predlog.read import read_predictions
from milepost.predlog.records import INPUTS, decode, predictions_of
from milepost.serve.app import App
from milepost.serve.bodies import MOST_ROWS_WITH_REASONS
from milepost.serve.engine import FEWEST_AS_BATCH, Engine
from milepost.serve.reasons import MOST_WAITING, add_reasons
from milepost.serve.state import read_state
from milepost.serve.voices import Voices, load_voice
from serving import ask, ask_soon, usual_row

TASKS = ("binary", "multiclass", "regression")
TOLD = ("reasons", "margin")


def told(answer):
    return {name: answer[name] for name in TOLD}


# over HTTP


def test_a_process_tells_the_reasons_of_one_row(worker, bundles):
    row = usual_row(bundles("binary"))
    answer = worker.ask("POST", "/predict", {"row": row, "reasons": 3}).json
    assert told(answer) == json.loads(json.dumps(load_predictor(bundles("binary")).reasons(row, most=3)))
    assert 0 < len(answer["reasons"]) <= 3
    total = answer["margin"]["base"]
    for reason in answer["reasons"]:
        assert set(reason) == {"input", "value", "contribution", "change"}
        total += reason["contribution"]
    assert total + answer["margin"]["others"] == answer["margin"]["total"]


@pytest.mark.parametrize("body", [{}, {"reasons": False}])
def test_nobody_gets_reasons_who_does_not_ask(worker, bundles, body):
    row = usual_row(bundles("binary"))
    assert set(TOLD).isdisjoint(worker.ask("POST", "/predict", {"row": row, **body}).json)
    assert set(TOLD).isdisjoint(worker.ask("POST", "/predict", {**row, "reasons": True}).json)


def test_a_retry_gets_the_reasons_again(worker, bundles):
    body = {"row": usual_row(bundles("binary")), "reasons": True, "request_id": "why-1"}
    first, again = (worker.ask("POST", "/predict", body) for _ in range(2))
    assert again.headers["idempotency-replayed"] == "true"
    assert first.body == again.body
    assert len(first.json["reasons"]) > 3


# in this process


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("count", [1, 3, FEWEST_AS_BATCH])
def test_each_row_of_many_has_its_own_reasons_as_they_are_described(make_service, bundles, task, count):
    service, row = make_service(task), usual_row(bundles(task))
    document = ask(service, "GET", "/openapi.json").json
    rows = [row, dict.fromkeys(row)] * count
    got = ask(service, "POST", "/predict", {"rows": rows, "reasons": True}).json
    predictor = load_predictor(bundles(task))
    expected = [json.loads(ask_json(predictor.reasons(row))) for row in rows[:2]]
    assert [told(answer) for answer in got["answers"]] == expected * count
    schema = {"$ref": "#/components/schemas/Answers", "components": document["components"]}
    Draft202012Validator(schema).validate(got)


def ask_json(document):
    """Return a document as the service writes it."""
    import msgspec

    return msgspec.json.encode(document)


def test_reasons_are_those_of_the_good_rows_where_others_are_left_out(make_service, bundles):
    row = usual_row(bundles("binary"))
    body = {"rows": [{**row, "tenure": "many"}, {**row, "tenure": 1}, row], "partial": True, "reasons": 99}
    got = ask(make_service(), "POST", "/predict", body).json
    values = [{one["input"]: one["value"] for one in answer["reasons"]}["tenure"] for answer in got["answers"]]
    assert values == [1.0, float(row["tenure"])]


def test_a_guard_changes_the_decision_and_no_reason(make_service, bundles):
    row = usual_row(bundles("binary"))
    guard = {"name": "always", "when": "tenure >= 0", "then": "abstain"}
    plain, guarded = (
        ask(make_service(guards=guards), "POST", "/predict", {"row": row, "reasons": True}).json
        for guards in ((), (guard,))
    )
    assert guarded["decision"] is None
    assert told(guarded) == told(plain)


def test_reasons_are_no_part_of_the_records(make_settings):
    settings = make_settings()
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    row = usual_row(Path(voice.named.folder))
    for rows in ([row], [row] * FEWEST_AS_BATCH):
        engines = [Engine(Voices(voice), settings, clock_ns=lambda: 0) for _ in range(2)]
        (plain,), (asked,) = (
            engine.answer(rows, reasons=most).records for engine, most in zip(engines, (0, 5), strict=True)
        )
        assert asked.schema == plain.schema
        assert len(asked.payload) == len(plain.payload)


def test_logged_inputs_give_the_reasons_again(make_settings):
    settings = make_settings()
    voice = load_voice(read_state(Path(settings.state)).champion, settings)
    rows = [usual_row(Path(voice.named.folder)), dict.fromkeys(voice.predictor.schema.names)]
    answered = Engine(Voices(voice), settings).answer(rows, reasons=4)
    answered.reasons()
    (record,) = answered.records
    logged = predictions_of(decode(record.payload), voice.logged).get_column(INPUTS + voice.logged.id).struct.unnest()
    again = voice.predictor.reasons_of(logged.to_dicts(), most=4)
    assert [told(answer) for answer in answered.answers] == again


def test_each_answer_has_the_reasons_of_the_bundle_that_gave_it(make_settings):
    voices = []
    for task in ("binary", "regression"):
        settings = make_settings(task)
        voices.append(load_voice(read_state(Path(settings.state)).champion, settings))
    rows = [usual_row(Path(voice.named.folder)) for voice in voices]
    answers = [{"bundle_id": voice.bundle_id} for voice in voices]
    add_reasons(answers, Voices(*voices), rows, 2)
    for voice, row, answer in zip(voices, rows, answers, strict=True):
        assert told(answer) == voice.predictor.reasons(row, most=2)


def test_a_request_for_too_many_reasons_is_told_how_to_get_them(make_service, bundles):
    rows = [usual_row(bundles("binary"))] * (MOST_ROWS_WITH_REASONS + 1)
    service = make_service()
    got = ask(service, "POST", "/predict", {"rows": rows, "reasons": True})
    assert got.status == 413
    assert "milepost score --reasons" in got.json["error"]["fix"]
    assert ask(service, "POST", "/predict", {"rows": rows, "reasons": False}).status == 200


@pytest.mark.parametrize("durability", ["process", "disk"])
def test_reasons_that_take_long_hold_up_neither_rows_nor_each_other_without_end(make_service, bundles, durability):
    row, service, go_on = usual_row(bundles("binary")), make_service(durability=durability), threading.Event()
    app, why = App(service), {"row": row, "reasons": 1}

    async def flood():
        busy = [asyncio.create_task(service.reasoning.find(go_on.wait)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        rows_before = len(logged_ids(service))
        refused, answered = await ask_soon(app, "POST", "/predict", why), await ask_soon(app, "POST", "/predict", row)
        go_on.set()
        await asyncio.gather(*busy)
        later = await ask_soon(app, "POST", "/predict", why)
        return refused, answered, later, len(logged_ids(service)) - rows_before

    refused, answered, later, logged = asyncio.run(flood())
    assert (refused.status, answered.status, later.status) == (503, 200, 200)
    assert refused.headers["retry-after"] == "1"
    assert logged == 2  # what was refused has no record


def logged_ids(service):
    return read_predictions(service.settings.place).collect()["prediction_id"]


def test_the_page_says_how_to_ask_why(make_service):
    page = ask(make_service(), "GET", "/docs").body.decode()
    assert "Ask why" in page
    assert "do not say what causes what" in page
