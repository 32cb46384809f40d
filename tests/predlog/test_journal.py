from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logged_rows import SCHEMA, frame_of, prediction
from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.predlog.ids import is_id
from milepost.predlog.journal import (
    MOST_FRAME_BYTES,
    Journal,
    begin_of,
    is_abandoned,
    journals_in,
    read_frames,
    sealed,
)
from milepost.predlog.records import Begin, End, Inputs, Predictions, decode, encode
from milepost.predlog.tails import tail_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def payloads(path: Path) -> list[bytes]:
    return [payload for _, payload in read_frames(path)]


def rows_in(folder: Path) -> list[str]:
    """Return the ids of all predictions in the journals of a folder."""
    frames = [decode(payload) for path in journals_in(folder) for payload in payloads(path)]
    return [row.prediction_id for frame in frames if isinstance(frame, Predictions) for row in frame.rows]


def log(journal: Journal, *rows: str) -> None:
    """Commit one frame for each row."""
    for row in rows:
        journal.add(frame_of(prediction(row)))
    journal.commit()


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let files grow no larger in this block, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_begin(folder: Path, begin: Begin) -> Path:
    """Write a journal that another process might have begun."""
    journal = Journal(folder)
    body = journal.path.read_bytes()
    journal.close()
    payload = encode(begin)
    other = Journal(folder)
    other.add(payload)
    other.commit()
    path = folder / f"{begin.journal}.journal"
    path.write_bytes(other.path.read_bytes()[len(body) :])
    other.close()
    return path


def begun(journal: Journal) -> Begin:
    begin = begin_of(journal.path)
    assert begin is not None
    return begin


# --- what comes back --------------------------------------------------------------------------------------------------


def test_frames_come_back_in_order_under_their_numbers(tmp_path):
    journal = Journal(tmp_path, clock=lambda: NOW)
    journal.add(b"one")
    journal.add(b"two")
    journal.commit()
    journal.add(b"three")
    journal.commit()
    assert list(read_frames(journal.path))[1:] == [(1, b"one"), (2, b"two"), (3, b"three")]
    assert list(read_frames(journal.path, after=2)) == [(3, b"three")]


def test_the_first_frame_says_who_writes(tmp_path):
    journal = Journal(tmp_path, clock=lambda: NOW)
    begin = begun(journal)
    assert (begin.journal, begin.host, begin.pid) == (journal.name, os.uname().nodename, os.getpid())
    assert begin.at == int(NOW.timestamp() * 1e6)


def test_what_is_added_is_in_the_file_only_after_the_commit(tmp_path):
    journal = Journal(tmp_path)
    journal.add(b"one")
    assert len(payloads(journal.path)) == 1
    journal.commit()
    assert payloads(journal.path)[1:] == [b"one"]
    assert journal.size == journal.path.stat().st_size


def test_a_commit_of_nothing_writes_nothing(tmp_path):
    journal = Journal(tmp_path)
    size = journal.size
    journal.commit()
    assert journal.path.stat().st_size == size


def test_a_schema_stands_once_before_the_rows_in_each_file(tmp_path):
    journal = Journal(tmp_path, most_bytes=400)
    for name in ("one", "two", "three"):
        journal.schema(SCHEMA)
        log(journal, name)
    assert len(journals_in(tmp_path)) > 1
    for path in journals_in(tmp_path):
        frames = [type(decode(payload)) for payload in payloads(path)]
        assert frames[:3] == [Begin, Inputs, Predictions]
        assert frames.count(Inputs) == 1
    assert rows_in(tmp_path) == ["one", "two", "three"]


def test_a_file_that_is_not_there_has_no_frames(tmp_path):
    assert list(read_frames(tmp_path / "none.journal")) == []
    assert journals_in(tmp_path / "none") == []


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "folder.journal").mkdir()
    with pytest.raises(EnvironmentFault, match="can't be read"):
        list(read_frames(tmp_path / "folder.journal"))


def test_names_are_ids_in_the_order_of_time_though_the_clock_jumps_back(tmp_path):
    times = [NOW + timedelta(hours=1), NOW]
    journal = Journal(tmp_path, clock=lambda: times[0] if len(times) == 1 else times.pop(0))
    first = journal.name
    journal.rotate()
    assert is_id(first)
    assert is_id(journal.name)
    assert first < journal.name


# --- the end of a file ------------------------------------------------------------------------------------------------


def test_a_closed_journal_is_sealed(tmp_path):
    journal = Journal(tmp_path)
    log(journal, "one")
    assert not sealed(journal.path)
    journal.add(frame_of(prediction("two")))
    journal.close()
    assert sealed(journal.path)
    assert is_abandoned(journal.path)
    assert rows_in(tmp_path) == ["one", "two"]
    assert isinstance(decode(payloads(journal.path)[-1]), End)


def test_a_closed_journal_begins_a_file_anew(tmp_path):
    journal = Journal(tmp_path)
    journal.close()
    journal.close()
    log(journal, "one")
    assert len(journals_in(tmp_path)) == 2
    assert rows_in(tmp_path) == ["one"]


def test_rotation_seals_the_file_and_takes_what_was_added_along(tmp_path):
    journal = Journal(tmp_path)
    first = journal.path
    log(journal, "one")
    journal.add(frame_of(prediction("two")))
    journal.rotate()
    journal.commit()
    assert sealed(first)
    assert len(payloads(journal.path)) == 2
    assert rows_in(tmp_path) == ["one", "two"]


def test_bytes_of_a_user_that_look_like_the_end_seal_nothing(tmp_path):
    journal = Journal(tmp_path)
    journal.close()
    end = journal.path.read_bytes()[-13:]
    torn = Journal(tmp_path)
    torn.add(b"text of a user " + end + b" and more")
    torn.commit()
    os.truncate(torn.path, torn.size - len(" and more"))
    assert torn.path.read_bytes().endswith(end)
    assert not sealed(torn.path)


def test_a_journal_that_grows_is_not_abandoned(tmp_path):
    journal = Journal(tmp_path)
    assert not is_abandoned(journal.path)


def test_the_journal_of_a_killed_process_is_abandoned(tmp_path):
    program = (
        "import os, pathlib, sys; from milepost.predlog.journal import Journal; "
        "Journal(pathlib.Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdin=pipe, stdout=pipe) as process:
        process.stdout.readline()
        (path,) = journals_in(tmp_path)
        assert not is_abandoned(path)
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_abandoned(path)  # though its parent has not asked how it ended
    assert is_abandoned(path)
    assert not sealed(path)


def test_a_process_with_the_number_of_a_dead_one_does_not_revive_its_journal(tmp_path):
    path = write_begin(tmp_path, Begin(1, "other", os.uname().nodename, os.getpid(), 1, 0))
    assert is_abandoned(path)


def test_nobody_can_tell_of_a_process_of_another_machine(tmp_path):
    assert not is_abandoned(write_begin(tmp_path, Begin(1, "other", "elsewhere", 4_000_000, 1, 0)))


def test_a_journal_that_somebody_holds_is_not_abandoned(tmp_path):
    path = write_begin(tmp_path, Begin(1, "other", os.uname().nodename, os.getpid(), 1, 0))
    with path.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert not is_abandoned(path)
    assert is_abandoned(path)


def test_an_open_journal_holds_its_file(tmp_path):
    journal = Journal(tmp_path)
    with journal.path.open("rb") as stream:
        with pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        journal.close()
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)


# --- a disk that refuses ----------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_told_with_a_cure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="took nothing") as error:
        Journal(tmp_path / "file" / "journals")
    assert error.value.fix
    assert error.value.where == str(tmp_path / "file" / "journals")


def test_a_commit_that_does_not_fit_leaves_nothing_and_the_file_goes_on(tmp_path):
    journal = Journal(tmp_path)
    log(journal, "one")
    with files_end_at(journal.size + 20), pytest.raises(EnvironmentFault, match="took nothing"):
        log(journal, "two")
    assert journal.path.stat().st_size == journal.size
    log(journal, "three")
    assert len(journals_in(tmp_path)) == 1
    assert rows_in(tmp_path) == ["one", "three"]


def test_a_disk_that_takes_no_byte_is_told_too(tmp_path):
    journal = Journal(tmp_path)
    log(journal, "one")
    for _ in range(2):
        with files_end_at(journal.size), pytest.raises(EnvironmentFault, match="took nothing"):
            log(journal, "two")
    log(journal, "three")
    assert rows_in(tmp_path) == ["one", "three"]


def test_a_number_that_a_reader_may_have_seen_is_never_given_to_another_frame(tmp_path):
    journal = Journal(tmp_path)
    log(journal, "one")
    first, size = journal.path, len(frame_of(prediction("two"))) + 8
    with files_end_at(journal.size + size + 5), pytest.raises(EnvironmentFault):
        log(journal, "two", "three")
    log(journal, "four")
    assert journal.path != first
    assert sealed(first)
    assert rows_in(tmp_path) == ["one", "four"]


def test_a_schema_whose_commit_failed_comes_with_the_next_one(tmp_path):
    journal = Journal(tmp_path)
    journal.schema(SCHEMA)
    with files_end_at(journal.size + 20), pytest.raises(EnvironmentFault):
        log(journal, "one")
    log(journal, "two")
    assert [type(decode(payload)) for payload in payloads(journal.path)] == [Begin, Inputs, Predictions]


def test_a_next_file_that_cannot_be_begun_lets_the_old_one_grow(tmp_path):
    folder = tmp_path / "journals"
    journal = Journal(folder, most_bytes=100)
    folder.rename(tmp_path / "moved")
    folder.write_text("")  # no folder can be made here
    log(journal, "one")
    with pytest.raises(EnvironmentFault):
        journal.rotate()
    log(journal, "two")
    assert rows_in(tmp_path / "moved") == ["one", "two"]


def test_frames_that_the_disk_may_not_hold_are_not_acknowledged(tmp_path, monkeypatch):
    journal = Journal(tmp_path, durability="disk")
    log(journal, "one")

    def refuse(handle: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(EnvironmentFault, match="Input/output"):
            log(journal, "two")
    log(journal, "three")
    assert len(journals_in(tmp_path)) == 2
    assert rows_in(tmp_path) == ["one", "three"]


def test_a_frame_too_long_to_be_read_again_is_refused(tmp_path):
    with pytest.raises(MilepostError, match="can't hold"):
        Journal(tmp_path).add(bytes(MOST_FRAME_BYTES + 1))
    with pytest.raises(MilepostError, match="can't hold 0 bytes"):
        Journal(tmp_path).add(b"")


def test_of_frames_that_are_added_together_all_are_taken_or_none(tmp_path):
    journal = Journal(tmp_path)
    with pytest.raises(MilepostError, match="can't hold"):
        journal.add(b"told as failed", bytes(MOST_FRAME_BYTES + 1))
    journal.add(b"one", b"two")
    journal.commit()
    assert payloads(journal.path)[1:] == [b"one", b"two"]


# --- damage -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[bytes, list[int], Path]:
    """Return the bytes of a journal, where its frames end, and a path to write damaged ones to."""
    folder = tmp_path_factory.mktemp("whole")
    journal = Journal(folder)
    ends = [journal.size]
    journal.schema(SCHEMA)
    for number in range(6):
        log(journal, "x" * number * 7)
        ends.append(journal.size)
    data = journal.path.read_bytes()
    ends.insert(1, ends[0] + 8 + int.from_bytes(data[ends[0] : ends[0] + 4], "little"))
    return data, ends, folder / "damaged.journal"


@given(share=st.floats(0, 1))
def test_a_file_that_was_cut_off_gives_its_whole_frames(whole, share):
    data, ends, path = whole
    size = int(share * len(data))
    path.write_bytes(data[:size])
    frames = list(read_frames(path))
    assert len(frames) == sum(end <= size for end in ends)
    assert [payload for _, payload in frames] == [
        data[start + 8 : end] for start, end in zip([0, *ends], ends, strict=False) if end <= size
    ]
    assert tail_of(path) == ("nothing" if size in (0, *ends) else "torn")


@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_changed_byte_gives_the_frames_before_it_and_nothing_wrong(whole, share, flip):
    data, ends, path = whole
    place = int(share * len(data))
    path.write_bytes(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])
    starts = [0, *ends]
    kept = sum(end <= place for end in ends)
    assert [payload for _, payload in read_frames(path)] == [
        data[start + 8 : end] for start, end in list(zip(starts, ends, strict=False))[:kept]
    ]


@given(st.binary(min_size=1, max_size=40))
def test_whatever_follows_the_last_frame_is_no_frame(whole, more):
    data, ends, path = whole
    path.write_bytes(data + more)
    assert len(list(read_frames(path))) == len(ends)


def test_zeros_behind_the_last_frame_are_no_frames_and_no_damage(whole):
    data, ends, path = whole
    path.write_bytes(data + bytes(4096))
    assert len(list(read_frames(path))) == len(ends)
    assert tail_of(path) == "torn"


@pytest.mark.parametrize("damage", [(0, 0x80), (3, 0x40), (4, 1), (20, 1)])
def test_a_whole_frame_behind_a_damaged_one_is_no_torn_end(whole, damage):
    data, ends, path = whole
    offset, flip = damage
    place = ends[3] + offset  # in the length, in the check, in the payload
    path.write_bytes(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])
    assert len(list(read_frames(path))) == 4
    assert tail_of(path) == "damaged"


def test_a_damaged_length_asks_for_no_memory(whole):
    data, ends, path = whole
    path.write_bytes(data[: ends[2]] + (MOST_FRAME_BYTES - 1).to_bytes(4, "little") + data[ends[2] + 4 :])
    tracemalloc.start()
    frames = list(read_frames(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(frames) == 3
    assert most < 8 * 2**20


def test_a_journal_without_its_beginning_has_none(tmp_path):
    (tmp_path / "empty.journal").write_bytes(b"")
    assert begin_of(tmp_path / "empty.journal") is None
    assert not is_abandoned(tmp_path / "empty.journal")
