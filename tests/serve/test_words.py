from __future__ import annotations

import json
import re
import shlex
from html import unescape
from pathlib import Path

import pytest

from milepost.serve.app import ROUTES
from milepost.serve.keys import add_key
from milepost.serve.service import KEYS_FILE
from milepost.serve.words import BASE, base_of, words_page
from serving import ask

TASKS = ("binary", "multiclass", "regression")


def pasted(page: str, path: str) -> list[str]:
    """Return the words of the command of a page that asks a path, as a shell reads them."""
    texts = [unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)]
    (text,) = [text for text in texts if f"$HOST/{path}" in text]
    return shlex.split(text)


@pytest.mark.parametrize("task", TASKS)
def test_every_input_is_told(make_service, task):
    service = make_service(task)
    page = words_page(service)
    for column in service.engine.voices.champion.predictor.schema.columns:
        assert f"<code>{column.name}</code>" in page
    for label in service.engine.voices.champion.predictor.schema.labels:
        assert label in page


@pytest.mark.parametrize("task", TASKS)
def test_what_is_pasted_is_answered_as_the_page_says(make_service, task):
    service = make_service(task, entity="customer", horizon_s=86_400.0)
    page = words_page(service)
    kinds = {"predict": "application/json", "outcomes": "application/json", "invocations": "text/csv"}
    for path, kind in kinds.items():
        host, curl, url, _, header, _, body = pasted(page, path)
        assert (host, curl, url) == ("HOST=http://127.0.0.1:8080", "curl", f"$HOST/{path}")
        assert header == f"content-type: {kind}"
        got = ask(service, "POST", f"/{path}", body.encode(), headers={"content-type": kind})
        assert got.status == 200
        shown = unescape(page)
        assert all(f'"{name}": ' in shown for name in got.json)


def test_the_page_loads_nothing_and_runs_nothing(make_service):
    page = words_page(make_service())
    assert not re.search(r"<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|\bon[a-z]+=", page)


def test_the_page_says_what_answers_and_why(make_service):
    service = make_service()
    page = words_page(service)
    assert service.engine.voices.champion.bundle_id in page
    assert "version 3" in page
    assert "2026-03-01 10:00 UTC" in page
    assert "Promoted: every criterion is met." in page


def test_names_are_text_and_no_html(make_service):
    page = words_page(make_service(problem="<b>&amp;"))
    assert "<b>&amp;</h1>" not in page
    assert "&lt;b&gt;&amp;amp;</h1>" in page


def test_all_paths_are_told(make_service):
    page = words_page(make_service())
    for path, methods in ROUTES.items():
        for method in methods:
            assert f"<code>{method} {path}</code>" in page


def test_a_key_is_told_of_where_one_is_needed(make_service):
    service = make_service()
    assert "KEY" not in words_page(service)
    add_key(Path(service.settings.folder) / KEYS_FILE, "shop", ["predict"])
    service.keys.refresh()
    page = words_page(service)
    assert "authorization: Bearer $KEY" in pasted(page, "predict")
    assert json.loads(pasted(page, "predict")[-1])


def test_the_answer_that_is_shown_is_that_to_the_row_that_is_shown_and_needs_no_excuse(make_service):
    service = make_service(entity="customer")
    page = words_page(service)
    answer = ask(service, "POST", "/predict", pasted(page, "predict")[-1].encode()).json
    assert answer["prediction"] == answer["decision"]
    assert f'"decision": "{answer["decision"]}"' in unescape(page)
    assert answer["flags"] == []


def test_what_stands_beside_the_inputs_is_told_with_its_meaning(make_service):
    beside = {"entity": "customer", "time": "asked_at", "context": ("region",), "horizon_s": 86_400.0}
    page = words_page(make_service(**beside, control_share=0.1))
    for name in ("customer", "asked_at", "region"):
        assert f"<code>{name}</code>" in page
    assert "needed for outcomes by entity, control" in page
    assert page.index("<code>arm</code>") < page.index("<code>decision</code>")
    assert "<b>look at it before the decision</b>" in page


def test_how_an_outcome_finds_its_prediction_by_time_is_told(make_service):
    page = words_page(make_service(entity="customer", target="churn", horizon_s=30 * 86_400.0))
    assert "is when it came true" in page
    assert "at most 30 days before" in page
    assert "By entity" not in words_page(make_service(entity="customer"))


@pytest.mark.parametrize(
    ("host", "base"),
    [
        (b"10.1.2.3:8095", "https://10.1.2.3:8095"),
        (b"models.example.org", "https://models.example.org"),
        (b"[::1]:80", "https://[::1]:80"),
        (b"$(reboot)", BASE),
        (b"a.b/c", BASE),
        (b"<b>", BASE),
        (b"", BASE),
    ],
)
def test_commands_ask_where_the_page_was_asked(make_service, host, base):
    assert base_of({b"host": host}, "https") == base
    assert words_page(make_service(), base).count(f"HOST={base}\n") == 3


def test_a_browser_without_a_key_is_told_how_to_read_the_page_and_nothing_of_it(make_service):
    service = make_service(entity="customer")
    secret = add_key(Path(service.settings.folder) / KEYS_FILE, "shop", ["predict"])
    service.keys.refresh()
    locked = ask(service, "GET", "/docs", headers={"Accept": "text/html,*/*"})
    assert (locked.status, locked.headers["www-authenticate"]) == (401, "Bearer")
    text = locked.body.decode()
    assert "curl" in text
    assert not {"telco", "customer", "tenure", "contract"} & set(re.findall("[a-z]+", text))
    assert ask(service, "GET", "/docs").json["error"]["what"] == "The request has no valid key."
    page = ask(service, "GET", "/docs", headers={"X-API-Key": secret}).body.decode()
    assert "Key for" in page
    assert "none needed" in page
