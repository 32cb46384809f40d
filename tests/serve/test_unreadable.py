from __future__ import annotations

import json

import pytest

from milepost.ground.errors import MilepostError
from milepost.serve.unreadable import MOST_ERRORS, unreadable_reply
from serving import ask, usual_row

ROWS = 10_000


@pytest.fixture
def service(make_service):
    return make_service()


def test_of_ten_thousand_bad_rows_each_is_named_and_the_first_errors_are_told(service, bundles):
    row = usual_row(bundles("binary"))
    bad = {**row, "tenure": "many", "total_charges": "few"}
    got = ask(service, "POST", "/predict", {"rows": [row, *[bad] * (ROWS - 2), 5], "partial": True})
    assert got.status == 200
    assert len(got.json["answers"]) == 1
    assert got.json["unreadable"] == list(range(1, ROWS))
    assert [error["row"] for error in got.json["errors"]] == [1 + number // 2 for number in range(MOST_ERRORS)]
    assert got.json["left_out"] == 2 * (ROWS - 2) + 1 - MOST_ERRORS
    assert len(got.body) < 100_000


def test_where_all_errors_are_told_none_is_said_to_be_left_out(service, bundles):
    row = usual_row(bundles("binary"))
    got = ask(service, "POST", "/predict", {"rows": [row, {**row, "tenure": "many"}], "partial": True}).json
    assert (len(got["errors"]), got["unreadable"], "left_out" in got) == (1, [1], False)
    good = ask(service, "POST", "/predict", {"rows": [row], "partial": True}).json
    assert (good["errors"], good["unreadable"]) == ([], [])


def test_a_row_of_which_nothing_can_be_read_is_told_field_by_field(service, bundles):
    got = ask(service, "POST", "/predict", {"tenure": "many"})
    assert got.status == 422
    assert len(got.json["fields"]) > 1
    assert got.json["fields"][0] == got.json["error"]
    assert "left_out" not in got.json


def test_of_a_row_with_thousands_of_fields_the_first_are_told():
    fields = [MilepostError(f"The row has no 'f{n}'.", where=f"field 'f{n}'", fix=f"Add 'f{n}'.") for n in range(5_000)]
    said = json.loads(unreadable_reply(fields[0], fields).body)
    assert [field["where"] for field in said["fields"]] == [f"field 'f{n}'" for n in range(MOST_ERRORS)]
    assert said["left_out"] == 5_000 - MOST_ERRORS
