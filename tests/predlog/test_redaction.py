from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import EnvironmentFault, MilepostError, UnknownNameError
from milepost.predlog.records import input_schema
from milepost.predlog.redaction import Redaction, compile_redaction, redaction_key

KEY = b"0123456789abcdef0123456789abcdef"
ASKED = input_schema(
    [("income", "float"), ("phone", "text"), ("born", "date"), ("seen", "datetime"), ("married", "boolean")]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
DAYS = st.integers(-300_000, 1_000_000)
MOMENTS = st.integers(-(10**16), 10**17)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ROWS = st.lists(
    st.tuples(*(st.none() | values for values in (NUMBERS, TEXTS, DAYS, MOMENTS, st.booleans()))), max_size=20
)


def redaction(**rules: str) -> Redaction:
    return compile_redaction(rules, ASKED, KEY, entity="customer", time="asked_at", context=["region", "age"])


def frame_of(rows) -> pl.DataFrame:
    """Return rows as they stand in a journal as a table with the types of the log."""
    names = [name for name, _ in ASKED.columns]
    raw = pl.DataFrame([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5, schema=names)
    physical = {"income": pl.Float64, "phone": pl.String, "born": pl.Int32, "seen": pl.Int64, "married": pl.Boolean}
    return raw.cast(physical).cast(dict(ASKED.struct.to_schema()))


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"income": "bucket 5000", "phone": "hash", "born": "bucket 30d", "seen": "bucket 1h"},
        {"income": "bucket 0.1", "phone": "drop", "married": "hash"},
        {"income": "hash", "born": "hash", "seen": "hash", "married": "drop"},
        {"income": "bucket 1e-300", "seen": "bucket 0.5s"},
    ],
)
@given(rows=ROWS)
def test_one_row_and_a_table_are_logged_alike(rules, rows):
    made = redaction(**rules)
    table = made.input_table(frame_of(rows))
    assert table.schema == made.logged.struct.to_schema()
    in_journal = table.select(pl.all().to_physical()).rows()
    assert in_journal == [tuple(made.inputs(row)) for row in rows]


def test_a_bucket_begins_at_or_below_its_value():
    made = redaction(income="bucket 5000", born="bucket 30d", seen="bucket 1h")
    # 41250 = 8 x 5000 + 1250; -1 lies in [-5000, 0); day 3789 = 126 x 30 + 9; 3 h 20 min lies in the hour from 3 h
    seen = 12_000_000_000
    assert made.inputs([41250.0, None, 3789, seen, True]) == [40000.0, None, 3780, 10_800_000_000, True]
    assert made.inputs([-1.0, None, -1, -1, None]) == [-5000.0, None, -30, -3_600_000_000, None]


def test_a_hash_is_the_first_16_digits_of_hmac_sha256():
    # printf 'c-81' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    assert redaction(customer="hash").entity("c-81") == "448e954797c648ef"


def test_one_thing_has_one_hash_wherever_it_stands():
    made = redaction(income="hash", customer="hash", region="hash")
    assert made.inputs([81.0, None, None, None, None])[0] == made.entity("81") == made.context({"region": 81})["region"]
    assert made.context({"region": "81"})["region"] == made.entity("81")


def test_another_key_gives_other_hashes():
    other = compile_redaction({"phone": "hash"}, ASKED, b"x" * 32)
    assert other.inputs([None, "a", None, None, None]) != redaction(phone="hash").inputs([None, "a", None, None, None])


def test_the_logged_schema_says_what_is_logged():
    made = redaction(income="bucket 10", phone="hash", born="drop", seen="hash")
    assert made.logged.columns == (("income", "float"), ("phone", "text"), ("seen", "text"), ("married", "boolean"))
    assert made.logged.id != ASKED.id
    assert redaction().logged == ASKED


@given(st.lists(st.none() | TEXTS))
def test_entities_are_logged_alike_one_by_one_and_at_once(entities):
    for rules in ({}, {"customer": "hash"}, {"customer": "drop"}):
        made = redaction(**rules)
        many = made.entities(pl.Series("entity", entities, pl.String()))
        assert many.to_list() == [made.entity(entity) for entity in entities]
        assert (many.name, many.dtype) == ("entity", pl.String())


@given(st.lists(st.none() | MOMENTS))
def test_times_of_rows_are_logged_alike_one_by_one_and_at_once(times):
    made = redaction(asked_at="bucket 1d")
    many = made.times(pl.Series("time", times, pl.Int64()).cast(pl.Datetime("us", "UTC")))
    assert many.to_physical().to_list() == [made.time(time) for time in times]


CONTEXTS = st.dictionaries(
    st.sampled_from(["region", "age", "other"]),
    st.none() | NUMBERS | TEXTS | st.booleans() | st.integers() | st.lists(st.integers()),
)


@given(st.lists(st.none() | CONTEXTS))
def test_contexts_are_logged_alike_one_by_one_and_at_once(contexts):
    made = redaction(region="hash", age="bucket 10")
    texts = pl.Series("context", [None if row is None else json.dumps(row) for row in contexts], pl.String())
    logged = [None if text is None else json.loads(text) for text in made.contexts(texts)]
    assert logged == [None if row is None else made.context(row) for row in contexts]


def test_a_context_that_no_bucket_holds_is_not_logged():
    made = redaction(age="bucket 10")
    given_values = [47, "47", 47.5, "forty", True, [47], 10**400, None]
    assert [made.context({"age": value})["age"] for value in given_values] == [40, 40, 40] + [None] * 5
    spans = redaction(age="bucket 1d")
    assert spans.context({"age": "2024-05-31T10:00:00+02:00"}) == {"age": "2024-05-31T00:00:00+00:00"}
    assert spans.context({"age": datetime(2024, 5, 31, 10, tzinfo=UTC)}) == {"age": "2024-05-31T00:00:00+00:00"}
    assert spans.context({"age": 7}) == {"age": None}


def test_a_dropped_context_column_is_gone():
    assert redaction(region="drop").context({"region": "north", "age": 4}) == {"age": 4}


def test_flags_do_not_tell_what_was_redacted():
    made = redaction(phone="hash", income="bucket 10")
    flags = [
        "phone is missing", "unseen level '+49 in 1' in phone", "income 3 is below anything seen (10)",
        "income 1e9 is above anything seen (10)", "phone '+ 49' is read as '+49'", "born is missing",
    ]  # fmt: skip
    said = [
        "phone is missing", "unseen level in phone", "income is below anything seen",
        "income is above anything seen", "phone is spelled in another way", "born is missing",
    ]  # fmt: skip
    assert made.flags(flags) == said
    assert redaction().flags(flags) == flags


def test_flags_of_many_rows_are_those_of_each():
    made = redaction(phone="hash")
    lists = [["unseen level 'a' in phone", "born is missing"], [], None, ["phone is missing"]]
    logged = made.flag_lists(pl.Series("flags", lists, pl.List(pl.String)))
    assert logged.to_list() == [None if flags is None else made.flags(flags) for flags in lists]


@pytest.mark.parametrize(
    ("column", "rule", "says"),
    [
        ("phone", "bucket 10", "its values are of dtype text"),
        ("married", "bucket 10", "its values are of dtype boolean"),
        ("income", "bucket 30d", "its values are numbers"),
        ("seen", "bucket 10", "its values are times"),
        ("born", "bucket 12h", "its values are whole days"),
        ("customer", "bucket 10", "a name has no buckets"),
        ("asked_at", "drop", "the log needs the time"),
        ("phone", "encrypt", "'encrypt' does not say how to redact"),
        ("income", "bucket 0", "A bucket of 0 holds nothing"),
        ("income", "bucket 1e999", "A bucket of 1e999 holds nothing"),
        ("seen", "bucket 3 months", "no fixed length"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_by_its_key(column, rule, says):
    with pytest.raises(MilepostError, match=says) as caught:
        compile_redaction(
            {column: rule}, ASKED, KEY, entity="customer", time="asked_at", where=lambda key: f"milepost.toml, {key}"
        )
    assert caught.value.where == f"milepost.toml, serve.redaction.{column}"


def test_a_rule_for_no_column_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="'fone'") as caught:
        redaction(fone="drop")
    assert caught.value.fix == "Write 'phone' instead."


def test_a_rule_for_an_input_that_training_needs_is_refused():
    with pytest.raises(MilepostError, match="models are trained from the log"):
        compile_redaction({"income": "bucket 10"}, ASKED, KEY, needed=["income"])


def test_the_key_is_made_once_for_its_owner_only(tmp_path):
    folder = tmp_path / "serving"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: redaction_key(folder), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) == 32
    assert [path.name for path in folder.iterdir()] == ["redaction.key"]
    assert stat.S_IMODE((folder / "redaction.key").stat().st_mode) == 0o600


def test_two_folders_have_two_keys(tmp_path):
    assert redaction_key(tmp_path / "a") != redaction_key(tmp_path / "b")


def test_a_damaged_key_is_no_key(tmp_path):
    (tmp_path / "redaction.key").write_bytes(b"short")
    with pytest.raises(EnvironmentFault, match="5 bytes"):
        redaction_key(tmp_path)


def test_a_bucket_of_times_is_a_span_however_it_is_written():
    hour = timedelta(hours=1) // timedelta(microseconds=1)
    for text in ("bucket 1h", " bucket  60min ", "bucket 3600 s"):
        assert redaction(seen=text).inputs([None, None, None, hour + 5, None])[3] == hour
