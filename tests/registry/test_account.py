from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from milepost.registry.account import account_of
from milepost.registry.decisions import FIRST_PREVIOUS, Decision, Entry, decision_of, row_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def past(*steps: tuple[str, str, dict[str, Any]]) -> list[Decision]:
    """Return decisions, one a minute."""
    return [
        decision_of(
            row_of(
                Entry(kind, "telco", "Done.", bundle_id, figures),
                number=number, at=NOON + timedelta(minutes=number), previous=FIRST_PREVIOUS,
            )
        )
        for number, (kind, bundle_id, figures) in enumerate(steps, 1)
    ]  # fmt: skip


def test_the_newest_of_each_kind_tells_and_other_bundles_do_not():
    account = account_of(
        past(
            ("trained", "A", {"data": "d1", "seed": 0, "commit": "c1"}),
            ("trained", "A", {"data": "d2", "seed": 0, "commit": "c2"}),
            ("verdict", "A", {"overall": "met", "look": 1, "judged": [{"criterion": "recall >= 0.6", "value": 0.7}]}),
            ("promoted", "A", {"who": "ada", "reason": "met"}),
            ("promoted", "B", {"who": "bob", "reason": "newer"}),
            ("rolled_back", "A", {"who": "eve", "reason": "B was slow", "previous": "B"}),
        ),
        "A",
    )
    assert (account["trained"]["data"], account["trained"]["commit"]) == ("d2", "c2")
    assert account["verdict"]["judged"] == [{"criterion": "recall >= 0.6", "value": 0.7}]
    assert account["promoted"] == {
        "at": "2026-01-05T12:06:00+00:00", "who": "eve", "reason": "B was slow", "previous": "B",
    }  # fmt: skip


def test_what_the_history_does_not_know_is_none_and_nothing_else_of_it_is_shown():
    account = account_of(past(("verdict", "A", {"overall": "met", "asked": {"secret": 1}})), "A")
    assert account == {
        "trained": None, "verdict": {"at": "2026-01-05T12:01:00+00:00", "overall": "met"}, "promoted": None,
    }  # fmt: skip
