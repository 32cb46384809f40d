"""Words and numbers as people read them: nearest spellings, shares, counts, spans, lists."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_MOST_PLACES = 12  # behind the point; a smaller number is written as 1.2e-11
_HUGE = 1e15
_LEAST_SHARE = 0.001  # that is written with one place behind the point


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is spelled most like name, or None if none comes near."""
    by_folded = {choice.casefold(): choice for choice in known}
    near = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def listed(items: Sequence[object], *, most: int = 12) -> str:
    """Return items joined by commas, cut after most with the number left out.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    shown = ", ".join(str(item) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {count(len(items) - most)} more"


def count(n: int) -> str:
    """Return an integer with thousands separators.

    >>> count(7043)
    '7,043'
    """
    return f"{n:,}"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun in the right number.

    >>> counted(1, "row"), counted(7043, "row"), counted(2, "entry", "entries")
    ('1 row', '7,043 rows', '2 entries')
    """
    return f"{count(n)} {noun if n == 1 else plural or noun + 's'}"


def share(value: float, *, digits: int = 1) -> str:
    """Return a share in 0..1 as a percentage.

    >>> share(0.7346), share(-0.0001)
    ('73.5 %', '0.0 %')
    """
    return f"{round(100 * value, digits) + 0.0:.{digits}f} %"  # + 0.0: never -0.0


def some_share(value: float) -> str:
    """Return a share above 0 as a percentage that is not 0.

    >>> some_share(0.125), some_share(0.0004)
    ('12.5 %', 'under 0.1 %')
    """
    return share(value) if value >= _LEAST_SHARE else f"under {share(_LEAST_SHARE)}"


def figure(value: float, *, digits: int = 3) -> str:
    """Return a number with about digits significant figures, in scientific notation only where it is tiny or huge.

    >>> figure(0.41853), figure(1234.5678), figure(-20.0), figure(1e-15), figure(1e300)
    ('0.419', '1,235', '-20', '1e-15', '1e+300')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if places > _MOST_PLACES or abs(value) >= _HUGE:
        return f"{value:.{digits}g}"
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figures(values: Sequence[float], *, digits: int = 3, most_places: int = _MOST_PLACES) -> tuple[str, ...]:
    """Return numbers with one number of places behind the point, by which the largest has about digits figures.

    Args:
        values: that belong together, such as the ends of an interval.
        digits: significant figures of the largest of them.
        most_places: behind the point.

    >>> figures([0.0, -0.002157, 0.00185]), figures([10, -12.0, 32.0]), figures([9.123, 15.21])
    (('0.00000', '-0.00216', '0.00185'), ('10', '-12', '32'), ('9.1', '15.2'))
    """
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    places = max(0, digits - 1 - math.floor(math.log10(max(sizes)))) if sizes else 0
    if not sizes or max(sizes) >= _HUGE or min(places, most_places) > _MOST_PLACES:
        return tuple(figure(value, digits=digits) for value in values)
    places = min(places, most_places)
    rounded = [round(value, places) + 0.0 if math.isfinite(value) else value for value in values]  # never -0.0
    while places and all(round(value, places - 1) == value for value in rounded if math.isfinite(value)):
        places -= 1
    return tuple(f"{value:,.{places}f}" if math.isfinite(value) else figure(value) for value in rounded)


def span(seconds: float) -> str:
    """Return a span of time in its natural unit.

    >>> span(0.0000123), span(0.25), span(75), span(86400 * 30)
    ('12.3 µs', '250 ms', '1 min 15 s', '30 d')
    """
    for unit, size in (("d", 86400.0), ("h", 3600.0)):
        if seconds >= size:
            return f"{figure(seconds / size)} {unit}"
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{figure(seconds / size)} {unit}"
    return f"{figure(seconds / 1e-6)} µs"
