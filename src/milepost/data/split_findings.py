"""What is worth knowing about a split: each way in which the test could say more or less than it seems to."""

from __future__ import annotations

from collections.abc import Sequence

from milepost.data.findings import Finding
from milepost.ground.text import counted, listed, share, span

FEW_GROUPS = 10  # fewer in the test and its intervals say little


def random_in_time(time: str) -> Finding:
    """Say that rows have a time and yet the test rows are not the newest."""
    return Finding(
        "split-random-in-time",
        "warn",
        time,
        f"Rows have a time (`{time}`), but the test rows are not the newest ones, so the model learns from the future "
        "of the rows that it is tested on. The test will look better than production.",
        {},
        "Remove strategy under [split] to test on the newest rows.",
    )


def id_as_group(name: str, rows: int, ids: int) -> Finding:
    """Say that one id has several rows, which are kept on one side."""
    return Finding(
        "split-id-as-group",
        "warn",
        name,
        f"{counted(rows, 'row')} share their `{name}` with another row, so all rows of one `{name}` are kept on one "
        "side: otherwise the test would ask about cases that the model has seen.",
        {"rows": rows, "ids": ids},
        'Write strategy = "stratified" under [split] if rows of one id are independent all the same.',
    )


def copies_together(copies: int) -> Finding:
    """Say that copies of a row are kept on one side."""
    return Finding(
        "split-copies-together",
        "note",
        None,
        f"{_repeat(copies)} the features of an earlier row; copies are kept on the same side of the split.",
        {"copies": copies},
    )


def equal_rows_common(largest: int) -> Finding:
    """Say that different cases look alike, so that equal features are no sign of a copy."""
    return Finding(
        "split-equal-rows-common",
        "note",
        None,
        f"Rows with equal features are common here (up to {counted(largest, 'row')} look alike), so they are treated "
        "as different cases and may be on both sides.",
        {"largest": largest},
    )


def copies_on_both_sides(copied: int, tested: int) -> Finding:
    """Say that copies of development rows are among the test rows."""
    return Finding(
        "split-copies-on-both-sides",
        "note",
        None,
        f"{counted(copied, 'test row')} ({share(copied / tested)}) have exactly the features of a development row.",
        {"rows": copied, "share": copied / tested},
        "Check whether these are copies of one case; if so, remove them from the table or name their group.",
    )


def without_time(rows: int, name: str) -> Finding:
    """Say that rows without a time are left out."""
    return Finding(
        "split-time-missing",
        "warn",
        name,
        f"{counted(rows, 'row')} with an answer {_have(rows)} no `{name}` and can be placed neither before nor after "
        "the others; left out.",
        {"rows": rows},
        f"Fill in `{name}` where it is known.",
    )


def without_group(rows: int, name: str) -> Finding:
    """Say that rows without a group stand alone."""
    return Finding(
        "split-group-missing",
        "warn",
        name,
        f"{counted(rows, 'row')} {_have(rows)} no `{name}`; each is treated as a group of its own.",
        {"rows": rows},
        f"Fill in `{name}` where it is known, so that related rows stay together.",
    )


def share_off(got: float, asked: float, why: str) -> Finding:
    """Say that the test part is larger or smaller than asked, and why."""
    return Finding(
        "split-share-off",
        "warn",
        None,
        f"The test part holds {share(got)} of the rows instead of {share(asked)}, because {why}.",
        {"share": got, "asked": asked},
        "Check that both parts are large enough for what you want to know.",
    )


def large_group(rows: int, used: int, name: str) -> Finding:
    """Say that one group is larger than the test part."""
    return Finding(
        "split-large-group",
        "warn",
        name,
        f"One `{name}` holds {share(rows / used)} of the rows, more than the test part. The figures depend on which "
        "side it is on.",
        {"rows": rows, "share": rows / used},
        f"Read the figures as those of few cases, or name a finer column than `{name}`.",
    )


def few_groups(groups: int, name: str) -> Finding:
    """Say that the test has few groups."""
    return Finding(
        "split-few-groups",
        "warn",
        name,
        f"The test has only {counted(groups, 'group')} of `{name}`: it can say little about groups never seen.",
        {"groups": groups},
        f"Bring more values of `{name}`, or test a larger share.",
    )


def groups_on_both_sides(rows: int, tested: int, name: str, goes: str) -> Finding:
    """Say that groups have both development and test rows."""
    return Finding(
        "split-groups-on-both-sides",
        "warn",
        name,
        f"The split goes {goes}, so {share(rows / tested)} of the test rows have a `{name}` that development rows "
        "have too. That is what deployment looks like if the same ones come back.",
        {"rows": rows, "share": rows / tested},
        f'If the model must work for a `{name}` never seen before, write strategy = "group" under [split].',
    )


def not_in_time(rows: int, learned: int, time: str) -> Finding:
    """Say that a declared split lets the model learn from the future."""
    return Finding(
        "split-column-not-in-time",
        "warn",
        time,
        f"The answers of {counted(rows, 'development row')} ({share(rows / learned)}) were not yet known when the test "
        "rows begin: the model learns from the future, and the test will look better than production.",
        {"rows": rows, "share": rows / learned},
        "Mark the newest rows as test, or remove column under [split] to let time decide.",
    )


def rare_classes(names: Sequence[str], fewest: int) -> Finding:
    """Say which classes are too rare to judge."""
    quoted = listed([repr(name) for name in names], most=5)
    return Finding(
        "split-rare-classes",
        "warn",
        None,
        f"{counted(len(names), 'class', 'classes')} ({quoted}) {_have(len(names))} fewer than {fewest} rows in the "
        "test or in development: too few to judge, and hard to learn.",
        {"classes": len(names)},
        "Bring more rows of them, or merge them with a related class.",
    )


def embargo_costs(rows: int, placed: int, embargo_seconds: float) -> Finding:
    """Say that the wait for outcomes takes many rows."""
    return Finding(
        "split-embargo-large",
        "warn",
        None,
        f"{share(rows / placed)} of the rows lie within {span(embargo_seconds)} before the test rows and cannot be "
        "used, because their outcome was not known then.",
        {"rows": rows, "share": rows / placed},
        "Check problem.horizon and data.label_delay, or bring older rows.",
    )


def never_recorded(known_at: str, answer: str, embargo_seconds: float, until: str, left_out: int) -> Finding:
    """Say that one of two answers has no time of recording, when it is taken as known, and what that leaves out."""
    return Finding(
        "split-known-at-of-one-answer",
        "warn",
        known_at,
        f"`{known_at}` is empty in every row with {answer}: it seems to be the time of an event. That nothing happened "
        f"is taken as known where {span(embargo_seconds)} (horizon and label delay) had passed since the row's time by "
        f"{until}, the latest moment in the table.{_newer_left_out(left_out)}",
        {"embargo_days": embargo_seconds / 86_400, "left_out": left_out},
        f"Check that the table holds every such event up to {until}.",
    )


def recorded_too_late(known_at: str, rows: int, latest: str, until: str, left_out: int) -> Finding:
    """Say that times of recording lie far beyond the table, so that they do not tell where it ends."""
    return Finding(
        "split-known-at-too-late",
        "warn",
        known_at,
        f"{counted(rows, 'row')} {'has' if rows == 1 else 'have'} a `{known_at}` far beyond the end of the table, up "
        f"to {latest}: a typo, or a date that stands for 'never'. The table is taken to end on {until}."
        f"{_newer_left_out(left_out)}",
        {"rows": rows, "left_out": left_out},
        f"Mend these values, or write {known_at} = '{latest} is missing' under [data.repairs]; if they are right, "
        "write a label_delay under [data] that is as long.",
    )


def perhaps_not_final(time: str, rows: int, tested: int, embargo_seconds: float, until: str) -> Finding:
    """Say that the newest rows' outcome was open at the latest moment in the table, as far as the table tells."""
    return Finding(
        "split-newest-perhaps-not-final",
        "note",
        time,
        f"{counted(rows, 'test row')} ({share(rows / tested)}) {'lies' if rows == 1 else 'lie'} less than "
        f"{span(embargo_seconds)} (horizon and label delay) before {until}, the latest `{time}` in the table. Answers "
        "so new are final only if the table was drawn up that much later.",
        {"rows": rows, "share": rows / tested, "embargo_days": embargo_seconds / 86_400},
        "If it was drawn up sooner, empty the answers of those rows, or name the column that says when an answer was "
        "recorded as known_at under [data].",
    )


def _have(n: int) -> str:
    return "has" if n == 1 else "have"


def _repeat(n: int) -> str:
    return f"{counted(n, 'row')} {'repeats' if n == 1 else 'repeat'}"


def _newer_left_out(rows: int) -> str:
    """Return the sentence on rows whose answer may still come, with a space before it; empty where there is none."""
    return f" {counted(rows, 'newer row')} {'is' if rows == 1 else 'are'} left out." if rows else ""
