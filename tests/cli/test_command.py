import json

import pytest
import typer

from milepost.cli.command import Commands, command, group


def ran(words, verb, capsys):
    """Run a program of one more verb; return its exit code and what it printed."""
    app = typer.Typer(cls=Commands)
    command(app, "Verbs")(verb)
    app.command("other")(lambda: None)  # a program of one command would take no name for it
    code = app(words, standalone_mode=False)
    return code, capsys.readouterr().out


def greet(session, name: str, times: int = 1) -> object:
    """Greet somebody."""
    return {"said": f"{name} {times} {session.seed} {session.problem}", "outcome": None}


def test_a_verb_gets_its_own_words_and_the_shared_options(capsys):
    words = ["greet", "ada", "--times", "2", "--seed", "7", "--problem", "p.toml", "--json"]
    code, out = ran(words, greet, capsys)
    assert code == 0
    assert json.loads(out)["said"] == "ada 2 7 p.toml"


CODES = {"met": 0, "not met": 3, "can't tell yet": 4, "ready to train": 0, "mend first": 2}
CODES |= {"equal": 0, "different": 3, "sound": 0, "damaged": 3}


@pytest.mark.parametrize("outcome", CODES)
def test_the_exit_code_is_the_outcome_of_the_result(outcome, capsys):
    class Result:
        def __init__(self):
            self.outcome = outcome

        def __str__(self):
            return outcome

    def judge(session) -> object:
        """Judge."""
        return Result()

    code, out = ran(["judge"], judge, capsys)
    assert code == CODES[outcome]
    assert outcome in out


def test_the_help_is_the_verbs_own_sentence(capsys):
    _, out = ran(["greet", "--help"], greet, capsys)
    assert "Greet somebody." in out
    assert "--seed" in out


def test_commands_of_a_group_are_found_under_its_name_and_alone_it_prints_its_help(capsys):
    app, inner = typer.Typer(cls=Commands), group("Talk to people.")
    command(inner, "Talking")(greet)
    command(inner, "Talking", name="list")(greet)
    app.add_typer(inner, name="people")
    app.command("other")(lambda: None)
    assert app(["people", "list", "ada", "--json"], standalone_mode=False) == 0
    assert json.loads(capsys.readouterr().out)["said"].startswith("ada 1")
    assert not app(["people"], standalone_mode=False)
    told = capsys.readouterr().out
    assert "Talk to people." in told
    assert " greet " in told
    assert "<bool>" not in told
