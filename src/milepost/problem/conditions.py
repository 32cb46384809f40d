"""When a guard acts: a word about the row's values, or an expression over columns and the answer's confidence.

"missing"  "unseen"  "out of range"  "confidence < 0.6"  "tenure = 0 AND contract = 'Two year'"
"""

from __future__ import annotations

import re
from typing import Literal

from milepost.ground.errors import MilepostError
from milepost.ground.text import nearest

Word = Literal["missing", "unseen", "out of range"]

WORDS: tuple[Word, ...] = ("missing", "unseen", "out of range")
CONFIDENCE = "confidence"  # in an expression: the largest probability of the answer
ALLOWED = '"missing", "unseen", "out of range", "confidence < 0.6", or a condition over columns'

_LIMIT = re.compile(rf"(?i)(?<![\w'\"]){CONFIDENCE}\s*(?:<=?|>=?)\s*([\d.]+)\s*(%?)", re.ASCII)
_MENTION = re.compile(rf"(?<![\w'\"]){CONFIDENCE}(?![\w'\"])")


def word_in(text: str) -> Word | None:
    """Return the word that text is, in any case; None where it is an expression.

    >>> word_in(" Out of  range "), word_in("tenure < 6")
    ('out of range', None)
    """
    folded = " ".join(text.split()).casefold()
    return next((word for word in WORDS if word == folded), None)


def likeliest_word(text: str) -> Word | None:
    """Return the word that text, which is no expression, was probably meant to be; None where none comes near."""
    folded = " ".join(re.split(r"[\s_-]+", text.strip()))
    near = nearest(folded, WORDS)
    return None if near is None else word_in(near)


def names_confidence(text: str) -> bool:
    """Return whether an expression seems to ask how sure the answer is."""
    return _MENTION.search(text) is not None


def check_confidence(text: str, *, where: str) -> None:
    """Refuse an expression that holds confidence against a number that no probability can be.

    Raises:
        MilepostError: it does.

    >>> check_confidence("confidence < 0.6", where="here")
    """
    for match in _LIMIT.finditer(text):
        number = match[1]
        try:
            limit = float(number)
        except ValueError:
            continue  # the parser of expressions says what is wrong with it
        if match[2] or not 0 <= limit <= 1:
            meant = limit / 100 if 1 < limit <= 100 or match[2] else 0.6
            raise MilepostError(
                f"{match[0].strip()!r} never decides anything: confidence is a share, between 0 and 1.",
                where=where,
                fix=f'Write "confidence < {meant:g}".',
            )
