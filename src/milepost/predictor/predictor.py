"""A model in production form that answers one row in microseconds and a table in few passes, with the same bits.

raw row -> gate (inputs) -> derived features -> members -> weighted sum -> calibration -> answer
table   -> gate (frames) ->        "         ->    "    ->      "       ->      "      ->   "
"""

from __future__ import annotations

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
from milepost.predictor.inputs import Canonical, compile_check, compile_gate
from milepost.predictor.members import Member
from milepost.predictor.model import OfFrame, OfValues
from milepost.predictor.wording import Wording, wordings_of

if TYPE_CHECKING:
    import polars as pl

ROWS_IN_A_BATCH = 250_000


class Predictor:
    """A loaded bundle; threads may share it.

    Attributes:
        bundle_id: hash of what decides its answers; empty where it was built from documents in memory.
        schema: of the inputs, with what normal values look like, the task and the labels.
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
        self._model = model
        self._wordings = wordings_of(schema, model.get("repairs", ()), timezone=model.get("timezone") or "UTC")
        self._derived = model.get("derived", [])
        self._members = [Member(document, files) for document in model["members"]]
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
        frame = self._with_derived(inputs)
        total: np.ndarray | None = None
        for member, answers in zip(self._members, self._tables, strict=True):
            part = answers(frame, threads or fanout.cores())
            with np.errstate(over="ignore", invalid="ignore"):  # what is no number has no answer, and says so
                part = member.weight * part
                total = part if total is None else total + part
        assert total is not None  # a model has a member
        return calibrated(total, self._model["calibration"]), flags, inputs

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
        read, derived = compile_gate(self.schema, self._wordings), self._derived_functions()
        response_of, calibrate = self._row_response(), calibrated_row(self._model["calibration"])
        regression = self.schema.task == "regression"
        answer = number_answer(self._model) if regression else class_answer(self._model, self.schema.labels)

        def answer_row(row: Mapping[str, Any]) -> tuple[Answer, Canonical]:
            values, flags = read(row)
            if derived:
                values.update([(name, compute(values)) for name, compute in derived])
            response = response_of(values)
            return answer(calibrate(response) if calibrate else response, flags), values

        return answer_row

    def _derived_functions(self) -> list[tuple[str, Callable[[Mapping[str, object]], object]]]:
        if not self._derived:
            return []
        from milepost.data.expressions.scalar import as_function

        return [(derived["name"], as_function(derived["tree"])) for derived in self._derived]

    def _row_response(self) -> OfValues:
        members = [(member.weight, member.row_function()) for member in self._members]
        if len(members) == 1 and members[0][0] == 1.0:
            return members[0][1]

        def response(values: Mapping[str, object]) -> list[float]:
            total: list[float] | None = None
            for weight, answer in members:
                part = [weight * number for number in answer(values)]
                total = part if total is None else [sum_ + number for sum_, number in zip(total, part, strict=True)]
            assert total is not None  # a model has a member
            return total

        return response
