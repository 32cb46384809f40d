import pytest

import milepost
from milepost.ground.errors import UnknownNameError


def test_a_term_is_found_by_any_of_its_names():
    assert milepost.explain("Sensitivity").entries == milepost.explain("recall").entries


def test_without_a_term_the_names_of_all_are_listed():
    found = milepost.explain()
    assert found.entries == ()
    assert sum(len(topic.terms) for topic in found.topics) > 200


def test_everything_is_explained_once():
    entries = milepost.explain(everything=True).entries
    assert len({entry.term for entry in entries}) == len(entries) > 200


def test_a_topic_can_be_explained_whole():
    assert "lo" in [entry.term for entry in milepost.explain("predictor", everything=True).entries]


def test_an_unknown_term_leads_to_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        milepost.explain("recal")
    assert caught.value.fix == "Write 'recall' instead."
