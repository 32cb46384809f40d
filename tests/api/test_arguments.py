"""Whatever is given to a verb in place of what it takes: three lines that name it, and nothing is read or written."""

import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError

FRAME = pl.DataFrame({"x": [1]})
WRONG = {
    "init": {"table": FRAME},
    "check": {"problem": FRAME},
    "train": {"workers": "2"},
    "evaluate": {"bundle": FRAME},
    "report": {"output": 3},
    "score": {"bundle": "x@champion", "table": FRAME, "output": "a.parquet"},
    "status": {"most_decisions": "5"},
    "promote": {"bundle": "x:1", "reason": 3},
    "rollback": {"to": FRAME},
    "history": {"at": 3},
    "create_app": {"bundle": 3},
    "serve": {"port": "8080"},
    "outcomes": {"table": FRAME},
    "log_show": {"last": "20"},
    "log_query": {"sql": 3},
    "log_export": {"output": 3},
    "log_verify": {"problem": FRAME},
    "log_forget": {"entity": 81},
    "keys_add": {"name": "shop", "scopes": "predict"},
    "keys_list": {"problem": FRAME},
    "keys_end": {"name": "shop", "at": 3},
    "parity": {"rows": "500"},
    "tour": {"folder": None},
    "explain": {"term": 3},
    "load_predictor": {"bundle": FRAME},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_verb_refuses_an_argument_of_a_wrong_type(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MilepostError) as caught:
        getattr(milepost, name)(**WRONG[name])
    assert caught.value.what.startswith(f"{name} takes ")
    assert caught.value.where.startswith(f"milepost.{name}(")
    assert caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_every_verb_looks_at_its_arguments():
    verbs = {name for name in milepost.__all__ if hasattr(getattr(milepost, name), "__wrapped__")}
    assert verbs == set(WRONG)


@pytest.mark.parametrize("text", ["a,b\n" * 200, "a\0b"])
def test_the_contents_of_a_file_are_no_path(text):
    with pytest.raises(MilepostError, match="is no path"):
        milepost.init(text)


def test_a_single_name_is_no_list_of_names():
    with pytest.raises(MilepostError, match="a list of texts as keep") as caught:
        milepost.score("x", "t.csv", output="a.parquet", keep="customer")
    assert caught.value.fix == 'Write keep=["customer"].'


def test_a_misspelt_keyword_is_pythons_own_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'sed'"):
        milepost.train(sed=3)
