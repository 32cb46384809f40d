import sys
from pathlib import Path

import pytest

from milepost.api.next_step import next_step, program, with_problem


@pytest.mark.parametrize(
    ("problem", "command"),
    [
        ("milepost.toml", "milepost check"),
        (Path("milepost.toml"), "milepost check"),
        ("./milepost.toml", "milepost check"),
        ("churn.toml", "milepost check --problem churn.toml"),
        ("my churn/a.toml", "milepost check --problem 'my churn/a.toml'"),
    ],
)
def test_a_command_names_the_problem_file_unless_it_is_the_usual_one(problem, command):
    assert next_step("check", problem) == command


@pytest.mark.parametrize(
    ("advice", "named"),
    [
        ("Run: milepost status   (it says more)", "Run: milepost status --problem a.toml   (it says more)"),
        ("Mend it, then run: milepost train", "Mend it, then run: milepost train --problem a.toml"),
        ("Run: milepost keys add NAME   (or not)", "Run: milepost keys add --problem a.toml NAME   (or not)"),
        ("Run: milepost log verify   and look", "Run: milepost log verify --problem a.toml   and look"),
        ("Run: milepost evaluate churn:1 --problem b.toml", "Run: milepost evaluate churn:1 --problem b.toml"),
        ("Run: pip install milepost", "Run: pip install milepost"),
        ("Run: milepost explain recall", "Run: milepost explain recall"),
    ],
)
def test_advice_of_floors_that_do_not_know_the_file_names_it_too(advice, named):
    assert with_problem(advice, "a.toml") == named
    assert with_problem(advice, "milepost.toml") == advice


def test_the_program_is_named_by_its_path_where_no_shell_would_find_it(tmp_path, monkeypatch):
    (tmp_path / "milepost").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    assert program() == str(tmp_path / "milepost")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == "milepost"
