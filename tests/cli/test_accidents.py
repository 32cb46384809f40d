"""A full disk, a killed process, an impatient user, a damaged bundle, a registry that is away: nothing is lost."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import time
from pathlib import Path

import polars as pl
import pytest

from program import run_program, start_program
from telco import edit_contract, files_in, write_few

PATIENCE_SECONDS = 60


def wait_for(process, folder: Path, pattern: str, count: int) -> None:
    """Wait until so many files are there; fail if the process ends before."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(list(folder.glob(pattern))) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def whole(folder: Path) -> None:
    """Check that every file that has its final name can be read."""
    for path in folder.glob(".milepost/**/*"):
        if not path.is_file() or any(part.startswith(".") and part != ".milepost" for part in path.parts):
            continue
        if path.suffix == ".json" and path.parent.name != "_delta_log":
            json.loads(path.read_text())
        if path.suffix == ".parquet":
            pl.read_parquet(path)


def bundle_of(folder: Path) -> str:
    (manifest,) = folder.glob(".milepost/bundles/*/manifest.json")
    return manifest.parent.name


@pytest.fixture
def untrained(tmp_path) -> Path:
    """Return a folder with a few rows, nothing of them learned yet."""
    return write_few(tmp_path).parent


# ---- the process ends in the middle


@pytest.mark.parametrize(
    ("pattern", "count"), [(".milepost/climbs/*/*.npz", 8), (".milepost/bundles/*/manifest.json", 1)]
)
def test_a_killed_training_goes_on_where_it_was_and_ends_the_same(untrained, few_folder, run, pattern, count):
    process = start_program("train", folder=untrained)
    wait_for(process, untrained, pattern, count)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    whole(untrained)
    finished = {path: path.stat().st_mtime_ns for path in untrained.glob(".milepost/climbs/*/*.npz")}
    assert "no model yet" in run("status", folder=untrained).out
    ran = run("train", "--json", folder=untrained)
    assert ran.code == 0
    assert ran.document["bundle_id"] == bundle_of(few_folder)
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    assert run("evaluate", folder=untrained).code in (0, 3, 4)


def test_control_c_exits_130_and_the_same_command_goes_on(untrained, few_folder, run):
    process = start_program("train", folder=untrained)
    wait_for(process, untrained, ".milepost/climbs/*/*.npz", 3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].startswith("Interrupted. What was finished is kept")
    assert "Traceback" not in err
    whole(untrained)
    assert run("train", "--json", "--workers", "1", folder=untrained).document["bundle_id"] == bundle_of(few_folder)


def test_a_score_that_is_interrupted_leaves_nothing_and_says_so(judged, run):
    table = pl.read_csv(judged / "telco.csv")
    pl.concat([table] * 400).write_parquet(judged / "long.parquet")
    process = start_program("score", "churn@champion", "long.parquet", "-o", "a.parquet", "--log", folder=judged)
    wait_for(process, judged, ".milepost/log/churn/.scoring-*/*", 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert "nothing was written or logged: run the same command again" in err.splitlines()[-1]
    assert not list(judged.glob("*a.parquet*"))
    assert "Nothing is logged yet" in run("log", "show", folder=judged).out


# ---- the disk is full


def no_files_above(limit: int):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


@pytest.mark.parametrize("step", ["staging", "climbing"])
def test_a_full_disk_exits_5_and_leaves_nothing_half_written(few, step, run):
    workspace, expected = few / ".milepost", bundle_of(few)
    for made in ("climbs", "bundles", "history") if step == "climbing" else (".",):
        shutil.rmtree(workspace / made)
    ran = run_program("train", "--quiet", folder=few, before=no_files_above(1_000))
    assert (ran.code, ran.out) == (5, "")
    what, where, fix = ran.err.splitlines()
    assert "refused" in what
    assert ("climbs" if step == "climbing" else "staged") in where
    assert "Free some space" in fix
    whole(few)
    assert not list(workspace.glob("bundles/*"))
    assert not list(workspace.glob("climbs/*/*"))
    assert run("train", "--json", folder=few).document["bundle_id"] == expected


# ---- several at once


def test_three_first_trainings_at_once_all_end_well(untrained, few_folder, run):
    processes = [start_program("train", "-q", "--json", "--seed", seed, folder=untrained) for seed in (0, 0, 1)]
    ended = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], ended
    first, same, other = (json.loads(out) for out, _ in ended)
    assert first["bundle_id"] == same["bundle_id"] == bundle_of(few_folder)
    assert {first["version"], same["version"], other["version"]} == {1, 2}
    whole(untrained)
    assert len(list(untrained.glob(".milepost/artifacts/*/artifacts/bundle"))) == 2
    assert "damaged" not in run("status", folder=untrained).out
    assert run("evaluate", first["bundle_id"], folder=untrained).code in (0, 3, 4)


# ---- the registry is away


def test_a_registry_that_does_not_answer_exits_5_before_anything_is_learned(telco, run, monkeypatch):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    monkeypatch.setenv("SECRET", "hunter2")
    registry = f'[stores]\nregistry = "http://ada:${{SECRET}}@{address}"\n'
    edit_contract(telco, "[features]", registry + "[features]")
    started = time.monotonic()
    ran = run("train", folder=telco)
    assert time.monotonic() - started < 15
    assert ran.code == 5
    assert f"  where: http://{address}\n" in ran.err
    assert "hunter2" not in ran.err
    assert not list(telco.glob(".milepost/climbs/*"))


# ---- the bundle is not what it was


def damaged(folder: Path, change) -> Path:
    path = folder / ".milepost" / "bundles" / bundle_of(folder) / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    return path.parent


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("command", [("evaluate",), ("score", "TABLE", "-o", "answers.parquet")])
def test_a_folder_with_a_changed_byte_is_refused(judged, run, command):
    folder = judged / ".milepost" / "bundles" / bundle_of(judged)
    change_a_byte(folder / "model.json")
    verb, *rest = ("telco.csv" if word == "TABLE" else word for word in command)
    ran = run(verb, folder, *rest, folder=judged)
    assert (ran.code, ran.out) == (2, "")
    assert "'model.json' was changed after it was written" in ran.err
    assert not (judged / "answers.parquet").exists()


def test_a_bundle_with_a_changed_byte_is_fetched_again_and_answers_as_before(judged, run):
    assert run("score", "churn:1", "telco.csv", "-o", "before.parquet", folder=judged).code == 0
    change_a_byte(judged / ".milepost" / "bundles" / bundle_of(judged) / "model.json")
    assert run("score", "churn:1", "telco.csv", "-o", "after.parquet", folder=judged).code == 0
    assert pl.read_parquet(judged / "after.parquet").equals(pl.read_parquet(judged / "before.parquet"))


def test_a_bundle_of_a_newer_format_is_refused(judged, run):
    folder = damaged(judged, lambda manifest: manifest.update(format=99))
    ran = run("score", folder, "telco.csv", "-o", "answers.parquet", folder=judged)
    assert ran.code == 2
    assert "format 99" in ran.err
    assert "Upgrade Milepost" in ran.err
    assert not (judged / "answers.parquet").exists()


def test_a_damaged_history_is_told_by_status(judged, run):
    part = max(judged.glob(".milepost/history/*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    rows = pl.read_parquet(part)
    rows.with_columns(says=pl.lit("All is well.")).write_parquet(part)
    ran = run("status", folder=judged)
    assert re.search(r"The history is damaged: Decision \d+ was changed after it was written.", ran.said)


# ---- the answers cannot be written


def test_a_folder_that_is_not_writable_exits_5(judged, run):
    (judged / "taken").write_text("a file, no folder")
    before = files_in(judged)
    ran = run("score", "churn:1", "telco.csv", "-o", "taken/answers.parquet", "-q", folder=judged)
    assert (ran.code, ran.out) == (5, "")
    assert "taken" in ran.err.splitlines()[1]
    assert files_in(judged) == before
