from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logged import NOON, microseconds
from milepost.predlog.judging import judge, outcome_ids
from milepost.predlog.records import OUTCOMES

DAY = timedelta(days=1)
NOW = NOON + 100 * DAY

COLUMNS = {
    name: OUTCOMES[name] for name in ("prediction_id", "label", "number", "happened_at", "recorded_at", "acted_on")
}


def word(label: str | None = "Yes", day: int | None = 0, about: str = "p", **others: Any) -> dict[str, Any]:
    """Return what is said of a prediction, recorded so many days after noon."""
    recorded = None if day is None else NOON + day * DAY
    return {**dict.fromkeys(COLUMNS), "prediction_id": about, "label": label, "recorded_at": recorded} | others


def given_table(words: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(words, schema=COLUMNS).with_row_index("row")


def known_table(words: list[dict[str, Any]]) -> pl.DataFrame:
    """Return words as a log holds them; those without recorded_at were recorded when they came."""
    said = pl.DataFrame(words, schema=COLUMNS)
    stored = said.with_columns(outcome_ids(said), pl.col("recorded_at").fill_null(NOON))
    stored = stored.with_columns(received_at="recorded_at")
    return pl.concat([OUTCOMES.to_frame(), stored], how="diagonal")


def statuses(given_words: list[dict[str, Any]], known: list[dict[str, Any]] = []) -> list[str]:  # noqa: B006
    judged, refusals = judge(given_table(given_words), known_table(known), now=NOW)
    found = dict(judged.select("row", "status").rows()) | dict.fromkeys(refusals["row"], "refused")
    return [found[row] for row in range(len(given_words))]


def remarks(given_words: list[dict[str, Any]], known: list[dict[str, Any]]) -> list[str | None]:
    return judge(given_table(given_words), known_table(known), now=NOW)[0]["what"].to_list()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (word("Yes", 0), "known already"),  # the very same
        (word("Yes", 2), "known already"),  # the same once more
        (word("Yes", None), "known already"),  # the same, now
        (word("No", 2), "corrected"),
        (word("No", None), "corrected"),
        (word("No", 0), "refused"),  # two truths of one moment
        (word("Yes", -2), "taken"),  # it was known even before
        (word("No", -2), "taken"),  # what was known before
        (word("Yes", 0, "q"), "taken"),  # of another prediction
        (word(None, 0, acted_on=True), "taken"),  # another fact
        (word("Yes", 0, acted_on=True), "taken"),
        (word("Yes", 0, happened_at=NOON), "taken"),  # a fact more
    ],
)
def test_a_word_is_held_against_the_one_in_force_when_it_was_recorded(said, status):
    assert statuses([said], [word("Yes", 0)]) == [status]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (word("Yes", 1, happened_at=NOON), "known already"),
        (word("Yes", 1), "known already"),
        (word("Yes", 1, happened_at=NOON + DAY), "corrected"),
        (word("Yes", 0, happened_at=NOON + DAY), "refused"),
        (word("No", 1), "corrected"),
        (word(None, 1, acted_on=False), "corrected"),
        (word(None, 0, acted_on=False), "refused"),
        (word("Yes", 1, acted_on=True), "known already"),
        (word("No", 1, acted_on=True), "corrected"),
    ],
)
def test_when_it_happened_and_what_was_done_are_held_alike(said, status):
    assert statuses([said], [word("Yes", 0, happened_at=NOON, acted_on=True)]) == [status]


def test_numbers_are_judged_like_classes():
    known = [word(None, 0, number=0.1)]
    said = [word(None, 1, number=0.1), word(None, 2, number=0.1 + 1e-18), word(None, 3, number=0.2)]
    assert statuses(said, known) == ["known already", "known already", "corrected"]
    assert statuses([word(None, 0, number=-0.0)], [word(None, 0, number=0.0)]) == ["known already"]


def test_in_one_call_the_word_recorded_later_is_the_correction():
    assert statuses([word("No", 5), word("Yes", 1), word("Yes", 2)]) == ["corrected", "taken", "known already"]


def test_in_one_call_the_same_said_twice_is_once_taken():
    assert statuses([word("Yes", None), word("Yes", None)]) == ["taken", "known already"]


def test_in_one_call_two_truths_of_one_moment_are_both_refused():
    said = [word("Yes", 1), word("No", 1), word("Yes", 1, "q"), word("Yes", None, "r"), word("No", None, "r")]
    assert statuses(said) == ["refused", "refused", "taken", "refused", "refused"]


def test_a_refusal_says_which_moment_has_two_truths():
    _, refusals = judge(given_table([word("No", 0)]), known_table([word("Yes", 0)]), now=NOW)
    what, where, fix = refusals.select("what", "where", "fix").row(0)
    assert what == "In conflict: of this prediction another truth is recorded at the same moment, 2026-01-05T12:00:00Z."
    assert (where, fix) == ("field 'truth'", "Give a recorded_at to each: the later word counts.")


def test_a_conflict_of_one_prediction_leaves_others_alone():
    known = [word("Yes", 0, name) for name in "pqr"]
    assert statuses([word("No", 0, "p"), word("No", 1, "q"), word("Yes", 1, "r")], known) == [
        "refused", "corrected", "known already",
    ]  # fmt: skip


def test_an_older_word_is_kept_with_the_remark_that_a_later_one_stands():
    said = [word("No", -2), word("No", 2), word("Yes", 7)]
    assert remarks(said, [word("Yes", 0)]) == [
        "It is kept as what was known then; a word that was recorded later stands.", None, None,
    ]  # fmt: skip


def test_a_repetition_of_a_word_that_was_corrected_changes_nothing_and_says_so():
    known = [word("Yes", None), word("No", 3)]
    assert statuses([word("Yes", None)], known) == ["known already"]
    assert remarks([word("Yes", None)], known) == ["This was said before and corrected since; the correction stands."]
    assert remarks([word("Yes", None)], known[:1]) == [None]


def test_a_word_without_recorded_at_is_recorded_now():
    judged, _ = judge(given_table([word("Yes", None)]), known_table([]), now=NOW)
    assert judged["recorded_at"].to_list() == [NOW]


def test_the_id_of_an_outcome_follows_from_all_that_it_says():
    words = [
        word("Yes", 0), word("No", 0), word("Yes", 1), word("Yes", None), word("Yes", 0, "q"), word(None, 0),
        word("Yes", 0, happened_at=NOON), word("Yes", 0, acted_on=True), word("Yes", 0, acted_on=False),
        word(None, 0, number=0.0), word(None, 0, number=5e-324), word(None, 0, number=1.0),
    ]  # fmt: skip
    ids = outcome_ids(given_table(words))
    assert ids.n_unique() == len(words)
    assert ids.str.len_chars().unique().to_list() == [32]
    assert ids.equals(outcome_ids(given_table(words)))


# against a plain reading of the rules, one word after the other

WORDS = st.builds(
    word,
    st.sampled_from(["Yes", "No", None]),
    st.integers(0, 4),
    st.sampled_from("pq"),
    acted_on=st.sampled_from([None, None, True, False]),
).filter(lambda said: said["label"] is not None or said["acted_on"] is not None)


def one_by_one(said: dict[str, Any], taken: list[dict[str, Any]]) -> str:
    """Return the status of a single word."""
    of_it = [one for one in taken if one["prediction_id"] == said["prediction_id"]]
    found = {"known already"}
    for fact in ("label", "acted_on"):
        if said[fact] is None:
            continue
        others = [one for one in of_it if one[fact] is not None]
        here = [one[fact] for one in others if one["recorded_at"] == said["recorded_at"]]
        before = [one for one in others if one["recorded_at"] <= said["recorded_at"]]
        after = [one for one in others if one["recorded_at"] > said["recorded_at"]]
        if here and set(here) != {said[fact]}:
            return "refused"
        in_force = max(before, key=lambda one: one["recorded_at"])[fact] if before else None
        if in_force != said[fact]:
            found.add("taken" if after or not before else "corrected")
    return "corrected" if "corrected" in found else "taken" if "taken" in found else "known already"


@given(st.lists(WORDS, max_size=6), WORDS)
@settings(max_examples=150)
def test_each_word_has_the_status_that_a_reader_of_the_rules_gives_it(earlier, said):
    known: list[dict[str, Any]] = []
    for one in earlier:
        if one_by_one(one, known) in ("taken", "corrected"):
            known.append(one)
    assert statuses([said], known) == [one_by_one(said, known)]


@given(st.lists(WORDS, max_size=6))
@settings(max_examples=60)
def test_what_was_taken_once_is_known_already_the_second_time(words):
    judged, _ = judge(given_table(words), known_table([]), now=NOW)
    taken = judged.filter(pl.col("status") != "known already")
    known = pl.concat(
        [OUTCOMES.to_frame(), taken.select(*COLUMNS, "outcome_id", received_at="recorded_at")], how="diagonal"
    )
    again, _ = judge(given_table(words), known, now=NOW + DAY)
    assert set(again.filter(pl.col("row").is_in(judged["row"].implode()))["status"]) <= {"known already"}


def test_microseconds_count():
    first = word("Yes", 0, recorded_at=NOON)
    later = word("No", 0, recorded_at=NOON + timedelta(microseconds=1))
    assert statuses([first, later]) == ["taken", "corrected"]
    assert microseconds(later["recorded_at"]) - microseconds(first["recorded_at"]) == 1


def test_a_word_without_recorded_at_is_said_after_all_that_is_known_even_where_the_clock_jumped_back():
    ahead = word("Yes", recorded_at=NOW + timedelta(hours=1))
    judged, _ = judge(given_table([word("No", None)]), known_table([ahead]), now=NOW)
    assert judged.select("status", "recorded_at").row(0) == (
        "corrected", NOW + timedelta(hours=1, microseconds=1),
    )  # fmt: skip
