"""Write the reference pages from the code that they describe; `--check` fails if one is out of date.

Run: python docs/generate.py [--check]
"""

from __future__ import annotations

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
        row = _resolved(row, schema)
        lines += ["", f"## [{table}]", "", row.get("description", ""), ""]
        keys = list(_keys(row, schema))
        if keys:
            lines += ["| key | what it says | example |", "|---|---|---|"]
            lines += [
                f"| `{key}`{' *needed*' if needed else ''} | {says} | {example} |"
                for key, needed, says, example in keys
            ]
    return "\n".join(lines) + "\n"


def _keys(row: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, bool, str, str]]:
    for key, value in row.get("properties", {}).items():
        value = _resolved(value, schema)
        example = ", ".join(f"`{_toml(item)}`" for item in value.get("examples", [])[:1])
        yield key, key in row.get("required", []), value.get("description", "").replace("|", "\\|"), example


def _resolved(row: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property with what it refers to filled in; its own words go before."""
    found = dict(row)
    for other in [row, *row.get("anyOf", []), *row.get("allOf", [])]:
        if "$ref" in other:
            found = {**schema["$defs"][other["$ref"].rsplit("/", 1)[-1]], **found}
    return found


def _toml(value: Any) -> str:
    import tomlkit

    item = tomlkit.item(value)
    if isinstance(value, dict):
        item = tomlkit.inline_table()
        item.update(value)
    return str(item.as_string()).replace("|", "\\|").replace("\n", " ")


def commands_page() -> str:
    """Return the page of all commands, from their help."""
    from typer.main import get_command

    from milepost.cli.main import app

    group = get_command(app)
    lines = ["# Commands", "", NOTE]
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        lines += ["", f"## milepost {name}", "", command.help or "", ""]
        for parameter in command.params:
            lines.append(f"- `{_shown(parameter)}`: {parameter.help}")
    return "\n".join(lines) + "\n"


def _shown(parameter: Any) -> str:
    """Return a parameter as one types it."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    return parameter.opts[0] if parameter.is_flag else f"{parameter.opts[0]} {parameter.metavar}"


def glossary_page() -> str:
    """Return the page of all terms."""
    from milepost.show.glossary import entries

    lines = ["# Glossary", "", NOTE, "", "The same as `milepost explain`."]
    for entry in sorted(entries(), key=lambda entry: entry.term.casefold()):
        lines += ["", f"**{entry.term}**{_aka(entry.aka)}: {entry.says} {entry.do}".rstrip()]
    return "\n".join(lines) + "\n"


def _aka(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names)})" if names else ""


PAGES = {"problem-file.md": problem_page, "commands.md": commands_page, "glossary.md": glossary_page}


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
