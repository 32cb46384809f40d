import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError
from telco import files_in


@pytest.fixture(scope="module")
def scored(once, judged_folder):
    """Return a Telco folder with answers to its own table."""

    def make(folder):
        import shutil

        shutil.copytree(judged_folder, folder, dirs_exist_ok=True)
        output = folder / "answers.parquet"
        milepost.score("churn@champion", folder / "telco.csv", output=output, problem=folder / "milepost.toml")

    return once("scored", make)


@pytest.fixture(scope="module")
def bundle(scored):
    (manifest,) = scored.glob(".milepost/bundles/*/manifest.json")
    return manifest.parent


def test_a_row_alone_gets_the_very_bits_that_it_gets_in_a_table(scored, bundle):
    table, answers = pl.read_csv(scored / "telco.csv"), pl.read_parquet(scored / "answers.parquet")
    predictor = milepost.load_predictor(bundle)
    for number in (0, 1, 7, 800, 1_499):
        answer = predictor.answer(table.row(number, named=True))
        assert answer["probabilities"]["Yes"] == answers["probability_Yes"][number]
        assert answer["decision"] == answers["decision"][number]


def test_the_answers_keep_the_id_and_the_order_of_the_table(scored):
    table, answers = pl.read_csv(scored / "telco.csv"), pl.read_parquet(scored / "answers.parquet")
    assert answers.columns == ["customer", "prediction", "probability_No", "probability_Yes", "decision", "flags"]
    assert answers["customer"].equals(table["customer"])
    assert np.allclose(answers["probability_No"] + answers["probability_Yes"], 1)


def test_a_bundle_folder_needs_no_problem_file(scored, bundle, tmp_path):
    nowhere = tmp_path / "milepost.toml"
    done = milepost.score(bundle, scored / "telco.csv", output=tmp_path / "a.parquet", problem=nowhere)
    again = pl.read_parquet(scored / "answers.parquet").drop("customer")
    assert pl.read_parquet(done.path).equals(again)
    assert done.rows == 1_500
    assert sum(done.decisions.values()) == 1_500


def test_further_columns_are_kept_beside_the_id(judged):
    output, problem = judged / "a.parquet", judged / "milepost.toml"
    done = milepost.score("churn:1", judged / "telco.csv", output=output, problem=problem, keep=["churn"])
    assert done.kept == ("customer", "churn")
    assert pl.read_parquet(done.path).columns[:2] == ["customer", "churn"]


def test_a_strange_value_is_answered_and_flagged(judged):
    table = pl.read_csv(judged / "telco.csv").head(5)
    table.with_columns(contract=pl.lit("For life")).write_csv(judged / "new.csv")
    done = milepost.score("churn:1", judged / "new.csv", output=judged / "a.parquet", problem=judged / "milepost.toml")
    assert done.flagged == 5
    assert all("contract" in " ".join(flags) for flags in pl.read_parquet(done.path)["flags"].to_list())


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_answers_as_text_say_the_same_as_parquet(scored, bundle, tmp_path, name):
    done = milepost.score(bundle, scored / "telco.csv", output=tmp_path / name, problem=scored / "milepost.toml")
    answers = pl.read_parquet(scored / "answers.parquet")
    if name.endswith(".csv"):
        flags = pl.col("flags").list.join("; ")  # an empty list is an empty cell
        told = pl.read_csv(done.path).with_columns(pl.col("flags").fill_null("").cast(pl.String))
        assert told.equals(answers.with_columns(flags))
    else:
        assert pl.read_ndjson(done.path, schema=answers.schema).equals(answers)


def test_a_file_whose_ending_names_no_format_is_refused(judged):
    with pytest.raises(MilepostError, match="no ending that names a format") as caught:
        milepost.score("churn:1", judged / "telco.csv", output=judged / "a.xlsx", problem=judged / "milepost.toml")
    assert "answers.parquet" in caught.value.fix
    assert not (judged / "a.xlsx").exists()


def test_a_frame_is_answered_in_memory_rather_than_scored(judged):
    with pytest.raises(MilepostError, match="not a DataFrame") as caught:
        milepost.score("churn:1", pl.DataFrame(), output=judged / "a.csv", problem=judged / "milepost.toml")
    assert "answer_table" in caught.value.fix


ANSWER = """
import json, sys
import milepost
answer = milepost.load_predictor(sys.argv[1]).answer(json.loads(sys.argv[2]))
print(answer["decision"], [name for name in sys.argv[3:] if name in sys.modules])
"""


def test_a_new_process_answers_without_the_packages_of_training(scored, bundle):
    heavy = ("sklearn", "pandas", "mlflow", "scipy", "lightgbm", "deltalake", "sqlalchemy", "rich", "typer", "altair")
    row = json.dumps(pl.read_csv(scored / "telco.csv").row(0, named=True))
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, bundle, row, *heavy], capture_output=True, text=True, check=True
    )
    assert done.stdout in ("No []\n", "Yes []\n")


@pytest.mark.parametrize("output", ["new.csv", "./telco.csv", "link.csv"])
def test_answers_never_replace_the_table_that_is_read_or_the_problems_own(judged, output):
    (judged / "new.csv").write_bytes((judged / "telco.csv").read_bytes())
    (judged / "link.csv").symlink_to(judged / "new.csv")
    before = files_in(judged)
    with pytest.raises(MilepostError, match="written over") as refused:
        milepost.score("churn:1", judged / "new.csv", output=f"{judged}/{output}", problem=judged / "milepost.toml")
    assert refused.value.fix == "Write to another file: -o answers.parquet"
    assert files_in(judged) == before
