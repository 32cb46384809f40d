import json
import shutil
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

import milepost
from logged import outcome, prediction, write
from milepost.ground.errors import MilepostError
from milepost.ground.records import as_document
from milepost.predictor.load import load_predictor
from milepost.predlog.places import LogPlace
from milepost.predlog.records import input_schema
from milepost.show.console import text_of
from program import run_program
from serving import bundle_in, served, usual_row
from telco import edit_contract


def case(folder, prediction_id):
    return milepost.log_show(prediction_id, problem=folder / "milepost.toml")


def place_of(folder):
    return LogPlace(folder / ".milepost/log/churn/journals", str(folder / ".milepost/log/churn"))


def a_row(folder):
    """Return what the log holds of one answer, by the table that was written beside it."""
    return pl.read_parquet(folder / "answers.parquet").row(7, named=True)


def contributions(found):
    return {one.input: one.contribution for one in found.inputs.each}


@pytest.fixture(scope="module")
def asked(judged_folder, tmp_path_factory):
    """Return a folder with the answers of a real service, and two that it gave: usual, and odd with a guard."""
    folder = tmp_path_factory.mktemp("served") / "telco"
    shutil.copytree(judged_folder, folder)
    guard = '[[serve.guards]]\nname = "new"\nwhen = "tenure = 0"\nthen = "override"\nto = "No"\n'
    edit_contract(folder, "[climb]", f"[serve]\ncontrol_share = 0.25\n{guard}\n[climb]")
    row = {**usual_row(bundle_in(folder)), "customer": "C00001", "female": 1}
    month = {"contract": "Month-to-month", "internet_service": "Fiber optic", "total_charges": None}
    odd = {**row, **month, "customer": "C00002", "tenure": 0, "payment_method": "Barter"}
    with served(folder / "milepost.toml") as ask:
        usual = ask("/predict", {"row": row, "reasons": True, "request_id": "r-1"})
        during = case(folder, usual["prediction_id"])
        guarded = ask("/predict", {"row": odd, "reasons": True})
        ask("/outcomes", {"prediction_id": usual["prediction_id"], "truth": "No", "recorded_at": "2026-01-02"})
        ask("/outcomes", {"prediction_id": usual["prediction_id"], "truth": "Yes", "recorded_at": "2026-01-03"})
    return folder, usual, guarded, during


def test_the_case_is_the_answer_that_the_service_gave(asked):
    folder, told, _, _ = asked
    answer = case(folder, told["prediction_id"]).answer
    assert (answer.prediction_id, answer.request_id, answer.entity) == (told["prediction_id"], "r-1", "C00001")
    assert (answer.prediction, answer.decision, answer.flags) == (told["prediction"], told["decision"], ())
    assert answer.probabilities == told["probabilities"]
    assert (answer.bundle_id, answer.version, answer.role, answer.origin) == (told["bundle_id"], 1, "champion", "http")
    assert (answer.arm, answer.arm_share) == (told["arm"], 0.75 if told["arm"] == "act" else 0.25)
    assert answer.context == {"female": 1}
    assert answer.answer_us > 0


def test_what_each_input_adds_is_what_the_service_told(asked):
    folder, *answers, _ = asked
    for told in answers:
        found = case(folder, told["prediction_id"])
        listed = {one["input"]: (one["contribution"], one["change"]) for one in told["reasons"]}
        first = {one.input: (one.contribution, one.change) for one in found.inputs.each[: len(listed)]}
        assert list(first.items()) == list(listed.items())
        margin = found.inputs.margin
        assert (margin.scale, margin.of, margin.base) == (
            told["margin"]["scale"], told["margin"]["of"], told["margin"]["base"],
        )  # fmt: skip
        assert margin.total == pytest.approx(told["margin"]["total"], abs=1e-12)
        assert margin.base + sum(contributions(found).values()) == pytest.approx(margin.total, abs=1e-12)


def test_an_answer_is_found_before_it_is_folded_and_after(asked):
    folder, told, _, during = asked
    after = case(folder, told["prediction_id"])
    assert (during.answer, during.inputs) == (after.answer, after.inputs)
    assert during.outcomes == ()
    assert "What turned out to be true is not known yet." in during.says
    assert during.next_step.startswith("milepost outcomes TABLE")


def test_an_override_and_flags_are_spelled_out_and_the_models_own_decision_beside_them(asked):
    folder, _, told, _ = asked
    found = case(folder, told["prediction_id"])
    assert found.answer.guards == ("new",)
    assert (found.answer.decision, found.answer.prediction) == ("No", "Yes")
    assert "unseen level 'Barter' in payment_method" in found.answer.flags
    assert any("Guard new acted: the model alone would have decided Yes." in one for one in found.says)


def test_every_word_on_the_truth_stands_in_the_order_in_which_it_was_recorded(asked):
    folder, told, _, _ = asked
    found = case(folder, told["prediction_id"])
    assert [(one.truth, f"{one.recorded_at:%Y-%m-%d}", one.origin) for one in found.outcomes] == [
        ("No", "2026-01-02", "http"), ("Yes", "2026-01-03", "http"),
    ]  # fmt: skip
    assert "Held to be true now is the last of 2 words: Yes." in found.says


def test_the_history_says_why_that_bundle_answered(asked):
    folder, told, _, _ = asked
    (promoted,) = milepost.history(kind="promoted", problem=folder / "milepost.toml").decisions
    assert any(promoted.says in one for one in case(folder, told["prediction_id"]).says)


def test_what_was_answered_before_any_promotion_is_said_to_be_named_by_whoever_asked(logged):
    row = prediction(0, bundle_id=bundle_in(logged).name)  # long before
    write(place_of(logged), [row]).close()
    assert "there was no champion then" in " ".join(case(logged, row.prediction_id).says)


def test_a_row_of_score_has_its_inputs_as_the_table_has_them(logged_folder):
    row = a_row(logged_folder)
    found = case(logged_folder, row["prediction_id"])
    assert (found.answer.origin, found.answer.entity, found.answer.request_id) == ("score", row["customer"], None)
    (sent,) = pl.read_csv(logged_folder / "asked.csv").filter(customer=row["customer"]).to_dicts()
    logged = {one.input: one.value for one in found.inputs.each if one.is_logged}
    assert logged["tenure"] == sent["tenure"]
    assert logged["contract"] == sent["contract"]
    assert {one.input for one in found.inputs.each if not one.is_logged} <= {"charge_per_month", "baseline.rule"}
    sizes = [abs(one.contribution) for one in found.inputs.each]
    assert sizes == sorted(sizes, reverse=True)


def test_what_shadows_said_stands_with_the_answer_and_a_shadow_has_a_case_of_its_own(logged):
    told = a_row(logged)["prediction_id"]
    at = case(logged, told).answer.at
    shadow = prediction(0, at, role="shadow", request=told, bundle_id="b2", label="No", decision_label="No")
    write(place_of(logged), [shadow], [outcome(1, told, at)]).close()
    (beside,) = case(logged, told).shadows
    assert (beside.role, beside.bundle_id, beside.decision) == ("shadow", "b2", "No")
    own = case(logged, shadow.prediction_id)
    assert (own.answer.request, own.answer.role) == (told, "shadow")
    assert [one.truth for one in own.outcomes] == ["Yes"]  # of the answer that was given in its place


def test_a_bundle_that_is_gone_leaves_the_inputs_without_contributions(logged):
    row = prediction(0, bundle_id="0123456789abcdef")
    write(place_of(logged), [row]).close()
    found = case(logged, row.prediction_id)
    assert {one.input: one.value for one in found.inputs.each}["contract"] == "One year"
    assert {one.contribution for one in found.inputs.each} == {None}
    assert found.answer.probabilities == {"class 1": 0.25, "class 2": 0.75}
    assert "bundle 0123456789abcdef cannot be had" in found.inputs.says
    assert "bundles/0123456789abcdef" in found.inputs.says


def test_inputs_that_were_not_sampled_are_missed_in_words(logged):
    row = prediction(0, inputs=None, bundle_id=bundle_in(logged).name)
    write(place_of(logged), [row]).close()
    found = case(logged, row.prediction_id)
    assert (found.inputs.each, found.inputs.margin) == ((), None)
    assert "inputs_share" in found.inputs.says


@pytest.mark.parametrize(("rule", "told"), [("drop", "tenure not at all"), ("bucket 10", "tenure redacted")])
def test_redacted_inputs_have_no_contributions(judged, rule, told):
    edit_contract(judged, "[climb]", f'[serve]\nretrain_from_log = false\nredaction = {{ tenure = "{rule}" }}\n[climb]')
    milepost.score("churn:1", judged / "telco.csv", output=judged / "answers.parquet", log=True,
                   problem=judged / "milepost.toml")  # fmt: skip
    found = case(judged, a_row(judged)["prediction_id"])
    assert found.inputs.margin is None
    assert told in found.inputs.says


def test_inputs_that_do_not_give_the_answer_again_have_no_contributions(logged):
    predictor = load_predictor(bundle_in(logged))
    schema = input_schema((column.name, column.dtype) for column in predictor.schema.columns)
    _, values = predictor.answer_and_inputs(usual_row(bundle_in(logged)))
    own = [values[name] for name in predictor.schema.names]
    row = prediction(0, bundle_id=predictor.bundle_id, probabilities=[0.25, 0.75], inputs=own)
    write(place_of(logged), [row], schema=schema).close()
    found = case(logged, row.prediction_id)
    assert "gives another answer here" in found.inputs.says
    assert {one.contribution for one in found.inputs.each} == {None}


@pytest.mark.parametrize("text", ["C05717", "", "0190f5d2-7c00-4abc-8def-0123456789ab"])
def test_what_is_no_prediction_id_is_refused_with_an_example(logged_folder, text):
    with pytest.raises(MilepostError, match="is no prediction_id") as refused:
        case(logged_folder, text)
    assert "log show --entity" in refused.value.fix


def test_an_id_that_the_log_does_not_have_is_refused_with_its_time(logged_folder):
    with pytest.raises(MilepostError, match="has no prediction 0190f5d2") as refused:
        case(logged_folder, "0190F5D2-7c00-7abc-8def-0123456789ab ")
    assert "2024-07-27 20:12:10 UTC" in refused.value.where


@pytest.mark.parametrize("choice", [{"last": 5}, {"since": "7d"}, {"until": datetime(2026, 1, 1)}, {"entity": "C1"}])
def test_one_prediction_leaves_nothing_to_choose(logged_folder, choice):
    told = a_row(logged_folder)["prediction_id"]
    with pytest.raises(MilepostError, match="leaves nothing to choose") as refused:
        milepost.log_show(told, problem=logged_folder / "milepost.toml", **choice)
    assert f"--{next(iter(choice))}" in refused.value.where


def test_the_page_fits_60_columns_with_every_contribution(asked):
    folder, _, told, _ = asked
    found = case(folder, told["prediction_id"])
    text = text_of(replace(found, next_step="milepost log show"), width=60)  # a path is as long as it is
    assert max(map(len, text.splitlines())) <= 60
    assert told["prediction_id"] in text
    assert sum(line.startswith(one.input) for line in text.splitlines() for one in found.inputs.each) >= 15
    assert "Left out" not in text


def test_json_holds_all_of_it(asked):
    folder, told, _, _ = asked
    ran = run_program("log", "show", told["prediction_id"], "--json", folder=folder)
    whole = replace(case(folder, told["prediction_id"]), next_step="milepost log show")
    assert ran.document == json.loads(json.dumps(as_document(whole)))
    assert ran.document["answer"]["probabilities"] == told["probabilities"]
    assert ran.document["inputs"]["each"][0]["contribution"] == told["reasons"][0]["contribution"]
    assert [one["truth"] for one in ran.document["outcomes"]] == ["No", "Yes"]
