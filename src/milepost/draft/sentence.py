"""What a sentence says of a problem: criteria, horizon, effect, task, target; and which of its words say nothing to us.

"Predict customer churn within the next 30 days with 80% accuracy, reducing churn rate by 15%."
 -> accuracy >= 0.80 · 30 days · churn rate -15% · binary · churn, customer
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from milepost.draft.effects import effects_in
from milepost.draft.everyday import everyday_in
from milepost.draft.horizons import horizons_in
from milepost.draft.languages import is_english
from milepost.draft.promises import Promise, criteria_in
from milepost.draft.quantities import FLAGS, PERCENT, WORDED, plain
from milepost.draft.targets import Wanted, ranked_words, task_meant, wanted_in
from milepost.ground.text import listed
from milepost.metrics.names import METRIC_NAMES, Task
from milepost.problem.criteria import Criterion, contradiction
from milepost.problem.effects import Change


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of the statement.

    Attributes:
        text: as it stands there; the pieces together are the statement.
        meaning: what it was taken to say; "" for words that only join others; None for words not understood.
    """

    text: str
    meaning: str | None


@dataclass(frozen=True, slots=True)
class PromisedEffect:
    """The change of the business that the statement promises.

    Attributes:
        about: whose change, in the statement's words ("churn rate"); may be empty.
        change: by how much.
    """

    about: str
    change: Change


@dataclass(frozen=True, slots=True)
class Understood:
    """What a statement says.

    Attributes:
        statement: as given.
        criteria: in the order of the statement, each once.
        horizon: the span over which the outcome is defined; None where not said.
        effect: the business effect promised; None where not said.
        task: the task it hints at, or the task given; None where nothing hints at one.
        target_words: words that may name the target's column, the likeliest first.
        unit: what an error is counted in, in the statement's words ("minutes"); empty where not said.
        pieces: the statement cut into what was understood and what not.
        doubts: one sentence for each stretch that promises something nothing can be made of.
    """

    statement: str
    criteria: tuple[Criterion, ...]
    horizon: timedelta | None
    effect: PromisedEffect | None
    task: Task | None
    target_words: tuple[str, ...]
    pieces: tuple[Piece, ...]
    doubts: tuple[str, ...] = ()
    unit: str = ""

    @property
    def not_understood(self) -> tuple[str, ...]:
        """Return the stretches that nothing was made of, stripped."""
        return tuple(piece.text.strip() for piece in self.pieces if piece.meaning is None)

    def unread_numbers(self, names: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the stretches that hold a number, and that nothing was made of.

        Args:
            names: of columns; a number inside one that the statement names is part of it.
        """
        text = self.statement
        for name in sorted((one for one in names if re.search("[0-9]", one)), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda match: "x" * len(match[0]), text, flags=FLAGS)
        found, at = [], 0
        for piece in self.pieces:
            end = at + len(piece.text)
            if piece.meaning is None and any(at <= one.start() < end for one in _A_NUMBER.finditer(text)):
                found.append(piece.text.strip(" \t\r\n,.;:!?"))
            at = end
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class _Meant:
    """A stretch with its meaning."""

    start: int
    end: int
    meaning: str | None
    promise: Promise | None = None
    horizon: timedelta | None = None

    def clears(self, other: _Meant) -> bool:
        """Return whether this stretch can stand beside an earlier one: apart from it, or around its horizon."""
        apart = self.end <= other.start or other.end <= self.start
        return apart or (other.horizon is not None and self.start <= other.start and other.end <= self.end)


# not the digits of a name: "x1", "2nd", "covid-19", "2024-01-31"
_A_NUMBER = re.compile(
    rf"(?<![\w-])[0-9][0-9.,]*(?![\w-])|(?<![\w-])[0-9][0-9.,]*(?:k|m|{PERCENT})(?!\w)"
    rf"|(?<![\w-])[0-9]+-(?=[a-z])|(?<![\w-]){WORDED}\s?{PERCENT}",
    FLAGS,
)
_ONLY_ENGLISH = "Only English sentences are understood; nothing, or hardly anything, was made of this one."
_JOINING = {
    "a", "achieve", "all", "also", "an", "and", "are", "as", "at", "be", "between", "both", "but", "by", "can",
    "could", "each", "for", "from", "get", "goal", "has", "have", "help", "i", "i'd", "if", "improve", "in",
    "increase", "is", "it", "like", "may", "model", "must", "my", "need", "needs", "of", "on", "or", "our",
    "please", "predict", "predicted", "reach", "should", "so", "that", "the", "then", "this", "to", "us", "use",
    "using", "want", "wants", "we", "which", "while", "will", "with", "would", "you", "your",
}  # fmt: skip


def understand(statement: str, *, task: Task | None = None) -> Understood:
    """Return what a statement says; any text gives an answer, at worst an empty one.

    Args:
        statement: one or more sentences.
        task: what the target's column turned out to be, if known. It settles what "an error of 10%" means, and
            criteria that do not fit it become doubts.
    """
    text = plain(statement)
    sure = _added(
        [], [_Meant(one.start, one.end, one.says, horizon=one.span) for one in horizons_in(text) if one.is_sure]
    )
    # horizons may stand inside other stretches: "reduce churn over the next 30 days by 15%"
    rest = _blanked(text, sure)
    wanted = wanted_in(rest)
    guess = task_meant(rest, wanted)
    known = task or (guess[0] if guess else None)
    kept = _added(sure, [*_promises(rest, known), *_unsure_horizons(rest)])
    known = task or _task_of(kept) or known
    kept = _added(kept, [*_doubts(rest, known), *_questions(wanted, guess)])
    criteria, misfits = _criteria(kept, task, known)
    effects = [one.promise for one in kept if one.promise and one.promise.change]
    effect = PromisedEffect(effects[0].about, effects[0].change) if effects and effects[0].change else None
    return Understood(
        statement=statement,
        criteria=criteria,
        horizon=next((one.horizon for one in kept if one.horizon is not None), None),
        effect=effect,
        task=known,
        target_words=_target_words(wanted, effect),
        pieces=tuple(_pieces(statement, kept)),
        unit=next((one.promise.unit for one in kept if one.promise and one.promise.unit), ""),
        doubts=(
            *(() if is_english(statement) else (_ONLY_ENGLISH,)),
            *misfits,
            *(one.promise.doubt for one in kept if one.promise and one.promise.doubt),
        ),
    )


def _added(kept: list[_Meant], candidates: Iterable[_Meant]) -> list[_Meant]:
    """Return kept and the candidates that clear it and each other, surer ones first, in the order of the statement."""
    kept = list(kept)
    for candidate in candidates:
        if all(candidate.clears(other) for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda one: (one.start, -one.end))


def _blanked(text: str, stretches: list[_Meant]) -> str:
    for one in stretches:
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text


def _promises(text: str, task: Task | None) -> Iterator[_Meant]:
    for promise in effects_in(text):
        if promise.change:
            about = f" on {promise.about}" if promise.about else ""
            yield _Meant(promise.start, promise.end, f"effect{about}: {promise.change.text}", promise)
    for promise in everyday_in(text, task=task):
        # a doubt counts here too: what its words might mean beside is not what they say
        says = " and ".join(criterion.text for criterion in promise.criteria)
        yield _Meant(promise.start, promise.end, says or None, promise)
    for promise in criteria_in(text, task=task):
        if promise.criteria:
            says = " and ".join(criterion.text for criterion in promise.criteria)
            yield _Meant(promise.start, promise.end, says, promise)


def _unsure_horizons(text: str) -> Iterator[_Meant]:
    for one in horizons_in(text):
        yield _Meant(one.start, one.end, one.says, horizon=one.span)


def _doubts(text: str, task: Task | None) -> Iterator[_Meant]:
    for promise in (*effects_in(text), *criteria_in(text, task=task)):
        if promise.doubt:
            yield _Meant(promise.start, promise.end, None, promise)


def _questions(wanted: Wanted | None, guess: tuple[Task, int, int] | None) -> Iterator[_Meant]:
    kind = f"a {guess[0]} task" if guess else ""
    if wanted:
        says = f"the target, named like {listed(wanted.words)}"
        is_inside = guess is not None and guess[1] < wanted.end and wanted.start < guess[2]
        yield _Meant(wanted.start, wanted.end, f"{says} ({kind})" if is_inside else says)
    if guess:
        yield _Meant(guess[1], guess[2], kind)


def _task_of(kept: list[_Meant]) -> Task | None:
    """Return the task that a metric settles: a distance such as RMSE needs a number as target."""
    metrics = [criterion.metric for one in kept if one.promise for criterion in one.promise.criteria]
    return "regression" if any(METRIC_NAMES[name].tasks == ("regression",) for name in metrics) else None


def _criteria(kept: list[_Meant], given: Task | None, known: Task | None) -> tuple[tuple[Criterion, ...], list[str]]:
    """Return the criteria that can stand together in a problem file, and one sentence on each of the others."""
    found: list[Criterion] = []
    doubts: list[str] = []
    for criterion in dict.fromkeys(one for meant in kept if meant.promise for one in meant.promise.criteria):
        fits = known is None or known in METRIC_NAMES[criterion.metric].tasks
        clash = contradiction([*found, criterion])
        if not fits:
            doubts.append(f"{criterion.text} does not fit a {known} task.")
        if clash:
            doubts.append(clash)
        if not clash and (fits or given is None):
            found.append(criterion)
    return tuple(found), doubts


def _target_words(wanted: Wanted | None, effect: PromisedEffect | None) -> tuple[str, ...]:
    """Return what to look for among the columns: what is to be predicted, then what is to be changed."""
    moved = ranked_words(effect.about) if effect else ()
    return tuple(dict.fromkeys([*(wanted.words if wanted else ()), *moved]))


def _pieces(statement: str, kept: list[_Meant]) -> Iterator[Piece]:
    """Give the statement in stretches; a horizon inside another stretch joins its meaning."""
    at = 0
    outer = [
        one for one in kept if not any(one is not two and two.start <= one.start and one.end <= two.end for two in kept)
    ]
    for one in outer:
        if at < one.start:
            yield _gap(statement[at : one.start])
        inner = [two.meaning for two in kept if two is not one and one.start <= two.start and two.end <= one.end]
        meanings = [meaning for meaning in (one.meaning, *inner) if meaning]
        yield Piece(statement[one.start : one.end], ", ".join(meanings) or None)
        at = one.end
    if at < len(statement):
        yield _gap(statement[at:])


def _gap(text: str) -> Piece:
    words = re.findall(r"[^\s,.;:!?()]+", text, FLAGS)
    return Piece(text, "" if all(word.casefold() in _JOINING for word in words) else None)
