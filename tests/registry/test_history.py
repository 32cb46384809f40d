from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from milepost.ground.errors import EnvironmentFault
from milepost.registry.decisions import FIRST_PREVIOUS, Entry
from milepost.registry.history import (
    COLUMNS,
    append,
    append_if,
    history_table,
    read_history,
    verify_history,
)

WRITER = """
import sys
from pathlib import Path
from milepost.registry.decisions import Entry
from milepost.registry.history import append
for turn in range(int(sys.argv[3])):
    entries = [Entry("rung", sys.argv[2], f"{turn}.{part}") for part in "ab"]
    print(*[decision.hash for decision in append(Path(sys.argv[1]), entries)], flush=True)
"""

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from milepost.ground.errors import EnvironmentFault
from milepost.registry.decisions import Entry
from milepost.registry.history import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
try:
    append(Path(sys.argv[1]), [Entry("rung", "telco", "refused")])
except EnvironmentFault as fault:
    print(fault.what)
"""


def entry(says: str, **figures: object) -> Entry:
    return Entry("rung", "telco", says, "9f3a", figures)


def writer(history: Path, name: str, turns: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(history), name, str(turns)], stdout=subprocess.PIPE, text=True
    )


def data_files(history: Path) -> list[Path]:
    return sorted(history.glob("*.parquet"))


def test_decisions_come_back_in_order_and_chained(tmp_path, clock):
    first = append(tmp_path / "history", [entry("one", rows=3), entry("two")], clock=clock)
    second = append(tmp_path / "history", [entry("three")], clock=clock)
    assert read_history(tmp_path / "history") == first + second
    assert [decision.number for decision in first + second] == [1, 2, 3]
    assert [decision.previous for decision in first + second] == [FIRST_PREVIOUS, first[0].hash, first[1].hash]
    assert first[0].at == first[1].at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert first[0].figures == {"rows": 3}


def test_several_decisions_are_one_commit(tmp_path):
    append(tmp_path, [entry(str(number)) for number in range(8)])
    assert DeltaTable(str(tmp_path)).version() == 0
    assert len(data_files(tmp_path)) == 1


def test_a_history_that_was_never_written_is_empty_and_whole(tmp_path):
    assert read_history(tmp_path / "none") == ()
    assert history_table(tmp_path / "none").schema == COLUMNS
    assert verify_history(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_appending_nothing_writes_nothing(tmp_path):
    assert append(tmp_path / "history", []) == ()
    assert not (tmp_path / "history").exists()


def test_kinds_and_problem_choose_among_the_decisions(tmp_path):
    append(tmp_path, [entry("a"), Entry("verdict", "telco", "b"), Entry("verdict", "iris", "c")])
    assert [decision.says for decision in read_history(tmp_path, kinds=["verdict"])] == ["b", "c"]
    assert [decision.says for decision in read_history(tmp_path, kinds=["verdict"], problem="telco")] == ["b"]


def test_a_choice_sees_the_past_that_it_is_written_after(tmp_path):
    for _ in range(3):
        append_if(tmp_path, lambda past: [entry(f"after {len(past)}")])
    assert [decision.says for decision in read_history(tmp_path)] == ["after 0", "after 1", "after 2"]


def test_a_choice_that_raises_writes_nothing(tmp_path):
    def refuse(past):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        append_if(tmp_path / "history", refuse)
    assert read_history(tmp_path / "history") == ()


def test_a_choice_overtaken_by_another_writer_is_made_again(tmp_path):
    seen = []

    def choose(past):
        if not seen:
            append(tmp_path, [entry("faster")])
        seen.append(len(past))
        return [entry("slower")]

    append_if(tmp_path, choose)
    assert seen == [0, 1]
    assert [decision.says for decision in read_history(tmp_path)] == ["faster", "slower"]
    assert verify_history(tmp_path) is None


def test_threads_neither_fork_the_chain_nor_lose_an_entry(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda number: append(tmp_path, [entry(str(number))])[0], range(24)))
    assert verify_history(tmp_path) is None
    assert sorted(written, key=lambda decision: decision.number) == list(read_history(tmp_path))


def test_processes_neither_fork_the_chain_nor_lose_an_entry(tmp_path):
    processes = [writer(tmp_path / "history", name, 8) for name in ("one", "two", "three")]
    acknowledged = [process.communicate(timeout=120)[0].split() for process in processes]
    decisions = read_history(tmp_path / "history")
    assert verify_history(tmp_path / "history") is None
    assert len(decisions) == 3 * 8 * 2
    assert sorted(chain(*acknowledged)) == sorted(decision.hash for decision in decisions)
    for name in ("one", "two", "three"):
        said = [decision.says for decision in decisions if decision.problem == name]
        assert said == [f"{turn}.{part}" for turn in range(8) for part in "ab"]


def test_a_killed_writer_leaves_all_that_it_acknowledged_and_no_half_commit(tmp_path):
    process = writer(tmp_path / "history", "doomed", 1000)
    acknowledged = [process.stdout.readline().split() for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [line.split() for line in process.communicate()[0].splitlines()]
    hashes = [decision.hash for decision in read_history(tmp_path / "history")]
    assert verify_history(tmp_path / "history") is None
    assert list(chain(*acknowledged)) == hashes[: 2 * len(acknowledged)]
    assert len(hashes) % 2 == 0
    assert append(tmp_path / "history", [entry("next")])[0].number == len(hashes) + 1


def test_a_changed_row_is_named(tmp_path):
    append(tmp_path, [entry("one"), entry("two"), entry("three")])
    [file] = data_files(tmp_path)
    rows = pl.read_parquet(file)
    rows.with_columns(says=pl.col("says").replace("two", "too")).write_parquet(file)
    assert verify_history(tmp_path).number == 2
    assert "changed" in verify_history(tmp_path).says


def test_a_removed_row_is_named(tmp_path):
    append(tmp_path, [entry("one"), entry("two"), entry("three")])
    [file] = data_files(tmp_path)
    pl.read_parquet(file).filter(pl.col("number") != 2).write_parquet(file)
    assert verify_history(tmp_path).says == "Decision 2 is missing: the next one has number 3."


def test_a_file_that_is_gone_or_garbled_is_an_environment_fault(tmp_path):
    append(tmp_path, [entry("one")])
    [file] = data_files(tmp_path)
    file.write_bytes(b"garbled")
    with pytest.raises(EnvironmentFault, match="can't be read"):
        read_history(tmp_path)
    file.unlink()
    with pytest.raises(EnvironmentFault, match="can't be read"):
        append(tmp_path, [entry("two")])


def test_a_place_that_cannot_be_written_is_an_environment_fault(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EnvironmentFault, match="can't be read or written"):
        append(tmp_path / "file" / "history", [entry("one")])


def test_a_full_disk_is_an_environment_fault_and_loses_nothing(tmp_path):
    append(tmp_path / "history", [entry("one")])
    for history in (tmp_path / "history", tmp_path / "new"):
        done = subprocess.run([sys.executable, "-c", FULL_DISK, history], capture_output=True, text=True, check=False)
        assert "File too large" in done.stdout, done.stderr
        append(history, [entry("two")])
    assert [decision.says for decision in read_history(tmp_path / "history")] == ["one", "two"]
    assert verify_history(tmp_path / "new") is None


@pytest.mark.parametrize("name", ["a b", "100%", "é#?", "it's"])
def test_a_workspace_may_have_an_unusual_path(tmp_path, name):
    for says in ("one", "two"):
        append(tmp_path / name / "history", [entry(says)])
    assert [decision.says for decision in read_history(tmp_path / name / "history")] == ["one", "two"]


@pytest.mark.parametrize("name", ["[draft]", "a%20b", "a|b"])
def test_a_path_that_delta_would_take_for_another_is_refused(tmp_path, name):
    with pytest.raises(EnvironmentFault, match="path holds"):
        append(tmp_path / name, [entry("one")])
    assert not (tmp_path / name).exists()


def test_a_uri_is_a_place_too(tmp_path):
    append((tmp_path / "history").as_uri(), [entry("one")])
    assert read_history(tmp_path / "history") == read_history((tmp_path / "history").as_uri())


def test_many_small_commits_are_merged_and_the_chain_holds(tmp_path):
    for number in range(103):
        append(tmp_path, [entry(str(number))])
    assert len(DeltaTable(str(tmp_path)).file_uris()) < 10
    assert [decision.says for decision in read_history(tmp_path)] == [str(number) for number in range(103)]
    assert verify_history(tmp_path) is None


def test_rows_can_not_be_deleted_from_the_table(tmp_path):
    append(tmp_path, [entry("one")])
    with pytest.raises(Exception, match="append-only"):
        DeltaTable(str(tmp_path)).delete()
