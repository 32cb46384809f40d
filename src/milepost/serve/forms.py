"""What may be sent, as JSON Schema: the values, rows and bodies that the gate and `bodies` read, no more and no less.

tenure  {"anyOf": [{"type": ["number", "boolean", "null"]}, {"$ref": NumberText}, {"$ref": MissingText}], "examples": …}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from milepost.data.schema import Column, Schema
from milepost.data.writing import COMMA, GROUPED, PLAIN, SPACES, Form, time_patterns
from milepost.predictor.predictor import Predictor
from milepost.predictor.selftest import usual_row
from milepost.predictor.wording import Wording
from milepost.serve.bodies import LONGEST_REQUEST_ID, MOST_ROWS_WITH_REASONS
from milepost.serve.inputs import MISSING_TEXTS, input_words
from milepost.serve.outcome_bodies import own_names
from milepost.serve.settings import Settings

Document = dict[str, Any]

MOST_LEVELS = 100  # are listed; a service may know 10,000

REQUEST_ID: Document = {
    "minLength": 1,
    "maxLength": LONGEST_REQUEST_ID,
    "description": "Makes a retry safe: the same id with the same body gets the same answer again, for a day.",
}

# A text may be written so that no number can hold it; the description stays within what is surely read.
_LONGEST_NUMBER = 100
_FINITE = PLAIN.replace("[+-]?[0-9]{1,3}", r"(?:\+?[01]?[0-9]{1,2}|-[0-9]{1,3})")
_PARTIAL = "Rows that can be answered are answered; what is wrong with the others is listed."
_REASONS: Document = {
    "type": ["boolean", "integer"],
    "minimum": 1,
    "description": "Whether each answer is to have its reasons: true for five, or how many. For up to "
    f"{MOST_ROWS_WITH_REASONS} rows at once.",
}
_COLUMNS = "For each input the list of its values, all equally long."
_VALUES = "For each row a list of as many values as there are columns."
_SYNTAX = "^$\\.*+?()[]{}|/"


def input_form(column: Column, wording: Wording, usual: Any) -> Document:
    """Return the schema of the values of an input.

    Args:
        column: the input.
        wording: how it may be written.
        usual: a value of it.
    """
    examples = list(column.levels[:MOST_LEVELS]) or [usual]
    told = {"description": input_words(column, wording).sentences, "examples": examples}
    if column.dtype == "text":
        return {"type": ["string", "number", "boolean", "null"], **told}
    plain, texts = _plain(column), [*_texts(column, wording.form), _missing(wording)]
    return {"anyOf": [plain, *texts], **told}


def text_forms() -> Document:
    """Return the schemas of texts that mean a number, a truth, a time or nothing, by name."""
    return {
        "NumberText": {
            **_text("A number written as text.", _number(""), ["12.5", "1,234.50"]),
            "maxLength": _LONGEST_NUMBER,
        },
        "TruthText": _text("true or false written as text.", "[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]", ["true"]),
        "TimeText": _text(
            "A date or time that exists, in any usual form; one without an offset is of the problem's zone.",
            _time(""),
            ["2026-05-31T10:00:00Z", "2026-05-31 10:00", "31 May 2026"],
        ),
        "MissingText": _text("A text that means no value.", _one_of(MISSING_TEXTS), ["", "NA"]),
    }


def row_form(predictor: Predictor, settings: Settings) -> Document:
    """Return the schema of a row: every input, null where it is not known; beside them what the log keeps."""
    schema, wordings, usual = predictor.schema, predictor.wordings, usual_row(predictor.schema)
    inputs = {one.name: input_form(one, wordings[one.name], usual[one.name]) for one in schema.columns}
    return {
        "type": "object",
        "description": "One row: a value for each input, null where it is not known. Other fields are ignored.",
        "required": list(schema.names),
        "properties": {**inputs, **{name: form for name, form in _beside(settings) if name not in inputs}},
    }


def body_forms(schema: Schema, settings: Settings) -> Document:
    """Return the schemas of the bodies that ask rows, by name."""
    row, most = reference("Row"), settings.limits.rows
    rows = {**listed_forms(row), "maxItems": most}
    asked = {"request_id": {"type": ["string", "integer", "null"], **REQUEST_ID}, "reasons": _REASONS}
    columns = {**_object({}, *schema.names), "additionalProperties": listed_forms({}), "description": _COLUMNS}
    rows_or_columns = {"anyOf": [rows, columns]}
    partly = {"type": "boolean", "const": True, "description": _PARTIAL}
    few: Document = {"properties": {"rows": {"maxItems": MOST_ROWS_WITH_REASONS}}}
    fewer: Document = {"if": {"required": ["reasons"]}, "then": few}
    split = {
        "columns": {"type": "array", "items": {"type": "string"}, "description": "The names of the columns."},
        "data": {"type": "array", "items": {"type": "array"}, "maxItems": most, "description": _VALUES},
    }
    return {
        "OneRow": closed({"row": row, **asked, "partial": {"type": "boolean"}}, "row"),
        "Rows": closed({"rows": rows, **asked, "partial": {"type": "boolean", "const": False}}, "rows") | fewer,
        "RowsInPart": closed({"rows": {**rows, "items": {}}, **asked, "partial": partly}, "rows", "partial") | fewer,
        "RowList": rows,
        "Split": _object({"dataframe_split": _object(split, "columns", "data")}, "dataframe_split"),
        "Records": _object({"dataframe_records": rows}, "dataframe_records"),
        "Instances": _object({"instances": rows_or_columns}, "instances"),
        "Inputs": _object({"inputs": rows_or_columns}, "inputs"),
    }


def outcome_forms(schema: Schema, settings: Settings) -> Document:
    """Return the schemas of the bodies that tell outcomes, by name."""
    time = {"type": ["string", "null"], "description": "A date or time; without an offset of the problem's zone."}
    truth: Document = {"type": ["string", "number", "boolean", "null"], "description": "What turned out to be true."}
    fields = {
        "prediction_id": {"type": ["string", "null"], "description": "Of the answer that this is the truth about."},
        "entity": {"type": ["string", "number", "boolean", "null"], "description": "With time, instead of the id."},
        "time": {**time, "description": "When it came true: a time within the horizon of the one prediction meant."},
        "truth": {**truth, "examples": list(schema.labels)} if schema.labels else truth,
        "happened_at": time,
        "recorded_at": {**time, "description": "When it became known; now where it is absent."},
        "acted_on": {**truth, "description": "Whether somebody acted on the prediction: true or false."},
    }
    own = own_names(settings)
    names = {meant: [meant, *(name for name, of in own.items() if of == meant)] for meant in fields}
    by_entity = [{"required": [entity, time]} for entity in names["entity"] for time in names["time"]]
    named: list[Document] = [{"required": ["prediction_id"]}, *by_entity]
    told: list[Document] = [{"required": [name]} for name in (*names["truth"], "acted_on")]
    once: list[Document] = [{"not": {"required": [meant, name]}} for name, meant in own.items()]
    fields |= {name: fields[meant] for name, meant in own.items()}
    says = "Each is an Outcome; one that is none is refused by itself, and the others are taken."
    many = {"type": "array", "items": {}, "minItems": 1, "maxItems": settings.limits.rows, "description": says}
    return {
        "Outcome": {**closed(fields), "allOf": [{"anyOf": named}, {"anyOf": told}, *once]},
        "Outcomes": _object({"rows": many}, "rows"),
        "OutcomeList": many,
    }


def reference(name: str) -> Document:
    """Return the reference to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed_forms(items: Document) -> Document:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def one_of(*values: str, says: str = "") -> Document:
    """Return the schema of one of some texts."""
    return {"enum": list(values), **({"description": says} if says else {})}


def closed(properties: Document, *required: str) -> Document:
    """Return the schema of an object that has no other fields."""
    return {**_object(properties, *required), "additionalProperties": False}


# values


def _plain(column: Column) -> Document:
    """Return the schema of the values that are no text."""
    if column.dtype in ("integer", "float"):
        return {"type": ["number", "boolean", "null"]}
    return {"enum": [True, False, 0, 1, None]} if column.dtype == "boolean" else {"type": "null"}


def _texts(column: Column, form: Form) -> list[Document]:
    """Return the schemas of the texts that hold a value."""
    if column.dtype == "boolean":
        return [reference("TruthText")]
    is_number = column.dtype in ("integer", "float")
    if form:  # this one is written in its own way
        return [{"type": "string", "pattern": _whole(_number(form) if is_number else _time(form))}]
    return [reference("NumberText" if is_number else "TimeText")]


def _missing(wording: Wording) -> Document:
    if wording.missing == MISSING_TEXTS:
        return reference("MissingText")
    return {"type": "string", "pattern": _whole(_one_of(wording.missing)), "description": "A text that means no value."}


def _number(form: Form) -> str:
    return COMMA if form == "decimal comma" else f"{_FINITE}|{GROUPED}"


def _time(form: Form) -> str:
    return "|".join(pattern for pattern, _ in time_patterns(form))


def _one_of(texts: Iterable[str]) -> str:
    return "|".join("".join(f"\\{one}" if one in _SYNTAX else one for one in text) for text in sorted(texts))


def _text(says: str, pattern: str, examples: list[str]) -> Document:
    return {"type": "string", "description": says, "pattern": _whole(pattern), "examples": examples}


def _whole(pattern: str) -> str:
    """Return the pattern of a whole text with spaces around it."""
    spaces = "".join(f"\\u{ord(space):04x}" for space in SPACES)
    return f"^[{spaces}]*(?:{pattern})[{spaces}]*$"


# rows and bodies


def _beside(settings: Settings) -> list[tuple[str, Document]]:
    """Return the schemas of what stands in a row beside the inputs; whatever it holds, the row is answered."""
    fields: list[tuple[str, Document]] = []
    if settings.entity:
        says = "What the row is about; outcomes can be sent by it. Kept in the log, never seen by the model."
        fields.append((settings.entity, {"description": says, "examples": ["c-1"]}))
    if settings.time:
        says = "When the prediction is made; now where it is absent. Kept in the log."
        fields.append((settings.time, {"description": says, "examples": ["2026-05-31T10:00:00Z"]}))
    says = "Kept in the log, never seen by the model."
    return [*fields, *((name, {"description": says}) for name in settings.context)]


def _object(properties: Document, *required: str) -> Document:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", **needed, "properties": properties}
