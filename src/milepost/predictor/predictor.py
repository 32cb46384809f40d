"""A model in production form that answers one row in microseconds and a table in few passes, with the same bits.

raw row -> gate (inputs) -> derived features -> members -> weighted sum -> calibration -> answer
table   -> gate (frames) ->        "         ->    "    ->      "       ->      "      ->   "
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from milepost.data.schema import Schema
from milepost.ground import fanout
from milepost.ground.errors import MilepostError
from milepost.ground.text import counted
from milepost.predictor.answer import (
    Answer,
    class_answer,
    class_table,
    number_answer,
    number_table,
    shares_of,
)
from milepost.predictor.calibrate import calibrated, calibrated_row
from milepost.predictor.contributions import with_rule
from milepost.predictor.inputs import Canonical, compile_check, compile_gate
from milepost.predictor.members import FEWEST_AS_TABLE, Member
from milepost.predictor.model import OfFrame, OfValues
from milepost.predictor.reasons import MOST, Reasons, find_reasons
from milepost.predictor.reasons_shown import reason_rows, reason_table
from milepost.predictor.wording import Wording, wordings_of

if TYPE_CHECKING:
    import polars as pl

ROWS_IN_A_BATCH = 250_000
EXPECTED = "expected.json"  # file of a bundle: rows, and what they were answered where it was made
_ROWS_REASONED = 8_192  # at one time, so that what each column adds to each class of each row stays small


class Predictor:
    """A loaded bundle; threads may share it.

    Attributes:
        bundle_id: hash of what decides its answers; empty where it was built from documents in memory.
        schema: of the inputs, with what normal values look like, the task and the labels.
        expected: rows, and what they were answered where the bundle was made; None where it brings none along.
    """

    def __init__(
        self, schema: Schema, model: Mapping[str, Any], files: Mapping[str, str], *, bundle_id: str = ""
    ) -> None:
        """Prepare a predictor.

        Args:
            schema: of the inputs.
            model: the document of model.json.
            files: text of each file that the model names.
            bundle_id: of the bundle it comes from.
        """
        self.bundle_id, self.schema = bundle_id, schema
        self.expected: Any = json.loads(files[EXPECTED]) if EXPECTED in files else None
        self._model = model
        self._wordings = wordings_of(schema, model.get("repairs", ()), timezone=model.get("timezone") or "UTC")
        self._derived = model.get("derived", [])
        self._members = [Member(document, files) for document in model["members"]]
        self._gate, self._calibrated_row = compile_gate(schema, self._wordings), self._compile_calibrated()
        self._answer = self._compile_row()

    def __repr__(self) -> str:
        inputs = counted(len(self.schema.columns), "input")
        return f"Predictor({self.schema.task}, {inputs}, bundle {self.bundle_id or 'in memory'})"

    @property
    def wordings(self) -> Mapping[str, Wording]:
        """Return how each input may be written."""
        return self._wordings

    @property
    def classes_(self) -> list[str]:
        """Return the class names in the order of predict_proba's columns; empty for regression."""
        return list(self.schema.labels)

    def answer(self, row: Mapping[str, Any]) -> Answer:
        """Return the answer to one row: prediction, probabilities or interval, decision, flags.

        Args:
            row: raw values of the inputs by name, as JSON or Python holds them; None where not known. Other fields
                are ignored.

        Raises:
            MilepostError: an input is absent or cannot be read; the error names every such field.
        """
        return self._answer(row)[0]

    def answer_and_inputs(self, row: Mapping[str, Any]) -> tuple[Answer, Canonical]:
        """Return the answer to one row, and what was read from it: canonical values of the inputs and derived features.

        Raises:
            MilepostError: as `answer`.
        """
        return self._answer(row)

    def unreadable(self, row: Any) -> list[MilepostError]:
        """Return one error for each field of a row that is absent or cannot be read; none where it can be answered."""
        return self._check(row)

    def answer_table(self, table: Any, *, threads: int | None = None) -> pl.DataFrame:
        """Return the answers to many rows, in their order: prediction, probabilities or interval, decision, flags.

        Args:
            table: a Polars frame, a pandas frame, an Arrow table, or a list of rows as `answer` takes them.
            threads: how many work at once, None takes all cores; the bits do not depend on it.

        Raises:
            MilepostError: an input is absent or cannot be read; the error names its column and row.
        """
        return self.answer_table_and_inputs(table, threads=threads)[0]

    def answer_table_and_inputs(self, table: Any, *, threads: int | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the answers to many rows, and what was read from them: canonical values of the inputs alone.

        Args:
            table: as for answer_table.
            threads: as for answer_table.

        Raises:
            MilepostError: as `answer_table`.
        """
        response, flags, inputs = self._response(table, threads)
        if self.schema.task == "regression":
            return number_table(self._model, response, flags), inputs
        return class_table(self._model, self.schema.labels, response, flags), inputs

    def reasons(self, row: Mapping[str, Any], *, most: int = MOST) -> dict[str, Any]:
        """Return the reasons of the answer to one row, the largest first, and the margin that they sum up to.

        Args:
            row: as for answer.
            most: how many are listed; what all others add is one number.

        Raises:
            MilepostError: as `answer`.
        """
        return self.reasons_of([row], most=most)[0]

    def reasons_of(self, rows: Sequence[Mapping[str, Any]], *, most: int = MOST) -> list[dict[str, Any]]:
        """Return the reasons of the answers to many rows, each as `reasons` does, with the same bits.

        Args:
            rows: as for answer.
            most: as for reasons.
        """
        shown = (reason_rows(found, values, self.schema.labels) for found, values in self._reasons(rows, most, 1))
        return [document for part in shown for document in part]

    def reasons_table(self, table: Any, *, most: int = MOST, threads: int | None = None) -> pl.DataFrame:
        """Return the reasons of the answers to many rows as columns.

        reason_1, reason_1_contribution, reason_1_change, …, margin_base, margin_others, margin_total; as many reasons
        as were asked for, or as there are inputs.

        Args:
            table: as for answer_table.
            most: as for reasons.
            threads: as for answer_table.

        Raises:
            MilepostError: as `answer_table`.
        """
        import polars as pl

        return pl.concat(reason_table(found) for found, _ in self._reasons(table, most, threads or fanout.cores()))

    def no_answers(self) -> pl.DataFrame:
        """Return a table of answers without rows: the names and types of its columns."""
        return self.answer_table([])

    def answer_batches(
        self,
        frame: pl.LazyFrame,
        *,
        keep: Sequence[str] = (),
        rows: int = ROWS_IN_A_BATCH,
        threads: int | None = None,
        answer: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
        also: Sequence[str] = (),
    ) -> Iterator[pl.DataFrame]:
        """Yield the answers to a table of any length, batch by batch in its order, in bounded memory.

        Args:
            frame: holds the inputs.
            keep: columns of frame that stand before the answers, such as the id.
            rows: in one batch, about.
            threads: how many work at once, None takes all cores.
            answer: says something else to a batch than answer_table does.
            also: columns of frame that it reads beside the inputs.

        Raises:
            MilepostError: a kept column has the name of an answer, or answer_table refuses.
        """
        import polars as pl

        from milepost.predictor.frames import UnreadableCell

        known = frame.collect_schema().names()
        for name in keep:
            if name in self.no_answers().columns:
                raise MilepostError(
                    f"The column {name!r} has the name of an answer, so it cannot be kept.",
                    where="the table to be answered",
                    fix=f"Rename {name!r} in the table.",
                )
        needed = [name for name in dict.fromkeys([*keep, *self.schema.names, *also]) if name in known]
        done = 0
        for batch in frame.select(needed).collect_batches(chunk_size=rows, maintain_order=True):
            kept = [batch.get_column(name) for name in keep]
            try:
                answers = answer(batch) if answer else self.answer_table(batch, threads=threads)
            except UnreadableCell as why:
                raise why.below(done) from None
            done += batch.height
            yield pl.DataFrame([*kept, *answers])

    def predict(self, table: Any) -> np.ndarray:
        """Return the decision for each row, shape (rows,): the label that is acted on, or the number.

        Args:
            table: as for answer_table.
        """
        return np.asarray(self.answer_table(table).get_column("decision").to_numpy())

    def predict_proba(self, table: Any) -> np.ndarray:
        """Return the probability of each class in the order of classes_, shape (rows, classes).

        Args:
            table: as for answer_table.

        Raises:
            MilepostError: the model predicts numbers.
        """
        if self.schema.task == "regression":
            raise MilepostError(
                "A regression has no probabilities.",
                where=f"bundle {self.bundle_id}",
                fix="Use predict or answer_table.",
            )
        return shares_of(self._response(table, None)[0])

    def _response(self, table: Any, threads: int | None) -> tuple[np.ndarray, pl.Series, pl.DataFrame]:
        """Return the calibrated response, shape (rows, outputs), the flags of each row, and its canonical values."""
        from milepost.predictor.tables import canonical_table

        inputs, flags = canonical_table(table, self.schema, self._wordings)
        return self._calibrated(self._with_derived(inputs), threads or fanout.cores()), flags, inputs

    def _calibrated(self, frame: pl.DataFrame, threads: int) -> np.ndarray:
        """Return the calibrated response to canonical values, derived ones included, shape (rows, outputs)."""
        total: np.ndarray | None = None
        for member, answers in zip(self._members, self._tables, strict=True):
            part = answers(frame, threads)
            with np.errstate(over="ignore", invalid="ignore"):  # what is no number has no answer, and says so
                part = member.weight * part
                total = part if total is None else total + part
        assert total is not None  # a model has a member
        return calibrated(total, self._model["calibration"])

    def _calibrated_rows(self, frame: pl.DataFrame) -> np.ndarray:
        """Return what _calibrated does, row by row, with the same bits."""
        responses = [self._calibrated_row(values) for values in frame.to_dicts()]
        return np.array(responses).reshape(frame.height, -1 if responses else max(len(self.schema.labels), 1))

    def _reasons(self, table: Any, most: int, threads: int) -> Iterator[tuple[Reasons, pl.DataFrame]]:
        """Yield the reasons of a table part by part, each with the values of everything that may be one."""
        from milepost.predictor.tables import canonical_table, gated_rows

        if isinstance(table, list) and len(table) < FEWEST_AS_TABLE:
            inputs, _ = gated_rows(table, self.schema, self._gate)
        else:
            inputs, _ = canonical_table(table, self.schema, self._wordings)
        for start in range(0, max(inputs.height, 1), _ROWS_REASONED):
            frame = self._with_derived(inputs.slice(start, _ROWS_REASONED))
            members = [(member.weight, member.contributions(frame, threads)) for member in self._members]
            few = frame.height < FEWEST_AS_TABLE
            response = self._calibrated_rows(frame) if few else self._calibrated(frame, threads)
            calibration, is_class = self._model["calibration"], bool(self.schema.labels)
            found = find_reasons(members, response, calibration, is_class=is_class, most=most)
            yield found, with_rule(self._model["members"], frame)

    def _with_derived(self, frame: pl.DataFrame) -> pl.DataFrame:
        if not self._derived:
            return frame
        from milepost.data.expressions.column import as_polars

        return frame.with_columns(as_polars(derived["tree"]).alias(derived["name"]) for derived in self._derived)

    @cached_property
    def _tables(self) -> list[OfFrame]:
        return [member.table_function() for member in self._members]

    @cached_property
    def _check(self) -> Callable[[Any], list[MilepostError]]:
        return compile_check(self.schema, self._wordings)

    def _compile_row(self) -> Callable[[Mapping[str, Any]], tuple[Answer, Canonical]]:
        """Return `answer_and_inputs` as one function of nested closures."""
        read, derived, calibrated_response = self._gate, self._derived_functions(), self._calibrated_row
        regression = self.schema.task == "regression"
        answer = number_answer(self._model) if regression else class_answer(self._model, self.schema.labels)

        def answer_row(row: Mapping[str, Any]) -> tuple[Answer, Canonical]:
            values, flags = read(row)
            if derived:
                values.update([(name, compute(values)) for name, compute in derived])
            return answer(calibrated_response(values), flags), values

        return answer_row

    def _derived_functions(self) -> list[tuple[str, Callable[[Mapping[str, object]], object]]]:
        if not self._derived:
            return []
        from milepost.data.expressions.scalar import as_function

        return [(derived["name"], as_function(derived["tree"])) for derived in self._derived]

    def _compile_calibrated(self) -> OfValues:
        """Return what _calibrated does, as a function of the values of one row."""
        response, calibrate = self._row_response(), calibrated_row(self._model["calibration"])
        return (lambda values: calibrate(response(values))) if calibrate else response

    def _row_response(self) -> OfValues:
        members = [(member.weight, member.row_function()) for member in self._members]
        (first_weight, first), rest = members[0], members[1:]
        if not rest and first_weight == 1.0:
            return first

        def response(values: Mapping[str, object]) -> list[float]:
            total = [first_weight * number for number in first(values)]
            for weight, answer in rest:
                for place, number in enumerate(answer(values)):
                    total[place] += weight * number
            return total

        return response
