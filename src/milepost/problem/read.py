"""From a problem file to a problem, or to one error that says what to mend first."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.fit import misfits, secrets_in, zero_characters_in
from milepost.problem.lines import lines_of
from milepost.problem.mistakes import Mistake, fields_of, first_mistake, mistakes_in
from milepost.problem.secrets import mask_secrets
from milepost.problem.spec import Problem, line_of, place

FILE_NAME = "milepost.toml"
LARGEST_BYTES = 1_000_000  # a problem file is a page; more is a table given by mistake

_DRAFT = "Run: milepost init TABLE --target NAME"
_KNOWN = fields_of(Problem)
_PLACE_IN_MESSAGE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


def read_problem(path: Path | str) -> Problem:
    """Return the problem that a file says.

    Raises:
        MilepostError: the file is missing, empty, no text, no TOML, or says something that is not allowed. The first
            mistake in the file is told, with the number of those that follow.
        EnvironmentFault: the file may not be read.
    """
    if not isinstance(path, str | Path):
        raise MilepostError(
            f"The path of a problem file is no {type(path).__name__}.",
            where="read_problem",
            fix=f'Give a path, such as "{FILE_NAME}".',
        )
    return parse_problem(_read_text(Path(path)), path=Path(path))


def parse_problem(text: str, *, path: Path | None = None) -> Problem:
    """Return the problem that a TOML text says; path is where the text stands, for messages and relative paths.

    Raises:
        MilepostError: as read_problem.
    """
    document, lines = _parse(text, path)
    unfit = [*secrets_in(document)] or [*zero_characters_in(document)]
    if unfit:
        raise _first(unfit, lines, path)
    try:
        problem = Problem.model_validate(document)
    except ValidationError as error:
        raise _first(mistakes_in(error, _KNOWN), lines, path) from None
    contradictions = misfits(problem)
    if contradictions:
        raise _first(contradictions, lines, path)
    problem._path, problem._text, problem._lines = path, text, lines
    return problem


def problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of problem files, for editors: each key with its meaning and an example."""
    schema = Problem.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Milepost problem file"}


def _first(mistakes: list[Mistake], lines: Mapping[str, int], path: Path | None) -> MilepostError:
    keys = {mistake.key for mistake in mistakes}
    return first_mistake(
        mistakes,
        lines={key: line_of(lines, key) for key in keys},
        places={key: place(path, lines, key) for key in keys},
    )


def _read_text(path: Path) -> str:
    if path.is_dir():
        inside = path / FILE_NAME
        fix = f"Name the file: {inside}" if inside.is_file() else f"{_DRAFT} --problem {shlex.quote(str(inside))}"
        raise MilepostError(f"{str(path)!r} is a folder, not a problem file.", where=str(path), fix=fix)
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise MilepostError(
                f"{path.name!r} has {size:,} bytes; a problem file is a page of text.", where=str(path), fix=_DRAFT
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise MilepostError(f"There is no problem file {str(path)!r}.", where=str(path), fix=_DRAFT) from None
    except OSError as why:
        raise EnvironmentFault(
            f"The problem file cannot be read: {why.strerror or why}.",
            where=str(path),
            fix="Make the file readable, then run the same command again.",
        ) from why
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = data.count(b"\n", 0, why.start) + 1
        raise MilepostError(
            f"The problem file is not UTF-8 text: byte 0x{data[why.start]:02x} in line {line}.",
            where=f"{path}, line {line}",
            fix="Save it as UTF-8 in your editor.",
        ) from None
    if not text.strip():
        raise MilepostError("The problem file is empty.", where=str(path), fix=_DRAFT)
    return text


def _parse(text: str, path: Path | None) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        return tomllib.loads(text), lines_of(text)
    except ValueError as why:  # a number of thousands of digits is none of tomllib's own errors
        raise _syntax_error(str(why), text, path) from None
    except RecursionError:
        raise MilepostError(
            "The problem file nests lists or tables too deeply.",
            where=str(path or "the problem"),
            fix="Write it flatter.",
        ) from None


def _syntax_error(message: str, text: str, path: Path | None) -> MilepostError:
    found = _PLACE_IN_MESSAGE.search(message)
    rows = text.split("\n")
    line = int(found[1]) if found and found[1] else len(rows)
    column = int(found[2]) if found and found[2] else len(rows[-1]) + 1
    said = _PLACE_IN_MESSAGE.sub("", message)
    row = mask_secrets(rows[line - 1].strip()) if line <= len(rows) else ""
    return MilepostError(
        f"This is not TOML: {said[:1].lower()}{said[1:]}: {row[:80]!r}.",
        where=f"{path or 'the problem'}, line {line}, column {column}",
        fix=_syntax_cure(said, row),
    )


def _syntax_cure(said: str, row: str) -> str:
    bare_word = re.match(r"\s*([\w.-]+)\s*=\s*([^\d\s\"'\[{#][^#]*?)\s*(?:#.*)?$", row)
    if bare_word and bare_word[2].casefold() in ("true", "false"):
        return f"Write {bare_word[1]} = {bare_word[2].casefold()}, in lower case."
    if bare_word and "value" in said.casefold():
        return f'Put text in quotes: {bare_word[1]} = "{bare_word[2]}".'
    if "\\" in row and "\\" in said:
        return "Write backslashes in single quotes: 'C:\\data\\table.csv'."
    if re.match(r"\s*[\w-]+\s*:", row):
        return "Write key = value, with an equals sign."
    if "overwrite" in said.casefold() or "twice" in said.casefold():
        return "Remove one of the two lines that say the same key."
    return "Mend the line: key = value, text in quotes, lists in [ ], tables as [name]."
