"""A retry is safe: the same request id with the same body gets the stored answer, whichever worker it reaches.

Claims live in one SQLite file beside the journals, which all workers on a volume share. A claim is taken before the
row is answered; the answer joins it before it leaves. A worker that dies in between leaves a claim without an answer,
which the next one that asks takes over.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.records import Begin
from milepost.predlog.writers import is_gone, this_process
from milepost.serve.replies import JSON, Refusal, Reply, bytes_reply

KEPT_S = 86_400  # an answer can be asked for again for a day
_PATIENCE_S = 5.0  # for the same request that is being answered elsewhere
_PAUSE_S = 0.02
_CLAIMS_BETWEEN_SWEEPS = 10_000
_PREDICTION_ID = re.compile(rb'"prediction_id":\s*"([0-9a-f-]+)"')
_REPLAYED = (b"idempotency-replayed", b"true")

_TABLE = """
create table if not exists claims (
    id blob primary key, body blob not null, owner text not null, at real not null, answer blob
) without rowid
"""


class Retries:
    """The claims of one volume, as one process sees them."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Prepare; the file is made with the first claim.

        Args:
            path: of the file.
            clock: seconds since 1970.
        """
        self._path, self._clock = path, clock
        host, pid, began = this_process()
        self._owner = f"{host} {pid} {began} {time.monotonic_ns()}"
        self._answering: set[bytes] = set()  # keys of our claims
        self._store: sqlite3.Connection | None = None
        self._until_sweep = 0

    async def once(self, request_id: str, body: bytes, make: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return the reply to a request that may have been made before.

        Args:
            request_id: of the caller.
            body: of the request.
            make: answers it.

        Raises:
            Refusal: the id belongs to another body, or the same request is being answered at this moment.
            EnvironmentFault: the claims cannot be written.
        """
        key, content = _digest(request_id.encode()), _digest(body)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._claim(key, content):
            stored = self._stored(key)
            if stored is None:  # given back meanwhile
                continue
            if stored[0] != content:
                raise Refusal(
                    409,
                    "This request id was used for another body.",
                    where="request_id",
                    fix="Use a new id for each request, and the same one only to send the same request again.",
                )
            if stored[1] is not None:
                return bytes_reply(200, stored[1], JSON, _REPLAYED)
            if time.monotonic() >= deadline:
                raise Refusal(
                    409,
                    "The same request is being answered.",
                    where="request_id",
                    fix="Send it again in a moment.",
                    retry_after=1,
                )
            await asyncio.sleep(_PAUSE_S)
        kept = False
        try:
            reply = await make()
            if reply.status == 200:
                self._keep(key, reply.body)
                kept = True
            return reply
        finally:
            self._answering.discard(key)
            if not kept:
                with suppress(EnvironmentFault):  # a claim that nobody answers is taken over by who asks next
                    self._give_back(key)

    def close(self) -> None:
        """Let go of the file; what is asked of it later opens it again."""
        store, self._store = self._store, None
        if store is not None:
            with suppress(sqlite3.Error):
                store.close()

    def _claim(self, key: bytes, content: bytes) -> bool:
        """Return whether the claim is ours now: nobody had it, or who had it is gone."""
        now = self._clock()
        with self._open() as store:
            self._sweep(store, now)
            taken = store.execute(
                "insert into claims values (?, ?, ?, ?, null) on conflict (id) do nothing",
                (key, content, self._owner, now),
            )
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
            return bool(taken.rowcount)

    def _is_left(self, key: bytes, owner: str) -> bool:
        """Return whether nobody answers a claim: its process has ended, or could not give it back."""
        if owner == self._owner:
            return key not in self._answering
        host, pid, began, _ = owner.rsplit(" ", 3)
        return is_gone(Begin(0, "", host, int(pid), int(began), 0))

    def _stored(self, key: bytes) -> tuple[bytes, bytes | None] | None:
        with self._open() as store:
            row = store.execute("select body, answer from claims where id = ?", (key,)).fetchone()
        return None if row is None else (row[0], row[1])

    def _keep(self, key: bytes, answer: bytes) -> None:
        with self._open() as store:
            store.execute("update claims set answer = ? where id = ?", (answer, key))

    def _give_back(self, key: bytes) -> None:
        with self._open() as store:
            store.execute("delete from claims where id = ? and owner = ?", (key, self._owner))

    def _sweep(self, store: sqlite3.Connection, now: float) -> None:
        self._until_sweep -= 1
        if self._until_sweep < 0:
            self._until_sweep = _CLAIMS_BETWEEN_SWEEPS
            store.execute("delete from claims where at < ?", (now - KEPT_S,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with _faults(self._path):
            try:
                if self._store is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._store = _opened(self._path)
                yield self._store
            except (sqlite3.Error, OSError):
                self.close()  # a file that is damaged or gone is not written to again, even if another takes its place
                raise


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
    with _faults(path), closing(_opened(path)) as store:
        store.execute("delete from claims where at < ?", (clock() - KEPT_S,))
        held = store.execute("select id, answer from claims where answer is not null")
        wanted = {one.encode() for one in ids}
        found = [(key,) for key, answer in held if not wanted.isdisjoint(_PREDICTION_ID.findall(answer))]
        store.executemany("delete from claims where id = ?", found)
        if store.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:  # else the answers are still beside the file
            raise sqlite3.OperationalError("another process reads them")
    return len(found)


def _opened(path: Path) -> sqlite3.Connection:
    """Return the claims in a file, which is made when absent; what is deleted there is overwritten."""
    store = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
    deadline = time.monotonic() + _PATIENCE_S
    while not _has_wal(store):
        if time.monotonic() > deadline:
            raise sqlite3.OperationalError("another process holds them")
        time.sleep(_PAUSE_S)
    store.execute("pragma synchronous = off")  # survives the process; the journal is the record
    store.execute("pragma secure_delete = on")
    store.execute(_TABLE)
    return store


def _has_wal(store: sqlite3.Connection) -> bool:
    """Return whether the file has its write-ahead log now; where two processes make it at once, SQLite refuses one of
    them without the wait that it was told.
    """
    try:
        return bool(store.execute("pragma journal_mode = wal").fetchone() == ("wal",))
    except sqlite3.OperationalError as why:
        if why.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False


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
