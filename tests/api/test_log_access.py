from datetime import UTC, datetime, timedelta

import pytest

import milepost
from milepost.api.log_access import answering_bundle, entity_redaction, labels_of, logged_entity, moment_of, voice_of
from milepost.ground.errors import MilepostError
from milepost.problem.read import read_problem
from telco import edit_contract

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)


def moment(telco, given, **others):
    return moment_of(given, read_problem(telco / "milepost.toml"), where="--since", clock=lambda: NOW, **others)


@pytest.mark.parametrize("given", ["2026-05-01T12:00", "2026-05-01T14:00+02:00", "7d", "1w", datetime(2026, 5, 1, 12)])
def test_a_time_may_be_typed_in_several_ways(telco, given):
    assert moment(telco, given) == datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_span_may_lead_ahead(telco):
    assert moment(telco, "7d", is_ahead=True) == NOW + timedelta(days=7)
    assert moment(telco, None) is None


@pytest.mark.parametrize("given", ["", "soon", "2026-13-01", "7", "3 months"])
def test_what_is_no_time_says_what_one_looks_like(telco, given):
    with pytest.raises(MilepostError, match="is no time") as refused:
        moment(telco, given)
    assert refused.value.where == "--since"
    assert '"7d" for seven days ago; "2h" and "30min"' in refused.value.fix


def test_the_champion_answers_and_before_there_is_one_the_newest(trained):
    contract = read_problem(trained / "milepost.toml")
    newest = answering_bundle(contract)
    milepost.evaluate(problem=trained / "milepost.toml")
    assert answering_bundle(contract) == newest
    edit_contract(trained, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    other = milepost.train(trained / "milepost.toml")
    assert other.bundle_id != newest.bundle_id
    assert answering_bundle(contract) == newest  # it is the champion


def test_an_entity_is_asked_for_as_it_is_logged(telco):
    assert logged_entity("c-81", read_problem(telco / "milepost.toml")) == "c-81"
    contract = read_problem(edit_contract(telco, "[climb]", '[serve]\nredaction = { customer = "hash" }\n[climb]'))
    hashed = logged_entity("c-81", contract)
    assert hashed == logged_entity("c-81", contract) != "c-81"
    assert entity_redaction(contract).entity("c-81") == hashed


def test_classes_are_those_of_each_bundle_and_of_one_that_is_not_here_unknown(judged_folder):
    contract = read_problem(judged_folder / "milepost.toml")
    bundle = answering_bundle(contract)
    assert labels_of(contract, [bundle.bundle_id, "0" * 16]) == {bundle.bundle_id: ("No", "Yes")}
    assert voice_of(contract, bundle).predictor.schema.labels == ("No", "Yes")
