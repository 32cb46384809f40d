"""Read evidence back as what it was before it was stored; what does not fit any more says how to make it anew."""

from __future__ import annotations

from collections.abc import Callable
from json import JSONDecodeError
from typing import Any, TypeVar

from milepost.ground.errors import MilepostError
from milepost.ground.records import from_document
from milepost.registry.store import Store

T = TypeVar("T")

VERDICT_NAMES = ("verdict", "asked")  # what `evaluate` attaches; all else is attached by `train`


def read_evidence(
    store: Store, bundle_id: str, name: str, family: type[T], *, build: Callable[[Any], T] | None = None
) -> T | None:
    """Return a document attached to a bundle as what it was; None if none of that name is attached.

    Args:
        store: the registry of the problem.
        bundle_id: the bundle.
        name: of the document.
        family: the dataclass or type that was attached.
        build: makes it from the document, where the fields alone do not.

    Raises:
        NotRecorded: the bundle was never recorded.
        MilepostError: the document is damaged, or has the shape of an earlier version.
    """
    try:
        document = store.evidence(bundle_id, name)
    except (JSONDecodeError, UnicodeDecodeError) as why:
        raise _unfit(store, bundle_id, name) from why
    if document is None:
        return None
    try:
        return build(document) if build else from_document(family, document)
    except (ValueError, KeyError, TypeError, AttributeError) as why:  # pydantic's errors are ValueErrors
        raise _unfit(store, bundle_id, name) from why


def needed_evidence(
    store: Store, bundle_id: str, name: str, family: type[T], *, build: Callable[[Any], T] | None = None
) -> T:
    """Return a document attached to a bundle as what it was.

    Raises:
        MilepostError: none of that name is attached, or it does not fit; see read_evidence.
    """
    found = read_evidence(store, bundle_id, name, family, build=build)
    if found is None:
        raise MilepostError(
            f"The registry holds no {name!r} of bundle {bundle_id}.", where=store.where, fix=_cure(bundle_id, name)
        )
    return found


def _unfit(store: Store, bundle_id: str, name: str) -> MilepostError:
    return MilepostError(
        f"The {name!r} that the registry holds of bundle {bundle_id} can't be read: it is damaged, or was written by "
        "another version of Milepost.",
        where=store.where,
        fix=_cure(bundle_id, name),
    )


def _cure(bundle_id: str, name: str) -> str:
    if name in VERDICT_NAMES:
        return f"Judge it again: milepost evaluate {bundle_id}"
    return "Train it again: milepost train"
