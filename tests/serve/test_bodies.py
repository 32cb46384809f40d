from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.serve.bodies import Asked, asked_by_mlflow, asked_of, decoded, request_id_of
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits

INPUTS = frozenset({"age", "city"})
ROW = {"age": 30, "city": "Ulm"}
LIMITS = Limits(rows=3, depth=5)


def asked(document: Any, inputs: frozenset[str] = INPUTS) -> Asked:
    return asked_of(json.dumps(document).encode(), LIMITS, inputs)


def refused(document: Any, read: Any = asked) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        read(document)
    assert refusal.value.what
    assert refusal.value.where
    assert refusal.value.fix
    return refusal.value


def by_mlflow(document: Any) -> Asked:
    return asked_by_mlflow(json.dumps(document).encode(), LIMITS)


def status_of(read: Callable[[], Asked]) -> int:
    try:
        return 200 if len(read().rows) <= LIMITS.rows else 500
    except Refusal as refusal:
        return refusal.status


# forms


def test_a_bare_row_is_one_row():
    assert asked(ROW) == Asked((ROW,), True)


def test_a_row_in_an_envelope_is_one_row_with_what_belongs_to_the_request():
    assert asked({"row": ROW, "request_id": "a1"}) == Asked([ROW], True, "a1")


def test_a_list_is_many_rows_even_of_one():
    assert asked([ROW]) == Asked([ROW], False)


@pytest.mark.parametrize(("given", "most"), [(True, 5), (False, 0), (1, 1), (3.0, 3), (10**30, 10**30)])
def test_reasons_are_asked_by_true_or_by_their_number(given, most):
    assert asked({"row": ROW, "reasons": given}).reasons == most


def test_a_field_that_is_misspelled_is_refused_with_its_name():
    assert refused({"row": ROW, "reason": True}).fix == "Write 'reasons' instead."


@pytest.mark.parametrize("given", [0, -1, 1.5, "3", None, []])
def test_other_reasons_than_a_number_of_them_are_refused(given):
    assert refused({"row": ROW, "reasons": given}).where == "field 'reasons'"


def test_rows_in_an_envelope_may_be_asked_for_in_part():
    assert asked({"rows": [ROW, {}], "partial": True}) == Asked([ROW, {}], False, None, True)


def test_one_row_is_never_asked_for_in_part():
    assert not asked({"row": ROW, "partial": True}).partial


def test_no_rows_are_no_mistake():
    assert asked({"rows": []}) == Asked([], False) == asked([])


def test_a_bare_row_may_have_columns_that_are_called_like_fields_of_a_request():
    row = {"age": 30, "row": 7, "rows": 9, "partial": "yes", "request_id": 4}
    assert asked(row) == Asked((row,), True)


@pytest.mark.parametrize("row", [{"row": 7}, {"row": None}, {"row": "x", "request_id": "a"}])
def test_a_bundle_whose_only_input_is_called_row_takes_bare_rows(row):
    assert asked(row, frozenset({"row"})) == Asked((row,), True)
    assert asked({"row": row}, frozenset({"row"})).rows == [row]


@pytest.mark.parametrize("rows", [None, 5, "x", {"age": 1}, True])
def test_rows_that_are_no_list_are_refused(rows):
    assert refused({"rows": rows}).status == 400


def test_an_envelope_with_a_field_that_it_does_not_have_is_refused_by_its_name():
    refusal = refused({"rows": [ROW], "partal": True})
    assert (refusal.status, refusal.where) == (400, "field 'partal'")


def test_row_and_rows_together_are_refused():
    assert refused({"row": ROW, "rows": [ROW]}).status == 400


@pytest.mark.parametrize("partial", [None, 1, "true", []])
def test_partial_is_true_or_false(partial):
    assert refused({"rows": [ROW], "partial": partial}).where == "field 'partial'"


@pytest.mark.parametrize("document", [None, 5, "row", True, 1.5])
def test_what_is_neither_object_nor_list_is_no_row(document):
    assert refused(document).status == 400


# request ids


@pytest.mark.parametrize(("given_id", "text"), [("a", "a"), ("x" * 200, "x" * 200), (7, "7"), (None, None)])
def test_a_request_id_is_a_text_or_a_whole_number(given_id, text):
    assert asked({"row": ROW, "request_id": given_id}).request_id == text


@pytest.mark.parametrize("given_id", ["", "x" * 201, 1.5, True, [], {}, 10**250])
def test_another_request_id_is_refused(given_id):
    assert refused({"row": ROW, "request_id": given_id}).where == "field 'request_id'"


def test_the_header_of_a_request_id_is_named_where_it_is_refused():
    assert request_id_of(None) is None
    assert request_id_of(b"a1") == "a1"
    assert refused(b"x" * 201, request_id_of).where == "the header Idempotency-Key"


# limits


def test_more_rows_than_the_limit_are_too_many():
    assert len(asked([ROW] * 3).rows) == 3
    for document in ([ROW] * 4, {"rows": [ROW] * 4}):
        assert refused(document).status == 413
    assert refused({"instances": [ROW] * 4}, by_mlflow).status == 413


def test_a_body_is_as_deep_as_the_limit_and_no_deeper():
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    assert decoded(nested(5), LIMITS) == [[[[[]]]]]
    for levels in (6, 100, 10_000, 100_000):
        assert refused(nested(levels), lambda body: decoded(body, LIMITS)).status == 400


def test_depth_is_of_nesting_and_not_of_the_number_of_brackets():
    assert len(decoded(b"[" + b",".join([b"{}"] * 1000) + b"]", LIMITS)) == 1000


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"nul", b"NaN", b"[Infinity]", b"-Infinity", b'{"a": 1e999}', b"9" * 5_000, b"[1,]",
        b"{'a': 1}",
        b"\xff", b'"\xff"', b'"\\ud800"', b'{"\\ud800": 1}', b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}", b"{} {}", b'"\x00"',
        '{"age": 1}'.encode("utf-16"), '{"age": 1}'.encode("utf-32"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(body):
    assert refused(body, lambda body: asked_of(body, LIMITS, INPUTS)).status == 400


@given(st.binary(max_size=60))
def test_any_bytes_are_asked_or_refused(body):
    for read in (lambda: asked_of(body, LIMITS, INPUTS), lambda: asked_by_mlflow(body, LIMITS)):
        assert status_of(read) in (200, 400, 413)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda more: st.lists(more, max_size=4) | st.dictionaries(st.sampled_from(
        ["row", "rows", "partial", "request_id", "age", "dataframe_split", "columns", "data", "dataframe_records",
         "instances", "inputs", "x"]
    ), more, max_size=5),
)  # fmt: skip


@given(anything)
def test_any_document_is_asked_or_refused(document):
    for read in (asked, by_mlflow):
        assert status_of(lambda read=read: read(document)) in (200, 400, 413)


# MLflow's forms


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": {"columns": ["age", "city"], "index": [0], "data": [[30, "Ulm"]]}},
        {"dataframe_records": [ROW]},
        {"instances": [ROW]},
        {"inputs": {"age": [30], "city": ["Ulm"]}},
        {"inputs": [ROW], "params": {}},
    ],
)
def test_each_form_of_mlflow_is_the_same_rows(document):
    assert by_mlflow(document) == Asked([ROW], False)


@pytest.mark.parametrize(
    "form",
    [
        {"dataframe_split": {"columns": ["age"], "data": [[1]] * 100_000}},
        {"inputs": {"age": [1] * 100_000}},
        {"instances": [1] * 100_000},
    ],
)
def test_rows_of_mlflow_are_counted_before_they_are_made(form):
    body = json.dumps(form).encode()
    tracemalloc.start()
    document = decoded(body, LIMITS)
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    del document
    with pytest.raises(Refusal) as refusal:
        asked_by_mlflow(body, LIMITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.status == 413
    assert peak < before + 2**20, "rows took memory beside the document"


@pytest.mark.parametrize(
    "document",
    [
        {"dataframe_split": {"columns": ["age"], "data": [[30, "Ulm"]]}},
        {"dataframe_split": {"columns": [1], "data": [[30]]}},
        {"dataframe_split": {"columns": "age", "data": [[30]]}},
        {"dataframe_split": {"columns": ["age"], "data": ["x"]}},
        {"dataframe_split": []},
        {"dataframe_records": ROW},
        {"inputs": {"age": [30], "city": []}},
        {"inputs": {"age": 30}},
        {"inputs": {}},
        {"instances": "x"},
        {"rows": [ROW]},
        [ROW],
        5,
    ],
)
def test_a_malformed_form_of_mlflow_is_refused(document):
    assert refused(document, by_mlflow).status == 400


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "None", "True"])
@pytest.mark.parametrize("form", ['{"age": %s, "city": "Ulm"}', '[{"age": %s}]', '{"rows": [{"age":%s}]}'])
def test_a_value_of_another_language_is_named(value, form):
    refusal = refused(None, lambda _: decoded((form % value).encode(), LIMITS))
    assert f"{value} is no value of it" in refusal.what
    assert "null" in refusal.fix


def test_csv_at_a_path_for_json_is_shown_its_way():
    refusal = refused(None, lambda _: decoded(b"age,city\n30,Ulm\n", LIMITS))
    assert "text/csv" in refusal.fix


def test_each_path_asks_for_its_own_forms():
    assert "dataframe_split" in refused(None, lambda _: asked_by_mlflow(b"{", LIMITS)).fix
    assert '"rows"' in refused(None, lambda _: decoded(b"{", LIMITS)).fix
