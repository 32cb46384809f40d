"""What comes back, as JSON Schema: answers of each task, refusals, and examples of them."""

from __future__ import annotations

from typing import Any

from milepost.data.schema import Schema
from milepost.predictor.predictor import Predictor
from milepost.predictor.reasons import SCALES
from milepost.predictor.selftest import synthetic_rows, usual_row
from milepost.serve.forms import Document, closed, listed_forms, one_of, reference
from milepost.serve.unreadable import MOST_ERRORS

PREDICTION_ID = "0190f5d2-7c1e-7b3a-8f00-5d2c9a4e6b71"  # of the examples
ARMS = ("act", "control")
STATUSES = ("taken", "corrected", "known already", "refused")

_LOOKED_AT = 100  # rows, for one whose answer shows best
_DIGITS = 2  # of the numbers in examples: the model's own are longer, and change with it
_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"
_TEXT: Document = {"type": "string"}
_COUNT: Document = {"type": "integer", "minimum": 0}
_ERROR: Document = {
    "what": {**_TEXT, "description": "What was wrong, with the value."},
    "where": {**_TEXT, "description": "In which part of the request."},
    "fix": {**_TEXT, "description": "What to do."},
}


def answer_forms(predictor: Predictor) -> Document:
    """Return the schemas of all that comes back, by name."""
    error, row_error = closed(_ERROR, *_ERROR), closed({"row": _row_number(), **_ERROR}, "row", *_ERROR)
    refusal = {"error": reference("Error"), "fields": _listed("Error", _FIELDS), "left_out": _LEFT_OUT}
    return {
        "Answer": _answer(predictor),
        "Reason": _reason(predictor.schema),
        "Margin": _margin(predictor.schema),
        "Answers": closed(_answers(), "answers"),
        "Invoked": closed(_invoked(predictor.schema), "predictions", "prediction_ids"),
        "Taken": _taken(),
        "Error": error,
        "RowError": row_error,
        "Refusal": closed(refusal, "error"),
    }


def example_row(predictor: Predictor) -> Document:
    """Return a row with nothing odd, one on which prediction and decision agree where there is one."""
    usual = usual_row(predictor.schema)
    rows = (row for row in [usual, *synthetic_rows(predictor.schema)[:_LOOKED_AT]])
    answered = ((row, predictor.answer(row)) for row in rows)
    agreed = (row for row, said in answered if said["prediction"] == said["decision"] and not said["flags"])
    return next(agreed, usual)


def example_answer(predictor: Predictor) -> Document:
    """Return the answer to the row of the examples, with short numbers."""
    answer = _short(predictor.answer(example_row(predictor)))
    return {**answer, "bundle_id": predictor.bundle_id, "prediction_id": PREDICTION_ID}


def example_reasons(predictor: Predictor) -> Document:
    """Return what stands beside an answer whose reasons are asked; its numbers only show how they add up."""
    found = predictor.reasons(usual_row(predictor.schema), most=1)
    names = [column.name for column in predictor.schema.columns] or ["value"]
    reason = {"input": names[0], "value": usual_row(predictor.schema).get(names[0]), "contribution": 0.25}
    margin = {**(found["margin"] or {"scale": "target"}), "base": 0.25, "others": 0.125, "total": 0.625}
    return {"reasons": [{**reason, "change": 0.25 if margin["scale"] == "target" else 0.0625}], "margin": margin}


def example_taken() -> Document:
    """Return what becomes of an outcome."""
    taken = {"row": 0, "status": "taken", "prediction_id": PREDICTION_ID, "outcome_id": "8c1f0a" + 26 * "0"}
    return {"outcomes": [taken], "counts": {status: int(status == "taken") for status in STATUSES}}


def example_refusal(schema: Schema) -> Document:
    """Return what is said of a row without its first input."""
    name = next(iter(schema.names), "value")
    error = {"what": f"The row has no {name!r}.", "where": f"field {name!r}"}
    error["fix"] = f"Add {name!r}; null where it is not known."
    return {"error": error, "fields": [error]}


_REASONS = "Where asked: what adds most to the answer, the largest first. What the model used, not what causes."
_FIELDS = f"Fields that are absent or cannot be read, the first {MOST_ERRORS} of them."
_ERRORS = f"What is wrong with rows that are not answered, the first {MOST_ERRORS} errors."
_UNREADABLE = "Which rows are not answered, all of them, counted from 0."
_LEFT_OUT: Document = {"type": "integer", "minimum": 1, "description": "How many more errors there are, if any."}


def _answers() -> Document:
    return {
        "answers": listed_forms(reference("Answer")),
        "errors": _listed("RowError", _ERRORS),
        "unreadable": {**listed_forms(_COUNT), "description": _UNREADABLE},
        "left_out": _LEFT_OUT,
    }


def _invoked(schema: Schema) -> Document:
    decisions = "The decision on each row, what to act on; null where a guard abstained or the model has no answer."
    flags = "What is odd about each row, and which guards acted; absent where no row has any."
    arms = "Of each row, where there is a control: of those in it, do not act."
    return {
        "predictions": {**listed_forms(_decision(schema)), "description": decisions},
        "prediction_ids": listed_forms({"type": "string", "pattern": _UUID}),
        "flags": {**listed_forms(listed_forms(_TEXT)), "description": flags},
        "arms": {**listed_forms(one_of(*ARMS)), "description": arms},
    }


def _listed(name: str, says: str) -> Document:
    return {**listed_forms(reference(name)), "description": says, "maxItems": MOST_ERRORS}


def _answer(predictor: Predictor) -> Document:
    schema = predictor.schema
    said: Document = {"prediction": {**_decision(schema), "description": "What the model takes for most likely."}}
    if schema.labels:
        share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
        said["probabilities"] = closed(dict.fromkeys(schema.labels, share), *schema.labels)
    elif "lo" in predictor.no_answers().columns:
        ends = {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        said["interval"] = {**ends, "description": "Holds the truth as often as the model card says."}
    said["decision"] = {**_decision(schema), "description": "What to act on; null where a guard abstains."}
    said["flags"] = {**listed_forms(_TEXT), "description": "What is odd about the row, and which guards acted."}
    said["bundle_id"] = {"type": "string", "pattern": "^[0-9a-f]{16}$", "description": "The model that answered."}
    said["prediction_id"] = {"type": "string", "pattern": _UUID, "description": "Send outcomes by it."}
    more = {
        "request_id": {**_TEXT, "description": "Yours, where you sent one."},
        "guards": {**listed_forms(_TEXT), "description": "Names of the guards that acted."},
        "arm": one_of(*ARMS, says='"control": do not act, so that the effect of acting can be measured.'),
        "reasons": {**listed_forms(reference("Reason")), "description": _REASONS},
        "margin": {
            "anyOf": [reference("Margin"), {"type": "null"}],
            "description": "Beside reasons.",
        },
    }
    return closed({**said, **more}, *said)


def _reason(schema: Schema) -> Document:
    unit = "probability of the class in margin.of" if schema.labels else "prediction"
    fields: Document = {
        "input": {**_TEXT, "description": "An input, a derived feature, or baseline.rule: today's rule."},
        "value": {"type": ["number", "string", "boolean", "null"], "description": "As it was understood."},
        "contribution": {"type": "number", "description": "What it adds to the margin, exactly."},
        "change": {"type": "number", "description": f"How much less the {unit} would be without this contribution."},
    }
    return closed(fields, *fields)


def _margin(schema: Schema) -> Document:
    number: Document = {"type": "number"}
    which = "positive" if len(schema.labels) == 2 else "predicted"
    of = {"of": {"enum": list(schema.labels), "description": f"The {which} class, of which all this is told."}}
    fields: Document = {
        "scale": one_of(*SCALES, says="On which the model adds up, before calibration."),
        **(of if schema.labels else {}),
        "base": {**number, "description": "The margin of which nothing is known."},
        "others": {**number, "description": "What all inputs add that are not listed."},
        "total": {**number, "description": "base, each contribution as listed, and others, added in this order."},
    }
    return closed(fields, *fields)


def _decision(schema: Schema) -> Document:
    return {"enum": [*schema.labels, None]} if schema.labels else {"type": ["number", "null"]}


def _taken() -> Document:
    outcome = {
        "row": _row_number(),
        "status": one_of(*STATUSES),
        "prediction_id": _TEXT,
        "outcome_id": _TEXT,
        **_ERROR,
    }
    counts = closed(dict.fromkeys(STATUSES, _COUNT), *STATUSES)
    return closed({"outcomes": listed_forms(closed(outcome, "row", "status")), "counts": counts}, "outcomes", "counts")


def _row_number() -> Document:
    return {**_COUNT, "description": "Which row, counted from 0."}


def _short(value: Any) -> Any:
    """Return a document whose numbers have few digits."""
    if isinstance(value, dict):
        return {name: _short(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_short(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value
