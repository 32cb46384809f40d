import pytest

from milepost.show.theme import INKS, OUTCOME_INKS, page_colours

READ = ("text", "quiet", "model", "second", "third", "good", "bad", "unsure")


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, by the definition of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_what_is_read_stands_out_from_what_is_behind_it(name, ground):
    assert contrast(INKS[name].light, INKS[ground].light) >= 4.5
    assert contrast(INKS[name].dark, INKS[ground].dark) >= 4.5


def test_no_two_inks_share_a_light_value():
    assert len({ink.light for ink in INKS.values()}) == len(INKS)


def test_every_outcome_has_an_ink_that_the_page_knows():
    assert all(f"--{name}:" in page_colours() for name in OUTCOME_INKS.values())
