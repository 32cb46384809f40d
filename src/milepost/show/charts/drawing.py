"""The door to altair: what all charts are made with, and how they become SVG or PNG, offline.

chart (altair) -> Vega-Lite -> as_svg: small, the same text each time | as_png: pixels
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import Any, TypeAlias

from milepost.ground.doors import door
from milepost.show.theme import chart_config, ink
from milepost.show.wording import clean

Chart: TypeAlias = Any  # an altair chart; altair is imported when the first one is made
Row: TypeAlias = Mapping[str, Any]

WIDE = 680  # pixels of a page's column
NARROW = 330  # pixels of a phone's
ROW_HEIGHT = 46  # of a row with its words above its mark
ABOVE, BELOW = -11, 9  # where in such a row the words and the mark are
STRIP = 20  # height of a tinted strip behind a mark
PERCENT = "format(100 * datum.value, '.3~r') + ' %'"  # label of a share in 0..1
SHORT = "format(datum.value, '~s')"  # label of a large number
_TAG = re.compile(r"<[^>]*>")  # no text of users stands in a tag
_EMPTY = re.compile(
    r'<path [^>]*? d=""|<path class="background"(?![^>]* (?:fill|stroke)=)|<rect [^>]*fill="transparent"/>'
)
_UNSEEN = re.compile(r' (?:class|role|aria-[a-z]+|pointer-events|version|xmlns:xlink|stroke-miterlimit)="[^"]*"')
_USUAL = re.compile(r' opacity="1"| transform="translate\(0,0\)"')
_PLACES = re.compile(r' (?:d|transform|x|y|x1|x2|y1|y2|width|height|stroke-width|viewBox|r)="[^"]*"')
_LONG = re.compile(r"(-?\d+\.\d\d)\d+")


def altair() -> Any:
    """Return the module altair.

    Raises:
        EnvironmentFault: it is not installed.
    """
    with door("altair"):
        import altair as module
    return module


@contextmanager
def unchecked() -> Iterator[None]:
    """Make charts without altair's check of every part, which takes most of the time; tests check each chart once."""
    with altair().utils.schemapi.debug_mode(False):
        yield


def drawn(rows: Sequence[Row]) -> Chart:
    """Return a chart without marks that holds rows; text in them is cleaned, numbers that are not finite left out."""
    alt = altair()
    return alt.Chart(alt.Data(values=[{key: _plain(value) for key, value in row.items()} for row in rows]))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return finite(value) if isinstance(value, float) else value


def finite(value: float | None) -> float | None:
    """Return value, or None where it is not finite."""
    return value if value is not None and math.isfinite(value) else None


def finished(chart: Chart, says: str) -> Chart:
    """Return the whole chart in the house's type and colours.

    Args:
        chart: layers or panels.
        says: what it shows, for those who hear the page.
    """
    return chart.properties(description=clean(says)).configure(**chart_config())


def names_above(rows: Sequence[Row], y: Any, width: float) -> list[Chart]:
    """Return the words of each row above its mark: its "title" at the left, what it "says" at the right.

    Titles are bold but for rows that are "quiet"; they may have two lines.
    """
    alt, here = altair(), drawn(rows)
    bold, plain = here.transform_filter("!datum.quiet"), here.transform_filter("datum.quiet")
    words = {"x": alt.value(0), "y": y, "text": "title:N"}
    place = {"align": "left", "lineBreak": "\n", "lineHeight": 12}
    two_lines = "indexof(datum.title, '\\n') >= 0"
    titles = bold.transform_filter(f"!({two_lines})").mark_text(**place, yOffset=ABOVE, fontWeight="bold")
    longer = bold.transform_filter(two_lines).mark_text(**place, yOffset=ABOVE - 6, fontWeight="bold")
    quiet = plain.mark_text(**place, yOffset=ABOVE)
    told = here.mark_text(align="right", yOffset=ABOVE, color=ink("quiet")).encode(
        x=alt.value(width), y=y, text="says:N"
    )
    if any("\n" in str(row["title"]) for row in rows):
        return [titles.encode(**words), longer.encode(**words), quiet.encode(**words), told]
    return [titles.encode(**words), quiet.encode(**words), told]


def good_side(rows: Sequence[Row], x: Any, y: Any) -> list[Chart]:
    """Return for each row the tinted strip where success lies, from its limit "at" to the end "good", and the limit."""
    here = drawn(rows)
    strip = here.mark_bar(height=STRIP, yOffset=BELOW, color=ink("good"), opacity=0.13).encode(x=x, x2="good:Q", y=y)
    limit = here.mark_tick(height=STRIP, thickness=1.5, yOffset=BELOW, color=ink("good"), opacity=1).encode(x=x, y=y)
    return [strip, limit]


def padded(values: Sequence[float | None], *, lowest: float = -math.inf, highest: float = math.inf) -> list[float]:
    """Return a domain that holds all finite values with a margin, within lowest and highest."""
    known = [value for value in values if value is not None and math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return [max(low - margin, min(lowest, low)), min(high + margin, max(highest, high))]


def as_svg(chart: Chart) -> str:
    """Return the chart as one SVG element: text stays text, nothing is fetched, the same chart gives the same bits."""
    svg = _converter().vegalite_to_svg(chart.to_dict(validate=False), vl_version=_version(), allowed_base_urls=[])
    says = chart.description if isinstance(chart.description, str) else "chart"
    return _slim(svg, says)


def as_png(chart: Chart, *, scale: float = 2.0) -> bytes:
    """Return the chart as a PNG picture on white.

    Args:
        chart: what to draw.
        scale: pixels of the picture for each pixel of the chart.
    """
    spec = {**chart.to_dict(validate=False), "background": ink("paper")}
    png: bytes = _converter().vegalite_to_png(spec, vl_version=_version(), scale=scale, allowed_base_urls=[])
    return png


def _converter() -> Any:
    with door("vl_convert"):
        import vl_convert
    return vl_convert


def _version() -> str:
    """Return the version of Vega-Lite that altair writes, in the converter's spelling."""
    return ".".join(altair().SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def _slim(svg: str, says: str) -> str:
    """Return svg without what nobody sees, places to the hundredth of a pixel, and names of its own for its clips.

    The converter numbers clips through its life, and two pictures on one page must not share a name.
    """
    svg = _TAG.sub(lambda tag: _slim_tag(tag[0]), svg)
    clips = list(dict.fromkeys(re.findall(r' id="([^"]+)"', svg)))
    for number, clip in enumerate(clips):
        svg = svg.replace(f'id="{clip}"', f'id="?{number}"').replace(f"url(#{clip})", f"url(#?{number})")
    own = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(id="|url\(#)\?(\d+)', rf"\1c{own}-\2", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(says)}" ', 1)


def _slim_tag(tag: str) -> str:
    if _EMPTY.match(tag):
        return ""
    tag = _USUAL.sub("", _UNSEEN.sub("", tag))
    return _PLACES.sub(lambda place: _LONG.sub(r"\1", place[0]), tag)
