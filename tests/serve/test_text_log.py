from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from milepost.ground.errors import EnvironmentFault, UnknownNameError
from milepost.serve.keys import add_key
from milepost.serve.openapi import REFUSALS
from milepost.serve.service import KEYS_FILE
from milepost.serve.settings import Limits, write_settings
from milepost.serve.text_log import MOST_ALIKE, REFUSED, Lines, TextLog, form_of_lines, written
from serving import Worker, read_next, request, settings_around, usual_row

MARK = "mark-c0ffee"  # whatever a caller sends has it somewhere
JSON_LINES = ("--log-format", "json")


@pytest.fixture
def row(bundles) -> dict[str, Any]:
    return usual_row(bundles("binary"))


@pytest.fixture
def start(bundles, tmp_path):
    """Return a maker of workers that write text logs."""
    made: list[Worker] = []

    def make(*words: str, keys: bool = False, **changes: Any) -> Worker:
        folder = tmp_path / f"service-{len(made)}"
        folder.mkdir()
        if keys:
            add_key(folder / KEYS_FILE, "shop", ["read"])
        worker = Worker(settings_around(bundles("binary"), folder, **changes), words=words)
        made.append(worker)
        return worker if keys else worker.await_ready()

    yield make
    for worker in made:
        worker.stop()


def lines_of(worker: Worker) -> list[dict[str, Any]]:
    """Return the lines of a worker that has been stopped, each of which is a JSON object."""
    worker.stop()
    return [json.loads(line) for line in worker.log.read_text().splitlines()]


def line_of(
    log: logging.Handler | Lines, message: str, *arguments: Any, name: str = "milepost.serve", **more: Any
) -> str:
    failure = more.get("exc_info")
    return log.format(logging.LogRecord(name, logging.ERROR, "file.py", 1, message, arguments, failure))


# of a real process


def marked_requests(row: dict[str, Any]) -> list[bytes]:
    """Return good and bad requests with a mark in values, names, headers, paths and ids."""
    bodies: list[Any] = [
        {**row, MARK: MARK, "contract": MARK}, {**row, "tenure": MARK}, {MARK: MARK}, MARK, [MARK],
        {"row": {**row, "contract": MARK}, "request_id": MARK}, {"row": row, "request_id": MARK},
        {"request_id": [MARK]}, {"rows": [row], MARK: 1},
        [{**row, "tenure": MARK}] * 40, {"rows": [row, {**row, "tenure": MARK}], "partial": True}, [row] * 101,
        {"dataframe_split": {"columns": [MARK], "data": [[MARK]]}}, {"dataframe_records": [{**row, "tenure": MARK}]},
        {MARK: 5}, {"prediction_id": MARK, "truth": MARK}, {"entity": MARK, "time": MARK, "truth": MARK},
    ]  # fmt: skip
    contents = [*(json.dumps(one).encode() for one in bodies), MARK.encode(), b'{"a": "' + MARK.encode()]
    headers = {"X-Mark": MARK, MARK: "1", "Authorization": f"Bearer {MARK}", "Connection": "close"}
    asked = [
        request("POST", path, content, headers={**headers, **more})
        for path in ("/predict", "/invocations", "/outcomes", f"/{MARK}", f"/predict?{MARK}")
        for content in contents
        for more in ({}, {"Idempotency-Key": MARK})
    ]
    odd = [b"GET /" + MARK.encode() + b" HTTP/9\r\n\r\n", b"POST /predict HTTP/1.1\r\nX: " + MARK.encode() * 9_000]
    return [*asked, *odd, request("GET", f"/{MARK}", headers=headers), request("PUT", "/predict", headers=headers)]


def test_each_line_is_json_and_none_has_anything_of_what_callers_sent(start, row):
    worker = start(*JSON_LINES, "--access-log", limits=Limits(rows=100))
    statuses = {got.status for one in marked_requests(row) if (got := worker.send(one)) is not None}
    assert {200, 400, 404, 405, 409, 413, 422, 431} <= statuses
    lines = lines_of(worker)
    assert MARK not in worker.log.read_text()
    assert {line["status"] for line in lines if "status" in line} >= statuses - {400}
    assert all(line["what"] and datetime.fromisoformat(line["time"]).tzinfo for line in lines)
    assert {line["process"] for line in lines} == {worker.process.pid}


@pytest.mark.parametrize("words", [JSON_LINES, ()])
def test_what_callers_sent_stays_out_of_a_text_log_of_either_form(start, row, words):
    worker = start(*words)
    for one in marked_requests(row)[::3]:
        worker.send(one)
    worker.stop()
    assert "422" in worker.log.read_text()
    assert MARK not in worker.log.read_text()


def test_a_refused_request_has_a_line_with_its_path_status_and_time(start, row):
    worker = start(*JSON_LINES)
    worker.ask("POST", "/predict", {**row, "tenure": "many"})
    (line,) = [line for line in lines_of(worker) if line["level"] == "warning"]
    assert (line["path"], line["status"]) == ("/predict", 422)
    assert 0 < line["milliseconds"] < 10_000
    assert line["bundle_id"]


def test_a_request_without_a_key_is_told_too(start, row):
    worker = start(*JSON_LINES, keys=True)
    while worker.ask("GET", "/health/live").status != 200:
        pass
    assert worker.ask("POST", "/predict", row, headers={"X-API-Key": MARK}).status == 401
    assert [line["status"] for line in lines_of(worker) if line["level"] == "warning"] == [401]


def test_answered_requests_have_lines_only_where_that_is_asked_for(start, row):
    quiet, telling = start(*JSON_LINES), start(*JSON_LINES, "--access-log")
    for worker in (quiet, telling):
        one, many = (worker.ask("POST", "/predict", document).json for document in (row, [row] * 3))
        by_mlflow = worker.ask("POST", "/invocations", {"dataframe_records": [row] * 40}).json
    assert "answered" not in {line["what"] for line in lines_of(quiet)}
    told = [line for line in lines_of(telling) if line.get("path") in ("/predict", "/invocations")]
    firsts = [one["prediction_id"], many["answers"][0]["prediction_id"], by_mlflow["prediction_ids"][0]]
    assert [(line["prediction_id"], line["rows"]) for line in told] == list(zip(firsts, (1, 3, 40), strict=True))
    assert told[0]["bundle_id"] == one["bundle_id"]


def test_the_server_s_own_lines_about_start_and_end_are_json_too(start):
    whats = [line["what"] for line in lines_of(start(*JSON_LINES))]
    assert any("startup complete" in what for what in whats)
    assert any("Shutting down" in what for what in whats)


def test_a_worker_that_cannot_start_says_why_in_json(start, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "milepost.serve.worker", tmp_path / "none.json", "3", *JSON_LINES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 2
    assert line["level"] == "critical"
    assert {"what", "where", "fix"} <= line.keys()


def test_a_worker_that_fails_tells_that_in_json_too(make_settings):
    settings = make_settings()
    path = Path(settings.folder) / "service.json"
    write_settings(settings, path)
    done = subprocess.run(
        [sys.executable, "-m", "milepost.serve.worker", path, "999", *JSON_LINES],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["level"], line["error"]) == ("critical", "OSError")
    assert any("worker.py" in frame for frame in line["frames"])


# of lines


def test_a_refused_request_is_told_in_words_for_those_who_run_the_service():
    assert REFUSED.keys() == REFUSALS.keys()
    for told in REFUSED.values():
        assert not {word for word in ("header Allow", "each is named", "its log", "The method") if word in told}


def test_an_error_of_ours_stands_in_its_three_parts():
    error = EnvironmentFault("The disk is full.", where="the journal", fix="Free some space.")
    said = json.loads(line_of(Lines(TextLog("json")), "%s", error))
    assert (said["what"], said["where"], said["fix"]) == ("The disk is full.", "the journal", "Free some space.")
    time, level, text = line_of(Lines(TextLog("text")), "%s", error).split("  ", 2)
    assert (datetime.fromisoformat(time).tzinfo, level, text) == (UTC, "error", str(error))


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_do_not_escape(form, monkeypatch):
    monkeypatch.setenv("BUCKET", "hush-hush")
    lines = Lines(TextLog(form, secrets=("BUCKET",)))
    error = EnvironmentFault(
        "s3://ann:pa55word@store/log is away.", where="https://hush-hush/log?sig=t0ken", fix="Wait."
    )
    for said in (line_of(lines, "%s", error), line_of(lines, "az://x?token=pa55word and hush-hush/t0ken", error)):
        assert not {word for word in ("pa55word", "hush-hush", "sig=t0ken") if word in said}
        assert "${BUCKET}" in said


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_words_of_an_exception_stay_out_but_its_place_is_told(form):
    try:
        int(MARK)
    except ValueError:
        said = line_of(Lines(TextLog(form)), "a request failed", exc_info=sys.exc_info())
    assert MARK not in said
    assert "ValueError" in said
    assert "test_text_log.py" in said


def test_what_asyncio_says_of_a_call_goes_without_its_values():
    said = line_of(Lines(TextLog("json")), f"Exception in callback work('{MARK}')\nhandle: {MARK}", name="asyncio")
    assert json.loads(said)["what"] == "Exception in callback work"


def test_what_other_packages_tell_is_written_in_the_same_form_and_afterwards_all_is_as_it_was(capsys):
    before = logging.getLogger().handlers, logging.getLogger().level, sys.excepthook
    with written(TextLog("json")):
        logging.getLogger("deltalake").warning("an old table")
        logging.getLogger("deltalake").info("a table")
    assert [json.loads(line)["what"] for line in capsys.readouterr().err.splitlines()] == ["an old table"]
    assert (logging.getLogger().handlers, logging.getLogger().level, sys.excepthook) == before


def test_a_form_that_there_is_not_is_refused():
    with pytest.raises(UnknownNameError, match="jsn"):
        form_of_lines("jsn", where="--log-format")
    assert form_of_lines("json", where="--log-format") == "json"


def test_of_a_flood_of_refusals_a_few_are_told_and_the_log_says_so(start, row):
    worker = start()
    with worker.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(request("GET", "/nothing") * 300)
        assert {read_next(stream).status for _ in range(300)} == {404}
    assert worker.ask("POST", "/predict", {**row, "tenure": "many"}).status == 422
    told = [line for line in worker.log.read_text().splitlines() if "A path was asked" in line]
    assert MOST_ALIKE <= len(told) <= 3 * MOST_ALIKE  # the flood may last into a second second
    assert any("/metrics counts them" in line for line in told)
    assert "could not be read" in worker.log.read_text()
