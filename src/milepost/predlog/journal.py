"""The newest rows of one serving process: a file that only grows, one write for each group of answers.

frame    u32 length · u32 CRC32 of the payload · payload, little endian
file     Begin, Inputs, Predictions, Predictions, Outcomes, …, End      numbered from 0

A frame that was acknowledged stays under its number for good. A process that is killed leaves at most a torn frame at
the end, which nobody was told about; readers stop before it.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from milepost.ground.clock import Clock, wall_clock
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predlog.ids import PredictionIds
from milepost.predlog.records import Begin, End, Inputs, InputSchema, decode, encode
from milepost.predlog.writers import hold, is_free, is_gone, this_process

Durability = Literal["process", "disk"]  # what an acknowledged row survives: kill -9, or a loss of power too

FORMAT = 1  # of the file; a newer one is left alone
SUFFIX = ".journal"
MOST_BYTES = 64 * 2**20  # of a file; the next one begins when it holds as many
MOST_FRAME_BYTES = 256 * 2**20  # so that a damaged length asks for no more memory

HEAD = struct.Struct("<II")  # of a frame: length and CRC32 of its payload
_BUFFER_BYTES = 2**20


class Journal:
    """The growing file of one process, and the next one when it is full; for one thread at a time.

    Attributes:
        name: of the file that grows now, a UUID of version 7.
        path: of that file.
        size: of that file, in bytes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durability: Durability = "process",
        clock: Clock = wall_clock,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Begin a file.

        Args:
            folder: made when absent.
            durability: "disk" waits for the disk at each commit.
            clock: stamps and names files.
            most_bytes: of a file; the next one begins when it holds as many.

        Raises:
            EnvironmentFault: the folder cannot be written to.
        """
        self._folder, self._clock, self._most_bytes = folder, clock, most_bytes
        self._on_disk = durability == "disk"
        self._next_name = PredictionIds(lambda: int(clock().timestamp() * 1e9))
        self._added: list[bytes] = []
        self._schemas: dict[str, bytes] = {}  # frames that stand at the beginning of every file
        self._absent: list[bytes] = []  # those of them that the file does not hold yet
        self._handle: int | None = None
        self._begin()

    def add(self, *payloads: bytes) -> None:
        """Take frames into the next commit, all or none of them.

        Raises:
            MilepostError: one is too long for a frame.
        """
        refuse_unfit(payloads)
        self._added += map(_framed, payloads)

    def schema(self, schema: InputSchema) -> None:
        """See to it that what the inputs are stands before the frames that are added from now on, in each file."""
        if schema.id not in self._schemas:
            frame = _framed(encode(Inputs(schema.id, list(schema.columns))))
            self._schemas[schema.id] = frame
            self._absent.append(frame)

    def commit(self) -> None:
        """Write all frames that were added, in one write; on an error none of them stays and all are dropped.

        Raises:
            EnvironmentFault: the disk refused. The next commit tries anew.
        """
        if not self._added:
            return
        added, self._added = self._added, []
        if self._handle is None or self.size >= self._most_bytes:
            self._begin_in_time()
        self._write([*self._absent, *added] if self._absent else added)
        self._absent = []

    def rotate(self) -> None:
        """Seal the file and begin the next one; what was added goes there.

        Raises:
            EnvironmentFault: the disk refused; the file goes on.
        """
        self._begin()

    def close(self) -> None:
        """Commit what was added and seal the file; a closed journal begins a file anew when it is written to.

        Raises:
            EnvironmentFault: the disk refused.
        """
        try:
            self.commit()
        finally:
            self._leave(seal=True)

    def _write(self, frames: list[bytes]) -> None:
        handle = self._handle
        assert handle is not None
        data = b"".join(frames)
        try:
            written = os.write(handle, data)
            if written == len(data):
                if self._on_disk:
                    os.fsync(handle)
                self.size += written
                return
        except OSError as why:
            self._undo(handle, frames[0])
            raise self._refusal(why) from why
        except BaseException:
            self._leave(seal=False)  # who knows what the file holds now
            raise
        self._undo(handle, frames[0])
        raise self._refusal(OSError(f"only {written} of {len(data)} bytes fitted"))

    def _undo(self, handle: int, first: bytes) -> None:
        """Cut the file back to what was acknowledged; begin another if a number could come twice."""
        try:
            more = os.fstat(handle).st_size - self.size
            os.ftruncate(handle, self.size)
        except OSError:
            self._leave(seal=False)
            return
        if more >= len(first):  # a reader may have seen a whole frame: its number must not be given to another
            self._leave(seal=True)

    def _begin_in_time(self) -> None:
        """Begin the next file; where that cannot be, the one that is open grows on."""
        try:
            self._begin()
        except EnvironmentFault:
            if self._handle is None:
                raise

    def _begin(self) -> None:
        name = self._next_name()
        path = self._folder / f"{name}{SUFFIX}"
        begin = encode(Begin(FORMAT, name, *this_process(), _microseconds(self._clock)))
        data = b"".join([_framed(begin), *self._schemas.values()])
        try:
            handle = _file_that_begins_with(data, path, on_disk=self._on_disk)
        except OSError as why:
            raise self._refusal(why) from why
        self._leave(seal=True)
        self._handle, self.name, self.path, self.size, self._absent = handle, name, path, len(data), []

    def _leave(self, *, seal: bool) -> None:
        """Let go of the file, whatever the disk says; without a seal it is done with when this process ends."""
        handle, self._handle = self._handle, None
        if handle is None:
            return
        with suppress(OSError):
            if seal and os.write(handle, _END) < len(_END):
                os.ftruncate(handle, self.size)
        with suppress(OSError):
            if self._on_disk:
                os.fsync(handle)
        with suppress(OSError):
            os.close(handle)

    def _refusal(self, why: OSError) -> EnvironmentFault:
        return EnvironmentFault(
            f"The prediction log took nothing: {why.strerror or why}.",
            where=str(self._folder),
            fix="Free some space there, or make the folder writable for this process; then the log goes on by itself.",
        )


def journals_in(folder: Path) -> list[Path]:
    """Return the journals of a folder, in the order in which they began; none if there is no folder.

    Raises:
        EnvironmentFault: the folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []
    except OSError as why:
        raise unreadable(folder, why) from why


def read_frames(path: Path, after: int = -1) -> Iterator[tuple[int, bytes]]:
    """Yield number and payload of each frame up to the last whole one, whatever follows it.

    A file that is not there has none: it was folded and removed.

    Args:
        path: of the journal.
        after: number of the last frame that is not wanted.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    for number, (_, payload) in enumerate(whole_frames(path)):
        if number > after:
            yield number, payload


def sealed(path: Path) -> bool:
    """Return whether a journal was closed: its last frame says so, and nothing follows it.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            stream.seek(max(size - len(_END), 0))
            if stream.read() != _END:
                return False
    except FileNotFoundError:
        return False
    except OSError as why:
        raise unreadable(path, why) from why
    last = deque(whole_frames(path), maxlen=1)  # these bytes may also be the end of a frame that holds them
    return bool(last) and last[0] == (size, _END[HEAD.size :])


def is_abandoned(path: Path) -> bool:
    """Return whether nobody will ever write to a journal again.

    It is sealed; or nobody locks it and the process that began it, on this machine, is no more. Of a process on another
    machine nobody here can tell.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    begin = begin_of(path)
    if begin is None or sealed(path):
        return begin is not None
    return is_gone(begin) and is_free(path)


def begin_of(path: Path) -> Begin | None:
    """Return the first frame of a journal; None if it is damaged, or if there is no such journal.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    for _, payload in read_frames(path):
        with suppress(msgspec.DecodeError):
            frame = decode(payload)
            return frame if isinstance(frame, Begin) else None
        return None
    return None


def whole_frames(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield where in a file each frame ends that it holds now, and its payload.

    Raises:
        EnvironmentFault: the file cannot be read.
    """
    try:
        with path.open("rb", buffering=_BUFFER_BYTES) as stream:
            size, end = os.fstat(stream.fileno()).st_size, 0
            while size - end > HEAD.size:
                length, check = HEAD.unpack(stream.read(HEAD.size))
                end += HEAD.size + length
                if not 0 < length <= MOST_FRAME_BYTES or end > size:
                    return
                payload = stream.read(length)
                if zlib.crc32(payload) != check:
                    return
                yield end, payload
    except FileNotFoundError:
        return
    except OSError as why:
        raise unreadable(path, why) from why


def refuse_unfit(payloads: Iterable[bytes]) -> None:
    """Refuse what no frame of a journal can hold.

    Raises:
        MilepostError: one of these is empty or too long.
    """
    for payload in payloads:
        if not 0 < len(payload) <= MOST_FRAME_BYTES:
            raise MilepostError(
                f"A frame of the prediction log can't hold {len(payload):,} bytes; it holds 1 to {MOST_FRAME_BYTES:,}.",
                where="the prediction log",
                fix="Log fewer rows at once, or shorter texts.",
            )


def _framed(payload: bytes) -> bytes:
    return HEAD.pack(len(payload), zlib.crc32(payload)) + payload


_END = _framed(encode(End()))


def _file_that_begins_with(data: bytes, path: Path, *, on_disk: bool) -> int:
    """Return the handle of a new file, locked by this process; readers see it with its beginning or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        hold(handle)
        _write_whole(handle, data)
        if on_disk:
            os.fsync(handle)
        partial.rename(path)
        if on_disk:
            sync_folder(path.parent)
    except BaseException:
        os.close(handle)
        partial.unlink(missing_ok=True)
        raise
    return handle


def _write_whole(handle: int, data: bytes) -> None:
    if (written := os.write(handle, data)) < len(data):
        raise OSError(errno.ENOSPC, f"only {written} of {len(data)} bytes fitted")


def sync_folder(folder: Path) -> None:
    """Return when the disk holds the names that a folder has now.

    Raises:
        OSError: the disk refused.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _microseconds(clock: Clock) -> int:
    return int(clock().timestamp() * 1e6)


def unreadable(path: Path, why: OSError) -> EnvironmentFault:
    """Return the error for a journal or its folder that the system does not let be read."""
    return EnvironmentFault(
        f"The prediction log can't be read: {why.strerror or why}.",
        where=str(path),
        fix="Make the folder and its files readable for this process, then run the same command again.",
    )
