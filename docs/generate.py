"""Write the reference pages from the code that they describe; `--check` fails if one is out of date.

Run: python docs/generate.py [--check]
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py; change the code, then run it. -->"


def problem_page() -> str:
    """Return the page of all keys of a problem file."""
    from milepost.problem.read import problem_schema

    schema = problem_schema()
    lines = [
        "# The problem file",
        "",
        NOTE,
        "",
        "Every key of `milepost.toml`. Only those marked *needed* must be there.",
    ]
    for table, row in schema["properties"].items():
        lines += _section(f"[{table}]", _resolved(row, schema), schema)
    return "\n".join(lines) + "\n"


def _section(table: str, row: Mapping[str, Any], schema: Mapping[str, Any], *, depth: int = 2) -> Iterator[str]:
    """Yield the lines of a table and of the tables in it, which have keys of their own to be told."""
    yield from ["", f"{'#' * depth} {table}", "", row.get("description", ""), ""]
    keys = list(_metrics(row, schema) if table == "[success]" else _keys(row, schema))
    if keys:
        yield from ["| key | what it says | example |", "|---|---|---|"]
        for key, needed, says, example in keys:
            yield f"| `{key}`{' *needed*' if needed else ''} | {says} | {example} |"
    else:
        yield from _keys_of_ones_own(table, row["examples"][0])
    for key, value in row.get("properties", {}).items():
        inner = _resolved(value, schema)
        items = _resolved(inner.get("items", {}), schema)
        name = f"{table.strip('[]')}.{key}"
        if "properties" in items:
            yield from _section(f"[[{name}]]", {**items, **_described(inner)}, schema, depth=depth + 1)
        elif "properties" in inner:
            yield from _section(f"[{name}]", inner, schema, depth=depth + 1)


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("description", "examples") if name in row}


Key = tuple[str, bool, str, str]  # its name, whether it is needed, what it says, an example


def _keys(row: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Key]:
    for key, value in row.get("properties", {}).items():
        value = _resolved(value, schema)
        example = ", ".join(f"`{_toml(item)}`" for item in value.get("examples", [])[:1])
        yield key, key in row.get("required", []), value.get("description", "").replace("|", "\\|"), example


def _metrics(row: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Key]:
    """Yield a line for each metric, with its other spellings."""
    from milepost.metrics.names import METRIC_NAMES

    for key, needed, says, example in _keys(row, schema):
        if key in METRIC_NAMES:
            also = ", ".join(f"`{other}`" for other in METRIC_NAMES[key].also)
            yield key, needed, f"{says} Also written {also}." if also else says, example


def _keys_of_ones_own(table: str, example: Mapping[str, Any]) -> list[str]:
    written = [f"{key} = {_toml(value)}" for key, value in example.items()]
    says = "Operators and functions: [expressions.md](expressions.md)."
    return [says, "", "```toml", table, *written, "```"]


def _resolved(row: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property with what it refers to filled in; its own words go before."""
    found = dict(row)
    for other in [row, *row.get("anyOf", []), *row.get("allOf", [])]:
        if "$ref" in other:
            found = {**schema["$defs"][other["$ref"].rsplit("/", 1)[-1]], **found}
    return found


def _toml(value: Any) -> str:
    import tomlkit

    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"[{', '.join(_toml(one) for one in value)}]"
    item = tomlkit.item(value)
    if isinstance(value, dict):
        item = tomlkit.inline_table()
        item.update(value)
    return str(item.as_string()).replace("|", "\\|").replace("\n", " ")


def expressions_page() -> str:
    """Return the page of all that may stand in an expression."""
    from expression_words import FORMS, FUNCTIONS

    from milepost.data.expressions.functions import CALLED

    lines = [
        "# Expressions",
        "",
        NOTE,
        "",
        "What [features], baseline.rule and the money of [value] may be written with. An expression looks at one row; "
        "it gives the same bits for a whole table and for a single answer. Words and functions may be written in any "
        "case, columns letter for letter; a column with spaces stands in double quotes, a text in single ones. "
        "A number that is not finite is missing, and so is nearly everything that is computed from a missing value.",
        "",
        "## Operators and forms",
        "",
        "| written | takes | gives | what it is |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{_cell(form)}` | {takes} | {gives} | {says} |" for form, takes, gives, says in FORMS]
    lines += ["", "## Functions", "", "| function | takes | gives | what it is |", "|---|---|---|---|"]
    for row in dict.fromkeys(CALLED.values()):
        names = ", ".join(f"`{name.upper()}`" for name in row.called)
        gives = "the type of its arguments" if row.gives == "same" else row.gives
        lines.append(f"| {names} | {_taken(row)} | {gives} | {FUNCTIONS[row.name]} |")
    lines += [
        "",
        "Refused, because a row in production stands alone and the same row must get the same answer tomorrow: "
        "aggregates (SUM, AVG …), window functions (OVER, LAG …), subqueries, the clock (NOW …), chance (RANDOM …).",
    ]
    return "\n".join(lines) + "\n"


_TAKEN = {
    "same": "any",
    "ordered": "number, text or time",
    "time": "date or datetime",
    "moment": "date or datetime",
    "whole": "whole number, written out",
    "word": "text, written out",
}


def _taken(row: Any) -> str:
    taken = [_TAKEN.get(kind, kind) for kind in row.takes]
    optional = len(row.defaults)
    shown = [f"[{kind}]" if place >= len(taken) - optional else kind for place, kind in enumerate(taken)]
    return ", ".join(shown) + (", …" if row.more else "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def commands_page() -> str:
    """Return the page of all commands, from their help."""
    from typer.main import get_command

    from milepost.cli.main import app

    group = get_command(app)
    lines = [
        "# Commands",
        "",
        NOTE,
        "",
        "`milepost COMMAND --help` prints the same, `milepost --version` the version.",
    ]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        lines += _command(f"milepost {name}", command)
        lines += ["", *ANSWERS] if name == "score" else []
        lines += ["", *_log_columns()] if name == "log" else []
    return "\n".join(lines) + "\n"


def _command(called: str, command: Any, *, depth: int = 2) -> Iterator[str]:
    """Yield the lines of a command, and of the commands that belong to it."""
    yield from ["", f"{'#' * depth} {called}", "", command.help or ""]
    inner = getattr(command, "commands", {})
    if not inner:
        yield from ["", *(f"- `{_shown(parameter)}`: {parameter.help}" for parameter in command.params)]
        yield from ["", command.epilog]
    for name, one in inner.items():
        yield from _command(f"{called} {name}", one, depth=depth + 1)


def _log_columns() -> Iterator[str]:
    """Yield the lines about the columns of the log, from what its records say of themselves."""
    from milepost.predlog.records import OutcomeRow, PredictionRow

    yield from (
        *VIEWS.splitlines(),
        "",
        "### Columns of the log",
        "",
        "`predictions`, `joined`, `shadows` and `log export` have these, `schema_id`, which names the schema of the",
        "inputs, and each input by its own name (`input_NAME` where one of these is called so). Times are UTC.",
    )
    yield from _attributes(PredictionRow, without=("inputs",))
    yield from ("", "`outcomes` has these, one row for the last word on each prediction:")
    yield from _attributes(OutcomeRow)
    yield from (
        "",
        "`joined`, `shadows` and `log export` have the last word as `outcome_id`, `truth_label`, `truth_number`,",
        "`truth_happened_at`, `truth_recorded_at` and `truth_acted_on`.",
    )


def _attributes(kind: Any, *, without: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a table of the attributes that the docstring of a record lists."""
    yield from ("", "| column | what it holds |", "|---|---|")
    listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    for names, says in re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", listed, re.MULTILINE):
        if names not in without:
            shown = ", ".join(f"`{name}`" for name in names.split(", "))
            yield f"| {shown} | {_cell(' '.join(says.split()))} |"


VIEWS = """\
### Tables of the log

| table | a row is | what is beside it |
|---|---|---|
| `predictions` | what a caller was told, by the champion or a canary | the inputs |
| `joined` | the same | the inputs and the truth |
| `shadows` | what a challenger would have answered to the same request | the inputs and the truth of that request |
| `outcomes` | the last word on one prediction | |

`log export` writes `joined`; with `--shadows` the rows of `shadows` too. What only a check of the service sent is in
none of them. Which of champion and shadow is right more often, on the same requests whose truth is known:

```sql
SELECT COUNT(*) AS rows,
       AVG(CASE WHEN j.label = j.truth_label THEN 1.0 ELSE 0.0 END) AS champion_right,
       AVG(CASE WHEN s.label = s.truth_label THEN 1.0 ELSE 0.0 END) AS shadow_right
FROM joined j JOIN shadows s ON s.request = j.prediction_id
WHERE j.truth_label IS NOT NULL
```"""

ANSWERS = """\
The file has one row for each row of the table, in its order:

| column | what it holds |
|---|---|
| the id | the column that `id` under [data] names, if the table has it; then those of `--keep` |
| `prediction_id` | with `--log`: the name of the answer in the prediction log |
| `prediction` | the likelier class, or the number |
| `probability_LABEL` | classes: the calibrated probability of each; in a row they add up to 1 |
| `lo`, `hi` | numbers: the ends of a 90 % interval: the prediction plus two quantiles of the errors on rows that the \
model did not learn from (cross-conformal), the same distances for every row |
| `decision` | where to act: for two classes *yes* from the chosen threshold on, which is seldom 0.5, so that it may \
differ from `prediction`; for numbers the number itself |
| `flags` | remarks about the row's values, such as a level never seen; a list, in CSV one text with `; ` between |
| `reason_1` | with `--reasons N`: the input that adds most to the answer; empty where there are no more |
| `reason_1_contribution` | what it adds to the margin; so for `reason_2` to `reason_N` |
| `reason_1_change` | how much less the probability of the class (or the number) would be without it: an illustration |
| `margin_base`, `margin_others`, `margin_total` | the margin of which nothing is known; what inputs that are not \
listed add; the sum of base, contributions and others. Their scale: [reasons](decisions/0009-reasons-add-up.md) |
| `arm` | with `--log` and a control share: *act*, or *control* for what is left alone |

A row that the model has no answer to has empty cells and says so in `flags`. Parquet is the smallest and keeps all
types; `.csv` and `.jsonl` are written in the same batches. A file appears whole or not at all.""".splitlines()


def _shown(parameter: Any) -> str:
    """Return a parameter as one types it."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    names = ", ".join(sorted(parameter.opts, key=len))
    return names if parameter.is_flag else f"{names} {parameter.metavar}"


def python_page() -> str:
    """Return the page of all public names, from their signatures and docstrings."""
    import milepost

    lines = ["# In Python", "", NOTE, "", *PYTHON]
    found = {name: getattr(milepost, name) for name in milepost.__all__}
    verbs = {name: thing for name, thing in found.items() if not inspect.isclass(thing)}
    for name, thing in verbs.items():
        lines += ["", f"## milepost.{name}", "", *_told(f"milepost.{name}", thing)]
    for name, thing in found.items():
        if name not in verbs:
            lines += ["", f"## milepost.{name}", "", _first_line(thing)]
            lines += _methods(thing) if name == "Predictor" else []
    return "\n".join(lines) + "\n"


PYTHON = """\
Every command is one call, with the same words. It returns frozen data that draws itself in a notebook; a mistake is
raised as `milepost.MilepostError`, whose `what`, `where` and `fix` are the three lines that the command line prints.
An example, in a folder with a problem file whose id is `customer`:

```python
import polars as pl

import milepost

trained = milepost.train("milepost.toml")
judged = milepost.evaluate(problem="milepost.toml")  # the first argument would be a bundle
print(judged.verdict.overall)  # "met", "not met" or "can't tell yet"

predictor = milepost.load_predictor(trained.path)  # or by name, as "churn@champion"
table = pl.read_csv("telco.csv").head(3)  # pandas, Arrow or a list of rows will do
answers = predictor.answer_table(table)  # prediction, probabilities or lo and hi, decision, flags
one = predictor.answer(table.row(0, named=True))
print(one["decision"], one["flags"])
if predictor.schema.task != "regression":  # a number has an interval, no probabilities
    shares = predictor.predict_proba(table)

milepost.score(trained.path, "telco.csv", output="answers.csv")  # a table of any size, in bounded memory
```

The commands of a group are calls with two words: `milepost log show` is `milepost.log_show`, `milepost keys add` is
`milepost.keys_add`.""".splitlines()


def _told(called: str, thing: Any) -> list[str]:
    return ["```python", f"{called}{_signature(thing)}", "```", "", _first_line(thing)]


def _methods(kind: Any) -> Iterator[str]:
    for name, thing in vars(kind).items():
        if inspect.isfunction(thing) and not name.startswith("_"):
            yield from ["", f"### Predictor.{name}", "", *_told(name, thing)]


def _signature(thing: Any) -> str:
    """Return a signature on as few lines as fit; a default that is a function is written by its name."""
    shown, starred = [], False
    signature = inspect.signature(thing)
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            shown.append("*")
            starred = True
        default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        shown.append(f"{parameter.name}: {parameter.annotation}{default}")
    gives = f" -> {signature.return_annotation}"
    line = f"({', '.join(shown)}){gives}"
    return line if len(line) <= WIDEST else "(\n    " + ",\n    ".join(shown) + f",\n){gives}"


WIDEST = 90


def _default(value: Any) -> str:
    return str(value.__name__) if callable(value) else repr(value)


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def glossary_page() -> str:
    """Return the page of all terms."""
    from milepost.show.glossary import entries

    lines = ["# Glossary", "", NOTE, "", "The same as `milepost explain`."]
    for entry in sorted(entries(), key=lambda entry: entry.term.casefold()):
        lines += ["", f"**{entry.term}**{_aka(entry.aka)}: {entry.says} {entry.do}".rstrip()]
    return "\n".join(lines) + "\n"


def _aka(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names)})" if names else ""


PAGES = {
    "problem-file.md": problem_page,
    "expressions.md": expressions_page,
    "commands.md": commands_page,
    "python.md": python_page,
    "glossary.md": glossary_page,
}


def main() -> None:
    """Write the pages, or say which one is out of date."""
    stale = []
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        sys.exit(f"Out of date: {', '.join(stale)}. Run: python docs/generate.py")
    print(f"{len(PAGES)} pages, {len(stale)} {'out of date' if '--check' in sys.argv else 'written'}")


if __name__ == "__main__":
    main()
