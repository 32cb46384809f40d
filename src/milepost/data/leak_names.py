"""What a column's name says about when its value becomes known.

churn_reason  ->  speaks of a reason        arr_delay (target arr_time_late)  ->  repeats a word of the target
"""

from __future__ import annotations

import re

# words of things that are written down after the fact, by their beginnings
_AFTERWARDS = {
    "outcome": "an outcome",
    "resolv": "something resolved",
    "resolution": "something resolved",
    "cancel": "a cancellation",
    "refund": "a refund",
    "chargeback": "a chargeback",
    "charged": "something charged off",
    "recover": "a recovery",
    "writeoff": "a write-off",
    "churn": "churn",
    "terminat": "a termination",
    "resign": "a resignation",
    "discharg": "a discharge",
    "decease": "a death",
    "death": "a death",
    "reason": "a reason",
    "actual": "an actual value",
    "realised": "a realised value",
    "realized": "a realised value",
    "final": "a final value",
}
# words that place a column before the answer or beside it
_BEFOREHAND = (
    "previous", "prior", "past", "last", "earlier", "former", "histor", "before", "since", "ever", "sched", "plan",
    "expect", "predict", "forecast", "estimat", "policy", "fee", "booking", "purpose",
)  # fmt: skip
_EMPTY = {
    "this", "that", "with", "from", "next", "days", "flag", "label", "target", "class", "status", "type", "value",
    "total", "amount", "number", "count", "rate", "date", "time", "year", "month", "name", "code", "level", "average",
}  # fmt: skip


def afterwards(column: str) -> str | None:
    """Return what the name speaks of if it is something written down after the fact, else None.

    >>> afterwards("ChurnReason"), afterwards("previous_cancellations"), afterwards("tenure")
    ('churn', None, None)
    """
    words = _words(column)
    if any(word.startswith(_BEFOREHAND) for word in words):
        return None
    return next((meaning for word in words for start, meaning in _AFTERWARDS.items() if word.startswith(start)), None)


def shared_word(column: str, target: str) -> str | None:
    """Return a telling word that the column's name shares with the target's, else None.

    >>> shared_word("dep_delay", "arr_delay"), shared_word("sched_delay", "arr_delay"), shared_word("dest", "arr_delay")
    ('delay', None, None)
    """
    words = _words(column)
    if any(word.startswith(_BEFOREHAND) for word in words):
        return None
    telling = [word for word in _words(target) if len(word) >= 4 and word not in _EMPTY]
    return next((word for word in words for other in telling if len(word) >= 4 and word[:6] == other[:6]), None)


def _words(name: str) -> list[str]:
    """Return the words of a name in small letters: parted by case, digits and signs."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
