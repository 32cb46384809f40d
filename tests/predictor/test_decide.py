from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from milepost.predictor.decide import decided, decided_row

MATRIX = [[10.0, -1.0, 0.0], [-5.0, 3.0, 0.5], [-50.0, 0.0, 2.0]]
rows = st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=20)


def test_the_positive_class_is_decided_at_the_threshold_itself():
    document = {"kind": "threshold", "at": 0.3}
    assert [decided_row(document)([1 - p, p]) for p in (0.29, 0.3, 0.31)] == [0, 1, 1]


def test_of_equal_chances_the_first_is_most_likely():
    assert decided_row({"kind": "most_likely"})([0.4, 0.4, 0.2]) == 0


def test_the_most_valuable_class_need_not_be_the_most_likely():
    # 0.6*10 - 0.4*50 = -14 for the first, 0.6*-1 = -0.6 for the second, 0.4*2 = 0.8 for the third
    assert decided_row({"kind": "most_valuable", "matrix": MATRIX})([0.6, 0.0, 0.4]) == 2


@given(rows, st.sampled_from([{"kind": "most_likely"}, {"kind": "most_valuable", "matrix": MATRIX}]))
def test_one_row_is_decided_as_many_are(shares, document):
    assert decided(np.array(shares), document).tolist() == [decided_row(document)(row) for row in shares]


@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0, 1))
def test_a_threshold_decides_one_row_as_many(positives, at):
    shares, document = [[1 - p, p] for p in positives], {"kind": "threshold", "at": at}
    assert decided(np.array(shares), document).tolist() == [decided_row(document)(row) for row in shares]
