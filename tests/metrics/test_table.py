from __future__ import annotations

import pytest

from milepost.ground.errors import UnknownNameError
from milepost.metrics.names import METRIC_NAMES
from milepost.metrics.table import METRICS, metric
from milepost.show.glossary import find


def test_every_name_has_a_function_and_every_function_a_name():
    assert list(METRICS) == list(METRIC_NAMES)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_keeps_the_promises_of_its_name(name):
    promise, built = METRIC_NAMES[name], METRICS[name]
    for field in promise.__dataclass_fields__:
        assert getattr(built, field) == getattr(promise, field)


def test_other_spellings_find_the_metric():
    assert metric("AUC", where="here") is METRICS["roc_auc"]


def test_an_unknown_metric_gets_the_nearest_spelling():
    with pytest.raises(UnknownNameError, match="Write 'recall' instead"):
        metric("recal", where="milepost.toml, line 4")


@pytest.mark.parametrize("name", METRICS)
def test_every_spelling_of_a_metric_is_explained(name):
    for spelling in (name, METRICS[name].title, *METRICS[name].also):
        assert find(spelling) is not None, spelling
