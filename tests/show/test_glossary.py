import re
from collections import Counter

import pytest

from milepost.ground.errors import UnknownNameError
from milepost.show.glossary import entries, explain, find, terms
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


def test_a_term_that_nothing_is_like_gets_some_to_choose_from():
    with pytest.raises(UnknownNameError, match="Choose one of"):
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
