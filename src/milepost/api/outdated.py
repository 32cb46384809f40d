"""Whether a verdict is of today: what it was asked is kept with it, and held against the contract as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from milepost.evaluate.hindsight import CriteriaChange, criteria_change
from milepost.ground.files import canonical_json, hash_of_text
from milepost.ground.records import as_document
from milepost.ground.text import listed
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.spec import Problem
from milepost.registry.decisions import Decision

_HASH_DIGITS = 16
# What decides which rows are test rows, what is true of them, and what is measured there; by table of the contract.
# Features, today's rule and the columns that no model may see are the bundle's own: other ones make another bundle.
_QUESTION = ("target", "positive", "task", "horizon")
_ROWS = ("source", "id", "time", "known_at", "label_delay", "timezone", "group", "repairs")
_UNSEEN = ("exclude", "sensitive", "allowed", "context")  # beside id and the like: columns that no model may see
_MONEY = ("currency", "true_positive", "false_positive", "true_negative", "false_negative", "matrix", "row")


def asked_of(contract: Problem) -> dict[str, str]:
    """Return what a verdict by this contract stands on beside its criteria: dotted key -> hash of its value.

    Money is part of it where a criterion is about money, and the loss where one is about its quantile.
    """
    tables = as_document(contract)
    needs = {METRIC_NAMES[criterion.metric].needs for criterion in contract.success}
    keys = [*_keys("problem", _QUESTION), *_keys("data", _ROWS), *_keys("split", tables["split"])]
    keys += _keys("value", _MONEY) if "value" in needs else ()
    keys += ["climb.loss"] if any(criterion.metric == "quantile_loss" for criterion in contract.success) else ()
    return {key: _hash_at(tables, key) for key in keys}


def why_outdated(held: Sequence[str], asked: Mapping[str, str] | None, contract: Problem) -> str:
    """Return why a verdict does not answer what the contract asks today, a clause; empty where it does.

    What is in the table is not looked at: `evaluate` reads it, and refuses other data.

    Args:
        held: the criteria that the bundle was held against, each as "accuracy >= 0.80"; the order does not matter.
        asked: what else the verdict stands on, as asked_of gives it; None where that was not kept.
        contract: as it is today.
    """
    if other := other_criteria(held, contract):
        return other
    if asked is None:
        return "it does not say which question it answered"
    changed = _changed(asked, contract)
    if not changed:
        return ""
    return f"{listed(changed)} in the contract {'has' if len(changed) == 1 else 'have'} changed since it was given"


def learned_by(contract: Problem) -> dict[str, str]:
    """Return what a bundle that is trained by this contract learns from: dotted key -> hash of its value.

    Criteria and money are no part of it: they judge. Nor is the horizon, unless rows have a time.
    """
    tables = as_document(contract)
    question = [name for name in _QUESTION if name != "horizon" or contract.data.time is not None]
    keys = [*_keys("problem", question), *_keys("data", (*_ROWS, *_UNSEEN)), *_keys("features", tables["features"])]
    keys += [key for table in ("baseline", "split", "climb") for key in _keys(table, tables[table])]
    return {key: _hash_at(tables, key) for key in keys}


def changed_since_training(learned: Mapping[str, str] | None, contract: Problem) -> tuple[str, ...]:
    """Return the dotted keys by which a bundle trained today would learn otherwise.

    Args:
        learned: what the bundle learned from, as learned_by gives it; None where that was not kept.
        contract: as it is today.
    """
    today = learned_by(contract)
    before = today if learned is None else learned
    return tuple(key for key in dict.fromkeys([*before, *today]) if before.get(key) != today.get(key))


def needs_training(asked: Mapping[str, str] | None, contract: Problem) -> bool:
    """Return whether the contract asks another question, or of other rows, than when the verdict was given.

    No bundle of that time can be judged by it then: `evaluate` refuses. Other criteria and other money need no
    training; nor does another horizon, unless rows have a time: then it decides which rows are old enough to count.

    Args:
        asked: what the verdict stands on, as asked_of gives it; None where that was not kept.
        contract: as it is today.
    """
    judged_again = ("climb.loss", "value.", *(("problem.horizon",) if contract.data.time is None else ()))
    return any(not key.startswith(judged_again) for key in _changed(asked or asked_of(contract), contract))


def criteria_changed(verdicts: Sequence[Decision], contract: Problem) -> CriteriaChange | None:
    """Return how the contract's criteria differ from those that the test rows were first seen by; None if they do not.

    The question is part of it: the same limit on another target, or with the other class as the positive one, is
    another criterion. Only another problem, by its name, may ask for another target of the same rows afresh.

    Args:
        verdicts: all verdicts that were given on the test rows, first first.
        contract: as it is today.
    """
    today = asked_of(contract)
    first = next((one for one in verdicts if _is_view(one, today, contract)), None)
    if first is None:
        return None
    before = _asked(first)
    decides = (*_keys("problem", _QUESTION), "value.", "climb.")
    terms = [key for key in today if key.startswith(decides) and before.get(key, today[key]) != today[key]]
    return criteria_change(first.figures.get("criteria", ()), contract.success, other_terms=terms)


def _is_view(verdict: Decision, today: Mapping[str, str], contract: Problem) -> bool:
    """Return whether who saw the verdict could choose today's criteria by it: of the same problem, or target."""
    target = "problem.target"
    return verdict.problem == contract.aim.name or _asked(verdict).get(target, today[target]) == today[target]


def _asked(verdict: Decision) -> Mapping[str, str]:
    asked: Mapping[str, str] = verdict.figures.get("asked") or {}
    return asked


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


def _changed(asked: Mapping[str, str], contract: Problem) -> list[str]:
    today = asked_of(contract)
    return [key for key in today if today[key] != asked.get(key)]


def _keys(table: str, names: Sequence[str] | Mapping[str, object]) -> list[str]:
    return [f"{table}.{name}" for name in names]


def _hash_at(tables: Mapping[str, Mapping[str, object] | None], key: str) -> str:
    table, _, name = key.partition(".")
    value = (tables[table] or {}).get(name)
    return hash_of_text(canonical_json(value))[:_HASH_DIGITS]
