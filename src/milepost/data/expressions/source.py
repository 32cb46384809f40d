"""The text of an expression and where it stands, so that every error shows the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from milepost.ground.errors import MilepostError

_WIDEST: Final = 100  # characters of a line that are shown
_INDENT: Final = "\n           "  # under the words of "  where: "


@dataclass(frozen=True, slots=True)
class Source:
    """One expression as it was written.

    Attributes:
        text: the expression.
        where: file, line and key it comes from.
    """

    text: str
    where: str

    def said(self, start: int, end: int) -> str:
        """Return the words from start to end, shortened, as they are named in a message."""
        words = " ".join(self.text[start:end].split())
        return words if len(words) <= 40 else words[:37] + "..."

    def at(self, start: int, end: int) -> str:
        """Return the place of the characters start..end: where, which character, and the line with a caret under it.

        >>> print(Source("tenure < six", "milepost.toml, line 9, baseline.rule").at(9, 12))
        milepost.toml, line 9, baseline.rule, character 10
                   tenure < six
                            ^^^
        """
        first = self.text.rfind("\n", 0, start) + 1
        line = self.text[first:].split("\n", 1)[0]
        column = start - first
        cut = max(0, column - _WIDEST // 2)
        shown = "".join(letter if letter.isprintable() else " " for letter in line[cut : cut + _WIDEST])
        carets = max(1, min(end - start, len(shown) - (column - cut)))
        of_line = f" of line {self.text.count(chr(10), 0, start) + 1}" if "\n" in self.text else ""
        marked = f"{' ' * (column - cut)}{'^' * carets}"
        return f"{self.where}, character {column + 1}{of_line}{_INDENT}{shown}{_INDENT}{marked}"

    def error(self, what: str, fix: str, start: int, end: int) -> MilepostError:
        """Return the error about the characters start..end."""
        return MilepostError(what, where=self.at(start, end), fix=fix)
