import re
from collections import Counter

import pytest

from milepost.api.learning import MOST_ROWS
from milepost.data.folds import suggested
from milepost.ground.errors import UnknownNameError
from milepost.show.glossary import TOPICS, entries, entries_of, explain, find, terms, topics
from milepost.show.wording import BASELINES, SEVERITIES

VOCABULARY = (
    "problem, table, schema, profile, reference, finding, split, rung, climb, verdict, bundle, bundle_id, evidence, "
    "champion, challenger, prediction log, outcomes, window, check, alert, decision, rehearsal, threshold, embargo, "
    "development rows, test rows, out of fold, baseline, plateau, look, can't tell yet, met, not met, exit codes, "
    "workspace, horizon"
)


@pytest.mark.parametrize("word", [*VOCABULARY.split(", "), *SEVERITIES, *BASELINES, *BASELINES.values()])
def test_every_word_of_the_road_is_explained(word):
    assert explain(word).says


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 130])
def test_every_exit_code_is_explained(code):
    assert explain(f"exit code {code}").says


@pytest.mark.parametrize("spelling", ["Out of fold", "out-of-fold", "OUT_OF_FOLD", "  out  of fold ", "'out of fold'."])
def test_a_term_is_found_in_other_spellings(spelling):
    assert explain(spelling).term == "out of fold"


def test_a_curly_apostrophe_is_an_apostrophe():
    assert explain("can’t tell yet") == explain("can't tell yet")


def test_a_plural_is_explained_by_its_singular():
    assert explain("rungs").term == "rung"


def test_a_misspelt_term_gets_the_nearest_right_one():
    with pytest.raises(UnknownNameError, match="Write 'embargo' instead"):
        explain("embrago")


def test_a_term_that_nothing_is_near_leads_to_the_list():
    with pytest.raises(UnknownNameError, match=r"Nothing is near it\. .*run: milepost explain"):
        explain("zzzzqqqq")


def test_an_unknown_term_is_not_found_without_an_error():
    assert find("zzzzqqqq") is None


def test_all_terms_can_be_explained():
    assert [explain(term).term for term in terms()] == list(terms())


def test_no_term_is_explained_twice():
    twice = [term for term, times in Counter(entry.term.casefold() for entry in entries()).items() if times > 1]
    assert twice == []


def test_every_entry_is_a_few_whole_sentences_without_layout():
    def is_plain(entry):
        whole = 10 < len(entry.says) < 700 and entry.says.endswith((".", "?", "!", ")"))
        return whole and not re.search(r"\n\s*\n|<[a-z]+>", entry.says + entry.do)

    assert [f"{entry.floor}: {entry.term}" for entry in entries() if not is_plain(entry)] == []


@pytest.mark.parametrize(("budget", "most"), MOST_ROWS.items())
def test_an_amount_of_work_says_how_many_rows_and_folds_it_compares_on(budget, most):
    says = explain(budget).says
    assert f"{most:,} development rows" in says
    assert f"in {suggested(10_000, 5_000, budget)[0]} folds" in says


def test_the_large_amount_of_work_deals_rows_no_more_often_than_the_medium_one():
    assert "the same repeats as medium" in explain("large").says
    assert all(suggested(n, n, "large")[1] == suggested(n, n, "medium")[1] for n in (500, 3_000, 10_000))


def test_a_time_of_day_is_not_explained_as_a_day_without_one():
    assert explain("date").says.startswith("A day without a time of day")
    assert explain("datetime").says.startswith("A day with a time of day")


def test_a_word_of_a_term_leads_to_the_term():
    with pytest.raises(UnknownNameError, match="Write 'window function' instead"):
        explain("function")


def test_a_word_of_several_terms_leads_to_them():
    with pytest.raises(UnknownNameError, match="Choose one of: curves, linear"):
        explain("logistic")


@pytest.mark.parametrize("word", ["bends", "slice", "importance", "identifier", "EUR / 1,000", "USD per 1,000"])
def test_a_word_that_a_newcomer_met_is_explained(word):
    assert explain(word).says


def test_every_term_stands_under_one_topic():
    names = [term for topic in topics() for term in topic.terms]
    assert sorted(names) == sorted(terms())
    assert {entry.floor for entry in entries()} == set(TOPICS)


def test_an_unknown_topic_lists_the_topics():
    with pytest.raises(UnknownNameError, match="No topic is called 'zzzz'"):
        entries_of("zzzz")
