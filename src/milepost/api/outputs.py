"""What a verb must not write over: the table it reads, the problem's own table, and the problem file.

score NAME t.csv -o t.csv   ->  refused before anything is read
"""

from __future__ import annotations

from pathlib import Path

from milepost.data.delta import is_delta
from milepost.data.sources import Source, is_file_of
from milepost.ground.errors import MilepostError
from milepost.problem.spec import Problem

_PAGES = (".html", ".htm")


def refuse_over_table(output: Path, table: Source, *, base: Path, called: str, fix: str) -> None:
    """Refuse an output that is a file of a table, would become one, or lies in the folder of a Delta table.

    Args:
        output: where a verb is asked to write.
        table: what is read.
        base: the folder that relative paths of the table start from.
        called: what people call the table.
        fix: what to write instead.

    Raises:
        MilepostError: writing there would change the table.
    """
    if is_file_of(table, output, base=base):
        raise _refused(output, called, fix)
    folder = next((each for each in output.absolute().resolve().parents if is_delta(each)), None)
    if folder:
        raise _refused(output, f"a part of the Delta table {folder.name!r}", fix)


def refuse_over_problem(output: Path, problem: Problem, *, fix: str) -> None:
    """Refuse an output that is the problem file or the problem's table.

    Raises:
        MilepostError: writing there would destroy either.
    """
    base = problem.path.parent if problem.path else Path()
    if problem.path and is_file_of(problem.path.absolute(), output, base=Path()):
        raise _refused(output, "the problem file", fix)
    refuse_over_table(output, problem.data.source, base=base, called="the problem's table (data.source)", fix=fix)


def refuse_other_than_page(output: Path) -> None:
    """Refuse a name that does not end as a page does.

    Raises:
        MilepostError: the ending is another one.
    """
    if output.suffix.lower() not in _PAGES:
        raise MilepostError(
            f"{output.name!r} is not the name of a page: it does not end in .html or .htm.",
            where="--output",
            fix="Write: -o report.html",
        )


def _refused(output: Path, called: str, fix: str) -> MilepostError:
    return MilepostError(f"{str(output)!r} is {called}, which would be written over.", where="--output", fix=fix)
