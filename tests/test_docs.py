"""The pages of docs/ say what runs: every example of them is run or parsed."""

import re
import sys
from pathlib import Path

import pytest

import milepost
from milepost.data.expressions.forms import CALLED_FORMS
from milepost.data.expressions.functions import CALLED
from milepost.data.expressions.parse import parse
from milepost.metrics.names import METRIC_NAMES
from milepost.problem.criteria import Criterion

DOCS = Path(__file__).parents[1] / "docs"
TYPES = {"a": "float", "b": "float", "p": "boolean", "q": "boolean", "s": "text", "r": "text", "t": "date", "u": "date"}


def written(page):
    return (DOCS / page).read_text(encoding="utf-8")


def test_the_python_example_runs_as_it_stands(telco, monkeypatch, capsys):
    monkeypatch.chdir(telco)
    code = re.search(r"```python\n(import.*?)```", written("python.md"), re.DOTALL)[1]
    exec(compile(code, "docs/python.md", "exec"), {})
    assert capsys.readouterr().out.split("\n")[0] in ("met", "not met", "can't tell yet")
    assert (telco / "answers.csv").exists()


def test_every_public_name_has_a_section():
    assert set(re.findall(r"^## milepost\.(\w+)", written("python.md"), re.MULTILINE)) == set(milepost.__all__)


def forms():
    """Return every expression of the table of forms."""
    for cell in re.findall(r"^\| `([^`]*)` \|", written("expressions.md").split("## Functions")[0], re.MULTILINE):
        yield from re.split(r", (?![^()]*\))", cell.replace("\\|", "|"))


@pytest.mark.parametrize("text", [*forms()])
def test_every_form_of_an_expression_is_understood(text):
    assert parse(text, types=TYPES, where="docs/expressions.md").text == text


def test_every_function_of_expressions_is_listed():
    page = written("expressions.md")
    assert [name for name in CALLED if f"`{name.upper()}`" not in page] == []
    assert [name for name in CALLED_FORMS if f"{name.upper()}(" not in page] == []


def test_every_example_of_a_criterion_can_be_written():
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| `(.*)` \|$", written("problem-file.md"), re.MULTILINE))
    for name, known in METRIC_NAMES.items():
        bounds = [Criterion.parse(name, bound, where="") for bound in re.findall(r'"([^"]+)"', rows[name])]
        assert bounds, name
        assert known.higher_is_better in (None, bounds[0].is_lower_bound), name


def test_a_function_without_words_would_be_missed(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import expression_words

    assert set(expression_words.FUNCTIONS) == {row.name for row in CALLED.values()}
    sys.modules.pop("expression_words")
