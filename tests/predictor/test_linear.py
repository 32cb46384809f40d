from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from milepost.predictor.linear import linear_row, linear_table

X, Y = load_wine(return_X_y=True)
X = StandardScaler().fit_transform(X)


def document(model, link: str) -> dict:
    return {
        "kind": "linear",
        "link": link,
        "intercept": np.atleast_1d(model.intercept_).tolist(),
        "coefficients": np.atleast_2d(model.coef_).tolist(),
    }


CASES = {
    "binary": (document(LogisticRegression().fit(X, Y == 1), "sigmoid"), LogisticRegression().fit(X, Y == 1)),
    "multiclass": (document(LogisticRegression().fit(X, Y), "softmax"), LogisticRegression().fit(X, Y)),
    "regression": (document(Ridge().fit(X, Y), "identity"), Ridge().fit(X, Y)),
}


@pytest.mark.parametrize("name", CASES)
def test_answers_agree_with_scikit_learn(name):
    fitted, model = CASES[name]
    expected = model.predict(X)[:, None] if name == "regression" else model.predict_proba(X)
    given = linear_table(fitted)(X, 1)
    assert given == pytest.approx(expected[:, 1:] if name == "binary" else expected, rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_one_row_has_the_bits_of_many(name):
    fitted, _ = CASES[name]
    answer = linear_row(fitted)
    assert np.array_equal(linear_table(fitted)(X, 1), [answer(row) for row in X.tolist()])


def test_products_are_added_in_the_order_of_the_columns():
    # (1e16 + 1) + -1e16 = 0 in this order; another order, or a compensated sum, gives 1
    one = {"link": "identity", "intercept": [0.0], "coefficients": [[1.0, 1.0, 1.0]]}
    assert linear_row(one)([1e16, 1.0, -1e16]) == [0.0]
    assert linear_table(one)(np.array([[1e16, 1.0, -1e16]]), 1).tolist() == [[0.0]]


def test_a_sum_that_overflows_is_no_number_in_both():
    one = {"link": "identity", "intercept": [0.0], "coefficients": [[1e300, 1e300]]}
    assert np.isnan(linear_row(one)([1e300, -1e300])).all()
    assert np.isnan(linear_table(one)(np.array([[1e300, -1e300]]), 1)).all()
