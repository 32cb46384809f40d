from datetime import UTC, datetime

from milepost.show.charts.drawing import NARROW, as_svg
from milepost.show.charts.split import Part, caption, split

BY_TIME = (
    Part("development rows", 252_582, datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 9, 20, tzinfo=UTC)),
    Part("embargo", 900, datetime(2013, 9, 20, tzinfo=UTC), datetime(2013, 9, 24, tzinfo=UTC)),
    Part("test rows", 84_194, datetime(2013, 9, 24, tzinfo=UTC), datetime(2013, 12, 31, tzinfo=UTC)),
)


def test_parts_by_time_show_their_days():
    svg = as_svg(split(BY_TIME))
    assert "2013-09-24 to 2013-12-31, 84,194 rows" in svg
    assert "embargo" in svg


def test_a_phone_shows_days_without_counts():
    assert "84,194" not in as_svg(split(BY_TIME, width=NARROW))


def test_parts_without_time_show_their_rows():
    assert "1,761 rows" in as_svg(split((Part("development rows", 5282), Part("test rows", 1761))))


def test_the_caption_says_that_test_rows_are_later_where_they_are():
    assert "later" in caption(BY_TIME)[1]
    assert "later" not in caption((Part("development rows", 3), Part("test rows", 1)))[1]
