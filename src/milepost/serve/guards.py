"""Guards: when an answer is not to be trusted as it is, what is done to its decision; for one row and for a table.

{"name": "new-customer", "when": "tenure = 0", "then": "abstain"}
answer {"prediction": "Yes", "decision": "Yes", "flags": []}
    ─► {"prediction": "Yes", "decision": None, "flags": ["guard new-customer acted"]}, ["new-customer"]

All guards whose condition holds act and are named, in the order of the file; the first of them that decides (abstain,
override, clamp) has the decision. A clamp acts only on a decision outside of its range. The prediction stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from milepost.data.expressions.column import as_polars
from milepost.data.expressions.parse import parse
from milepost.data.expressions.scalar import as_function
from milepost.data.schema import Dtype, Schema
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.predictor.answer import probability_names
from milepost.problem.conditions import ALLOWED, CONFIDENCE, likeliest_word, names_confidence, word_in
from milepost.serve.guard_words import Values, odd_in_row, odd_in_table

Answer = dict[str, Any]
Where = Callable[[str], str]  # dotted key of the problem file -> its place

_LISTS = pl.List(pl.String)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a guard acts.

    Attributes:
        holds: canonical values and answer of one row -> whether it is true.
        holding: the same over a table of canonical values, with a column "confidence" where it is asked for.
        columns: what it names, in the order of the text; none for a word about all inputs.
    """

    holds: Callable[[Values, Answer], bool]
    holding: pl.Expr
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard, made ready for the inputs of one bundle.

    Attributes:
        name: of the guard.
        then: "abstain", "flag", "clamp" or "override".
        to: what an override decides on; the ends of a clamp; else None.
        condition: when it acts.
    """

    name: str
    then: str
    to: Any
    condition: Condition

    @property
    def flag(self) -> str:
        """Return what it adds to the flags of an answer."""
        return f"guard {self.name} acted"

    @property
    def decides(self) -> bool:
        return self.then != "flag"

    def acts(self, values: Values, answer: Answer) -> bool:
        """Return whether it acts on the answer to one row."""
        if self.then == "clamp":
            lo, hi = self.to
            if answer["decision"] is None or lo <= answer["decision"] <= hi:
                return False
        return self.condition.holds(values, answer)

    def acting(self, holding: pl.Series, decisions: pl.Series) -> pl.Series:
        """Return whether it acts on each row of a table, where its condition holds."""
        if self.then != "clamp":
            return holding
        lo, hi = self.to
        inside = decisions.is_between(lo, hi).fill_null(True)
        return holding & ~inside

    def decided(self, decision: Any) -> Any:
        """Return the decision of one row that it acts on."""
        if self.then != "clamp":
            return self.to
        lo, hi = self.to
        return lo if decision < lo else hi

    def decided_column(self, dtype: pl.DataType) -> pl.Expr:
        """Return the decisions of rows that it acts on, from the column "decision" of that type."""
        if self.then != "clamp":
            return pl.lit(self.to, dtype=dtype)
        lo, hi = self.to
        return pl.when(pl.col("decision") < lo).then(pl.lit(lo)).otherwise(pl.lit(hi))


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of a problem around the answers of one bundle; threads may share them.

    Attributes:
        guards: in the order of the file.
        labels: the classes of the bundle in index order; empty for regression.
    """

    guards: tuple[Guard, ...]
    labels: tuple[str, ...]

    def row(self, values: Values, answer: Answer) -> tuple[Answer, list[str]]:
        """Return the answer to one row after the guards, and the names of those that acted.

        Args:
            values: canonical values of the inputs; others beside them do no harm.
            answer: as the predictor gives it; it is not changed.
        """
        acting = [guard for guard in self.guards if guard.acts(values, answer)]
        if not acting:
            return answer, []
        guarded = {**answer, "flags": [*answer["flags"], *(guard.flag for guard in acting)]}
        deciding = next((guard for guard in acting if guard.decides), None)
        if deciding is not None:
            guarded["decision"] = deciding.decided(answer["decision"])
        return guarded, [guard.name for guard in acting]

    def table(self, frame: pl.DataFrame, answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """Return the answers to many rows after the guards, and for each row a list of the guards that acted.

        Args:
            frame: canonical values of the inputs.
            answers: as the predictor gives them, one row for each row of frame.
        """
        acting = self._acting(frame, answers)
        if not any(mask.any() for mask in acting):
            return answers, pl.Series("guards", [[]], dtype=_LISTS).new_from_index(0, answers.height)
        names = _texts(acting, [guard.name for guard in self.guards])
        flags = _texts(acting, [guard.flag for guard in self.guards])
        guarded = answers.with_columns(
            self._decisions(acting, answers.get_column("decision")),
            answers.get_column("flags").list.concat(flags).alias("flags"),
        )
        return guarded, names.alias("guards")

    def _acting(self, frame: pl.DataFrame, answers: pl.DataFrame) -> list[pl.Series]:
        """Return for each guard whether it acts on each row."""
        if any(CONFIDENCE in guard.condition.columns for guard in self.guards):
            frame = frame.with_columns(answers.select(_confidence(self.labels)).to_series())
        named = {f"guard {place}": guard for place, guard in enumerate(self.guards)}
        holding = frame.with_columns(
            guard.condition.holding.fill_null(False).alias(name) for name, guard in named.items()
        )
        decisions = answers.get_column("decision")
        return [guard.acting(holding.get_column(name), decisions) for name, guard in named.items()]

    def _decisions(self, acting: Sequence[pl.Series], decisions: pl.Series) -> pl.Series:
        """Return the decisions, each by the first guard that acts on its row and decides."""
        decided = pl.col("decision")
        for place, guard in reversed(list(enumerate(self.guards))):
            if guard.decides:
                decided = pl.when(pl.col(str(place))).then(guard.decided_column(decisions.dtype)).otherwise(decided)
        masks = [mask.alias(str(place)) for place, mask in enumerate(acting)]
        return pl.DataFrame([decisions, *masks]).select(decided.alias("decision")).to_series()


def compile_guards(guards: Sequence[Mapping[str, object]], schema: Schema, *, where: Where = str) -> Guards | None:
    """Return the guards of a problem, made ready for the inputs of one bundle; None where there are none.

    Args:
        guards: in the order of the file, each with name, when, then and, of an override or a clamp, to.
        schema: of the inputs, with the labels.
        where: dotted key of the problem file -> its place, for errors.

    Raises:
        MilepostError: a condition names an unknown column, cannot be read or gives no truth; or what is decided on is
            none of the labels, or fits no decision.
    """
    if not guards:
        return None
    compiled = tuple(
        _compiled(guard, schema, f"serve.guards[{number}]", where) for number, guard in enumerate(guards, 1)
    )
    return Guards(compiled, schema.labels)


def _compiled(guard: Mapping[str, object], schema: Schema, key: str, where: Where) -> Guard:
    name, when, then = (str(guard[part]) for part in ("name", "when", "then"))
    to = _decided_on(guard.get("to"), then, schema, where(f"{key}.to"))
    return Guard(name, then, to, _condition(when, schema, where(f"{key}.when")))


# when


def _condition(when: str, schema: Schema, place: str) -> Condition:
    word = word_in(when)
    if word is not None:
        odd = odd_in_row(word, schema)
        return Condition(lambda values, _: odd(values), odd_in_table(word, schema))
    types: dict[str, Dtype] = schema.dtypes
    asks = names_confidence(when)
    if asks:
        _refuse_confidence(schema, place)
        types |= {CONFIDENCE: "float"}
    try:
        expression = parse(when, types=types, where=place, gives=("boolean",))
    except MilepostError as why:
        meant = likeliest_word(when)
        if meant is None:
            raise
        raise MilepostError(why.what, where=why.where, fix=f'Write "{meant}"; allowed are {ALLOWED}.') from None
    true = as_function(expression.tree)
    if CONFIDENCE in expression.columns and asks:
        return Condition(
            lambda values, answer: true({**values, CONFIDENCE: _confidence_of(answer)}) is True,
            as_polars(expression.tree),
            expression.columns,
        )
    return Condition(lambda values, _: true(values) is True, as_polars(expression.tree), expression.columns)


def _refuse_confidence(schema: Schema, place: str) -> None:
    """Refuse to ask how sure an answer is where that has no meaning, or two."""
    if CONFIDENCE in schema.names:
        raise MilepostError(
            f"{CONFIDENCE!r} is a column of the table as well as the largest probability of an answer.",
            where=place,
            fix="Rename the column in the table.",
        )
    if schema.task == "regression":
        raise MilepostError(
            "A regression has no probabilities, so an answer has no confidence.",
            where=place,
            fix="Write a condition over columns.",
        )


def _confidence_of(answer: Answer) -> float | None:
    """Return the largest probability; None where there is no answer."""
    return None if answer["prediction"] is None else max(answer["probabilities"].values())


def _confidence(labels: Sequence[str]) -> pl.Expr:
    return pl.max_horizontal(probability_names(labels)).alias(CONFIDENCE)


# what is decided on


def _decided_on(to: object, then: str, schema: Schema, place: str) -> Any:
    """Return the label, the number or the ends of a range that a guard decides on; None where it needs none."""
    if then == "clamp":
        if schema.task != "regression" or not isinstance(to, Sequence) or isinstance(to, str):
            what = f"A clamp needs a range, and a number to move into it; the task is {schema.task}."
            raise MilepostError(what, where=place, fix='Write then = "override" for a class, or to = [0, 100].')
        return float(to[0]), float(to[1])
    if then != "override":
        return None
    if schema.task == "regression":
        if isinstance(to, bool) or not isinstance(to, int | float):
            raise MilepostError(f"{to!r} is no number.", where=place, fix="Write a number without quotes.")
        return float(to)
    label = _label_of(to)
    if label not in schema.labels:
        raise UnknownNameError("class", label, known=schema.labels, where=place)
    return label


def _label_of(to: object) -> str:
    """Return a class as tables show it."""
    return str(int(to)) if isinstance(to, float) and to.is_integer() else str(to)


def _texts(acting: Sequence[pl.Series], texts: Sequence[str]) -> pl.Series:
    """Return for each row the texts of the guards that act on it.

    Rows on which the same guards act share one list, which is made once.
    """
    code = np.zeros(len(acting[0]), dtype=np.int64)
    for mask in acting:
        code = np.unique(2 * code + mask.to_numpy(), return_inverse=True)[1]
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    lists = [[text for mask, text in zip(acting, texts, strict=True) if mask[row]] for row in first.tolist()]
    return pl.Series(lists, dtype=_LISTS).gather(place)
