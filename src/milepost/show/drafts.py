"""What the draft floor found, for a terminal: a sentence piece by piece, and whether a problem makes sense."""

from __future__ import annotations

from rich.console import Group

from milepost.draft.candidates import Candidates
from milepost.draft.prospects import Prospect
from milepost.draft.sense import Sense
from milepost.draft.sentence import Understood
from milepost.ground.text import count, listed, share
from milepost.show.terminal import Grid, Heading, facts, heading, plain, sentences, spaced
from milepost.show.views import findings_view, next_view
from milepost.show.wording import amount


def understood_view(understood: Understood) -> Group:
    """Return what a sentence was taken to say, piece by piece, and which of its words say nothing to us."""
    pieces = [piece for piece in understood.pieces if piece.text.strip(" ,.;:") and piece.meaning != ""]
    rows = tuple((piece.text.strip(" ,"), piece.meaning or "not understood, left out") for piece in pieces)
    table = Grid((Heading("your words"), Heading("I understood")), rows)
    return spaced(heading("Your sentence"), table, *(plain(doubt) for doubt in understood.doubts))


def candidates_view(candidates: Candidates) -> Group:
    """Return which columns may be the target, the likeliest first."""
    rows = tuple(zip(candidates.names, candidates.reasons, strict=True))
    return Group(heading("Columns that may be the target"), Grid((Heading("column"), Heading("because")), rows))


def sense_view(sense: Sense) -> Group:
    """Return what is free, what can be verified, and what is odd, the sentences first."""
    rows = sense.rows
    there = f"{count(rows.development)} development, {count(rows.test)} test, {count(rows.left_out)} left out"
    answers = listed([f"{label} {share(part)}" for label, part in sense.shares.items()])
    short = [
        ("problem", sense.name),
        ("task", sense.task),
        ("rows", there),
        *([("answers", answers)] if answers else []),
    ]
    return spaced(
        facts(short),
        plain(_in_short(sense), "bold"),
        Group(heading("What the criteria need"), _prospects(sense.criteria)) if sense.criteria else None,
        Group(*sentences(sense.says, mark="-")),
        Group(heading("What is odd"), findings_view(sense.findings)) if sense.findings else None,
        next_view(sense.next_step) if sense.next_step else None,
    )


def _in_short(sense: Sense) -> str:
    """Return whether training makes sense, and what it can show."""
    if sense.outcome == "mend first":
        return "Something must be mended before this problem makes sense."
    if sense.is_verifiable:
        return "The problem makes sense: every criterion can be verified."
    if not sense.criteria:
        return "The problem can be trained, but names no success criterion to judge it by."
    return "The problem can be trained, but its test rows will probably not tell about every criterion."


def _prospects(criteria: tuple[Prospect, ...]) -> Grid:
    headings = (
        Heading("criterion", is_whole=True),
        Heading("free", is_number=True),
        Heading("rule", is_number=True),
        Heading("rows needed", is_number=True, may_fold=True),
        Heading("rows there", is_number=True, may_fold=True, from_width=70),  # the facts above tell it too
        Heading("outlook"),
    )
    return Grid(headings, tuple(_prospect(one) for one in criteria))


def _prospect(one: Prospect) -> tuple[str, ...]:
    free, rule = amount(one.free, one.metric), amount(one.rule, one.metric)
    needed = "–" if one.rows_needed is None else count(one.rows_needed)
    return one.criterion, free, rule, needed, count(one.rows_there), one.outlook
