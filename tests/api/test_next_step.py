from pathlib import Path

import pytest

from milepost.api.next_step import next_step


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
