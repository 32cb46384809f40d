from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from milepost.ground.errors import MilepostError
from milepost.problem.read import parse_problem

AFTER_TRAINING = """
[serve]
log = "best_effort"
durability = "disk"
tables = "s3://models/churn-log?token=${LOG_TOKEN}"
inputs_share = 0.5
retention = "730d"
retrain_from_log = false
shadow = true
canary_share = 0.1
control_share = 0.05
[serve.redaction]
phone = "drop"
customer = "hash"
tenure = "bucket 10"
snapshot_at = "bucket 1d"
[serve.limits]
body = "512 kB"
rows = 1000
depth = 10
seconds = 2.5
concurrent = 32
[[serve.guards]]
name = "new-customer"
when = "tenure = 0"
then = "abstain"
[[serve.guards]]
name = "unsure"
when = "confidence < 0.6"
then = "override"
to = "No"
[monitor]
window = "7d"
false_alarms = "1 per 90d"
[alerts]
channels = ["${CHURN_ALERTS}"]
[retrain]
when = ["schedule: 30d", "performance", "drift"]
min_interval = "7d"
"""


@pytest.fixture
def sample() -> str:
    """The house's example of a problem file."""
    return (Path(__file__).parent / "sample.toml").read_text(encoding="utf-8")


@pytest.fixture
def whole_sample(sample: str) -> str:
    """The example with the keys that stand in comments, and the tables of serving and of later steps."""
    return re.sub(r"(?m)^# (?=\w+ = )", "", sample) + AFTER_TRAINING


@pytest.fixture
def error_of(sample: str) -> Callable[..., MilepostError]:
    """Return the error that the example gives when one text in it is replaced by another."""

    def error(old: str, new: str) -> MilepostError:
        assert old in sample
        with pytest.raises(MilepostError) as caught:
            parse_problem(sample.replace(old, new, 1), path=Path("milepost.toml"))
        return caught.value

    return error
