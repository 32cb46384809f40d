from __future__ import annotations

import pytest

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.secrets import hide_secrets, mask_secrets, refuse_literal_secrets, resolve_secrets

DATABASE = "postgresql://ann:${CHURN_PASSWORD}@db.example.org/churn"


def test_a_reference_is_replaced_by_the_environments_value(monkeypatch):
    monkeypatch.setenv("CHURN_PASSWORD", "open sesame")
    assert resolve_secrets(DATABASE, where="here") == "postgresql://ann:open sesame@db.example.org/churn"


def test_a_text_without_references_stays_as_it_is():
    assert resolve_secrets("data/*.csv", where="here", environment={}) == "data/*.csv"


@pytest.mark.parametrize("environment", [{}, {"CHURN_PASSWORD": ""}])
def test_a_missing_variable_is_the_machines_fault_with_the_command_to_run(environment):
    with pytest.raises(EnvironmentFault) as caught:
        resolve_secrets(DATABASE, where="milepost.toml, line 11, data.source", environment=environment)
    assert caught.value.exit_code == 5
    assert "CHURN_PASSWORD is not set" in caught.value.what
    assert "export CHURN_PASSWORD=" in caught.value.fix
    assert caught.value.where == "milepost.toml, line 11, data.source"


@pytest.mark.parametrize("text", ["${}", "${NAME:-x}", "${NAME", "$CHURN_DB", "a ${1X} b"])
def test_a_malformed_reference_is_refused(text):
    with pytest.raises(MilepostError, match="no reference to the environment"):
        resolve_secrets(text, where="here", environment={"NAME": "x", "CHURN_DB": "y"})


LITERALS = [
    "postgresql://ann:geheim@db.example.org/churn",
    "postgresql://ann:ge/heim#@db/churn",
    "postgresql://ann:prefix${PASSWORD}@db/churn",
    "https://store.example.org/table.parquet?token=geheim",
    "https://account.blob.example.net/x.csv?sv=1&sig=geheim%3D",
    "mysql://db/x?user=ann&password=geheim",
    "host=db user=ann password=geheim",
    "s3://AKIAIOSFODNN7GEHEIM:x@bucket/key",
    "az://x?account_key=geheim==",
    "https://hooks.slack.com/services/T000/B000/geheim",
    "ghp_geheimgeheimgeheimgeheim12",
]


@pytest.mark.parametrize("text", LITERALS)
def test_a_secret_written_out_is_refused_and_not_repeated(text):
    with pytest.raises(MilepostError) as caught:
        refuse_literal_secrets(text, where="here")
    assert "geheim" not in str(caught.value).lower().replace("ge/heim", "geheim")
    assert "${NAME}" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        DATABASE,
        "${CHURN_DB}",
        "postgresql://ann@db/churn",
        "postgresql://${USER}:${PASSWORD}@db:5432/churn?sslmode=require",
        "https://store.example.org:8443/table@2024.parquet?design=3",
        "s3://bucket/keys/monkey=1/*.parquet",
        "https://x.example.org/t.csv?token=${TOKEN}",
        "C:\\data\\telco.csv",
        "http://localhost:5000",
    ],
)
def test_addresses_without_secrets_pass(text):
    refuse_literal_secrets(text, where="here")
    assert mask_secrets(text) == text


def test_in_an_expression_a_token_is_a_column():
    refuse_literal_secrets("case when token=1 then 'a' else 'b' end", where="here", is_address=False)


def test_a_drivers_message_gets_its_secrets_hidden():
    message = "could not connect to postgresql://ann:open-sesame@db.example.org/churn (password open-sesame)"
    hidden = hide_secrets(message, DATABASE, environment={"CHURN_PASSWORD": "open-sesame"})
    assert "open-sesame" not in hidden
    assert "${CHURN_PASSWORD}" in hidden
