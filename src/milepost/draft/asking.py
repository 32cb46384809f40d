"""What a draft decided, with reasons, and what only a person can answer."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.draft.contents import beside
from milepost.draft.table import Draft
from milepost.ground.text import listed
from milepost.problem.spans import span_text

MOST_ASKED = 3  # columns with a name like the target's


def questions(draft: Draft) -> tuple[str, ...]:
    """Return what only a person can answer, most important first."""
    return tuple(_questions(draft))


def _questions(draft: Draft) -> Iterator[str]:
    said = draft.understood
    for finding in draft.suspects:
        yield f"Is `{finding.column}` known when predicting? If not, add it to exclude under [data]."
    if draft.with_answer:
        names = listed([f"`{name}`" for name in draft.with_answer], most=5)
        yield (
            f"When are {names} written down? They are missing where `{draft.target}` is: probably together with it. "
            "If so, add them to exclude under [data]."
        )
    for name in draft.named_alike[:MOST_ASKED]:
        yield f"Is `{name}` known when predicting? Its name is like that of `{draft.target}`."
    if draft.strategy == "time":
        yield (
            f"Is `{draft.roles.time}` the moment at which the prediction would be made? Whatever is written down later "
            "is not known then."
        )
    if not said.statement:
        yield "What is the aim? A sentence by --statement is read for criteria, horizon and effect."
    if said.unit:
        yield f"Does `{draft.target}` count {said.unit}, as the sentence does? If not, write the criterion in its unit."
    if not said.criteria:
        yield "What must the model reach? [success] has no criterion that counts yet."
    if said.effect is not None and draft.effect_column is None:
        yield f"Which column is meant by the promised change ({said.effect.change.text})? See effect under [problem]."
    if draft.task == "binary" and "rarer" in draft.positive_because and not _says_yes(draft.schema.labels[1]):
        yield f"Is '{draft.schema.labels[1]}' the answer to look for? It is taken as positive because it is rarer."
    if draft.roles.time is None:
        if draft.roles.times:
            names = listed([f"`{one.column}`" for one in draft.roles.times])
            yield f"Is one of {names} the moment of prediction? Then name it as time under [data]."
        elif said.horizon is not None:
            yield "Were all rows observed at one moment? No column holds times, so the test rows are drawn at random."
    for group in draft.roles.groups:
        yield f"Must the model work for a new value of `{group.column}`? Then switch group on under [data]."
    if draft.rule is not None:
        yield "What is done today? The rule under [baseline] is only what the data suggest."
    yield "What does a right and a wrong decision bring in money? See [value]."


def _says_yes(label: str) -> bool:
    return label.casefold() in ("yes", "true", "1", "y", "positive", "pos")


def choices(draft: Draft) -> tuple[tuple[str, str, str], ...]:
    """Return what the draft decided: what, the value, and why."""
    return tuple(_choices(draft))


def _choices(draft: Draft) -> Iterator[tuple[str, str, str]]:
    roles = draft.roles
    yield "target", draft.target, draft.target_because
    yield "task", draft.task, draft.task_because
    if draft.task == "binary":
        yield "positive", draft.schema.labels[1], draft.positive_because
    if draft.understood.horizon is not None:
        yield "horizon", span_text(draft.understood.horizon), "the sentence says so"
    for criterion in draft.understood.criteria:
        yield "success", criterion.text, f"the sentence says so{beside(criterion, draft)}"
    if draft.understood.effect is not None and draft.effect_column is not None:
        yield "effect", f"{draft.effect_column} {draft.understood.effect.change.text}", "the sentence promises it"
    for what, one in (("id", roles.id), *(("time", time) for time in roles.times)):
        if one and one.is_sure:
            yield what, one.column, one.because
    for finding in draft.excluded:
        yield "exclude", str(finding.column), finding.says
    if roles.sensitive:
        reasons = dict.fromkeys(one.because.removeprefix("its name speaks of ") for one in roles.sensitive)
        yield (
            "sensitive",
            listed([one.column for one in roles.sensitive]),
            f"their names speak of {listed(list(reasons))}",
        )
    yield "split", draft.strategy, draft.split_says[0].rstrip(".") if draft.split_says else ""
    if draft.rule:
        seen = f"of {draft.rule.rows:,} of {draft.development:,} development rows: " if draft.is_sampled else ""
        yield "rule", draft.rule.text, f"{seen}{draft.rule.says}"
