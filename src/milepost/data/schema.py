"""What the columns of a table are (dtype, kind, role) and what normal values look like.

schema.json  {"task": "binary", "labels": ["No", "Yes"], "columns": [{"name": "tenure", "dtype": "integer", ...}]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from milepost.metrics.answers import Task

Kind = Literal["number", "flag", "category", "time", "text", "id", "constant"]
Dtype = Literal["integer", "float", "boolean", "text", "date", "datetime"]
Role = Literal[
    "target", "feature", "id", "time", "known_at", "group", "context", "sensitive", "excluded", "unused"
]  # fmt: skip


HIDDEN_ROLES: tuple[Role, ...] = ("target", "known_at", "excluded", "sensitive", "context", "id", "group")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how it is stored, what it means, what it is used for.

    Attributes:
        name: as in the table.
        dtype: how it is stored. Times are UTC.
        kind: what its values mean.
        role: what the problem uses it for.
        because: why it has this kind and role, a clause for people.
        missing_share: share of development rows without a value, 0..1; None until learned.
        lo, hi: smallest and largest number seen (times as seconds since 1970); None where not a number or time.
        levels: categories seen, most frequent first, at most 10,000.
    """

    name: str
    dtype: Dtype
    kind: Kind
    role: Role
    because: str = ""
    missing_share: float | None = None
    lo: float | None = None
    hi: float | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table and the classes of its target.

    Attributes:
        columns: in the table's order.
        task: what is predicted.
        labels: class names in index order; binary: (negative, positive); empty for regression.
    """

    columns: tuple[Column, ...]
    task: Task
    labels: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def features(self) -> tuple[Column, ...]:
        """Return what the model may see: features, and the time of prediction."""
        return self.with_role("feature", "time")

    @property
    def target(self) -> Column:
        return self.with_role("target")[0]

    @property
    def dtypes(self) -> dict[str, Dtype]:
        return {column.name: column.dtype for column in self.columns}

    def column(self, name: str) -> Column:
        """Return the column called name; KeyError if there is none."""
        return {column.name: column for column in self.columns}[name]

    def with_role(self, *roles: Role) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role in roles)

    def hidden(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return those of the named columns that no model may see, in the given order."""
        return tuple(name for name in names if self.column(name).role in HIDDEN_ROLES)

    def only(self, names: Iterable[str]) -> Schema:
        """Return the schema of a table that holds just the named columns, in this schema's order."""
        wanted = set(names)
        return Schema(tuple(c for c in self.columns if c.name in wanted), self.task, self.labels)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Schema:
        columns = tuple(Column(**{**column, "levels": tuple(column["levels"])}) for column in document["columns"])
        return cls(columns, document["task"], tuple(document["labels"]))
