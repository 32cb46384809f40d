from __future__ import annotations

import pytest

from milepost.draft.prospects import Prospect
from milepost.draft.sense import Rows, Sense
from milepost.show.console import text_of
from milepost.show.drafts import sense_view


def _prospect(criterion: str, metric: str, free: float, rule: float | None) -> Prospect:
    outlook = "will probably end as can't tell yet"
    return Prospect(criterion, metric, 0.8, free, "", rule, (), 481, 1761, "rows", 1761, None, False, outlook, "")


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_today_s_rule_is_shown_beside_each_criterion_on_any_terminal(width):
    criteria = (_prospect("accuracy >= 0.80", "accuracy", 0.735, 0.756), _prospect("recall >= 0.60", "recall", 1, 0.39))
    rows = Rows(7043, 5282, 1761, 0)
    text = text_of(sense_view(Sense("churn", "binary", rows, 0.265, {}, (), (), criteria, (), (), "")), width=width)
    assert "75.6 %" in text
    assert "39.0 %" in text
    assert "1,761 test" in text
    assert max(map(len, text.splitlines())) <= width
