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
from milepost.models.rungs import LADDER, Work


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
    compared_rows: int,
    seed: int,
    listener: Listener = silent,
) -> Fitted:
    """Return the rungs named in weights, fitted on every row of material.

    Args:
        material: all development rows.
        weights: weight of each rung; one rung with weight 1, or an ensemble.
        settled: rounds or penalty of each rung, from the folds.
        compared_rows: development rows that the rungs were compared on.
        seed: of every random choice.
        listener: hears which rung is being fitted.
    """
    rows = np.arange(len(material.truth))
    members: list[dict[str, Any]] = []
    files: dict[str, str] = {}
    with fanout.one_thread_each():
        for rung in (rung for rung in LADDER if rung.name in weights):
            listener(Event("refit", rung.titles[material.task]))
            own_seed, answer = derived(seed, rung.name, "refit"), settled.get(rung.name)
            member = rung.fit(Work(material, rows, rows[:0], answer, own_seed, fanout.cores(), compared_rows))
            members.append({**member.document, "weight": float(weights[rung.name])})
            files.update(member.files)
    return Fitted(tuple(members), files)
