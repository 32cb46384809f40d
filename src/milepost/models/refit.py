"""The last fit: the chosen rung or ensemble on all development rows, with what its folds settled on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from milepost.ground import fanout
from milepost.ground.events import Event, Listener, silent
from milepost.ground.seeds import derived
from milepost.models.material import Material
from milepost.models.rungs import LADDER, Member, Work


@dataclass(frozen=True, slots=True)
class Fitted:
    """Members ready for a bundle.

    Attributes:
        members: the predictor's documents, with their weights, in the ladder's order.
        files: file name in the bundle -> text.
    """

    members: tuple[dict[str, Any], ...]
    files: dict[str, str]


def refit(
    material: Material,
    weights: Mapping[str, float],
    settled: Mapping[str, float | None],
    *,
    seed: int,
    listener: Listener = silent,
) -> Fitted:
    """Return the rungs named in weights, fitted on every row of material.

    Args:
        material: all development rows.
        weights: weight of each rung; one rung with weight 1, or an ensemble.
        settled: rounds or penalty of each rung, from the folds.
        seed: of every random choice.
        listener: hears which rung is being fitted.
    """
    rows = np.arange(len(material.truth))
    members: list[dict[str, Any]] = []
    files: dict[str, str] = {}
    with fanout.one_thread_each():
        for rung in (rung for rung in LADDER if rung.name in weights):
            listener(Event("refit", rung.titles[material.task]))
            member = _fit(rung.fit, material, rows, settled.get(rung.name), derived(seed, rung.name, "refit"))
            members.append({**member.document, "weight": float(weights[rung.name])})
            files.update(member.files)
    return Fitted(tuple(members), files)


def _fit(fit: Any, material: Material, rows: np.ndarray, settled: float | None, seed: int) -> Member:
    member: Member = fit(Work(material, rows, rows[:0], settled, seed, fanout.cores()))
    return member
