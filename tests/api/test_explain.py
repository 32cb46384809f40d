import pytest

import milepost
from milepost.ground.errors import UnknownNameError


def test_a_term_is_found_by_any_of_its_names():
    assert milepost.explain("Sensitivity").entries == milepost.explain("recall").entries


def test_without_a_term_everything_is_explained_once():
    entries = milepost.explain().entries
    assert len({entry.term for entry in entries}) == len(entries) > 200


def test_an_unknown_term_leads_to_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        milepost.explain("recal")
    assert caught.value.fix == "Write 'recall' instead."
