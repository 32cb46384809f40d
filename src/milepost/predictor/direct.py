"""One row's margin under a linear model, straight from its values: the bits of encoding it first, in half the time.

The product of a level is looked up, and so is that of a number beyond the edges of a piece; what is left are the sums,
in the order of the encoded columns, as `linear` takes them for a table. Products with 0 are left out: they change no
sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from milepost.predictor.encode import Block, Values, block_width, compile_row, float_edges, one_hot_places
from milepost.predictor.levels import Levels
from milepost.predictor.links import linked_row
from milepost.predictor.model import OfValues

_LEVELS, _PIECES, _SATURATING, _OTHER = range(4)
Term = tuple[int, str, Any, Any]  # how, column, and what that way needs


def direct_row(document: Mapping[str, Any], blocks: Sequence[Block]) -> OfValues:
    """Return the function from one row's values to the answer of a linear model with one output; threads may share it.

    Args:
        document: of the model.
        blocks: by which it sees rows.
    """
    margin, link = _compile_margin(document, blocks), linked_row(document["link"])
    return (lambda values: link([margin(values)])) if link else (lambda values: [margin(values)])


def _compile_margin(document: Mapping[str, Any], blocks: Sequence[Block]) -> Callable[[Values], float]:
    intercept = float(document["intercept"][0]) + 0.0
    terms = _terms(blocks, list(map(float, document["coefficients"][0])))

    def margin(values: Values) -> float:
        total = intercept
        for how, column, first, second in terms:
            value: Any = values[column]
            if how == _LEVELS:
                total += first.get(value, second)
            elif how == _PIECES:
                number = second if value is None else value
                for lo, hi, at_lo, at_hi, shift, scale, coefficient in first:
                    if number <= lo:
                        total += at_lo
                    elif number >= hi:
                        total += at_hi
                    else:
                        total += coefficient * ((number - shift) / scale)
            elif how == _SATURATING:
                fill, lo, hi, origin, half, shift, scale = first
                number = fill if value is None else value
                if number < lo:
                    number = lo
                elif number > hi:
                    number = hi
                distance = abs(number - origin)
                total += second * ((distance / (distance + half) - shift) / scale)
            else:
                for coefficient, number in zip(second, first(values), strict=True):
                    total += coefficient * number
        return total

    return margin


def _terms(blocks: Sequence[Block], coefficients: Sequence[float]) -> list[Term]:
    """Return what to add for each block; neighbouring pieces of one number become one term."""
    terms: list[Term] = []
    at = 0
    for (op, column), alike in groupby(blocks, lambda block: (block["op"], block["column"])):
        pieces = []
        for block in alike:
            own = coefficients[at : at + block_width(block)]
            at += len(own)
            if op == "number":
                pieces.append((float_edges(block)[0], _piece(block, own[0])))
            else:
                terms.append(_TERMS.get(op, _other)(column, block, own))
        for fill, run in groupby(pieces, itemgetter(0)):
            terms.append((_PIECES, column, [piece for _, piece in run], fill))
    return terms


def _piece(block: Block, coefficient: float) -> tuple[float, ...]:
    """Return the edges of a piece, the products at both, and what makes the product between them."""
    (_, lo, hi), shift, scale = float_edges(block), float(block["shift"]), float(block["scale"])
    at_lo, at_hi = (coefficient * ((edge - shift) / scale) for edge in (lo, hi))
    return lo, hi, at_lo, at_hi, shift, scale, coefficient


def _saturating(column: str, block: Block, coefficients: Sequence[float]) -> Term:
    numbers = (float(block[name]) for name in ("origin", "half", "shift", "scale"))
    return _SATURATING, column, (*float_edges(block), *numbers), coefficients[0]


def _missing(column: str, block: Block, coefficients: Sequence[float]) -> Term:  # noqa: ARG001  as the others
    return _LEVELS, column, {None: coefficients[0]}, 0.0


def _one_hot(column: str, block: Block, coefficients: Sequence[float]) -> Term:
    products = [*coefficients, 0.0]  # where no column stands for a value, its place is -1
    unknown, missing = one_hot_places(block)
    places = Levels.of(block["levels"]).for_rows()
    found: dict[object, float] = {value: products[place] for value, place in places.items()}
    return _LEVELS, column, {**found, None: products[missing]}, products[unknown]


def _means(column: str, block: Block, coefficients: Sequence[float]) -> Term:
    if len(coefficients) > 1:
        return _other(column, block, coefficients)
    (coefficient,) = coefficients
    places = Levels.of(block["levels"]).for_rows()
    found: dict[object, float] = {value: coefficient * block["values"][place][0] for value, place in places.items()}
    return _LEVELS, column, {**found, None: coefficient * block["missing"][0]}, coefficient * block["otherwise"][0]


def _other(column: str, block: Block, coefficients: Sequence[float]) -> Term:
    return _OTHER, column, compile_row([block]), coefficients


_TERMS: dict[str, Callable[[str, Block, Sequence[float]], Term]] = {
    "saturating": _saturating,
    "missing": _missing,
    "one_hot": _one_hot,
    "means": _means,
}
