"""The verb `init`: a commented problem file from a table and a sentence."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from milepost.api.arguments import verb
from milepost.api.next_step import next_step
from milepost.api.opening import SPLIT_SEED
from milepost.data.batches import sample
from milepost.data.findings import Finding
from milepost.data.read import Dataset, read_table
from milepost.draft.asking import choices, questions
from milepost.draft.candidates import Candidates, rank_targets
from milepost.draft.contents import opening, sections
from milepost.draft.folded import most_urgent_first
from milepost.draft.languages import is_english
from milepost.draft.problem_file import problem_text
from milepost.draft.sentence import Understood, understand
from milepost.draft.table import draft_problem
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.ground.events import Event, Listener, silent
from milepost.ground.files import write_text
from milepost.ground.workspace import Workspace
from milepost.metrics.answers import Task
from milepost.problem.read import FILE_NAME, parse_problem, problem_schema
from milepost.problem.secrets import refuse_literal_secrets
from milepost.problem.spec import Stores
from milepost.show.notebook import Shows

SHOWN_ROWS = 20_000  # rows that are looked at to rank targets
MOST_LISTED = 5
SCHEMA_FILE = "problem.schema.json"  # in the workspace: editors complete and check the problem file by it
_DATABASES = ("sqlite:", "postgres:", "postgresql:")
_DATABASE_FILES = (".db", ".sqlite", ".sqlite3")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that the draft decided.

    Attributes:
        what: the key, in words.
        value: what stands in the file.
        because: why, a clause.
    """

    what: str
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Drafted(Shows):
    """What `init` leaves.

    Attributes:
        path: the problem file.
        understood: what the sentence was taken to say, and which of its words say nothing to us;
            None where no sentence was given.
        task: what kind of target it is.
        target: the column to predict.
        rows: of the table.
        columns: of the table.
        choices: what the draft decided, with reasons.
        open_questions: what only a person can answer.
        findings: what is worth knowing about the table, its split, and possible leaks; not about columns that choices
            excludes.
        next_step: the command to type next.
    """

    path: Path
    understood: Understood | None
    task: Task
    target: str
    rows: int
    columns: int
    choices: tuple[Choice, ...]
    open_questions: tuple[str, ...]
    findings: tuple[Finding, ...]
    next_step: str


@verb
def init(
    table: str | Path,
    *,
    target: str | None = None,
    statement: str | None = None,
    problem: Path | str = FILE_NAME,
    seed: int = 0,
    listener: Listener = silent,
) -> Drafted:
    """Return the draft of a problem, after writing it as a commented file; nothing is ever overwritten.

    Args:
        table: file, glob, cloud URI or Delta table.
        target: the column to predict; None looks for it in the sentence.
        statement: the aim in a sentence.
        problem: the file to write.
        seed: of samples.
        listener: hears the progress.

    Raises:
        MilepostError: the file exists, the table cannot be read, or no target is named; the error then lists
            candidates.
    """
    path, statement = Path(problem), (statement or "").strip()
    _refuse_existing(path)
    dataset = _read(str(table), path.parent, listener)
    target, because = _target(dataset, str(table), target, statement)
    source = _source(str(table), path.parent)
    draft = draft_problem(
        dataset,
        source=source,
        target=target,
        target_because=because,
        statement=statement,
        seed=seed,
        split_seed=SPLIT_SEED,
        listener=listener,
    )
    schema = Path(str(Stores().workspace)) / SCHEMA_FILE
    check = next_step("check", path.name if path.is_absolute() else path)  # a draft is the same in every folder
    text = f"#:schema ./{schema.as_posix()}\n{problem_text(opening(source, check), sections(draft))}"
    parse_problem(text, path=path)  # what is written can be read, or nothing is written
    _refuse_existing(path)
    write_text(path.parent / schema, json.dumps(problem_schema(), ensure_ascii=False, indent=1) + "\n")
    write_text(path, text)
    return Drafted(
        path=path,
        understood=draft.understood if statement else None,
        task=draft.task,
        target=target,
        rows=draft.rows,
        columns=len(draft.schema.columns),
        choices=tuple(Choice(*choice) for choice in choices(draft)),
        open_questions=questions(draft),
        findings=most_urgent_first(one for one in draft.findings if one not in draft.excluded),
        next_step=next_step("check", path),
    )


def target_candidates(
    table: str | Path, *, statement: str | None = None, problem: Path | str = FILE_NAME, listener: Listener = silent
) -> Candidates:
    """Return which columns of a table may be the target, the likeliest first, each with its reason.

    Args:
        table: file, glob, cloud URI or Delta table.
        statement: the aim in a sentence.
        problem: the file that will be written; the workspace lies beside it.
        listener: hears the progress.

    Raises:
        MilepostError: the table cannot be read.
    """
    return _candidates(_read(str(table), Path(problem).parent, listener), statement or "")


def _read(table: str, folder: Path, listener: Listener) -> Dataset:
    refuse_literal_secrets(table, where="TABLE")
    _refuse_database(table)
    listener(Event("read", f"reading {table}"))
    workspace = Workspace(folder / str(Stores().workspace))
    return read_table(table, workspace=workspace, base=Path(), listener=listener)


def _refuse_database(table: str) -> None:
    """Refuse a database, which holds many tables: a query must say which rows are meant."""
    if not table.startswith(_DATABASES) and not table.endswith(_DATABASE_FILES):
        return
    uri = table if table.startswith(_DATABASES) else f"sqlite:///{table}"
    raise MilepostError(
        f"{table!r} is a database; a draft is made from one table, and cannot know the query that gives it.",
        where="TABLE",
        fix=f"Write {FILE_NAME} by hand: name and target under [problem], and under [data] "
        f'source = {{ uri = "{uri}", query = "SELECT … FROM …" }}',
    )


def _refuse_existing(path: Path) -> None:
    if path.is_dir():
        raise MilepostError(
            f"{str(path)!r} is a folder, not a file.", where="--problem", fix=f"Write: --problem {path / FILE_NAME}"
        )
    if not path.exists():
        return
    raise MilepostError(
        f"{path.name!r} exists already, and a draft never overwrites a file.",
        where=str(path),
        fix="Choose another file by --problem, or move this one away.",
    )


def _source(table: str, folder: Path) -> str:
    """Return the table as the problem file names it: a URI as it is, a path relative to the file's folder."""
    if "://" in table:
        return table
    return Path(os.path.relpath(Path(table).absolute(), folder.absolute())).as_posix()


def _candidates(dataset: Dataset, statement: str) -> Candidates:
    look = sample(dataset.frame, dataset.rows, most=SHOWN_ROWS)
    return rank_targets(look, dataset.schema.columns, understand(statement).target_words)


def _target(dataset: Dataset, table: str, target: str | None, statement: str) -> tuple[str, str]:
    """Return the target and why it is it: named, or meant by the sentence.

    Raises:
        UnknownNameError: the named column does not exist.
        MilepostError: nothing says which column is the target.
    """
    if target is not None:
        if target not in dataset.schema.names:
            raise UnknownNameError("column", target, known=dataset.schema.names, where=f"{table}, --target")
        return target, "you named it"
    candidates = _candidates(dataset, statement)
    if candidates.meant is not None:
        reason = candidates.reasons[candidates.names.index(candidates.meant)]
        return candidates.meant, reason
    raise _no_target(table, candidates, statement)


def _no_target(table: str, candidates: Candidates, statement: str) -> MilepostError:
    what = "The sentence does not say clearly which column is to be predicted." if statement else "No target is named."
    what = what if is_english(statement) else f"Only English sentences are understood. {what}"
    if not candidates.names:
        return MilepostError(
            f"{what} And no column of the table looks like one.", where=table, fix="Name it: --target NAME"
        )
    shown = list(zip(candidates.names, candidates.reasons, strict=True))[:MOST_LISTED]
    likely = "; ".join(f"{name} ({reason})" for name, reason in shown)
    return MilepostError(
        f"{what} Candidates, the likeliest first: {likely}.",
        where=table,
        fix=f"Name the column to predict, such as: --target {_shell(candidates.names[0])}",
    )


def _shell(name: str) -> str:
    from shlex import quote

    return quote(name)
