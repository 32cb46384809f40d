"""The gate of every verb: an argument of a wrong type is refused in three lines, before anything is read or written.

milepost.init(frame)  ->  init takes a path as table, not a DataFrame.  fix: Write the frame to a file first …
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from milepost.ground.errors import MilepostError

P = ParamSpec("P")
R = TypeVar("R")

_LONGEST_NAME = 255  # bytes of one name in a path, on every file system that we know
_WORDS: dict[object, str] = {
    str: "text",
    Path: "a path",
    int: "a whole number",
    bool: "True or False",
    Sequence: "a list of texts",
    Callable: "a function",
}


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Return a verb that refuses arguments whose type is not the annotated one.

    Paths, text, whole numbers, truths, lists of text and things to call are looked at; what else a verb takes is its
    own affair. A misspelt keyword stays Python's own TypeError.
    """
    known = signature(function)

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        hints = get_type_hints(function)  # here, because importing Milepost resolves nothing
        for name, value in known.bind(*args, **kwargs).arguments.items():
            kinds = _kinds(hints[name])
            if not any(_is_a(value, kind) for kind in kinds):
                raise _mistyped(function.__name__, name, value, kinds)
            if isinstance(value, str) and (Path in kinds or name in ("bundle", "to")):
                _refuse_no_path(function.__name__, name, value)
        return function(*args, **kwargs)

    return checked


def _refuse_no_path(verb: str, name: str, value: str) -> None:
    """Refuse text that no file can be called by, such as the contents of a file in place of its path."""
    if "\0" not in value and all(len(os.fsencode(part)) <= _LONGEST_NAME for part in value.split("/")):
        return
    raise MilepostError(
        f"{value[:40]!r}… is no path." if len(value) > 40 else f"{value!r} is no path.",
        where=f"milepost.{verb}({name}=…)",
        fix="Give the path of a file, not what stands in it.",
    )


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the one type that is meant."""
    is_union = not isinstance(hint, type) and get_origin(hint) not in (Sequence, Callable)
    return get_args(hint) or (hint,) if is_union else (hint,)


def _is_a(value: object, kind: Any) -> bool:
    origin = get_origin(kind) or kind
    if kind is Path:
        return isinstance(value, os.PathLike)
    if kind is int:  # numpy's whole numbers too, but True is none
        return hasattr(value, "__index__") and not isinstance(value, bool)
    if origin is Sequence:  # of names; a single text would be a sequence of letters
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if origin is Callable:
        return callable(value)
    return not isinstance(origin, type) or isinstance(value, origin)


def _mistyped(verb: str, name: str, value: object, kinds: Sequence[Any]) -> MilepostError:
    return MilepostError(
        f"{verb} takes {_wanted(kinds)} as {name}, not {_one(type(value).__name__)}.",
        where=f"milepost.{verb}({name}=…)",
        fix=_cure(verb, name, value, kinds),
    )


def _one(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def _wanted(kinds: Sequence[Any]) -> str:
    """Return what a verb takes, in words; a path may be given as text, which need not be said."""
    told = [kind for kind in kinds if kind is not type(None) and not (kind is str and Path in kinds)]
    return " or ".join(dict.fromkeys(_word(kind) for kind in told))


def _word(kind: Any) -> str:
    origin = get_origin(kind) or kind
    return _WORDS.get(origin) or f"a {getattr(origin, '__name__', origin)}"


def _cure(verb: str, name: str, value: object, kinds: Sequence[Any]) -> str:
    if name == "table" and verb == "score":
        return "Write the table to a file and give its path, or use load_predictor(BUNDLE).answer_table(table)."
    if name == "table":
        return "Write the table to a file, such as table.parquet, and give its path."
    if name in ("bundle", "to"):
        return 'Give a folder, or a name such as "NAME@champion" or "NAME:VERSION".'
    if name == "problem":
        return 'Give the path of the problem file: problem="milepost.toml".'
    if isinstance(value, str) and any((get_origin(kind) or kind) is Sequence for kind in kinds):
        return f'Write {name}=["{value}"].'
    if isinstance(value, Mapping) or hasattr(value, "columns"):
        return f"Look up what {verb} takes: help(milepost.{verb})."
    return f"Give {_wanted(kinds)}."
