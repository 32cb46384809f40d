from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from milepost.serve.app import MOST_OUTCOMES_AT_ONCE, ROUTES, App
from milepost.serve.keys import add_key
from milepost.serve.retries import forget_answers
from milepost.serve.service import CLAIMS_FILE, KEYS_FILE
from milepost.serve.settings import Limits
from serving import Got, ask, ask_soon, usual_row

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture
def row(bundles) -> dict[str, Any]:
    return usual_row(bundles("binary"))


@pytest.fixture
def service(make_service):
    return make_service()


def error_of(got: Got) -> dict[str, str]:
    error = got.json["error"]
    assert set(error) == {"what", "where", "fix"}
    assert all(isinstance(text, str) and text for text in error.values())
    return error


# paths and methods


@pytest.mark.parametrize("path", ROUTES)
def test_a_path_answers_its_methods_and_names_them_to_others(service, path):
    answered = {*ROUTES[path], *(["HEAD"] if "GET" in ROUTES[path] else [])}
    for method in METHODS:
        got = ask(service, method, path)
        if method in answered:
            assert got.status in (200, 400)
        else:
            assert got.status == 405
            assert set(got.headers["allow"].split(", ")) == answered
            assert method == "HEAD" or error_of(got)


@pytest.mark.parametrize("path", [path for path in ROUTES if "GET" in ROUTES[path]])
def test_head_has_the_headers_of_get_and_no_body(service, path):
    got, head = ask(service, "GET", path), ask(service, "HEAD", path)
    assert head.body == b""
    assert head.status == got.status
    if path != "/metrics":  # which counts the first of the two
        assert head.headers == got.headers


@pytest.mark.parametrize(("path", "near"), [("/predct", "/predict"), ("/", "/docs"), ("/PREDICT/", "/predict")])
def test_another_path_is_not_found_and_the_nearest_is_named(service, path, near):
    got = ask(service, "POST", path)
    assert got.status == 404
    assert near in error_of(got)["fix"]


def test_what_is_no_request_of_http_is_closed(service):
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(App(service)({"type": "websocket"}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


# headers


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/predict", None), ("POST", "/predict", b"{"), ("GET", "/docs", b""), ("GET", "/nothing", b""),
     ("GET", "/metrics", b""), ("PUT", "/predict", b"")],
)  # fmt: skip
def test_every_answer_keeps_browsers_and_caches_out(service, row, method, path, body):
    headers = ask(service, method, path, row if body is None else body).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy


# answers


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_one_row_and_many_get_the_same_answers(make_service, bundles, task):
    service, row = make_service(task), usual_row(bundles(task))
    one = ask(service, "POST", "/predict", row).json
    for document in ([row], {"rows": [row]}, {"rows": [row] * 40}):
        for answer in ask(service, "POST", "/predict", document).json["answers"]:
            assert {**answer, "prediction_id": one["prediction_id"]} == one


def test_mlflows_forms_get_decisions(service, row):
    one = ask(service, "POST", "/predict", row).json
    split = {"columns": list(row), "data": [list(row.values())] * 2}
    got = ask(service, "POST", "/invocations", {"dataframe_split": split}).json
    assert got["predictions"] == [one["decision"]] * 2
    assert len(set(got["prediction_ids"])) == 2


def test_mlflows_forms_are_told_of_arms_and_of_what_guards_did(make_service, row):
    guards = ({"name": "new", "when": "tenure < 1", "then": "abstain"},)
    service = make_service(guards=guards, control_share=0.5, entity="customer")
    rows = [{"customer": "c-1", **row, "tenure": 0}, *({"customer": f"c-{place}", **row} for place in range(20))]
    got = ask(service, "POST", "/invocations", {"dataframe_records": rows}).json
    answers = ask(service, "POST", "/predict", rows).json["answers"]
    assert got["predictions"] == [answer["decision"] for answer in answers]
    assert got["arms"] == [answer["arm"] for answer in answers]
    assert set(got["arms"]) == {"act", "control"}
    assert (got["predictions"][0], got["flags"][0][-1], got["flags"][1]) == (None, "guard new acted", [])


@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "instances", "inputs"])
def test_mlflows_forms_are_shown_to_their_path(service, row, form):
    document = {"columns": list(row), "data": []} if form == "dataframe_split" else [row]
    got = ask(service, "POST", "/predict", {form: document})
    assert (got.status, form in error_of(got)["what"], "/invocations" in error_of(got)["fix"]) == (400, True, True)


@pytest.mark.parametrize("count", [1, 40])
def test_a_row_that_does_not_say_what_it_is_about_is_flagged(make_service, row, count):
    service = make_service(entity="customer", horizon_s=86_400.0)
    rows = [{"customer": "c-1", **row}, *[row] * count, {"customer": {"c": 1}, **row}]
    answers = ask(service, "POST", "/predict", rows).json["answers"]
    assert answers[0]["flags"] == []
    for answer in answers[1:]:
        assert answer["flags"] == ["customer is absent: no outcome can find this answer by it"]


@pytest.mark.parametrize("count", [1, 40])
def test_a_row_that_no_outcome_could_find_by_its_entity_is_not_flagged(make_service, row, count):
    service = make_service(entity="customer")
    assert [answer["flags"] for answer in ask(service, "POST", "/predict", [row] * count).json["answers"]] == [
        []
    ] * count


@pytest.mark.parametrize("coding", ["gzip", "br", "GZIP, identity"])
def test_a_compressed_body_is_refused_as_such(service, row, coding):
    got = ask(service, "POST", "/predict", row, headers={"Content-Encoding": coding})
    assert (got.status, got.headers["accept-encoding"]) == (415, "identity")
    assert "compressed" in error_of(got)["what"]
    assert ask(service, "POST", "/predict", row, headers={"Content-Encoding": "identity"}).status == 200


def test_values_that_were_never_seen_are_answered_and_flagged(service, row):
    flags = ask(service, "POST", "/predict", {**row, "contract": "Weekly", "tenure": -1, "partner": None}).json["flags"]
    assert len(flags) == 3


def test_no_rows_get_no_answers(service):
    assert ask(service, "POST", "/predict", []).json == {"answers": []}
    assert ask(service, "POST", "/predict", {"rows": [], "partial": True}).json == {
        "answers": [],
        "errors": [],
        "unreadable": [],
    }
    assert ask(service, "POST", "/invocations", {"instances": []}).json == {"predictions": [], "prediction_ids": []}


@pytest.mark.parametrize("value", [10**400, -(10**30), 1e308, "x" * 10_000, ["a", {"b": [None]}], {"a": 1}, True, None])
def test_whatever_stands_beside_the_inputs_the_row_is_answered(make_service, row, value):
    service = make_service(entity="customer", time="asked_at", context=("region",))
    beside = {"customer": value, "asked_at": value, "region": value, "unknown": value}
    for document in ({**row, **beside}, [{**row, **beside}] * 33):
        assert ask(service, "POST", "/predict", document).status == 200


# rows that cannot be answered


def test_every_field_that_cannot_be_read_is_named(service, row):
    del row["contract"]
    got = ask(service, "POST", "/predict", {**row, "tenure": "many", "partner": []})
    assert got.status == 422
    assert error_of(got) == got.json["fields"][0]
    assert {field["where"] for field in got.json["fields"]} == {
        "field 'tenure'", "field 'partner'", "field 'contract'",
    }  # fmt: skip


@pytest.mark.parametrize("count", [2, 50])
def test_a_bad_row_among_others_is_named_by_its_number(service, row, count):
    rows = [row] * (count - 1) + [{**row, "tenure": "many"}]
    got = ask(service, "POST", "/predict", rows)
    assert got.status == 422
    assert error_of(got)["where"] == f"row {count - 1}, field 'tenure'"


@pytest.mark.parametrize("count", [3, 60])
def test_good_rows_are_answered_beside_bad_ones_where_that_is_asked(service, row, count):
    rows: list[Any] = [row] * count
    rows[1] = {**row, "tenure": "many", "partner": {}}
    rows[2] = 7
    got = ask(service, "POST", "/predict", {"rows": rows, "partial": True})
    assert got.status == 200
    assert len(got.json["answers"]) == count - 2
    assert [error["row"] for error in got.json["errors"]] == [1, 1, 2]
    assert all(set(error) == {"row", "what", "where", "fix"} for error in got.json["errors"])


def test_one_bad_row_is_refused_even_in_part(service, row):
    assert ask(service, "POST", "/predict", {"row": {**row, "tenure": []}, "partial": True}).status == 422


@pytest.mark.parametrize("bad", [None, 5, "x", [], True])
@pytest.mark.parametrize("count", [1, 40])
def test_a_row_that_is_no_object_is_refused(make_service, row, bad, count):
    service = make_service(entity="customer", time="asked_at", context=("region",))
    got = ask(service, "POST", "/predict", {"rows": [row] * (count - 1) + [bad]})
    assert got.status == 422
    assert error_of(got)


# retries


def test_the_same_request_gets_the_same_bytes_again(service, row):
    first, second = (ask(service, "POST", "/predict", {"row": row, "request_id": "a1"}) for _ in range(2))
    assert second.body == first.body
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


def test_an_id_of_another_body_is_a_conflict(service, row):
    ask(service, "POST", "/predict", {"row": row, "request_id": "a1"})
    got = ask(service, "POST", "/predict", {"row": {**row, "tenure": 5}, "request_id": "a1"})
    assert got.status == 409
    assert error_of(got)


def test_the_header_is_a_request_id_and_that_of_the_body_comes_first(service, row):
    by_header = ask(service, "POST", "/predict", row, headers={"Idempotency-Key": "h1"})
    assert by_header.json["request_id"] == "h1"
    assert ask(service, "POST", "/predict", row, headers={"Idempotency-Key": "h1"}).body == by_header.body
    both = ask(service, "POST", "/predict", {"row": row, "request_id": "b1"}, headers={"Idempotency-Key": "h1"})
    assert both.json["request_id"] == "b1"


@pytest.mark.parametrize("as_csv", [False, True])
def test_a_retry_at_invocations_gets_the_same_bytes_again(service, row, as_csv):
    headers = {"Idempotency-Key": "h1"}
    body: Any = {"dataframe_records": [row]}
    if as_csv:
        headers["Content-Type"] = "text/csv"
        body = "\n".join([",".join(row), ",".join("" if one is None else str(one) for one in row.values())]).encode()
    first, second = (ask(service, "POST", "/invocations", body, headers=headers) for _ in range(2))
    assert first.status == 200
    assert second.body == first.body
    assert second.headers["idempotency-replayed"] == "true"
    (predicted,) = first.json["prediction_ids"]
    assert forget_answers(Path(service.settings.folder) / CLAIMS_FILE, {predicted}) == 1


def test_an_id_is_the_callers_own(service, row):
    file = Path(service.settings.folder) / KEYS_FILE
    keys = [add_key(file, name, ["predict"]) for name in ("shop", "bank", "shop")]
    service.keys.refresh()
    shop, bank, again = (
        ask(service, "POST", "/predict", {"row": row, "request_id": "a1"}, headers={"Authorization": f"Bearer {key}"})
        for key in keys
    )
    assert shop.status == bank.status == 200
    assert bank.json["prediction_id"] != shop.json["prediction_id"]
    assert again.body == shop.body  # the other key of the same holder


def test_claims_that_cannot_be_written_hold_back_answers_only_where_the_log_does(make_service, row):
    for log, status in (("required", 503), ("best_effort", 200)):
        service = make_service(log=log)
        (Path(service.settings.folder) / CLAIMS_FILE).mkdir()
        assert ask(service, "POST", "/predict", {"row": row, "request_id": "a1"}).status == status


def test_a_refused_request_leaves_its_id_free(service, row):
    assert ask(service, "POST", "/predict", {"row": {}, "request_id": "a1"}).status == 422
    assert ask(service, "POST", "/predict", {"row": row, "request_id": "a1"}).status == 200


# limits and faults


def test_a_body_that_is_announced_or_sent_too_long_is_refused(make_service):
    service = make_service(limits=Limits(body=100))
    announced = ask(service, "POST", "/predict", b"{}", headers={"Content-Length": "101"})
    sent = ask(service, "POST", "/predict", b"x" * 101)
    assert announced.status == sent.status == 413
    assert error_of(announced) == error_of(sent)


def test_parts_of_a_body_are_put_together_and_counted_together(make_service, row):
    app = App(make_service(limits=Limits(body=1_000)))
    whole = asyncio.run(ask_soon(app, "POST", "/predict", row))
    body = b"x" * 600
    parts = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.request", "body": body}]
    assert whole.status == 200
    assert asyncio.run(_sent_in(app, parts)) == 413


def test_a_body_that_comes_too_slowly_is_refused(make_service):
    app = App(make_service(limits=Limits(seconds=0.05)))
    assert asyncio.run(_sent_in(app, [{"type": "http.request", "body": b"{", "more_body": True}])) == 408


def test_a_caller_that_hangs_up_is_no_fault_of_ours(service):
    assert asyncio.run(_sent_in(App(service), [{"type": "http.disconnect"}])) == 400


def test_one_request_too_many_is_told_to_come_again_and_health_is_answered_still(make_service, row):
    async def both(app: App) -> tuple[int, Got, Got]:
        slow = asyncio.create_task(_sent_in(app, [{"type": "http.request", "body": b"{", "more_body": True}]))
        await asyncio.sleep(0)
        return (await asyncio.gather(
            slow, ask_soon(app, "POST", "/predict", row), ask_soon(app, "GET", "/health/live")
        ))  # fmt: skip

    app = App(make_service(limits=Limits(concurrent=1, seconds=0.1)))
    slow, refused, health = asyncio.run(both(app))
    assert (slow, refused.status, health.status) == (408, 503, 200)
    assert refused.headers["retry-after"] == "1"
    assert ask(app.service, "POST", "/predict", row).status == 200  # the place is free again


def test_outcomes_have_places_of_their_own_and_take_none_from_rows(make_service, row):
    outcome = {"prediction_id": "none", "truth": "Yes"}

    async def flood(app: App) -> tuple[list[Got], Got]:
        async with app.service.outcomes_turn:
            many = [asyncio.create_task(ask_soon(app, "POST", "/outcomes", outcome)) for _ in range(20)]
            await asyncio.sleep(0.1)
            answered = await ask_soon(app, "POST", "/predict", row)
        return await asyncio.gather(*many), answered

    app = App(make_service(limits=Limits(concurrent=1)))
    outcomes, answered = asyncio.run(flood(app))
    assert answered.status == 200
    assert [got.status for got in outcomes] == [200] * MOST_OUTCOMES_AT_ONCE + [503] * (20 - MOST_OUTCOMES_AT_ONCE)
    assert outcomes[-1].headers["retry-after"] == "1"


def test_without_its_log_the_service_answers_nothing_and_says_no_path(make_service, row, tmp_path):
    service = make_service(log="required")
    _break_log(service)
    got = ask(service, "POST", "/predict", row)
    assert got.status == 503
    assert got.headers["retry-after"] == "1"
    assert str(tmp_path) not in got.body.decode()
    assert error_of(got)


def test_without_its_log_the_service_answers_where_best_effort_is_enough(make_service, row):
    service = make_service(log="best_effort")
    _break_log(service)
    assert ask(service, "POST", "/predict", row).status == 200


def test_a_service_that_stops_is_not_ready(service):
    assert ask(service, "GET", "/health/ready").status == 200
    asyncio.run(service.stop())
    assert ask(service, "GET", "/health/ready").status == 503
    assert ask(service, "GET", "/health/live").status == 200


def test_a_failure_of_ours_shows_nothing_of_what_failed(service, monkeypatch):
    async def fail(service: Any, call: Any) -> Any:
        raise ValueError("secret")

    monkeypatch.setitem(ROUTES, "/schema", {"GET": fail})
    got = ask(service, "GET", "/schema")
    assert got.status == 500
    assert "secret" not in str(error_of(got))


def _break_log(service: Any) -> None:
    """Let the next commit need a new file where none can be made."""
    asyncio.run(_sealed(service))
    journals = Path(service.settings.journals)
    shutil.rmtree(journals)
    journals.write_text("in the way")


async def _sealed(service: Any) -> None:
    service.commits.close()


async def _sent_in(app: App, parts: list[dict[str, Any]]) -> int:
    """Return the status of a request whose body comes in parts, after which nothing comes any more."""
    waiting, statuses = list(parts), []

    async def receive() -> Any:
        if not waiting:
            await asyncio.sleep(10)
        return waiting.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app({"type": "http", "method": "POST", "path": "/predict", "headers": []}, receive, send)
    (status,) = statuses
    return status
