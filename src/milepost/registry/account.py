"""What the history knows of one bundle: from what it was trained, how it was judged, who let it answer and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from milepost.registry.champions import PROMOTED, ROLLED_BACK, VERDICT
from milepost.registry.decisions import Decision
from milepost.registry.names import TRAINED

_TRAINED = ("data", "split", "problem", "seed", "commit", "commit_is_whole", "parent")
_VERDICT = ("overall", "look", "level", "rows", "split", "judged")
_PROMOTED = ("who", "reason", "verdict", "caveat", "previous")


def account_of(past: Sequence[Decision], bundle_id: str) -> dict[str, Any]:
    """Return "trained", "verdict" and "promoted" of a bundle, as JSON holds them; None where the history knows none.

    Each has the time "at" and, of figures: hashes of data, split and problem file, seed, commit and parent; the overall
    verdict, the look, and each criterion "judged" with its outcome, value and interval; who promoted it, why, and what
    answered before. A history of an earlier version has fewer of them.

    Args:
        past: decisions of one problem.
        bundle_id: the bundle.
    """
    own = [one for one in past if one.bundle_id == bundle_id]
    return {
        "trained": _newest(own, (TRAINED,), _TRAINED),
        "verdict": _newest(own, (VERDICT,), _VERDICT),
        "promoted": _newest(own, (PROMOTED, ROLLED_BACK), _PROMOTED),
    }


def _newest(own: Sequence[Decision], kinds: Sequence[str], names: Sequence[str]) -> dict[str, Any] | None:
    for decision in reversed(own):
        if decision.kind in kinds:
            figures = decision.figures
            return {"at": decision.at.isoformat()} | {name: figures[name] for name in names if name in figures}
    return None
