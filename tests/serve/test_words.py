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
from milepost.serve.words import words_page
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
    service = make_service(task, entity="customer")
    page = words_page(service)
    for path in ("predict", "outcomes"):
        host, curl, url, _, header, _, body = pasted(page, path)
        assert (host, curl, url) == ("HOST=http://127.0.0.1:8080", "curl", f"$HOST/{path}")
        assert header == "content-type: application/json"
        got = ask(service, "POST", f"/{path}", body.encode())
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
