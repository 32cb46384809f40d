"""Whether a verdict is of today: it was given by criteria, on test rows, and both can change after it."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.ground.text import listed
from milepost.problem.spec import Problem


def other_criteria(held: Sequence[str], contract: Problem) -> str:
    """Return how the criteria of a verdict differ from the contract's of today, a clause; empty where they do not.

    Args:
        held: what the bundle was held against, each as "accuracy >= 0.80"; the order does not matter.
        contract: as it is today.
    """
    asked = [criterion.text for criterion in contract.success]
    if sorted(held) == sorted(asked):
        return ""
    before, now = listed(held) or "no criterion", listed(asked) or "none"
    return f"the bundle was held against {before}, and the contract now asks for {now}"
