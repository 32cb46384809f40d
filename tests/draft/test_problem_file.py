from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from milepost.draft.problem_file import WIDTH, Section, Setting, problem_text, toml, toml_key

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
VALUE = st.recursive(
    st.one_of(TEXT, st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)


def text_of(*settings, **section):
    return problem_text(("made by a test",), (Section("data", "what it is", tuple(settings), **section),))


@given(VALUE)
def test_any_value_is_read_back_as_it_was_written(value):
    assert tomllib.loads(f"x = {toml(value)}")["x"] == value


@given(TEXT, TEXT, TEXT)
def test_any_name_and_any_comment_make_valid_toml(key, value, comment):
    assert tomllib.loads(text_of(Setting(key, value, comment)))["data"] == {key: value}


@given(TEXT, TEXT)
def test_what_is_off_does_not_count_and_can_be_switched_on(key, value):
    text = text_of(Setting(key, value, "why it is off", is_on=False))
    assert tomllib.loads(text)["data"] == {}
    line = next(line for line in text.split("\n") if line.startswith(f"# {toml_key(key)} = {toml(value)}"))
    assert tomllib.loads(line.removeprefix("# ")) == {key: value}


def test_a_section_that_is_off_has_no_heading_that_counts():
    assert tomllib.loads(text_of(Setting("currency", "EUR", "money", is_on=False), is_on=False)) == {}


def test_comments_stand_behind_short_lines_and_above_long_ones():
    text = text_of(Setting("id", "customer", "the entity"), Setting("source", "x" * 90, "where the table is"))
    assert 'id = "customer"                # the entity' in text
    assert f'# where the table is\nsource = "{"x" * 90}"' in text


def test_long_comments_are_wrapped():
    text = text_of(Setting("id", "customer", "word " * 60))
    assert max(len(line) for line in text.splitlines()) <= WIDTH


def test_notes_stand_under_the_heading_and_never_count():
    text = text_of(Setting("id", "customer", "the entity"), notes=("left out:\nx = 1",))
    assert "# left out: x = 1\nid =" in text
    assert tomllib.loads(text)["data"] == {"id": "customer"}
