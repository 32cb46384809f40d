from __future__ import annotations

import pickle

from milepost.ground.errors import EnvironmentFault, UnknownNameError
from milepost.predictor.frames import UnreadableCell


def test_an_error_crosses_a_process_border_whole():
    for error in (
        EnvironmentFault("what", where="where", fix="fix"),
        UnknownNameError("column", "chrun", known=["churn"], where="milepost.toml"),
        UnreadableCell("'x' is no number", column="age", row=3, fix="Write a number."),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
