"""A retry is safe: the same request id with the same body gets the stored answer, whichever worker it reaches.

Claims live in one SQLite file beside the journals, which all workers on a volume share. A claim is taken before the
row is answered; the answer joins it before it leaves. A worker that dies in between leaves a claim without an answer,
which the next one that asks takes over. An answer that the file does not take is held in memory until it does.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.records import Begin
from milepost.predlog.writers import is_gone, this_process
from milepost.serve.replies import JSON, Refusal, Reply, bytes_reply

T = TypeVar("T")

KEPT_S = 86_400  # an answer can be asked for again for a day
_PATIENCE_S = 5.0  # for the same request that is being answered elsewhere, and for a file that others write to
_PAUSE_S = 0.02
_MOST_UNSETTLED = 256  # answers in memory; of more the oldest is lost, and a retry of it answered anew
_PREDICTION_ID = re.compile(rb'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')  # as a value or in a list
_REPLAYED = (b"idempotency-replayed", b"true")

_TABLE = """
create table if not exists claims (
    id blob primary key, body blob not null, owner text not null, at real not null, answer blob
) without rowid;
create index if not exists claims_at on claims (at);
"""
_SWEEP = "delete from claims where id in (select id from claims where at < ? limit 2)"  # more than come
_TAKE = """
insert into claims values (?, ?, ?, ?, null) on conflict (id) do update
set body = excluded.body, owner = excluded.owner, at = excluded.at, answer = null where at < ?
"""
_KEEP = "insert into claims values (?, ?, ?, ?, ?) on conflict (id) do update set answer = excluded.answer"
_GIVE_BACK = "delete from claims where id = ? and owner = ? and answer is null"

_encode = msgspec.json.Encoder().encode
_log = logging.getLogger("milepost.serve")


class _Stored(NamedTuple):
    body: bytes  # the digest of the request's
    answer: bytes | None


class Retries:
    """The claims of one volume, as one process sees them; for one event loop, which never waits for the file."""

    def __init__(self, path: Path, *, are_needed: bool = True, clock: Callable[[], float] = time.time) -> None:
        """Prepare; the file is made with the first claim.

        Args:
            path: of the file.
            are_needed: whether a request with an id is refused where no claim can be written, or is answered without.
            clock: seconds since 1970.
        """
        self._path, self._are_needed, self._clock = path, are_needed, clock
        host, pid, began = this_process()
        self._owner = f"{host} {pid} {began} {time.monotonic_ns()}"
        self._answering: set[bytes] = set()  # keys of our claims
        self._unsettled: dict[bytes, _Stored | None] = {}  # of them, those to be stored, and to be given back: None
        self._store: sqlite3.Connection | None = None

    async def once(
        self, request_id: str, body: bytes, make: Callable[[], Awaitable[Reply]], *, among: Sequence[object] = ()
    ) -> Reply:
        """Return the reply to a request that may have been made before.

        Args:
            request_id: of the caller.
            body: of the request.
            make: answers it.
            among: what else tells ids apart, such as the name of who holds the key.

        Raises:
            Refusal: the id belongs to another body, or the same request is being answered at this moment.
            EnvironmentFault: the claims cannot be written, and are needed.
        """
        key, content = _digest(_encode([*among, request_id])), _digest(body)
        try:
            answer = await self._claimed(key, content)
        except EnvironmentFault as why:
            if self._are_needed:
                raise
            _log.error("%s", why)
            return await make()
        if answer is not None:
            return bytes_reply(200, answer, JSON, _REPLAYED)
        made: _Stored | None = None
        try:
            reply = await make()
            if reply.status == 200:
                made = _Stored(content, reply.body)
            return reply
        finally:
            self._answering.discard(key)
            await self._settle(key, made)

    def forget(self) -> None:
        """Forget the answers that could not be stored yet; the same request again is answered anew."""
        self._unsettled = dict.fromkeys(self._unsettled)

    def close(self) -> None:
        """Store what is left and let go of the file; what is asked of it later opens it again."""
        if self._unsettled:
            with suppress(EnvironmentFault):
                self._at_once(self._write_unsettled)
        self._let_go()

    async def _claimed(self, key: bytes, content: bytes) -> bytes | None:
        """Return the stored answer to a request; None where its claim is ours now."""
        if self._unsettled:
            with suppress(EnvironmentFault):
                self._at_once(self._write_unsettled)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            stored = self._unsettled.get(key)
            if stored is None:
                if await self._soon(lambda store: self._claim(store, key, content)):
                    return None
                stored = await self._soon(lambda store: _stored(store, key))
            if stored is None:  # given back meanwhile
                continue
            if stored.body != content:
                raise Refusal(
                    409,
                    "This request id was used for another body.",
                    where="request_id",
                    fix="Use a new id for each request, and the same one only to send the same request again.",
                )
            if stored.answer is not None:
                return stored.answer
            if time.monotonic() >= deadline:
                raise Refusal(
                    409,
                    "The same request is being answered.",
                    where="request_id",
                    fix="Send it again in a moment.",
                    retry_after=1,
                )
            await asyncio.sleep(_PAUSE_S)

    def _claim(self, store: sqlite3.Connection, key: bytes, content: bytes) -> bool:
        """Return whether the claim is ours now: nobody had it, or who had it is gone, or it is too old."""
        now = self._clock()
        store.execute(_SWEEP, (now - KEPT_S,))  # first: a claim that is taken is not asked for again
        taken = store.execute(_TAKE, (key, content, self._owner, now, now - KEPT_S))
        if not taken.rowcount:
            row = store.execute("select owner from claims where id = ? and answer is null", (key,)).fetchone()
            if row is None or not self._is_left(key, row[0]):
                return False
            taken = store.execute(
                "update claims set owner = ?, at = ? where id = ? and owner = ? and body = ? and answer is null",
                (self._owner, now, key, row[0], content),
            )
        if taken.rowcount:
            self._answering.add(key)
            self._unsettled.pop(key, None)
        return bool(taken.rowcount)

    def _is_left(self, key: bytes, owner: str) -> bool:
        """Return whether nobody answers a claim: its process has ended, or could not give it back."""
        if owner == self._owner:
            return key not in self._answering and self._unsettled.get(key) is None
        host, pid, began, _ = owner.rsplit(" ", 3)
        return is_gone(Begin(0, "", host, int(pid), int(began), 0))

    async def _settle(self, key: bytes, made: _Stored | None) -> None:
        """Store an answer or give its claim back; what the file does not take is held until it does."""
        if len(self._unsettled) >= _MOST_UNSETTLED:
            del self._unsettled[next(iter(self._unsettled))]
        self._unsettled[key] = made
        try:
            await self._soon(self._write_unsettled)
        except EnvironmentFault as why:  # the answer is recorded: its caller gets it
            _log.error("%s", why)

    def _write_unsettled(self, store: sqlite3.Connection) -> None:
        for key, made in list(self._unsettled.items()):
            if made is None:
                store.execute(_GIVE_BACK, (key, self._owner))
            else:
                store.execute(_KEEP, (key, made.body, self._owner, self._clock(), made.answer))
            del self._unsettled[key]

    async def _soon(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a step with the file gives; it is tried again while another process writes there."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._at_once(step)
            except EnvironmentFault as why:
                if not _is_busy(why.__cause__) or time.monotonic() >= deadline:
                    raise
            await asyncio.sleep(_PAUSE_S)

    def _at_once(self, step: Callable[[sqlite3.Connection], T]) -> T:
        with _faults(self._path):
            try:
                if self._store is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._store = _opened(self._path, patience_s=0)
                return step(self._store)
            except (sqlite3.Error, OSError) as why:
                if not _is_busy(why):
                    self._let_go()  # a file that is damaged or gone is not written to, even if another takes its place
                raise

    def _let_go(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with suppress(sqlite3.Error):
                store.close()


def forget_answers(path: Path, ids: Collection[str], *, clock: Callable[[], float] = time.time) -> int:
    """Remove the stored answers that hold any of these predictions, and return how many those were.

    All rows of such an answer go with it: the same request again is answered anew. So do answers that are kept too
    long.

    Args:
        path: of the file.
        ids: of predictions.
        clock: seconds since 1970.

    Raises:
        EnvironmentFault: the file cannot be read or written.
    """
    if not path.exists():
        return 0
    with _faults(path), closing(_opened(path, patience_s=_PATIENCE_S)) as store:
        store.execute("delete from claims where at < ?", (clock() - KEPT_S,))
        held = store.execute("select id, answer from claims where answer is not null")
        wanted = {one.encode() for one in ids}
        found = [(key,) for key, answer in held if not wanted.isdisjoint(_PREDICTION_ID.findall(answer))]
        store.executemany("delete from claims where id = ?", found)
        if store.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:  # else the answers are still beside the file
            raise sqlite3.OperationalError("another process reads them")
    return len(found)


def _stored(store: sqlite3.Connection, key: bytes) -> _Stored | None:
    row = store.execute("select body, answer from claims where id = ?", (key,)).fetchone()
    return None if row is None else _Stored(*row)


def _opened(path: Path, *, patience_s: float) -> sqlite3.Connection:
    """Return the claims in a file, which is made when absent; what is deleted there is overwritten."""
    store = sqlite3.connect(path, isolation_level=None, timeout=patience_s)
    try:
        store.execute("pragma journal_mode = wal")
        store.execute("pragma synchronous = off")  # survives the process; the journal is the record
        store.execute("pragma secure_delete = on")
        store.executescript(_TABLE)
    except BaseException:
        store.close()
        raise
    return store


def _is_busy(why: BaseException | None) -> bool:
    """Return whether another process holds the file at this moment."""
    code = getattr(why, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY  # the rest of an extended code says why


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as why:
        raise EnvironmentFault(
            f"The claims of request ids cannot be written: {why}.",
            where=str(path),
            fix="Free some space or let the service write there, then send the request again.",
        ) from why


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()
