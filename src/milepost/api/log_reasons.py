"""What each logged input adds to an answer: the bundle that gave it is asked again, and told of only if it agrees.

logged inputs ─► bundle that answered ─► the logged answer? ─► yes: contributions and their margin
                                                            └► no:  a sentence that says why there are none
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.api.log_rows import one_of
from milepost.api.opening import workspace_of
from milepost.api.storing import store_of
from milepost.ground.errors import MilepostError
from milepost.ground.text import listed
from milepost.predictor.load import load_predictor
from milepost.predictor.predictor import Predictor
from milepost.problem.spec import Problem
from milepost.registry.names import resolve
from milepost.show.logged_case import CaseInput, CaseInputs, CaseMargin

_ALL = 1_000_000  # more reasons than any row has inputs
_SAME = 1e-9  # relative: processors of another kind round powers otherwise in the last digits


@dataclass(frozen=True, slots=True)
class Again:
    """The bundle that answered, asked the logged inputs again.

    Attributes:
        predictor: of the bundle; None where it cannot be had.
        answer: without guards; None where there is none, or it is not the one that was given.
        says: why not; empty where it is.
    """

    predictor: Predictor | None
    answer: Mapping[str, Any] | None
    says: str


def asked_again(row: Mapping[str, Any], contract: Problem) -> Again:
    """Return what the bundle that answered says to the logged inputs now."""
    if row.get("inputs") is None:
        return Again(None, None, "The inputs of this row were not logged: serve.inputs_share keeps those of a share.")
    workspace, bundle_id = workspace_of(contract), row["bundle_id"]
    try:
        found = resolve(bundle_id, workspace=workspace, store=store_of(contract), history=workspace.history)
        predictor = load_predictor(found.path)
    except MilepostError as why:
        cure = f"Put its folder back as {workspace.bundles / bundle_id}, or mend that, and ask again."
        return Again(None, None, f"No contributions, as bundle {bundle_id} cannot be had: {why.what} {cure}")
    if says := _redacted(row["inputs"], predictor, contract):
        return Again(predictor, None, says)
    try:
        answer = predictor.answer(row["inputs"])
    except MilepostError as why:
        return Again(predictor, None, f"No contributions: what is logged cannot be answered again. {why.what}")
    if not _is_same(row, answer):
        says = "No contributions: to what is logged the bundle gives another answer here than the logged one."
        return Again(predictor, None, says)
    return Again(predictor, answer, "")


def _redacted(inputs: Mapping[str, Any], predictor: Predictor, contract: Problem) -> str:
    """Return why redaction leaves no contributions; empty where it does not."""
    rules = contract.serve.redaction
    gone = [name for name in predictor.schema.names if name not in inputs]
    changed = [name for name in predictor.schema.names if name in inputs and rules.get(name, "drop").strip() != "drop"]
    if not gone and not changed:
        return ""
    told = [*([f"{listed(gone)} not at all"] if gone else []), *([f"{listed(changed)} redacted"] if changed else [])]
    return f"No contributions, as not all inputs are logged as they were asked: {listed(told)}."


def _is_same(row: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Return whether an answer is the one that was logged; guards change neither of the two."""
    given = one_of(row["label"], row["number"])
    if answer["prediction"] is None or given is None:
        return answer["prediction"] is given
    now: list[float] = list(answer["probabilities"].values()) if row["number"] is None else [answer["prediction"]]
    then: list[float] = (row["probabilities"] or []) if row["number"] is None else [row["number"]]
    return len(now) == len(then) and all(
        math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME) for one, other in zip(now, then, strict=True)
    )


def case_inputs(row: Mapping[str, Any], again: Again) -> CaseInputs:
    """Return the logged inputs with what each of them adds, what adds most first."""
    logged = row.get("inputs") or {}
    alone = tuple(CaseInput(name, value, True, None, None) for name, value in logged.items())
    if again.answer is None or again.predictor is None:
        return CaseInputs(alone, None, again.says)
    told = again.predictor.reasons(logged, most=_ALL)
    margin = told["margin"]
    if margin is None:
        return CaseInputs(alone, None, "No contributions: the model had no answer to these inputs.")
    adding = [
        CaseInput(one["input"], one["value"], one["input"] in logged, one["contribution"], one["change"])
        for one in told["reasons"]
    ]
    named = {one.input for one in adding}
    rest = [CaseInput(name, value, True, 0.0, 0.0) for name, value in logged.items() if name not in named]
    return CaseInputs((*adding, *rest), CaseMargin(margin["scale"], margin.get("of"), margin["base"], margin["total"]))
