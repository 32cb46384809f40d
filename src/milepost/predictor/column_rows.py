"""Rows that are held column by column, as a large table of them is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload


class ColumnRows(Sequence[Mapping[str, Any]]):
    """Rows whose fields are the same, each made when it is asked for.

    Attributes:
        columns: name -> the raw value of each row.
    """

    __slots__ = ("_height", "columns")

    def __init__(self, columns: Mapping[str, Sequence[Any]], height: int) -> None:
        """Take columns.

        Args:
            columns: name -> the raw value of each row.
            height: how many rows there are.
        """
        self.columns, self._height = columns, height

    def __len__(self) -> int:
        return self._height

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> ColumnRows: ...
    def __getitem__(self, place: int | slice) -> Mapping[str, Any] | ColumnRows:
        if isinstance(place, slice):
            height = len(range(*place.indices(self._height)))
            return ColumnRows({name: values[place] for name, values in self.columns.items()}, height)
        if not -self._height <= place < self._height:
            raise IndexError(place)
        return {name: values[place] for name, values in self.columns.items()}
