import os
import subprocess
from pathlib import Path

import pytest

import milepost
from milepost.cli.session import Session
from milepost.ground.errors import EnvironmentFault
from program import PROGRAM, environment, run_program
from telco import edit_contract

FULL = Path("/dev/full")
EVERY = {
    "init": ("init", "telco.csv", "--target", "churn", "--problem", "new.toml"),
    "check": ("check",),
    "evaluate": ("evaluate",),
    "report": ("report",),
    "score": ("score", "churn:1", "telco.csv", "-o", "answers.parquet"),
    "status": ("status",),
    "promote": ("promote", "churn:1"),
    "history": ("history",),
    "outcomes": ("outcomes", "truth.csv"),
    "parity": ("parity", "--rows", "10"),
    "score --log": ("score", "churn:1", "telco.csv", "-o", "answers.parquet", "--log"),
    "log show": ("log", "show", "--last", "3"),
    "log query": ("log", "query", "SELECT at, entity, flags, tenure, truth_label FROM joined LIMIT 3"),
    "log export": ("log", "export", "-o", "log.csv"),
    "log verify": ("log", "verify"),
    "log forget": ("log", "forget", "C05717"),
    "keys add": ("keys", "add", "shop", "--scope", "predict", "--until", "90d"),
    "keys list": ("keys", "list"),
    "explain": ("explain", "recall"),
}


# ---- one object, and silence


@pytest.mark.parametrize("words", EVERY.values(), ids=list(EVERY))
def test_json_is_one_object_that_names_the_next_command(logged, run, words):
    ran = run(*words, "--json", "--quiet", folder=logged)
    assert ran.code in (0, 4)
    assert ran.err == ""
    assert ran.document["next_step"].startswith("milepost ")


@pytest.mark.parametrize("words", EVERY.values(), ids=list(EVERY))
def test_answers_fit_60_columns_and_end_with_the_next_command(logged, run, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "60")
    ran = run(*words, "--quiet", folder=logged)
    assert ran.err == ""
    assert "\nNext: milepost " in ran.out
    assert "\x1b" not in ran.out
    assert not [line for line in ran.out.splitlines() if line != line.rstrip() or len(line) > 60]


@pytest.mark.parametrize("words", [["status"], ["explain", "recal"], ["trian"], ["score", "x"]])
def test_an_error_is_one_json_object_too(tmp_path, run, words):
    ran = run(*words, "--json", folder=tmp_path)
    assert ran.code == 2
    assert set(ran.document["error"]) == {"what", "where", "fix"}
    assert ran.err.startswith(ran.document["error"]["what"])


def test_the_cure_of_an_error_names_the_problem_file(telco, run):
    (telco / "milepost.toml").rename(telco / "other.toml")
    ran = run("report", "--problem", "other.toml", "--json", folder=telco)
    assert ran.document["error"]["fix"] == "Run: milepost train --problem other.toml"
    assert "Run: milepost train --problem other.toml" in ran.err


def test_what_packages_warn_of_stays_with_the_programmers(tmp_path):
    rows = "".join(f"{number % 7}e299,same,{number % 5 * 0.1},{'abc'[number % 3]}\n" for number in range(300))
    (tmp_path / "t.csv").write_text(f"huge,constant,small,y\n{rows}")
    (tmp_path / "milepost.toml").write_text(
        '[problem]\nname = "t"\ntarget = "y"\n[data]\nsource = "t.csv"\n[climb]\nbudget = "small"\n'
    )
    ran = run_program("train", "--json", "--quiet", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.document["bundle_id"]


def test_progress_goes_to_standard_error(judged, run):
    ran = run("check", folder=judged)
    assert ran.err.startswith("read: reading telco.csv\n")
    assert "reading telco.csv" not in ran.out


# ---- terminals


def test_a_terminal_has_colours_unless_no_color_says_otherwise(judged, run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[32m" in run("evaluate", "--quiet", folder=judged).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in run("evaluate", "--quiet", folder=judged).out


def test_an_ascii_terminal_gets_an_answer(trained):
    ran = run_program("status", folder=trained, more={"PYTHONIOENCODING": "ascii"})
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.isascii()
    assert "Next: milepost evaluate" in ran.out


# ---- what can go wrong with the program itself


def test_a_bug_of_ours_keeps_its_traceback_and_asks_for_a_report(tmp_path, run, monkeypatch):
    def broken(*_, **__):
        return {}["nothing"]

    monkeypatch.setattr(milepost, "explain", broken, raising=False)
    ran = run("explain", "recall", "--json", folder=tmp_path)
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert ran.err.splitlines()[-1].startswith("This is a bug in Milepost")
    assert "report it" in ran.document["error"]["fix"]


def test_a_refusal_of_the_system_that_nobody_foresaw_exits_5(tmp_path, run, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/data/x")

    monkeypatch.setattr(milepost, "explain", full, raising=False)
    ran = run("explain", "recall", folder=tmp_path)
    assert ran.code == EnvironmentFault.exit_code
    assert ran.err.splitlines()[1] == "  where: /data/x"


def test_an_interruption_exits_130_with_one_line(tmp_path, run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(milepost, "explain", interrupted, raising=False)
    ran = run("explain", "recall", "--json", folder=tmp_path)
    assert ran.code == 130
    assert len(ran.err.splitlines()) == 1
    assert ran.document["error"]["what"] == "Interrupted."


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_that_goes_away_is_no_error(tmp_path, more):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "explain", *more], cwd=tmp_path, env=environment(), stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(("words", "code"), [(("explain",), 5), (("explain", "recal", "--json"), 2)])
def test_an_answer_that_cannot_be_written_is_no_bug(tmp_path, words, code):
    with FULL.open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *words], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == code
    assert b"standard output" in done.stderr or code == 2
    assert b"Traceback" not in done.stderr


def test_the_exit_code_does_not_depend_on_how_the_answer_is_shown(trained, run):
    edit_contract(trained, ">= 0.70", ">= 0.95")
    assert [run("evaluate", *how, folder=trained).code for how in ((), ("--json",), ("--quiet",))] == [3, 3, 3]


def test_parts_of_an_answer_are_told_as_they_come_unless_it_is_json(tmp_path, capsys):
    for json in (False, True):
        Session(problem=tmp_path, seed=0, json=json, quiet=True).tell("The first leg.")
    assert capsys.readouterr().out == "The first leg.\n"
