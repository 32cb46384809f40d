"""What a column's name says: an id, something sensitive, a moment, or something written down only afterwards.

churn_reason -> a reason     customerID -> an id     senior_citizen -> age     confirmed_at -> a time of truth
"""

from __future__ import annotations

import re

_ID_NAME = re.compile(
    r"(?i)(?:^|[\W_])(?:id|uuid|guid|rowname|rownames|rowid|row_?number)$|[_\W](?:no|nr|key)$|^unnamed"
)
_ID_CAMEL = re.compile(r"[a-z](?:ID|Id)$")
_CODE_NAME = re.compile(r"(?i)(?:^|[\W_])(?:zip|zipcode|zip_code|postcode|postal|plz|code)$")

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
# words that place a column before the answer or beside it: whole ones, and beginnings that no other word has
_BEFOREHAND = {
    "prev", "previous", "previously", "prior", "past", "last", "earlier", "former", "formerly", "before", "since",
    "ever", "hist", "history", "historic", "historical", "historically", "plan", "plans", "planned", "planning",
    "policy", "policies", "fee", "fees", "book", "booked", "booking", "bookings", "reserve", "reserved", "reserves",
    "reservation", "reservations", "purpose", "purposes",
}  # fmt: skip
_BEFOREHAND_BEGINNINGS = ("sched", "expect", "predict", "forecast", "estimat")
_EMPTY = {
    "this", "that", "with", "from", "next", "days", "flag", "label", "target", "class", "status", "type", "value",
    "total", "amount", "number", "count", "rate", "date", "time", "year", "month", "name", "code", "level", "average",
}  # fmt: skip
_OF_MANY = {
    "avg", "mean", "total", "sum", "min", "max", "num", "count", "rate", "per", "the", "time", "date", "year", "month",
    "day", "days", "flag", "type", "status", "class", "target", "label", "value", "number",
}  # fmt: skip

# words for what people may not be judged by, with what they speak of
_SENSITIVE = {
    "gender": "sex", "sex": "sex", "female": "sex", "male": "sex", "age": "age",
    "senior": "age", "birthdate": "age", "dob": "age", "race": "origin", "ethnic": "origin", "ethnicity": "origin",
    "nationality": "origin", "citizenship": "origin", "religion": "religion", "religious": "religion",
    "marital": "family", "married": "family", "pregnant": "health", "pregnancy": "health", "disability": "health",
    "disabled": "health", "orientation": "orientation", "foreign": "origin", "immigrant": "origin",
}  # fmt: skip
_OF_THINGS = {
    "house", "housing", "car", "vehicle", "account", "building", "page", "roof", "garage", "model", "policy", "machine",
}  # fmt: skip
_BESIDE_AGE = {
    "avg", "average", "mean", "median", "min", "max", "total", "of", "the", "in", "group", "band", "bin",
    "day", "days", "week", "weeks", "month", "months", "year", "years",
}  # fmt: skip
_GROUP = {
    "customer", "client", "user", "account", "patient", "person", "household", "member", "student", "employee",
    "company", "store", "shop", "machine", "device", "vehicle", "product", "item", "tailnum", "subject", "session",
    "school", "hospital", "agent", "vendor", "supplier",
}  # fmt: skip
_NOT_WHEN_PREDICTING = {
    "birth", "birthday", "birthdate", "dob", "end", "ended", "closed", "close", "resolved", "cancelled", "canceled",
    "left", "exit", "churned", "updated", "modified", "deleted", "finished", "completed", "paid", "settled",
    "confirmed", "death", "expiry", "expires", "due",
}  # fmt: skip
_PREDICTING = {
    "snapshot", "asof", "as", "observed", "observation", "date", "time", "timestamp", "datetime", "day", "month",
    "week", "created", "opened", "order", "ordered", "booked", "applied", "arrival", "start", "event",
}  # fmt: skip
_KNOWN = {
    "confirmed",
    "resolved",
    "closed",
    "settled",
    "known",
    "recorded",
    "labelled",
    "labeled",
    "outcome",
    "verified",
}


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in small letters.

    >>> words_of("SalePrice"), words_of("customerID"), words_of("dep_time2")
    (('sale', 'price'), ('customer', 'id'), ('dep', 'time', '2'))
    """
    spaced = re.sub(r"([a-z])([A-Z])|([A-Z]+)(?=[A-Z][a-z])", lambda m: f"{m[1] or m[3]} {m[2] or ''}", name)
    return tuple(word.lower() for word in re.findall(r"[^\W\d_]+|\d+", spaced))


# ---- ids and codes


def has_id_name(name: str) -> bool:
    """Return whether a column's name says that it names something."""
    return bool(_ID_NAME.search(name) or _ID_CAMEL.search(name))


def has_code_name(name: str) -> bool:
    """Return whether a column's name says that its numbers are codes, not quantities."""
    return bool(_CODE_NAME.search(name) or has_id_name(name))


# ---- before or after the answer


def is_beforehand(column: str) -> bool:
    """Return whether the name speaks of a plan or of the past, as sched_arr_time does.

    >>> is_beforehand("booking_fee"), is_beforehand("feedback_reason"), is_beforehand("plane_delay")
    (True, False, False)
    """
    words = words_of(column)
    return any(word in _BEFOREHAND or word.startswith(_BEFOREHAND_BEGINNINGS) for word in words)


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


def is_named_alike(name: str, target: str) -> bool:
    """Return whether a name shares a telling word of three letters or more with the target's: arr_time, arr_delay.

    Not where it speaks of a plan or of the past, as sched_arr_time does.
    """
    if is_beforehand(name):
        return False
    telling = {part for part in words_of(target) if len(part) >= 3 and part not in _OF_MANY}
    return bool(telling & set(words_of(name)))


# ---- people, groups, times


def is_sensitive(name: str) -> bool:
    """Return whether a name speaks of what people may not be judged by."""
    return sensitive_of(name) is not None


def sensitive_of(name: str) -> str | None:
    """Return what sensitive thing a name speaks of; None where it speaks of none, or of the age of a thing.

    >>> sensitive_of("senior_citizen"), sensitive_of("Age"), sensitive_of("house_age"), sensitive_of("average")
    ('age', 'age', None, None)
    >>> sensitive_of("account_holder_age"), sensitive_of("customer_gender_policy")
    ('age', 'sex')
    """
    words = words_of(name)
    telling = (word for word in words if word in _SENSITIVE and not (word == "age" and _is_age_of_thing(words)))
    return next((_SENSITIVE[word] for word in telling), None)


def _is_age_of_thing(words: tuple[str, ...]) -> bool:
    """Return whether a thing's name is the one next to "age": house_median_age, age_of_car, but not car_owner_age."""
    at = words.index("age")
    before, after = ([word for word in part if word not in _BESIDE_AGE] for part in (words[:at], words[at + 1 :]))
    beside = before[-1:] or after[-1:]
    return bool(set(beside) & _OF_THINGS)


def is_group(name: str) -> bool:
    """Return whether a name speaks of someone or something that may come again."""
    return bool(set(words_of(name)) & _GROUP)


def prediction_time_fit(name: str) -> int:
    """Return how well a name fits the moment of prediction: above 0 well, below 0 not at all."""
    words = set(words_of(name))
    return len(words & _PREDICTING) - 5 * len(words & _NOT_WHEN_PREDICTING)


def is_time_of_truth(name: str) -> bool:
    """Return whether a name speaks of the moment when the truth was recorded."""
    return bool(set(words_of(name)) & _KNOWN)
