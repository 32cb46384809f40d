"""The tables of a problem file that a later version will read: accepted and checked, but they do nothing yet."""

from __future__ import annotations

from pydantic import Field

from milepost.problem.fields import Names, Span, Table, Text

LATER = ("monitor", "alerts", "retrain")  # tables that do nothing yet
NOTHING_YET = "Does nothing yet: its keys are checked and kept for a later version."


class Monitor(Table):
    """How production is watched; does nothing yet."""

    window: Span | None = Field(default=None, description="The span in which production is judged.", examples=["7d"])
    false_alarms: Text | None = Field(
        default=None, description="How often an alarm may be wrong.", examples=["1 per 90d"]
    )


class Alerts(Table):
    """Who is told; does nothing yet."""

    channels: Names | None = Field(
        default=None, description="Addresses of alerts; secrets by ${NAME}.", examples=[["${CHURN_ALERTS}"]]
    )


class Retrain(Table):
    """When a new model is trained; does nothing yet."""

    when: Names | None = Field(
        default=None, description="What makes a training due.", examples=[["schedule: 30d", "performance", "drift"]]
    )
    min_interval: Span | None = Field(default=None, description="Shortest span between two trainings.", examples=["7d"])
