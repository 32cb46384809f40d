from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from milepost.ground.errors import MilepostError
from milepost.problem.fit import check_task
from milepost.problem.read import parse_problem, problem_schema
from milepost.problem.serving import Serve, redaction_conflicts
from milepost.problem.spec import Problem

SHORT = '[problem]\nname = "x"\ntarget = "y"\n[data]\nsource = "x.csv"\n'  # five lines


def problem_with(text: str) -> Problem:
    return parse_problem(SHORT + text, path=Path("milepost.toml"))


def refused(text: str) -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        problem_with(text)
    return caught.value


def guard(**keys: object) -> str:
    """Return one guard as the file has it; what is not given is that of a guard that abstains."""
    written = {"name": "a", "when": "z < 6", "then": "abstain", **keys}
    return "[[serve.guards]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in written.items())


def test_without_a_table_an_answer_needs_its_record_and_nothing_is_limited_to_a_share():
    serve = problem_with("").serve
    assert (serve.log, serve.durability, serve.tables, serve.retention) == ("required", "process", None, None)
    assert (serve.inputs_share, serve.canary_share, serve.control_share) == (1.0, 0.0, 0.0)
    assert (serve.retrain_from_log, serve.shadow, serve.guards, serve.redaction) == (True, False, (), {})
    limits = serve.limits
    assert (limits.body, limits.rows, limits.depth, limits.seconds, limits.concurrent) == (
        8_000_000,
        10_000,
        20,
        30,
        256,
    )


def test_every_key_is_read(whole_sample):
    serve = parse_problem(whole_sample).serve
    assert (serve.log, serve.durability, serve.retention) == ("best_effort", "disk", timedelta(days=730))
    assert serve.redaction["snapshot_at"] == "bucket 1d"
    assert (serve.limits.body, serve.limits.seconds) == (512_000, 2.5)
    assert [(one.name, one.then, one.to) for one in serve.guards] == [
        ("new-customer", "abstain", None),
        ("unsure", "override", "No"),
    ]


def test_a_guard_is_plain_data_for_the_service():
    (one,) = problem_with(guard(then="clamp", to=[0, 10])).serve.guards
    assert json.loads(json.dumps(one.document)) == {"name": "a", "when": "z < 6", "then": "clamp", "to": [0.0, 10.0]}
    (other,) = problem_with(guard()).serve.guards
    assert other.document == {"name": "a", "when": "z < 6", "then": "abstain"}


@pytest.mark.parametrize(
    ("written", "to"), [("'No'", "No"), ("1", 1.0), ("true", "true"), ("[0, 2.5]", (0.0, 2.5)), ("-0.5", -0.5)]
)
def test_what_is_decided_on_is_a_class_a_number_or_a_range(written, to):
    then = "clamp" if written.startswith("[") else "override"
    text = guard(then=then) + f"to = {written}\n"
    assert problem_with(text).serve.guards[0].to == to


@pytest.mark.parametrize(
    ("text", "place", "what", "fix"),
    [
        ('[serve]\nlog = "require"', "line 7, serve.log", '"require"', 'Write "required"; allowed'),
        ('[serve]\nloog = "required"', "line 7, serve.loog", "called 'loog'", "Write log instead"),
        ("[serve]\ncontrol_share = 5", "serve.control_share", "is 5, which is out of range", "control_share = 0.05?"),
        ("[serve]\ninputs_share = 1.5", "serve.inputs_share", "out of range", "inputs_share = 0.1"),
        ("[serve]\nshadow = 1", "serve.shadow", "a whole number; true or false", "shadow = true"),
        ('[serve]\nretention = "1y"', "serve.retention", "no fixed length", '"365d"'),
        ('[serve]\nretention = "12h"', "serve.retention", "less than a day", '"1d"'),
        ('[serve]\ntables = "s3://key:geheim@x/y"', "serve.tables", "written out", "${NAME}"),
        ('[serve]\ntables = "s3://$BUCKET/log"', "serve.tables", "no reference", "${BUCKET}"),
        (
            "[serve]\ncontrol_share = 0.5\ncanary_share = 0.5",
            "line 7, serve.control_share",
            "leave nobody",
            "less than",
        ),
        ("[serve.limits]\nbody = 8", "line 7, serve.limits.body", "8 is no size", '"8 MB"'),
        ('[serve.limits]\nbody = "8 mgb"', "serve.limits.body", "'mgb' is no unit", "kB, MB, GB"),
        ("[serve.limits]\nrows = 0", "serve.limits.rows", "out of range", "1 or more"),
        ("[serve.limits]\ndepth = 1", "serve.limits.depth", "out of range", "4 to 200"),
        ("[serve.limits]\nseconds = 0", "serve.limits.seconds", "out of range", "above 0"),
        ('[serve]\nredaction = ["phone"]', "serve.redaction", "a list; a table is needed", "once, in single brackets"),
        ('[serve.redaction]\nphone = "remove"', "line 7, serve.redaction.phone", "'remove'", '"drop", "hash"'),
        ("[serve.redaction]\nphone = true", "serve.redaction.phone", "a truth value", '"drop", "hash"'),
        ('[serve.redaction]\nage = "bucket ten"', "serve.redaction.age", "has no width", '"bucket 10"'),
        ('[serve.redaction]\nage = "bucket 0"', "serve.redaction.age", "holds nothing", "above 0"),
        ('[serve.guards]\nname = "a"', "line 6, serve.guards", "are one table", "[[serve.guards]]"),
    ],
)
def test_a_mistake_is_told_with_place_value_and_cure(text, place, what, fix):
    error = refused(text)
    assert error.where.startswith("milepost.toml, line ")
    assert error.where.endswith(place)
    assert what in error.what
    assert fix in error.fix


@pytest.mark.parametrize(
    ("keys", "place", "what", "fix"),
    [
        ({"name": "new customer"}, "line 11, serve.guards[2].name", "cannot be used for a guard", '"new-customer"'),
        ({"name": "a"}, "line 11, serve.guards[2].name", "Two guards are called 'a'", "a name of its own"),
        ({"when": " "}, "line 12, serve.guards[2].when", "does not say when", '"out of range"'),
        ({"when": "confidence < 60"}, "line 12, serve.guards[2].when", "is a share", '"confidence < 0.6"'),
        ({"then": "abstian"}, "line 13, serve.guards[2].then", '"abstian"', 'Write "abstain"; allowed'),
        ({"to": "No"}, "line 14, serve.guards[2].to", "makes no use of", "Remove to"),
        ({"then": "override"}, "line 10, serve.guards[2].to", "does not say by what", 'to = "No"'),
        ({"then": "override", "to": [0, 1]}, "line 14, serve.guards[2].to", "gives a range", "to = 0"),
        ({"then": "clamp"}, "line 10, serve.guards[2].to", "names no range", "to = [0, 100]"),
        ({"then": "clamp", "to": [5, 1]}, "line 14, serve.guards[2].to", "to is [5, 1]", "the smaller first"),
        ({"then": "clamp", "to": [1, 2, 3]}, "line 14, serve.guards[2].to", "to is [1, 2, 3]", "two finite numbers"),
        ({"to": []}, "line 14, serve.guards[2].to", "to is []", "for a clamp"),
        ({"wen": "x"}, "line 14, serve.guards[2].wen", "called 'wen'", "Write when instead"),
    ],
)
def test_a_mistake_in_a_guard_is_told_at_the_line_of_that_guard(keys, place, what, fix):
    text = guard() + guard(**{"name": "b", **keys})
    error = refused(text)
    assert error.where == f"milepost.toml, {place}"
    assert what in error.what
    assert fix in error.fix


def test_a_missing_key_of_a_guard_is_told_at_that_guard():
    error = refused(guard() + '[[serve.guards]]\nname = "b"\nthen = "flag"\n')
    assert error.where == "milepost.toml, line 10, serve.guards[2].when"
    assert error.what.startswith("serve.guards.when is missing")


def test_a_misspelled_key_of_a_guard_is_one_mistake_and_not_two():
    error = refused(guard() + '[[serve.guards]]\nname = "b"\nwen = "z < 6"\nthen = "flag"\n')
    assert error.where.endswith("line 12, serve.guards[2].wen")
    assert "more mistake" not in error.fix


def test_guards_must_fit_the_task_that_was_found_from_the_target():
    clamp, override = guard(then="clamp", to=[0, 1]), guard(name="b", then="override", to="No")
    check_task(problem_with(clamp), "regression")
    check_task(problem_with(override), "binary")
    with pytest.raises(MilepostError, match="its decision is a class") as caught:
        check_task(problem_with(clamp), "binary")
    assert caught.value.where == "milepost.toml, line 9, serve.guards[1].then"
    with pytest.raises(MilepostError, match="decides on 'No', but the task is regression"):
        check_task(problem_with(override), "regression")


def test_the_log_is_kept_until_the_truth_is_known():
    days = SHORT.replace("[data]", 'horizon = "30d"\n[data]\nlabel_delay = "2d"')
    assert parse_problem(f'{days}[serve]\nretention = "33d"').serve.retention == timedelta(days=33)
    with pytest.raises(MilepostError, match="only after 32d") as caught:
        parse_problem(f'{days}[serve]\nretention = "32d"')
    assert caught.value.where.endswith("line 9, serve.retention")


def test_a_feature_cannot_be_redacted_while_models_are_trained_from_the_log():
    problem = problem_with('[serve.redaction]\nphone = "drop"\nage = "bucket 10"')
    conflict = redaction_conflicts(problem.serve, ["tenure", "age"], where=problem.where)
    assert "The feature 'age' is redacted ('bucket 10')" in conflict.what
    assert conflict.where == "milepost.toml, line 8, serve.redaction.age"
    assert "retrain_from_log = false" in conflict.fix
    assert redaction_conflicts(problem.serve, ["tenure"]) is None
    free = Serve(retrain_from_log=False, redaction={"age": "hash"})
    assert redaction_conflicts(free, ["age"]) is None


@pytest.mark.parametrize(
    "text",
    [
        '[serve]\nlog = "maybe"',
        "[serve]\ncontrol_share = 1",
        '[serve.redaction]\nphone = "remove"',
        '[serve.limits]\nbody = "big"',
        guard(then="vanish"),
        guard(name="a b"),
        guard(then="clamp", to=[1]),
    ],
)
def test_the_schema_for_editors_refuses_what_reading_refuses(text):
    with pytest.raises(MilepostError):
        problem_with(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(SHORT + text), problem_schema())
