"""The verbs about keys of the service: who may ask it, and what."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from milepost.api.arguments import verb
from milepost.api.log_access import When, moment_of
from milepost.api.next_step import next_step
from milepost.api.opening import workspace_of
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted, listed
from milepost.problem.read import read_problem
from milepost.problem.spec import Problem
from milepost.serve.keys import Key, add_key, end_keys, read_keys
from milepost.serve.service import KEYS_FILE
from milepost.show.notebook import Shows

USUAL_SCOPES = ("predict", "outcomes")


@dataclass(frozen=True, slots=True)
class KeyAdded(Shows):
    """A new key.

    Attributes:
        name: of who holds it.
        key: what a caller sends; it is told here and kept nowhere.
        scopes: what it may ask.
        until: when it ends, UTC; None where it does not.
        says: how it is used.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Key of"

    name: str
    key: str
    scopes: tuple[str, ...]
    until: datetime | None
    says: tuple[str, ...]
    next_step: str


@dataclass(frozen=True, slots=True)
class KeyListed:
    """A key, without its secret.

    Attributes:
        holder: who holds it.
        scopes: what it may ask.
        made: when, UTC.
        until: when it ends or has ended, UTC; None where it does not.
        is_valid: whether it opens anything now.
    """

    holder: str
    scopes: tuple[str, ...]
    made: datetime
    until: datetime | None
    is_valid: bool


@dataclass(frozen=True, slots=True)
class KeysListed(Shows):
    """The keys of a service.

    Attributes:
        name: of the problem.
        keys: oldest first.
        says: what follows from them.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Keys of"

    name: str
    keys: tuple[KeyListed, ...]
    says: tuple[str, ...]
    next_step: str


@dataclass(frozen=True, slots=True)
class KeysEnded(Shows):
    """Keys that end.

    Attributes:
        name: of who holds them.
        keys: how many end.
        until: when, UTC.
        says: what follows.
        next_step: the command to type next.
    """

    shown_as: ClassVar[str] = "Keys of"

    name: str
    keys: int
    until: datetime
    says: tuple[str, ...]
    next_step: str


@verb
def keys_add(
    name: str,
    *,
    scopes: Sequence[str] = USUAL_SCOPES,
    until: When = None,
    problem: Path | str = "milepost.toml",
    clock: Clock = wall_clock,
) -> KeyAdded:
    """Return a new key of the service, this once: only its hash is kept.

    From the first key on, nobody is answered without one. A holder changes keys one after the other: the old one is
    given an end (keys_end with a time), then a new one is made. A running service takes them up within a second.

    Args:
        name: of who will hold it.
        scopes: what it may ask: predict, outcomes, read (schema, model, figures), admin (all).
        until: when it ends, a time or a span from now such as "90d"; it does not when absent.
        problem: path of the problem file.
        clock: says when it is made.

    Raises:
        MilepostError: there is no such scope, the name is empty or has a key without an end, or the time has passed.
        EnvironmentFault: the disk refused.
    """
    contract = read_problem(Path(problem))
    _refuse_second(_file(contract), name, problem)
    ends = _end_of(until, contract, where="keys add, --until", clock=clock)
    is_first = not read_keys(_file(contract))
    secret = add_key(_file(contract), name, tuple(dict.fromkeys(scopes)), until=ends, clock=clock)
    says = (
        "This key is shown once and kept nowhere: give it to its holder now, by a safe way.",
        "A caller sends it in the header Authorization: Bearer KEY.",
        *((_says_first(contract.aim.name, problem),) if is_first else ()),
    )
    return KeyAdded(name, secret, tuple(dict.fromkeys(scopes)), ends, says, next_step("keys list", problem))


@verb
def keys_list(*, problem: Path | str = "milepost.toml", clock: Clock = wall_clock) -> KeysListed:
    """Return the keys of the service, without their secrets.

    Args:
        problem: path of the problem file.
        clock: says which of them have ended.

    Raises:
        MilepostError: the file of keys is damaged.
        EnvironmentFault: it cannot be read.
    """
    contract = read_problem(Path(problem))
    now = clock()
    keys = tuple(_listed(key, now) for key in sorted(read_keys(_file(contract)), key=lambda key: key.made))
    return KeysListed(
        contract.aim.name,
        keys,
        (_says(keys),),
        next_step("serve" if any(key.is_valid for key in keys) else "keys add NAME", problem),
    )


@verb
def keys_end(
    name: str, *, at: When = None, problem: Path | str = "milepost.toml", clock: Clock = wall_clock
) -> KeysEnded:
    """Return how many keys of a holder end, now or at a time; a running service refuses them from then on.

    Args:
        name: of who holds them.
        at: when they end, a time to come or a span from now such as "7d"; now when absent.
        problem: path of the problem file.
        clock: says when now is.

    Raises:
        UnknownNameError: nobody of that name has a key that has not ended by then.
        EnvironmentFault: the disk refused.
    """
    contract = read_problem(Path(problem))
    path = _file(contract)
    ends = _end_of(at, contract, where="keys end, --at", clock=clock) or clock()
    ended = end_keys(path, name, at=ends, clock=clock)
    left = sum(key.until is None or key.until > ends for key in read_keys(path))
    says = ("Within a second a running service knows it.", *(_says_left(left) if left else _says_none_left(path)))
    return KeysEnded(name, ended, ends, says, next_step("keys list", problem))


def _refuse_second(path: Path, name: str, problem: Path | str) -> None:
    """Refuse a second key that nobody could end without the first."""
    if any(key.name == name and key.until is None for key in read_keys(path)):
        end = next_step(f"keys end {shlex.quote(name)} --at 7d", problem)
        raise MilepostError(
            f"{name!r} has a key already, which does not end.",
            where="keys add, NAME",
            fix=f"To change it, let the old one work for a while: {end}   and then add again; or choose another name.",
        )


def _says_first(name: str, problem: Path | str) -> str:
    add = next_step("keys add NAME --scope predict", problem)
    return (
        f"It is the first key: from now on the service of {name} answers nobody without one, "
        f"a running one within a second. Give each caller a key: {add}"
    )


def _says_left(keys: int) -> tuple[str, ...]:
    return (f"{counted(keys, 'key')} of the service {'goes' if keys == 1 else 'go'} on beyond that.",)


def _says_none_left(path: Path) -> tuple[str, ...]:
    return (
        "No key goes on beyond that: then nobody is answered, for a service that has had keys asks for one.",
        f"To serve without keys again: stop the service, remove the file {path}, and start it again; "
        "where other machines ask, with --without-keys.",
    )


def _file(contract: Problem) -> Path:
    return workspace_of(contract).serving(contract.aim.name) / KEYS_FILE


def _end_of(given: When, contract: Problem, *, where: str, clock: Clock) -> datetime | None:
    """Return a time to come."""
    ends, now = moment_of(given, contract, where=where, clock=clock, is_ahead=True), clock()
    if ends is not None and ends <= now:
        raise MilepostError(
            f"{ends:%Y-%m-%d %H:%M:%S} UTC has passed.", where=where, fix="Give a time that is still to come."
        )
    return ends


def _listed(key: Key, now: datetime) -> KeyListed:
    return KeyListed(key.name, key.scopes, key.made, key.until, key.until is None or key.until > now)


def _says(keys: Sequence[KeyListed]) -> str:
    if not keys:
        return "There are no keys: the service answers everybody who can reach it, and listens at this machine alone."
    valid = [key.holder for key in keys if key.is_valid]
    if not valid:
        return "All of them have ended: nobody is answered."
    return f"Only callers with a key are answered: {listed(list(dict.fromkeys(valid)))}."
