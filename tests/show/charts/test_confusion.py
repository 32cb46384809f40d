from milepost.evaluate.curves import Curves
from milepost.show.charts.confusion import caption, confusion, hundred
from milepost.show.charts.drawing import NARROW, as_svg
from milepost.show.counts import OutOf


def of(table, labels):
    return Curves((), (), (), (), table, labels)


def test_each_cell_shows_its_count_and_its_share_of_the_truth():
    svg = as_svg(confusion(of(((1142, 152), (186, 281)), ("No", "Yes"))))
    assert all(text in svg for text in ("1,142", "88.3 %", "186", "39.8 %"))


def test_labels_that_are_alike_when_cut_stay_apart():
    names = ("a very long label of a class one", "a very long label of a class two")
    assert as_svg(confusion(of(((3, 1), (0, 4)), names))).count("a very long label") == 4


def test_many_classes_fit_a_phone():
    labels = tuple(f"class {n}" for n in range(40))
    table = tuple(tuple(9 if t == d else 0 for d in range(40)) for t in range(40))
    assert len(as_svg(confusion(of(table, labels), width=NARROW))) < 300_000


def test_a_class_without_rows_divides_nothing_by_zero():
    assert "NaN" not in as_svg(confusion(of(((0, 0), (1, 2)), ("No", "Yes"))))


def test_a_hostile_label_is_only_a_label(hostile):
    assert "<script" not in as_svg(confusion(of(((3, 1), (0, 4)), (hostile, "]}`;alert(1)//"))))


def test_the_caption_names_the_most_frequent_mistake():
    assert "186 of 467 Yes are taken for No" in caption(of(((1142, 152), (186, 281)), ("No", "Yes")))[1]
    assert "No test row" in caption(of(((3, 0), (0, 4)), ("No", "Yes")))[1]


def test_a_hundred_rows_are_a_hundred_dots():
    assert as_svg(hundred(OutOf(100, 16, 10, 9, 65))).count("<path") == 100
