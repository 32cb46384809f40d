from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import lightgbm
import numpy as np
import polars as pl
import pytest

from milepost.data.expressions.parse import parse
from milepost.data.schema import Column, Schema
from milepost.ground.errors import MilepostError
from milepost.predictor.load import load_predictor

SCHEMA = Schema(
    (
        Column("tenure", "integer", "number", "feature", missing_share=0.0, lo=0.0, hi=72.0),
        Column("contract", "text", "category", "feature", missing_share=0.0, levels=("Month-to-month", "One year")),
    ),
    "binary",
    ("No", "Yes"),
)
ROW = {"tenure": 100, "contract": "month-to-MONTH"}


def trees() -> str:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(0, 72, 400), rng.integers(0, 2, 400)]).astype(float)
    data = lightgbm.Dataset(x, (x[:, 0] < 20).astype(float), categorical_feature=[1])
    return lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 10).model_to_string()


def model() -> dict[str, Any]:
    number = {"op": "number", "column": "tenure", "fill": None, "lo": None, "hi": None, "shift": 0.0, "scale": 1.0}
    codes = {"op": "codes", "column": "contract", "levels": ["Month-to-month", "One year"], "other": False}
    boosted = {"kind": "trees", "file": "trees/boosted.txt", "link": "sigmoid"}
    rule = parse("tenure < 6", types=SCHEMA.dtypes, where="test").tree
    branches = {"kind": "branches", "tree": rule, "type": "boolean", "branches": [[True, [0.9]]], "otherwise": [0.1]}
    return {
        "task": "binary",
        "labels": ["No", "Yes"],
        "derived": [],
        "members": [
            {"rung": "rule", "weight": 0.5, "encoding": [], "model": branches},
            {"rung": "boosted", "weight": 0.5, "encoding": [number, codes], "model": boosted},
        ],
        "calibration": {"kind": "none"},
        "decision": {"kind": "threshold", "at": 0.5},
    }


def test_a_bundle_on_disk_answers_a_row_and_a_table(write_bundle):
    predictor = load_predictor(write_bundle(SCHEMA, model(), {"trees/boosted.txt": trees()}))
    answer = predictor.answer(ROW)
    assert answer["decision"] == "No"
    assert answer["flags"] == [
        "tenure 100 is above anything seen (72)",
        "contract 'month-to-MONTH' is read as 'Month-to-month'",
    ]
    table = predictor.answer_table(pl.DataFrame([ROW]))
    assert table["probability_Yes"].to_list() == [answer["probabilities"]["Yes"]]


def test_a_predictor_knows_its_bundle(write_bundle):
    folder = write_bundle(SCHEMA, model(), {"trees/boosted.txt": trees()})
    assert load_predictor(str(folder)).bundle_id == json.loads((folder / "manifest.json").read_text())["bundle_id"]


@pytest.mark.parametrize("name", ["schema.json", "model.json", "trees/boosted.txt"])
def test_a_changed_byte_is_refused(write_bundle, name):
    folder = write_bundle(SCHEMA, model(), {"trees/boosted.txt": trees()})
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(MilepostError, match=f"'{name}' was changed"):
        load_predictor(folder)


def _of_a_newer_kind(part: str) -> dict[str, Any]:
    document = model()
    parts = {"member": document["members"][0]["model"], "calibration": document["calibration"]}
    parts |= {"op": document["members"][1]["encoding"][0], "decision": document["decision"]}
    parts[part]["op" if part == "op" else "kind"] = "newer"
    return document


@pytest.mark.parametrize("part", ["member", "op", "calibration", "decision"])
def test_a_bundle_that_this_version_does_not_understand_asks_for_an_upgrade(write_bundle, part):
    folder = write_bundle(SCHEMA, _of_a_newer_kind(part), {"trees/boosted.txt": trees()})
    with pytest.raises(MilepostError, match="does not understand it") as refused:
        load_predictor(folder)
    assert "Upgrade" in refused.value.fix
    assert refused.value.where == str(folder)


def test_a_folder_of_files_that_are_no_model_is_refused(write_bundle):
    folder = write_bundle(SCHEMA, model(), {"trees/boosted.txt": trees()})
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "model.json").unlink()
    del manifest["files"]["model.json"]
    from milepost.predictor.manifest import bundle_id_of

    manifest["bundle_id"] = bundle_id_of(manifest["files"])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(MilepostError, match=r"no 'model.json'"):
        load_predictor(folder)


ALONE = """
import json, sys
from pathlib import Path
from milepost.predictor.load import load_predictor
predictor = load_predictor(Path(sys.argv[1]))
predictor.answer(json.loads(sys.argv[2]))
if sys.argv[3] == "table":
    predictor.answer_table([json.loads(sys.argv[2])] * 3)
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def modules_after(folder, what: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), json.dumps(ROW), what], check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("what", ["row", "table"])
def test_answering_needs_none_of_the_packages_for_training(write_bundle, what):
    folder = write_bundle(SCHEMA, model(), {"trees/boosted.txt": trees()})
    heavy = {"sklearn", "pandas", "mlflow", "pyarrow", "lightgbm", "scipy", "pydantic", "joblib", "deltalake", "optuna"}
    assert not heavy & modules_after(folder, what)


def test_a_row_without_expressions_needs_no_polars(write_bundle):
    plain = model()
    del plain["members"][0]
    folder = write_bundle(SCHEMA, plain, {"trees/boosted.txt": trees()})
    row = json.dumps({"tenure": 5, "contract": "One year"})
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), row, "row"], check=True, capture_output=True, text=True
    )
    assert "polars" not in json.loads(done.stdout)
