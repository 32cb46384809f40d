from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.serve.bodies import Asked
from milepost.serve.csv_bodies import MOST_COLUMNS, asked_by_csv, is_csv
from milepost.serve.replies import Refusal
from milepost.serve.settings import Limits
from serving import ask, usual_row

SCHEMA = Schema(
    (Column("age", "integer", "number", "feature"), Column("city", "text", "category", "feature")), "binary"
)
LIMITS = Limits(rows=3)
CSV = {"Content-Type": "text/csv"}


def asked(text: str | bytes) -> Asked:
    return asked_by_csv(text if isinstance(text, bytes) else text.encode(), LIMITS, SCHEMA)


def refused(text: str | bytes) -> MilepostError:
    with pytest.raises(MilepostError) as refusal:
        asked(text)
    assert refusal.value.fix
    return refusal.value


def written(*rows: Any) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()


def test_each_line_after_the_header_is_a_row():
    assert asked('age,city\n30,Ulm\n,"Bonn, am Rhein"\n') == Asked(
        [{"age": "30", "city": "Ulm"}, {"age": "", "city": "Bonn, am Rhein"}], False, lines=[2, 3]
    )


def test_a_value_may_go_over_lines_and_empty_lines_are_no_rows():
    found = asked('\ufeffcity,age,more\r\n"Ulm\nDonau",1,x\r\n\r\nBonn,2,y\r\n')
    assert [row["city"] for row in found.rows] == ["Ulm\nDonau", "Bonn"]
    assert found.lines == [2, 5]


def test_a_header_alone_is_no_rows():
    assert asked("age,city") == Asked([], False, lines=[])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, the header"), ("\n\n", "line 1, the header"), ("age,city,age\n", "line 1, the header"),
        ("age,city\n1,Ulm\n1\n", "line 3"), ("age,city\n1,Ulm,2\n", "line 2"), ('age,city\n1,"Ulm\n', "line 2"),
        ('age,city\n1,"U"lm\n', "line 2"), (b"age,city\n1,Ulm\n1,K\xf6ln\n", "line 3"),
        ("age\n1\n", "line 1, the header"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text, where):
    assert refused(text).where == where


def test_a_column_that_is_absent_is_named():
    assert "'city'" in refused("age,town\n1,Ulm\n").what


def test_more_rows_than_the_limit_are_too_many():
    assert len(asked("age,city\n" + "1,Ulm\n" * 3).rows) == 3
    refusal = refused("age,city\n" + "1,Ulm\n" * 4)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 413


def test_more_columns_than_the_limit_are_too_many():
    names = ["age", "city", *(f"c{number}" for number in range(8 * MOST_COLUMNS))]
    (row,) = asked(written(names[:MOST_COLUMNS], range(MOST_COLUMNS))).rows
    assert (row["age"], len(row)) == ("0", MOST_COLUMNS)
    refusal = refused(written(names))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.where) == (413, "line 1, the header")


@given(st.binary(max_size=80))
def test_any_bytes_are_asked_or_refused(body):
    for start in (b"", b"age,city\n"):
        with suppress(MilepostError):
            assert len(asked(start + body).rows) <= LIMITS.rows


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))), max_size=3
    )
)
def test_what_a_program_writes_is_what_is_read(rows):
    found = asked(written(("age", "city"), *rows))
    assert [(row["age"], row["city"]) for row in found.rows] == rows


@pytest.mark.parametrize(
    ("header", "is_it"),
    [("text/csv", True), ("Text/CSV; charset=utf-8", True), ("application/json", False), ("text/csvx", False)],
)
def test_a_request_says_that_its_body_is_csv(header, is_it):
    assert is_csv({b"content-type": header.encode()}) is is_it
    assert not is_csv({})


# of a service


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("count", [1, 40])
def test_csv_gets_the_answers_that_json_gets(make_service, bundles, task, count):
    service, row = make_service(task), usual_row(bundles(task))
    row = {name: value for name, value in row.items() if value is not None}
    empty = dict.fromkeys(usual_row(bundles(task)), "")
    plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in row.items()}
    body = written(empty, *[{**empty, **plain}.values()] * count)
    got = ask(service, "POST", "/invocations", body, headers=CSV)
    by_json = ask(service, "POST", "/invocations", {"dataframe_records": [usual_row(bundles(task))] * count})
    assert got.json["predictions"] == by_json.json["predictions"]
    assert len(set(got.json["prediction_ids"])) == count


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_value_that_cannot_be_read_is_named_with_its_line_and_column(make_service, bundles, count):
    row = usual_row(bundles("binary"))
    good = ["" if value is None else value for value in row.values()]
    bad = ["many" if name == "tenure" else value for name, value in zip(row, good, strict=True)]
    got = ask(make_service(), "POST", "/invocations", written(row, *[good] * count, bad), headers=CSV)
    assert got.status == 422
    assert got.json["error"]["where"] == f"line {count + 2}, column 'tenure'"
    assert "'many'" in got.json["error"]["what"]


def test_a_header_with_semicolons_is_named_as_such():
    assert "semicolons" in refused("age;city\n30;Ulm\n").what
