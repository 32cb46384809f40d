import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import milepost
from milepost.ground.errors import MilepostError
from milepost.predlog.flat import FlatLog
from milepost.predlog.places import LogPlace
from telco import edit_contract, files_in


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


# ---- with the log


def log(folder, table="asked.csv", output="logged.parquet", **others):
    problem = folder / "milepost.toml"
    return milepost.score("churn@champion", folder / table, output=folder / output, problem=problem, log=True, **others)


def rows_of(folder):
    """Return the predictions of a folder's log, with their inputs."""
    place = folder / ".milepost" / "log" / "churn"
    flat = FlatLog(LogPlace(place / "journals", str(place)))
    return flat.predictions().collect().sort("prediction_id")


def test_logged_answers_are_those_that_score_gives_anyway(logged_folder, scored):
    answers = pl.read_parquet(logged_folder / "answers.parquet")
    assert answers.columns[:2] == ["customer", "prediction_id"]
    anyway = pl.read_parquet(scored / "answers.parquet").head(300)
    assert answers.drop("prediction_id").equals(anyway)


def test_each_answer_is_in_the_log_with_its_inputs_and_context(logged_folder):
    told, logged = pl.read_parquet(logged_folder / "answers.parquet"), rows_of(logged_folder)
    asked = pl.read_csv(logged_folder / "asked.csv")
    assert logged["prediction_id"].equals(told["prediction_id"])
    assert logged["entity"].equals(told["customer"].alias("entity"))
    assert logged["decision_label"].equals(told["decision"].alias("decision_label"))
    assert logged["probabilities"].list.last().equals(told["probability_Yes"].alias("probabilities"))
    assert logged["contract"].equals(asked["contract"])
    assert set(logged["origin"]) == {"score"}
    context = json.loads(logged["context"][0])
    assert context == {name: asked[name][0] for name in ("female", "senior_citizen")}


def test_guards_arms_and_redaction_are_those_of_the_service(judged):
    serve = """[serve]
control_share = 0.4
redaction = { customer = "hash" }
[[serve.guards]]
name = "new-customer"
when = "tenure = 1"
then = "abstain"
[climb]"""
    edit_contract(judged, "[climb]", serve)
    done = log(judged, "telco.csv")
    table, told, logged = pl.read_csv(judged / "telco.csv"), pl.read_parquet(done.path), rows_of(judged)
    new = table["tenure"] == 1
    assert told["decision"].is_null().equals(new.alias("decision"))
    assert told["guards"].to_list() == [["new-customer"] if one else [] for one in new]
    assert logged["guards"].list.len().cast(bool).equals(new.alias("guards"))
    assert f"Guards acted on {new.sum()} rows." in done.says
    assert done.decisions["none (abstained)"] == new.sum()
    assert sum(done.decisions.values()) == done.rows
    assert 0.3 < (told["arm"] == "control").mean() < 0.5
    assert logged["arm"].equals(told["arm"])
    assert set(logged["entity"].str.len_bytes()) == {16}
    assert "C0" not in "".join(logged["entity"])


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_guards_act_though_nothing_is_logged(judged, name):
    guard = '[[serve.guards]]\nname = "new-customer"\nwhen = "tenure = 1"\nthen = "override"\nto = "No"\n[climb]'
    problem = edit_contract(judged, "[climb]", guard)
    made = milepost.score("churn@champion", judged / "telco.csv", output=judged / name, problem=problem)
    logged = log(judged, "telco.csv")
    table = (pl.read_parquet if name == "a.parquet" else pl.read_csv if name == "a.csv" else pl.read_ndjson)(made.path)
    same = pl.read_parquet(logged.path)
    assert table["decision"].equals(same["decision"])
    acted = table["guards"].is_not_null() if name == "a.csv" else table["guards"].list.len() > 0
    assert acted.to_list() == (same["guards"].list.len() > 0).to_list()
    assert f"Guards acted on {acted.sum()} rows." in made.says
    assert made.prediction_log is None


def test_a_guard_that_does_not_fit_the_bundle_is_refused(judged):
    guard = '[[serve.guards]]\nname = "new"\nwhen = "tenur = 1"\nthen = "abstain"\n[climb]'
    problem = edit_contract(judged, "[climb]", guard)
    with pytest.raises(MilepostError, match="tenur"):
        milepost.score("churn@champion", judged / "telco.csv", output=judged / "a.csv", problem=problem)
    assert not (judged / "a.csv").exists()


def test_a_run_that_fails_logs_nothing(judged):
    table = pl.read_csv(judged / "telco.csv").with_columns(pl.col("tenure").cast(pl.String))
    odd = pl.when(pl.int_range(pl.len()) == 1_400).then(pl.lit("many")).otherwise("tenure")
    table.with_columns(tenure=odd).write_csv(judged / "odd.csv")
    with pytest.raises(MilepostError, match="'many', which is not a number") as refused:
        log(judged, "odd.csv")
    assert "row 1,401" in refused.value.where
    assert not (judged / "logged.parquet").exists()
    assert rows_of(judged).is_empty()
    assert list((judged / ".milepost" / "log" / "churn").glob(".scoring-*")) == []


def test_a_table_without_the_entity_is_logged_without_it(judged):
    pl.read_csv(judged / "telco.csv").drop("customer").head(5).write_parquet(judged / "nobody.parquet")
    done = log(judged, "nobody.parquet")
    assert pl.read_parquet(done.path).columns[0] == "prediction_id"
    assert rows_of(judged)["entity"].null_count() == 5


def test_a_log_needs_a_problem_and_free_names(judged, bundle, tmp_path):
    with pytest.raises(MilepostError, match="no problem file"):
        milepost.score(bundle, judged / "telco.csv", output=tmp_path / "a.csv", problem=tmp_path / "no.toml", log=True)
    pl.read_csv(judged / "telco.csv").with_columns(prediction_id=1).write_csv(judged / "own.csv")
    with pytest.raises(MilepostError, match="'prediction_id' has the name of an answer"):
        log(judged, "own.csv", keep=["prediction_id"])
    assert rows_of(judged).is_empty()


def test_logging_says_where_and_what_comes_next(judged):
    done = log(judged, "telco.csv", "a.csv")
    assert done.prediction_log == str(judged / ".milepost" / "log" / "churn")
    assert done.next_step.startswith("milepost log show")
    assert "prediction log" in str(done)


def test_where_the_tables_are_away_the_answers_wait_in_a_journal(judged):
    (judged / "away").write_text("a file where the folder of the tables should be")
    edit_contract(judged, "[climb]", f'[serve]\ntables = "{judged / "away"}"\n[climb]')
    done = log(judged, "telco.csv")
    assert "get it with the next command that logs" in done.says[-1]
    assert done.path.exists()
    (judged / "away").unlink()
    log(judged, "telco.csv", "more.parquet")
    journals = judged / ".milepost" / "log" / "churn" / "journals"
    flat = FlatLog(LogPlace(journals, str(judged / "away")))
    assert flat.predictions().collect().height == 3_000
    assert list(journals.iterdir()) == []


def test_a_feature_that_is_learned_from_the_log_is_not_redacted(judged):
    edit_contract(judged, "[climb]", '[serve]\nredaction = { tenure = "bucket 12" }\n[climb]')
    with pytest.raises(MilepostError, match="'tenure' is redacted"):
        log(judged, "telco.csv")
    edit_contract(judged, "[serve]", "[serve]\nretrain_from_log = false")
    log(judged, "telco.csv")
    assert set(rows_of(judged)["tenure"] % 12) == {0.0}


# ---- with reasons


@pytest.fixture(scope="module")
def reasoned(scored, bundle, tmp_path_factory):
    """Return the answers to Telco's table with three reasons each."""
    path = tmp_path_factory.mktemp("reasons") / "a.parquet"
    problem = scored / "milepost.toml"
    return pl.read_parquet(milepost.score(bundle, scored / "telco.csv", output=path, problem=problem, reasons=3).path)


def test_reasons_stand_beside_the_answers_and_change_none(scored, reasoned):
    answers = pl.read_parquet(scored / "answers.parquet")
    assert reasoned.select(answers.columns).equals(answers)
    assert reasoned.columns[len(answers.columns) :] == [
        *(f"reason_{place}{part}" for place in (1, 2, 3) for part in ("", "_contribution", "_change")),
        "margin_base", "margin_others", "margin_total",
    ]  # fmt: skip


def test_reasons_of_a_table_are_those_of_its_rows_to_the_last_bit(scored, bundle, reasoned):
    table, predictor = pl.read_csv(scored / "telco.csv"), milepost.load_predictor(bundle)
    for number in (0, 700, 1_499):
        told = predictor.reasons(table.row(number, named=True), most=3)
        row = reasoned.row(number, named=True)
        assert [row[f"reason_{place}_contribution"] for place in (1, 2, 3)] == [
            reason["contribution"] for reason in told["reasons"]
        ]
        assert row["margin_total"] == told["margin"]["total"]


def test_reasons_are_written_as_text_too(scored, bundle, tmp_path, reasoned):
    problem = scored / "milepost.toml"
    done = milepost.score(bundle, scored / "telco.csv", output=tmp_path / "a.csv", problem=problem, reasons=3)
    assert pl.read_csv(done.path)["reason_1"].equals(reasoned["reason_1"])


def test_logged_answers_have_reasons_in_the_file_alone(judged):
    pl.read_csv(judged / "telco.csv").head(20).write_csv(judged / "few.csv")
    told = pl.read_parquet(log(judged, "few.csv", reasons=1).path)
    assert told["reason_1"].null_count() == 0
    assert rows_of(judged)["prediction_id"].equals(told["prediction_id"])
    assert not [name for name in rows_of(judged).columns if name.startswith(("reason_", "margin_"))]


def test_a_kept_column_may_not_have_the_name_of_a_reason(judged):
    pl.read_csv(judged / "telco.csv").with_columns(reason_1=1).write_csv(judged / "named.csv")
    words = {"output": judged / "a.csv", "problem": judged / "milepost.toml", "keep": ["reason_1"]}
    with pytest.raises(MilepostError, match="'reason_1' has the name of an answer"):
        milepost.score("churn:1", judged / "named.csv", reasons=1, **words)
    assert milepost.score("churn:1", judged / "named.csv", **words).kept == ("customer", "reason_1")


def test_fewer_than_no_reasons_are_refused(judged):
    with pytest.raises(MilepostError, match="-1 reasons"):
        milepost.score(
            "churn:1", judged / "telco.csv", output=judged / "a.csv", problem=judged / "milepost.toml", reasons=-1
        )
