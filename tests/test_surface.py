"""The public surface: what `import milepost` offers, what it costs, and that the docs say the same."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import milepost
from commands import COMMANDS, GROUPS

ROOT = Path(__file__).parents[1]
HEAVY = ("polars", "numpy", "scipy", "sklearn", "lightgbm", "mlflow", "pandas", "deltalake", "altair", "joblib")


IMPORT = """
import logging, os, sys, threading, warnings
modules, filters, environment = set(sys.modules), list(warnings.filters), dict(os.environ)
import milepost
loaded = set(sys.modules) - modules
print(sorted(name for name in loaded if name.startswith("milepost")), [name for name in sys.argv[1:] if name in loaded])
print(threading.active_count(), logging.getLogger().handlers, filters == warnings.filters, environment == os.environ)
"""
HELP = """
import sys
from milepost.cli.main import main
try:
    main(sys.argv[2:])
except SystemExit:
    print([name for name in sys.argv[1].split() if name in sys.modules])
"""


def fresh(code: str, *words: str) -> str:
    """Return what a new Python prints that runs code; warnings are errors there."""
    python = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run([*python, *words], capture_output=True, text=True, check=True, cwd=ROOT / "docs").stdout


def table() -> dict[str, str]:
    """Return public name -> module, as the package's own table has it."""
    return dict(milepost._HOME)


def test_what_editors_see_is_what_runs():
    source = ast.parse((ROOT / "src" / "milepost" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [node for node in source.body if isinstance(node, ast.If)]
    assert all(name.asname == name.name for node in block.body for name in node.names)
    seen = {name.name: node.module for node in block.body for name in node.names}
    assert seen == table()


@pytest.mark.parametrize("name", sorted(table()))
def test_every_public_name_is_there_and_documented(name):
    found = getattr(milepost, name)
    assert found is getattr(import_module(table()[name]), name)
    assert found.__doc__
    assert name in milepost.__all__
    assert name in dir(milepost)


def test_every_public_name_stands_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    typed = re.findall(r"milepost[. ]((?:log|keys) [a-z]+|[A-Za-z_]+)", readme)  # `milepost log show` is log_show
    named = {words.replace(" ", "_") for words in typed}
    assert set(milepost.__all__) - {"MilepostError", "Predictor", "Problem", "problem_schema", "read_problem"} <= named


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match=r"no 'trian'; public names: MilepostError, .*train"):
        _ = milepost.trian


def test_a_floor_does_not_hide_the_verb_of_its_name():
    code = "import milepost, milepost.evaluate.verdict; print(milepost.evaluate.__module__)"
    assert fresh(code) == "milepost.api.evaluate\n"


def test_importing_does_nothing():
    loaded, left = fresh(IMPORT, *HEAVY, "pydantic", "rich", "typer").splitlines()
    assert loaded == "['milepost'] []"
    assert left == "1 [] True True"


@pytest.mark.parametrize(
    "words", [("--help",), ("train", "--help"), ("score", "--help"), ("log", "show", "--help"), ("keys",)]
)
def test_help_loads_nothing_heavy(words):
    assert fresh(HELP, " ".join(HEAVY), *words).splitlines()[-1] == "[]"


def test_every_command_is_a_verb_of_the_package():
    of_groups = {f"{group}_{name}" for group, names in GROUPS.items() for name in names}
    assert set(COMMANDS) | of_groups <= set(milepost.__all__)


def test_every_command_is_in_the_reference():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    of_groups = [f"{group} {name}" for group, names in GROUPS.items() for name in names]
    assert [words for words in [*COMMANDS, *of_groups] if f"# milepost {words}\n" not in page] == []


def test_the_reference_pages_are_up_to_date():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
