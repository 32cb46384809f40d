"""Milepost: from a sentence and a table to a model in production that keeps proving that it works.

>>> import milepost
>>> milepost.explain("recall").entries[0].term
'recall'
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers; the table below is what runs
    from milepost.api.check import check as check
    from milepost.api.create_app import create_app as create_app
    from milepost.api.evaluate import evaluate as evaluate
    from milepost.api.explain import explain as explain
    from milepost.api.history import history as history
    from milepost.api.init import init as init
    from milepost.api.keys import keys_add as keys_add
    from milepost.api.keys import keys_end as keys_end
    from milepost.api.keys import keys_list as keys_list
    from milepost.api.load_predictor import load_predictor as load_predictor
    from milepost.api.log_export import log_export as log_export
    from milepost.api.log_forget import log_forget as log_forget
    from milepost.api.log_query import log_query as log_query
    from milepost.api.log_show import log_show as log_show
    from milepost.api.log_verify import log_verify as log_verify
    from milepost.api.outcomes import outcomes as outcomes
    from milepost.api.parity import parity as parity
    from milepost.api.promote import promote as promote
    from milepost.api.report import report as report
    from milepost.api.rollback import rollback as rollback
    from milepost.api.score import score as score
    from milepost.api.serve import serve as serve
    from milepost.api.status import status as status
    from milepost.api.tour import tour as tour
    from milepost.api.train import train as train
    from milepost.ground.errors import MilepostError as MilepostError
    from milepost.predictor.predictor import Predictor as Predictor
    from milepost.problem.read import problem_schema as problem_schema
    from milepost.problem.read import read_problem as read_problem
    from milepost.problem.spec import Problem as Problem

_HOME = {  # public name -> module that holds it, loaded on use
    "MilepostError": "milepost.ground.errors",
    "Predictor": "milepost.predictor.predictor",
    "Problem": "milepost.problem.spec",
    "check": "milepost.api.check",
    "create_app": "milepost.api.create_app",
    "evaluate": "milepost.api.evaluate",
    "explain": "milepost.api.explain",
    "history": "milepost.api.history",
    "init": "milepost.api.init",
    "keys_add": "milepost.api.keys",
    "keys_end": "milepost.api.keys",
    "keys_list": "milepost.api.keys",
    "load_predictor": "milepost.api.load_predictor",
    "log_export": "milepost.api.log_export",
    "log_forget": "milepost.api.log_forget",
    "log_query": "milepost.api.log_query",
    "log_show": "milepost.api.log_show",
    "log_verify": "milepost.api.log_verify",
    "outcomes": "milepost.api.outcomes",
    "parity": "milepost.api.parity",
    "problem_schema": "milepost.problem.read",
    "promote": "milepost.api.promote",
    "read_problem": "milepost.problem.read",
    "report": "milepost.api.report",
    "rollback": "milepost.api.rollback",
    "score": "milepost.api.score",
    "serve": "milepost.api.serve",
    "status": "milepost.api.status",
    "tour": "milepost.api.tour",
    "train": "milepost.api.train",
}
__all__ = sorted(_HOME)  # a table, so that a test can compare it with the docs


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"milepost has no {name!r}; public names: {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__


class _Surface(ModuleType):
    """The package as people use it: a floor with the name of a verb (evaluate) does not hide the verb once imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Surface
