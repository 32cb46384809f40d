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
    "prev", "prior", "past", "last", "earlier", "former", "hist", "before", "since", "ever", "sched", "plan", "expect",
    "predict", "forecast", "estim", "policy", "fee", "book", "reserv", "purpose",
)  # fmt: skip
_EMPTY = {
    "this", "that", "with", "from", "next", "days", "flag", "label", "target", "class", "status", "type", "value",
    "total", "amount", "number", "count", "rate", "date", "time", "year", "month", "name", "code", "level", "average",
}  # fmt: skip


def is_beforehand(column: str) -> bool:
    """Return whether the name speaks of a plan or of the past, as sched_arr_time does."""
    return any(word.startswith(_BEFOREHAND) for word in words_of(column))


def afterwards(column: str) -> str | None:
    """Return what the name speaks of if it is something written down after the fact, else None.

    >>> afterwards("ChurnReason"), afterwards("previous_cancellations"), afterwards("tenure")
    ('churn', None, None)
    """
    if is_beforehand(column):
        return None
    return next(
        (meaning for word in words_of(column) for start, meaning in _AFTERWARDS.items() if word.startswith(start)), None
    )


def shared_word(column: str, target: str) -> str | None:
    """Return a telling word that the column's name shares with the target's, else None.

    >>> shared_word("dep_delay", "arr_delay"), shared_word("sched_delay", "arr_delay"), shared_word("dest", "arr_delay")
    ('delay', None, None)
    """
    if is_beforehand(column):
        return None
    telling = [word for word in words_of(target) if len(word) >= 4 and word not in _EMPTY]
    return next(
        (word for word in words_of(column) for other in telling if len(word) >= 4 and word[:6] == other[:6]), None
    )


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in small letters.

    >>> words_of("SalePrice"), words_of("customerID"), words_of("dep_time2")
    (('sale', 'price'), ('customer', 'id'), ('dep', 'time', '2'))
    """
    spaced = re.sub(r"([a-z])([A-Z])|([A-Z]+)(?=[A-Z][a-z])", lambda m: f"{m[1] or m[3]} {m[2] or ''}", name)
    return tuple(word.lower() for word in re.findall(r"[^\W\d_]+|\d+", spaced))
