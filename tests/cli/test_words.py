"""Every word that Milepost prints can be asked for: `milepost explain WORD`."""

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from milepost.data.findings import Severity
from milepost.data.schema import Dtype, Kind, Role
from milepost.draft.prospects import Outlook
from milepost.evaluate.verdict import Outcome
from milepost.metrics.names import METRIC_NAMES, Task
from milepost.models.rungs import LADDER
from milepost.predlog.outcomes import STATUSES
from milepost.serve.keys import SCOPES
from milepost.show.glossary import find
from telco import edit_contract

SOURCES = Path(__file__).parents[2] / "src" / "milepost"
TABLES = {
    "a severity": get_args(Severity),
    "a kind of column": get_args(Kind),
    "a type of column": get_args(Dtype),
    "a role of a column": get_args(Role),
    "an outcome": get_args(Outcome),
    "an outlook": get_args(Outlook),
    "a task": get_args(Task),
    "a metric": [name for each in METRIC_NAMES.values() for name in (each.name, each.title, *each.also)],
    "a rung": [name for rung in LADDER for name in (rung.name, *rung.titles.values())] + ["weighted ensemble"],
    "a decision about a rung": ["kept", "not kept", "failed", "chosen"],
    "a reason to show a threshold": ["chosen", "most money", "highest accuracy", "the usual choice", "best with"],
    "a decision of the history": ["rung", "trained", "looked", "verdict", "promoted", "rolled back"],
    "a correction of probabilities": ["platt", "beta", "isotonic", "temperature", "conformal"],
    "an amount of work": ["small", "medium", "large", "trials"],
    "a way to split": ["time", "group", "stratified", "column"],
    "a part of the rows": ["development", "test", "left out"],
    "a loss": ["log", "squared", "absolute", "quantile"],
    "a column of the answers": ["prediction", "probability_", "decision", "flags", "lo", "hi"],
    "a status of an outcome": STATUSES,
    "a scope of a key": SCOPES,
    "how a comparison or a log is": ["equal", "different", "sound", "damaged"],
    "an exit code": [f"exit code {code}" for code in (0, 1, 2, 3, 4, 5, 130)],
}
PLAIN = {
    "when",
    "where",
    "what",
    "why",
    "because",
    "path",
    "your words",
    "I understood",
    "folder",
    "name",
    "took",
    "bytes",
}


@pytest.mark.parametrize("what", TABLES)
def test_every_word_of_a_table_is_explained(what):
    assert [word for word in TABLES[what] if not find(word)] == []


def codes_in_sources():
    """Return every text that can be the code of a finding: kebab-case, in a module that makes findings."""
    codes = set()
    for path in SOURCES.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        if any(isinstance(node, ast.Name) and node.id == "Finding" for node in nodes):
            texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
            codes |= {text for text in texts if re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    return codes


def test_every_code_of_a_flaw_of_the_log_is_explained():
    source = (SOURCES / "predlog" / "verifying.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'Flaw\("([a-z-]+)"', source))
    assert len(codes) > 8
    assert sorted(code for code in codes if not find(code)) == []


def test_every_code_of_a_finding_is_explained():
    codes = codes_in_sources()
    assert len(codes) > 80
    assert sorted(code for code in codes if not find(code)) == []


# ---- what outputs really print


@pytest.fixture
def outputs(logged, run):
    """Return what every command prints on Telco, where all is well and where criteria collide."""
    edit_contract(logged, 'accuracy = ">= 0.70"', 'accuracy = ">= 0.90"')
    commands = [
        ("init", "telco.csv", "--target", "churn", "--problem", "new.toml", "--statement", "Predict churn in 30 days"),
        ("check",), ("train",), ("evaluate",), ("report",), ("status",), ("promote", "churn:1", "--reason", "it pays"),
        ("history",), ("history", "--at", "2020-01-01"),
        ("score", "churn:1", "telco.csv", "-o", "answers.parquet", "--log"), ("outcomes", "truth.csv"), ("log", "show"),
        ("log", "export", "-o", "log.csv"), ("log", "verify"), ("log", "forget", "C05717"), ("parity", "--rows", "10"),
        ("keys", "add", "Shop", "--until", "90d"), ("keys", "list"), ("keys", "end", "Shop"),
    ]  # fmt: skip
    return [run(*words, "--quiet", folder=logged).out for words in commands]


def labels(output):
    """Return the heads of tables, the labels of facts and the codes in brackets."""
    lines = output.splitlines()
    for above, below in pairwise(lines):
        if below.startswith("──"):
            yield from re.split(r"\s{2,}", above.strip())
    for line in lines:
        fact = re.match(r"([a-z][a-z ]{1,20}?)\s{2,}\S", line)
        if fact and not re.search(r"\s{2,}\S+\s{2,}", line):
            yield fact[1]
        yield from re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]", line)


def test_every_label_of_an_output_is_explained(outputs):
    found = {label for output in outputs for label in labels(output)}
    assert {"criterion", "rung", "act from", "bundle id", "split-copies-together"} <= found
    told = {re.sub(r"\d[\d.,]* %|[A-Z]{3} / |\d+,000", "", label).strip() for label in found}
    assert sorted(label for label in told - PLAIN if label and not find(label)) == []
