import pytest

import milepost
from milepost.api.outdated import other_criteria


@pytest.mark.parametrize(
    ("held", "clause"),
    [
        (["accuracy >= 0.70", "recall >= 0.40"], ""),
        (["recall >= 0.40", "accuracy >= 0.70"], ""),
        (["accuracy >= 0.70"], "held against accuracy >= 0.70, and the contract now asks for accuracy >= 0.70, recall"),
        ([], "held against no criterion, and"),
    ],
)
def test_the_same_criteria_in_any_order_are_of_today(telco_folder, held, clause):
    said = other_criteria(held, milepost.read_problem(telco_folder / "milepost.toml"))
    assert bool(said) == bool(clause)
    assert clause in said
