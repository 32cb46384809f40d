"""Who may ask what: keys with scopes, of which only hashes are kept; a new file is picked up without a restart.

keys.json  [{"name": "shop", "hash": "…", "scopes": ["predict", "outcomes"], "made": "…", "until": null}, …]
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import EnvironmentFault, MilepostError, UnknownNameError
from milepost.ground.files import whole_file
from milepost.serve.replies import Refusal

Scope = Literal["predict", "outcomes", "read", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_ANY: tuple[Scope, ...] = ("predict", "outcomes", "read")  # whoever may ask anything may read how to ask
SCOPES_OF: dict[str, tuple[Scope, ...]] = {  # of which a key needs one to ask a path; none: no key is needed
    "/predict": ("predict",),
    "/invocations": ("predict",),
    "/outcomes": ("outcomes",),
    "/schema": _ANY,
    "/model": ("read",),
    "/openapi.json": _ANY,
    "/docs": _ANY,
    "/metrics": ("read",),
    "/health/live": (),
    "/health/ready": (),
}
_SECRET_BYTES = 32
_PREFIX = "mp_"  # so that scanners of repositories know it


@dataclass(frozen=True, slots=True)
class Key:
    """A key, without its secret.

    Attributes:
        name: of who holds it.
        hash: SHA-256 of the secret, which is 32 bytes of chance and needs no slow hash.
        scopes: what it may ask; "admin" may ask all.
        made: when.
        until: when it ends; None where it does not.
    """

    name: str
    hash: str
    scopes: tuple[Scope, ...]
    made: Annotated[datetime, msgspec.Meta(tz=True)]
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Keys:
    """The keys of one service, read anew when their file changes."""

    def __init__(self, path: Path, *, needed: bool = False, clock: Clock = wall_clock) -> None:
        """Read the file, if there is one.

        Args:
            path: of the file.
            needed: whether nobody may ask where there is no file; else anybody may until there is one.
            clock: says which keys have ended.

        Raises:
            MilepostError: it holds no keys.
            EnvironmentFault: it cannot be read.
        """
        self._path, self._clock = path, clock
        self._known: dict[str, Key] | None = {} if needed else None
        self._read_at = 0
        self.refresh()

    @property
    def are_needed(self) -> bool:
        """Return whether a caller needs a key."""
        return self._known is not None

    @property
    def are_there(self) -> bool:
        """Return whether there is any key, be it one that has ended."""
        return bool(self._known)

    def refresh(self) -> None:
        """Read the file again if it has changed; with one that is gone its keys are gone, and nobody may ask.

        Raises:
            MilepostError: it holds no keys; those known before stay.
            EnvironmentFault: it cannot be read; those known before stay.
        """
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            changed = 0
        except OSError as why:
            raise _unreadable(self._path, why) from why
        if changed == self._read_at:
            return
        self._known = {key.hash: key for key in read_keys(self._path)}
        self._read_at = changed

    def check(self, headers: Mapping[bytes, bytes], *scopes: str) -> str | None:
        """Let a caller pass; return the name of who holds its key, None where no key is needed.

        Args:
            headers: of the request.
            scopes: of which one is needed.

        Raises:
            Refusal: the caller has no key, or none for this.
        """
        if self._known is None:
            return None
        given = headers.get(b"authorization", b"")
        secret = given[7:] if given[:7].lower() == b"bearer " else headers.get(b"x-api-key", b"")
        key = self._known.get(hashlib.sha256(secret.strip()).hexdigest()) if secret else None
        if key is None or (key.until is not None and key.until <= self._clock()):
            raise Refusal(
                401,
                "The request has no valid key.",
                where="the header Authorization",
                fix="Send the header 'Authorization: Bearer KEY'.",
                headers=[(b"www-authenticate", b"Bearer")],
            )
        for scope in (*scopes, "admin"):
            if scope in key.scopes:
                return key.name
        fix = f"Ask who gave you the key for one with the scope {' or '.join(scopes)}."
        raise Refusal(403, "The key is not for this.", where="the header Authorization", fix=fix)


def read_keys(path: Path) -> tuple[Key, ...]:
    """Return the keys in a file; none where there is no file.

    Raises:
        MilepostError: it holds something else.
        EnvironmentFault: it cannot be read.
    """
    try:
        return tuple(msgspec.json.decode(path.read_bytes(), type=list[Key]))
    except FileNotFoundError:
        return ()
    except OSError as why:
        raise _unreadable(path, why) from why
    except msgspec.DecodeError as why:
        raise MilepostError(
            f"The file of keys is damaged: {why}.",
            where=str(path),
            fix="Bring back the file, or remove it and make new keys: milepost keys add NAME",
        ) from why


def _unreadable(path: Path, why: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"The keys cannot be read: {why.strerror}.", where=str(path), fix="Let the service read the file."
    )


def add_key(
    path: Path, name: str, scopes: Sequence[str], *, until: datetime | None = None, clock: Clock = wall_clock
) -> str:
    """Return the secret of a new key; only its hash is kept. A name may have several keys, so that it can rotate.

    Args:
        path: of the file; made when absent, for its owner only.
        name: of who holds it.
        scopes: what it may ask.
        until: when it ends.
        clock: gives the time.

    Raises:
        MilepostError: there is no such scope, no name, or the end has no zone.
        EnvironmentFault: the disk refused.
    """
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownNameError("scope", scope, known=SCOPES, where="the scopes of a key")
    if not name.strip() or not scopes:
        raise MilepostError(
            "A key needs a name and a scope.", where="the key", fix="Run: milepost keys add NAME --scope predict"
        )
    if until is not None and until.tzinfo is None:
        raise MilepostError(
            f"The end of the key, {until.isoformat()}, has no time zone.",
            where="the end of the key",
            fix="Write it with its zone, such as 2026-12-31T00:00:00Z.",
        )
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    key = Key(name, hashlib.sha256(secret.encode()).hexdigest(), tuple(scopes), clock(), until)  # type: ignore[arg-type]
    _write(path, [*read_keys(path), key])
    return secret


def end_keys(path: Path, name: str, *, at: datetime | None = None, clock: Clock = wall_clock) -> int:
    """Return how many keys of a name end now, or at a time.

    Raises:
        UnknownNameError: nobody of that name has a key.
        EnvironmentFault: the disk refused.
    """
    keys, end = read_keys(path), at or clock()
    ending = [key for key in keys if key.name == name and (key.until is None or key.until > end)]
    if not ending:
        raise UnknownNameError("holder of a key", name, known=sorted({key.name for key in keys}), where=str(path))
    _write(path, [replace(key, until=end) if key in ending else key for key in keys])
    return len(ending)


def _write(path: Path, keys: Sequence[Key]) -> None:
    with whole_file(path, mode=0o600) as partial:
        partial.write_bytes(msgspec.json.encode(list(keys)))
