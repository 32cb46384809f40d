"""What a column's name says: sensitive, an entity, a group, a time of prediction, a time of truth.

"SalePrice" -> sale, price        "senior_citizen" -> age        "customerID" -> an entity
"""

from __future__ import annotations

from milepost.data.leak_names import words_of

# words for what people may not be judged by, with what they speak of
_SENSITIVE = {
    "gender": "sex", "sex": "sex", "female": "sex", "male": "sex", "age": "age",
    "senior": "age", "birthdate": "age", "dob": "age", "race": "origin", "ethnic": "origin", "ethnicity": "origin",
    "nationality": "origin", "citizenship": "origin", "religion": "religion", "religious": "religion",
    "marital": "family", "married": "family", "pregnant": "health", "pregnancy": "health", "disability": "health",
    "disabled": "health", "orientation": "orientation", "foreign": "origin", "immigrant": "origin",
}  # fmt: skip
_OF_THINGS = {"house", "car", "vehicle", "account", "building", "page", "roof", "garage", "model", "policy", "machine"}
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


def is_sensitive(name: str) -> bool:
    """Return whether a name speaks of what people may not be judged by."""
    return sensitive_of(name) is not None


def sensitive_of(name: str) -> str | None:
    """Return what sensitive thing a name speaks of; None where it speaks of none, or of the age of a thing.

    >>> sensitive_of("senior_citizen"), sensitive_of("Age"), sensitive_of("house_age"), sensitive_of("average")
    ('age', 'age', None, None)
    """
    words = words_of(name)
    if set(words) & _OF_THINGS:
        return None
    return next((_SENSITIVE[word] for word in words if word in _SENSITIVE), None)


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
