"""The description says what is accepted and what comes back, no more and no less; schemathesis asks by it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from milepost.data.schema import Column, Schema
from milepost.predictor.inputs import reader_of
from milepost.predictor.wording import wordings_of
from milepost.predlog import outcomes
from milepost.serve import answer_forms
from milepost.serve.answer_forms import PREDICTION_ID
from milepost.serve.app import ROUTES
from milepost.serve.forms import input_form, text_forms
from milepost.serve.keys import SCOPES_OF, add_key
from milepost.serve.openapi import REFUSALS
from milepost.serve.service import KEYS_FILE
from serving import ask, usual_row

TASKS = ("binary", "multiclass", "regression")
WIDTH = 118


@pytest.fixture
def described(make_service) -> Callable[..., tuple[Any, dict[str, Any]]]:
    """Return a maker of a service and its description."""

    def make(task: Any = "binary", **changes: Any) -> tuple[Any, dict[str, Any]]:
        service = make_service(task, **changes)
        return service, ask(service, "GET", "/openapi.json").json

    return make


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Return the check of a schema in a description."""
    return Draft202012Validator({"components": document["components"], **schema})


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from ([document["$ref"]] if isinstance(document.get("$ref"), str) else [])
        for part in document.values():
            yield from references(part)
    elif isinstance(document, list):
        for part in document:
            yield from references(part)


def compact(document: Any, indent: int = 0) -> str:
    """Return JSON whose short parts, and those without parts, stand on one line, for people to read."""
    line = json.dumps(document, ensure_ascii=False)
    parts = document if isinstance(document, list) else document.values() if isinstance(document, dict) else ()
    if len(line) + indent <= WIDTH or not any(isinstance(part, dict | list) for part in parts):
        return line
    pad = "\n" + " " * (indent + 1)
    if isinstance(document, list):
        return f"[{pad}{f',{pad}'.join(compact(part, indent + 1) for part in document)}{pad[:-1]}]"
    named = (f"{json.dumps(name)}: {compact(part, indent + 1)}" for name, part in document.items())
    return f"{{{pad}{f',{pad}'.join(named)}{pad[:-1]}}}"


# the document


def test_the_description_of_telco_reads_as_before(described, golden):
    service, document = described(entity="customer", context=("region",))
    text = compact(document).replace(service.engine.voices.champion.bundle_id, "0123456789abcdef")
    golden("serve/telco-openapi.json", re.sub(r'("(?:No|Yes)": )0\.\d+', r"\g<1>0.5", text) + "\n")  # of any model


def test_every_path_and_method_of_the_service_is_described(described):
    _, document = described()
    served = {(path, method.lower()) for path, methods in ROUTES.items() for method in methods}
    assert {(path, method) for path, method, _ in operations(document)} == served
    assert len({operation["operationId"] for _, _, operation in operations(document)}) == len(served)


def test_every_refusal_is_described_where_it_can_happen(described):
    _, document = described()
    for path, method, operation in operations(document):
        statuses = {int(status) for status in operation["responses"]}
        assert {200, 404, 405} < statuses <= {200, *REFUSALS}
        assert ({400, 408, 413, 422} <= statuses) == (method == "post")
        assert ({401, 403} <= statuses) == bool(SCOPES_OF[path])


@pytest.mark.parametrize("task", TASKS)
def test_every_schema_is_one_and_every_reference_leads_somewhere(described, task):
    _, document = described(task)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in references(document):
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_what_may_become_of_an_outcome_is_what_the_log_says():
    assert answer_forms.STATUSES == outcomes.STATUSES


def test_keys_are_asked_for_where_they_are_needed(described):
    service, document = described()
    assert {} in document["security"]
    add_key(Path(service.settings.folder) / KEYS_FILE, "us", ["read"])
    service.keys.refresh()
    headers = {"X-API-Key": add_key(Path(service.settings.folder) / KEYS_FILE, "us", ["read"])}
    service.keys.refresh()
    document = ask(service, "GET", "/openapi.json", headers=headers).json
    assert {} not in document["security"]
    assert document["paths"]["/health/live"]["get"]["security"] == []


# examples


@pytest.mark.parametrize("task", TASKS)
def test_every_example_is_as_it_is_described(described, task):
    _, document = described(task, entity="customer")
    shown = 0
    for _, _, operation in operations(document):
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in contents:
            for media in content.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    validator(document, media["schema"]).validate(example["value"])
                    shown += 1
    assert shown > 10


@pytest.mark.parametrize("task", TASKS)
def test_every_example_of_a_request_is_answered_as_it_is_described(described, task):
    service, document = described(task, entity="customer")
    for path, method, operation in operations(document):
        media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for example in media.get("examples", {}).values():
            got = ask(service, method.upper(), path, example["value"])
            assert got.status == 200
            answered = operation["responses"]["200"]["content"]["application/json"]["schema"]
            validator(document, answered).validate(got.json)
            assert PREDICTION_ID not in str(got.json) or path == "/outcomes"


def test_every_value_that_is_shown_for_an_input_fits_it(described):
    for task in TASKS:
        _, document = described(task)
        for form in document["components"]["schemas"]["Row"]["properties"].values():
            for value in form.get("examples", ()):
                validator(document, form).validate(value)


# answers


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("count", [1, 40])
def test_odd_answers_are_as_they_are_described(described, bundles, task, count):
    service, document = described(task, control_share=0.5, guards=GUARDS)
    row, check = usual_row(bundles(task)), validator(document, {"$ref": "#/components/schemas/Answers"})
    numbers = [name for name, value in row.items() if isinstance(value, float)]
    odd = [row, dict.fromkeys(row), {**row, **dict.fromkeys(numbers, 1e308)}, {**row, **dict.fromkeys(numbers, -1e308)}]
    body = {"rows": [*odd * count, 5], "partial": True, "request_id": "a1"}
    document = ask(service, "POST", "/predict", body).json
    check.validate(document)
    assert len(document["answers"]) == 4 * count


GUARDS = ({"name": "gone", "when": "missing", "then": "abstain"},)


# inputs

COLUMNS = (
    Column("whole", "integer", "number", "feature", lo=0.0, hi=5.0),
    Column("number", "float", "number", "feature", missing_share=0.0),
    Column("comma", "float", "number", "feature"),
    Column("sentinel", "float", "number", "feature"),
    Column("flag", "boolean", "flag", "feature"),
    Column("word", "text", "category", "feature", levels=("a", "b")),
    Column("words", "text", "text", "feature"),
)
MOMENTS = (
    Column("day", "date", "time", "feature"),
    Column("moment", "datetime", "time", "time"),
    Column("year_last", "date", "time", "feature"),
)
REPAIRS = [
    {"column": name, "form": form, "zone": "UTC", "missing": missing, "present": (), "spellings": ()}
    for name, form, missing in [
        ("comma", "decimal comma", ()), ("sentinel", "", ("999", "none. given")), ("year_last", "day/month/year", ()),
    ]
]  # fmt: skip
TEXTS = st.sampled_from(
    [
        "", " ", "12", " 1,234.5\n", "1.234,5", "12 %", "$5", "1e5", "1e-300", ".5", "5.", "+3", "--", "NA", "unknown",
        "nan", "none. given", "999", "true", " FALSE", "yes", "0", "1", "2024-05-31", "2024-05-31T10:00Z", "31/05/2024",
        "31 May 24", "May 31, 2024", "2024-05-31 10:00:00.123 PM", "20240531", "2024-13-01", "\u00a07\u200b", "٣",
        "１２", "½", "∞", "x" * 500,
    ]
)  # fmt: skip
ABSURD = re.compile("[eE][+]?[0-9]{3}|[0-9]{100}")  # texts that are numbers only where they are not too large
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=2), st.integers(), max_size=1)
values = plain | lists | TEXTS | st.text(max_size=8) | st.text("0123456789.,-+eE %", max_size=9)


@cache
def gates() -> dict[str, tuple[Draft202012Validator, Callable[[Any], bool]]]:
    """Return for each input whether a value is described, and whether it is read."""
    schema = Schema((*COLUMNS, *MOMENTS), "regression")
    wordings = wordings_of(schema, REPAIRS)

    def gate(column: Column) -> tuple[Draft202012Validator, Callable[[Any], bool]]:
        form, read = input_form(column, wordings[column.name], None), reader_of(column, wordings[column.name])

        def is_read(value: Any) -> bool:
            try:
                read(value, [])
            except Exception as why:
                if type(why).__name__ != "MilepostError":
                    raise
                return False
            return True

        return Draft202012Validator({"components": {"schemas": text_forms()}, **form}), is_read

    return {column.name: gate(column) for column in schema.columns}


@given(value=values)
@settings(max_examples=400)
def test_a_value_is_described_just_when_it_is_read(value):
    assume(not (isinstance(value, str) and ABSURD.search(value)))
    for column in COLUMNS:
        described, is_read = gates()[column.name]
        assert described.is_valid(value) == is_read(value), (column.name, value)


@given(value=values)
def test_no_time_that_is_read_is_left_out_of_the_description(value):
    for column in MOMENTS:
        described, is_read = gates()[column.name]
        assert described.is_valid(value) or not is_read(value), (column.name, value)


@pytest.mark.parametrize("value", ["2024-02-30", "2024-05-31T25:00Z", "31 Mai 2024"])
def test_a_time_that_is_none_is_refused_though_it_is_written_like_one(value):
    described, is_read = gates()["moment"]
    assert described.is_valid(value)
    assert not is_read(value)


@pytest.mark.parametrize("value", ["9" * 400, "1e999", "-1" + "0" * 308 + "e99"])
def test_a_text_that_no_number_can_hold_is_neither_described_nor_read(value):
    described, is_read = gates()["number"]
    assert not described.is_valid(value)
    assert not is_read(value)


# schemathesis

POSTS = ("/predict", "/invocations", "/outcomes")
# What a schema cannot say: that lists are equally long, which days there are, which numbers are too large. So of
# what contradicts the description some is accepted, and of MLflow's tables and of times some that fits it is not.
LOOSE = (negative_data_rejection, positive_data_acceptance)


def asked_by(url: str, path: str, mode: GenerationMode, examples: int, leave_out: Any) -> list[int]:
    """Return the statuses of requests that schemathesis makes from the description of a service."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    strategy = schema[path]["POST" if path in POSTS else "GET"].as_strategy(generation_mode=mode)
    statuses: list[int] = []

    @given(case=strategy)
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None, report_multiple_bugs=False)
    def run(case: Any) -> None:
        response = case.call()
        statuses.append(response.status_code)
        case.validate_response(response, excluded_checks=list(leave_out))

    run()
    return statuses


@pytest.mark.parametrize(("path", "leave_out"), [("/predict", ()), ("/invocations", LOOSE), ("/outcomes", ())])
def test_what_is_described_is_accepted(worker, path, leave_out):
    assert 200 in asked_by(worker.url, path, GenerationMode.POSITIVE, 25, leave_out)


@pytest.mark.parametrize("path", POSTS)
def test_what_is_not_described_is_refused_as_it_is_described(worker, path):
    statuses = asked_by(worker.url, path, GenerationMode.NEGATIVE, 25, LOOSE)
    assert 400 in statuses
    assert max(statuses) < 500


@pytest.mark.parametrize("path", [path for path in ROUTES if path not in POSTS])
def test_what_is_only_read_is_as_it_is_described(worker, path):
    assert asked_by(worker.url, path, GenerationMode.POSITIVE, 3, ())[0] == 200


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_answer_as_they_are_described(make_worker, task):
    url = make_worker(task, entity="customer").url
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        assert max(asked_by(url, "/predict", mode, 15, LOOSE)) < 500
