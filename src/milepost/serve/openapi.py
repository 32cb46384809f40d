"""The OpenAPI 3.1 description of a service, made from the champion's schema: paths, bodies, answers, refusals."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from milepost.predictor.predictor import Predictor
from milepost.predictor.selftest import synthetic_rows
from milepost.serve.answer_forms import (
    PREDICTION_ID,
    answer_forms,
    example_answer,
    example_reasons,
    example_refusal,
    example_row,
    example_taken,
)
from milepost.serve.forms import REQUEST_ID, Document, body_forms, outcome_forms, reference, row_form, text_forms
from milepost.serve.keys import SCOPES_OF
from milepost.serve.pages import model_page, schema_page
from milepost.serve.service import Service
from milepost.serve.settings import Settings

REFUSALS = {
    400: "The body is no JSON, or has none of the forms that are read here.",
    401: "The request has no valid key.",
    403: "The key is not for this.",
    404: "There is nothing at this path.",
    405: "The method is not answered at this path; the header Allow says which are.",
    408: "The request did not arrive in time.",
    409: "The request id was used for another body, or its request is being answered at this moment.",
    413: "The body is too long, or has too many rows.",
    415: "The body is compressed; the header Accept-Encoding says what is read.",
    422: "Values are absent or cannot be read; those of the first such row are named, and of all rows with partial.",
    429: "The caller asks too often.",
    431: "The header is too long.",
    500: "The service failed at this request; its log says why.",
    503: "The service cannot answer now: too many requests, or a disk or store that fails.",
}

_WAIT: Document = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
_HEADERS: dict[int, Document] = {
    401: {"WWW-Authenticate": {"description": "How a key is sent.", "schema": {"type": "string"}}},
    415: {"Accept-Encoding": {"description": "What is read.", "schema": {"type": "string"}}},
    405: {"Allow": {"description": "Methods that are answered here.", "schema": {"type": "string"}}},
    429: _WAIT,
    503: _WAIT,
}
_KEYS: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The header Authorization: Bearer KEY."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_ANYWHERE, _WITH_KEYS = (404, 405, 431), (401, 403)
_WITH_BODIES = (400, 408, 413, 415, 422, 429, 500, 503)


def openapi_page(service: Service) -> Document:
    """Return the description of a service as it is now."""
    keys: list[Document] = [{name: []} for name in _KEYS]
    predictor, settings = service.engine.voices.champion.predictor, service.settings
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Predictions of {settings.problem}",
            "version": predictor.bundle_id,
            "description": "Answers to rows, every one of them remembered. Errors say what was wrong, where, and what "
            "to do. HEAD is answered wherever GET is.",
        },
        "security": keys if service.keys.are_needed else [{}, *keys],
        "paths": _paths(service),
        "components": {
            "securitySchemes": _KEYS,
            "responses": {f"Refused{status}": _refusal(status, predictor) for status in REFUSALS},
            "schemas": {
                "Row": row_form(predictor, settings),
                **body_forms(predictor.schema, settings),
                **outcome_forms(predictor.schema, settings),
                **text_forms(),
                **answer_forms(predictor),
            },
        },
    }


def asked_rows(predictor: Predictor, settings: Settings) -> tuple[Document, Document]:
    """Return two rows as they may be sent, with values that were seen."""
    one, other = example_row(predictor), synthetic_rows(predictor.schema)[1]
    if settings.entity:
        return {settings.entity: "c-1", **one}, {settings.entity: "c-2", **other}
    return one, other


def csv_of(row: Document) -> str:
    """Return a row as CSV with a header."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows([row, row.values()])
    return lines.getvalue()


def told_outcomes(predictor: Predictor) -> tuple[Document, Document]:
    """Return an outcome by the id of its prediction, and one by entity and time."""
    labels = predictor.schema.labels
    truth = labels[-1] if labels else example_answer(predictor)["decision"]
    return (
        {"prediction_id": PREDICTION_ID, "truth": truth, "happened_at": "2026-05-31"},
        {"entity": "c-1", "time": "2026-05-01T10:00:00Z", "truth": truth, "acted_on": True},
    )


def _paths(service: Service) -> Document:
    predictor, anything = service.engine.voices.champion.predictor, {"type": "object"}
    live, ready = _object({"live": {"const": True}}), _object({"ready": {"type": "boolean"}})
    any_key = SCOPES_OF["/docs"]
    asked = {
        "/schema": _get("schema", "What a row has.", _json(anything, now=schema_page(service)), scopes=any_key),
        "/model": _get("model", "What answers, since when and why.", _json(anything, now=model_page(service))),
        "/openapi.json": _get("openapi", "This description.", _json(anything), scopes=any_key),
        "/docs": _get("docs", "This description as a page.", _text("text/html"), scopes=any_key),
        "/metrics": _get("metrics", "Figures, as Prometheus reads them.", _text("text/plain")),
        "/health/live": _get("live", "Whether the process is there.", _json(live), scopes=()),
        "/health/ready": _get("ready", "Whether rows are answered.", _json(ready), scopes=()),
    }
    asked["/health/ready"]["responses"]["503"] = {"description": "Rows are not answered.", **_json(ready)}
    posted = {
        "/predict": _predict(predictor, service.settings),
        "/invocations": _invocations(predictor),
        "/outcomes": _outcomes(predictor),
    }
    return {path: {"post": one} for path, one in posted.items()} | {path: {"get": one} for path, one in asked.items()}


def _predict(predictor: Predictor, settings: Settings) -> Document:
    row, other = asked_rows(predictor, settings)
    asked = {
        "one row": row,
        "one row, safe to repeat": {"row": row, "request_id": "order-4711"},
        "many rows": {"rows": [row, other]},
        "many rows, bad ones left out": {"rows": [row], "partial": True},
        "one row, with three reasons": {"row": row, "reasons": 3},
    }
    answer = example_answer(predictor)
    reasoned = {**answer, **example_reasons(predictor)}
    answers = {"one row": answer, "many rows": {"answers": [answer]}, "one row, with a reason": reasoned}
    operation = _post(
        "predict",
        "Answer one row or many.",
        _json(_any("Row", "OneRow", "Rows", "RowsInPart", "RowList"), **asked),
        _json(_any("Answer", "Answers"), **answers),
        refusals=(*_WITH_BODIES, 409),
    )
    return _repeatable(operation, "As request_id in the body, which comes first.")


def _repeatable(operation: Document, says: str) -> Document:
    """Return an operation whose requests may have an id; the answer says whether it was stored."""
    header = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", **REQUEST_ID}}
    replayed = {"description": "true: the stored answer to the same request.", "schema": {"const": "true"}}
    operation["responses"]["200"]["headers"] = {"Idempotency-Replayed": replayed}
    return {**operation, "parameters": [{**header, "description": says}]}


def _invocations(predictor: Predictor) -> Document:
    row = example_row(predictor)
    asked = {
        "dataframe_split": {"dataframe_split": {"columns": list(row), "data": [list(row.values())]}},
        "dataframe_records": {"dataframe_records": [row]},
    }
    answered = {"predictions": [example_answer(predictor)["decision"]], "prediction_ids": [PREDICTION_ID]}
    operation = _post(
        "invocations",
        "Answer rows in the forms of MLflow's servers, by decisions.",
        _either(_json(_any("Split", "Records", "Instances", "Inputs"), **asked), _csv(csv_of(row))),
        _json(reference("Invoked"), decisions=answered),
        refusals=(*_WITH_BODIES, 409),
    )
    return _repeatable(operation, "A text of your own: the same one with the same body gets the stored answer.")


def _outcomes(predictor: Predictor) -> Document:
    by_id, by_entity = told_outcomes(predictor)
    return _post(
        "outcomes",
        "Take what turned out to be true, by prediction_id or by entity and time; sent twice it counts once.",
        _json(_any("Outcome", "Outcomes", "OutcomeList"), **{"by id": by_id, "many": {"rows": [by_id, by_entity]}}),
        _json(reference("Taken"), one=example_taken()),
        scopes=("outcomes",),
    )


# parts


def _post(
    name: str, says: str, asked: Document, answered: Document, *, scopes: Sequence[str] = ("predict",),
    refusals: Sequence[int] = _WITH_BODIES,
) -> Document:  # fmt: skip
    operation = _operation(name, says, answered, scopes, refusals)
    return {**operation, "requestBody": {"required": True, **asked}}


def _get(name: str, says: str, answered: Document, *, scopes: Sequence[str] = ("read",)) -> Document:
    return _operation(name, says, answered, scopes, (500,))


def _operation(name: str, says: str, answered: Document, scopes: Sequence[str], refusals: Sequence[int]) -> Document:
    """Return an operation; one without scopes needs no key."""
    every = sorted({*refusals, *_ANYWHERE, *(_WITH_KEYS if scopes else ())})
    needs = f"Needs a key for {' or '.join(map(repr, scopes))}, where keys are needed."
    refused = {str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in every}
    return {
        "operationId": name,
        "summary": says,
        **({"description": needs} if scopes else {"security": []}),
        "responses": {"200": {"description": "The answer.", **answered}, **refused},
    }


def _refusal(status: int, predictor: Predictor) -> Document:
    examples = {"a value is absent": example_refusal(predictor.schema)} if status == 422 else {}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": REFUSALS[status], **headers, **_json(reference("Refusal"), **examples)}


def _json(schema: Document, **examples: Any) -> Document:
    shown = {"examples": {name: {"value": value} for name, value in examples.items()}} if examples else {}
    return {"content": {"application/json": {"schema": schema, **shown}}}


def _text(kind: str) -> Document:
    return {"content": {kind: {"schema": {"type": "string"}}}}


def _csv(example: str) -> Document:
    says = "A header with the inputs, in any order, then a line for each row; commas between values, UTF-8."
    examples = {"a header and a row": {"value": example}}
    return {"content": {"text/csv": {"schema": {"type": "string", "description": says}, "examples": examples}}}


def _either(*contents: Document) -> Document:
    return {"content": {kind: media for content in contents for kind, media in content["content"].items()}}


def _any(*names: str) -> Document:
    return {"anyOf": [reference(name) for name in names]}


def _object(properties: Document) -> Document:
    return {"type": "object", "required": list(properties), "properties": properties}
