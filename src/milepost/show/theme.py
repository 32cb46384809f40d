"""Colours and type of every picture and page: one table, in a light and a dark reading.

Hues are of Okabe and Ito's set, which people with every kind of colour blindness can tell apart; meaning is never in
colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour in its light and its dark reading; no two inks share a light value, for pages find them by it."""

    light: str
    dark: str


INKS: dict[str, Ink] = {
    "text": Ink("#1b2430", "#e6e4df"),
    "quiet": Ink("#5a6472", "#a7adb6"),
    "hair": Ink("#dcdee2", "#343c47"),
    "paper": Ink("#ffffff", "#13181e"),
    "panel": Ink("#f6f5f2", "#1b2129"),
    "model": Ink("#0a64a8", "#6db6f0"),
    "second": Ink("#a85500", "#f0a04b"),
    "third": Ink("#8f4a7f", "#d99ac8"),
    "good": Ink("#00735a", "#3fc39d"),
    "bad": Ink("#b23a1e", "#f28a6b"),
    "unsure": Ink("#7d6200", "#d8b64c"),
}
OUTCOME_INKS = {"met": "good", "not met": "bad", "can't tell yet": "unsure"}
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


def ink(name: str) -> str:
    """Return a colour in its light reading."""
    return INKS[name].light


def chart_config() -> dict[str, Any]:
    """Return what all charts share, as Vega-Lite's config."""
    return {
        "aria": False,
        "background": "transparent",
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None},
        "concat": {"spacing": 18},
        "axis": {
            "domainColor": ink("hair"),
            "gridColor": ink("hair"),
            "gridOpacity": 0.7,
            "labelColor": ink("quiet"),
            "labelFontSize": 12,
            "labelPadding": 6,
            "tickColor": ink("hair"),
            "tickSize": 4,
            "titleColor": ink("quiet"),
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "title": {
            "anchor": "start",
            "frame": "group",
            "color": ink("text"),
            "fontSize": 13,
            "fontWeight": "bold",
            "offset": 8,
        },
        "text": {"color": ink("text"), "fontSize": 12},
        "rule": {"color": ink("quiet")},
    }


def page_colours() -> str:
    """Return the inks as CSS variables, and the rules that turn the charts' colours with the page's."""
    light = "".join(f"--{name}:{colour.light};" for name, colour in INKS.items())
    dark = "".join(f"--{name}:{colour.dark};" for name, colour in INKS.items())
    turned = "".join(
        f'.chart [fill="{colour.light}"]{{fill:var(--{name})}}.chart [stroke="{colour.light}"]{{stroke:var(--{name})}}'
        for name, colour in INKS.items()
    )
    return f":root{{{light}color-scheme:light dark}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{turned}"
