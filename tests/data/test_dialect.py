from __future__ import annotations

import codecs

import pytest

from milepost.data.dialect import sniff
from milepost.ground.errors import MilepostError


def dialect(head: bytes | str):
    return sniff(head.encode() if isinstance(head, str) else head, where="t.csv")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_all_rows_alike(mark):
    rows = [["id", "note", "net"], ["1", '"a, b; c | d\te"', "2"], ["2", "x", "3"]]
    assert dialect("\n".join(mark.join(row) for row in rows)).delimiter == mark


def test_commas_in_numbers_do_not_pass_for_delimiters():
    assert dialect("a;b\n1,5;2,5\n3,5;4,5\n").delimiter == ";"


def test_one_column_needs_no_delimiter():
    assert dialect("name\nx\ny\n").names == ("name",)


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", "naïve,b\n".encode()),
        ("utf-8-sig", codecs.BOM_UTF8 + b"a,b\n"),
        ("utf-16", "a,b\né,2\n".encode("utf-16")),
        ("utf-16-le", "a,b\né,2\n".encode("utf-16-le")),
        ("utf-16-be", "a,b\né,2\n".encode("utf-16-be")),
        ("cp1252", "a,b\n€é,2\n".encode("cp1252")),
        ("latin-1", b"a,b\n\x81,2\n"),
    ],
)
def test_the_encoding_is_recognised(encoding, head):
    assert dialect(head).encoding == encoding


def test_a_letter_cut_in_two_at_the_end_is_no_other_encoding():
    assert dialect("a,b\n1,é".encode()[:-1]).encoding == "utf-8"


def test_single_quotes_count_where_values_stand_in_them():
    assert dialect("a,b\n'x, y',1\n'z',2\n").quote == "'"
    assert dialect("a,b\nO'Neil,1\nD'Arcy,2\n").quote == '"'


@pytest.mark.parametrize("head", ['a, b\n"x", "y, z"\n', 'a,b\n5" pipe,1\n', "a,b\r1,2\r", "\na,b\n1,2\n"])
def test_what_polars_would_misread_is_not_plain(head):
    assert not dialect(head).is_plain
    assert dialect('a,b\n"x ""y""",1\n').is_plain


def test_names_lose_outer_spaces():
    assert dialect(" a , b \n1,2\n").names == ("a", "b")


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("a,b,a\n1,2,3\n", "'a' stands 2 times"),
        ("a,,c\n1,2,3\n", "Column 2 of 3 has no name"),
        (",a\n0,1\n", "Column 1 of 2"),
        ("1,2.5\n3,4\n", "holds numbers, not names"),
        ("\0\1\2\3garbage\0\0", "binary data"),
        (b"a,\x01\x02\x03\x04\x05b", "binary"),
    ],
)
def test_a_first_row_that_does_not_name_the_columns_is_refused(head, what):
    with pytest.raises(MilepostError, match=what):
        dialect(head)


def test_a_title_above_the_header_is_said():
    with pytest.raises(MilepostError) as caught:
        dialect("Report of 2024\na,b,c\n1,2,3\n4,5,6\n")
    assert caught.value.what == "Line 1 is no header: it has one cell, but most lines have 3."


def test_one_column_of_texts_with_a_comma_here_and_there_is_no_table_with_a_title():
    assert dialect("text\nhello\nwell, yes\nno\n").names == ("text",)
