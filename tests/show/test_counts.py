import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.show.counts import OutOf, found_and_missed, out_of

cells = st.integers(0, 10_000)


def test_cells_are_scaled_to_a_hundred_rows():
    # of 1,761 rows: 281 found = 15.96, 186 missed = 10.56, 152 false alarms = 8.63, 1,142 left alone = 64.85;
    # whole parts make 97, so the three largest remainders (.96, .85, .63) are rounded up
    assert out_of(((1142, 152), (186, 281))) == OutOf(100, found=16, missed=10, false_alarms=9, left_alone=65)


@given(cells, cells, cells, cells)
def test_cells_always_add_up(left_alone, false_alarms, missed, found):
    scaled = out_of(((left_alone, false_alarms), (missed, found)))
    if scaled is None:
        assert left_alone + false_alarms + missed + found == 0
    else:
        assert scaled.positives + scaled.false_alarms + scaled.left_alone == scaled.of


def test_rare_positives_are_counted_out_of_more_rows():
    scaled = out_of(((9970, 10), (8, 12)))
    assert scaled is not None
    assert (scaled.of, scaled.positives) == (10_000, 20)


def test_no_rows_have_no_counts():
    assert out_of(((0, 0), (0, 0))) is None


def test_the_sentences_name_the_rows_and_the_class():
    says = found_and_missed(OutOf(100, 16, 10, 9, 65), "customers", "churn", "Yes")
    assert says[0] == "Of 100 customers, 26 turn out to have churn = Yes: the model finds 16 of them and misses 10."
    assert says[1] == "It says churn = Yes for 25 in all; 9 of these are false alarms."


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202eabc"])
def test_a_class_cannot_steer_the_sentence(text):
    assert text[0] not in "".join(found_and_missed(OutOf(100, 16, 10, 9, 65), "rows", text, text))


def test_one_false_alarm_is_said_in_the_singular():
    says = found_and_missed(OutOf(100, found=1, missed=5, false_alarms=1, left_alone=93), "loans", "class", "bad")
    assert says[1] == "It says class = bad for 2 in all; 1 of these is a false alarm."
