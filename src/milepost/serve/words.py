"""The page that tells people what the service answers and how to ask it; it needs nothing from anywhere else."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, NamedTuple

from milepost.ground.text import counted, listed
from milepost.predictor.predictor import Predictor
from milepost.problem.spans import span_text
from milepost.serve.answer_forms import (
    PREDICTION_ID,
    example_answer,
    example_reasons,
    example_refusal,
    example_taken,
)
from milepost.serve.bodies import MOST_ROWS_WITH_REASONS
from milepost.serve.details import absent_flag
from milepost.serve.inputs import input_words
from milepost.serve.keys import SCOPES_OF
from milepost.serve.openapi import REFUSALS, asked_rows, csv_of, told_outcomes
from milepost.serve.service import Service
from milepost.serve.settings import Settings
from milepost.serve.state import Named

_JSON, _CSV = "-H 'content-type: application/json'", "-H 'content-type: text/csv'"
BASE = "http://127.0.0.1:8080"  # where a request says nothing of it

_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_KEY = '-H "authorization: Bearer $KEY"'
_MANY, _PARTIAL, _RETRY = '{"rows": [row, row, …]}', '"partial": true', '"request_id"'
_WHY = '{"row": row, "reasons": true}'
_FORMS = ('{"dataframe_split": …}', '{"dataframe_records": …}', '{"instances": …}', '{"inputs": …}')
_DIFFER = (
    "Prediction and decision differ here: the prediction is what is most likely, the decision what is worth doing, "
    "since gains and costs are weighed."
)
_ARM = "<b>look at it before the decision</b>: control means do not act, so that the effect of acting can be measured"
_PATHS = {
    "POST /predict": "answers rows, as above",
    "POST /outcomes": "takes what turned out to be true",
    "POST /invocations": "answers rows in the forms of MLflow's servers",
    "GET /schema": "what a row has, for programs",
    "GET /model": "what answers, since when and why",
    "GET /openapi.json": "all of this page and more, for programs",
    "GET /docs": "this page",
    "GET /metrics": "figures, as Prometheus reads them",
    "GET /health/live": "whether the process is there",
    "GET /health/ready": "whether rows are answered",
}
_DAY = timedelta(days=1)
_STYLE = """
:root { color-scheme: light dark; --text: #1b2430; --quiet: #5a6472; --hair: #dcdee2; --paper: #fff; --panel: #f6f5f2;
  --accent: #0a64a8 }
@media (prefers-color-scheme: dark) { :root { --text: #e6e4df; --quiet: #a7adb6; --hair: #343c47; --paper: #13181e;
  --panel: #1b2129; --accent: #6db6f0 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.25rem 4rem; color: var(--text); background: var(--paper);
  font: 16px/1.55 "Liberation Sans", Arial, Helvetica, sans-serif }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; color: var(--accent) }
p { margin: .5rem 0; max-width: 44rem } .quiet { color: var(--quiet) }
pre { margin: .75rem 0; padding: .9rem 1rem; border: 1px solid var(--hair); border-radius: .4rem;
  background: var(--panel); white-space: pre-wrap; overflow-wrap: anywhere }
code, pre { font: .875rem/1.5 "Liberation Mono", Menlo, Consolas, monospace } code { overflow-wrap: anywhere }
table { width: 100%; margin: .75rem 0; border-collapse: collapse }
th, td { padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--hair); text-align: left; vertical-align: top }
thead th { color: var(--quiet); font-size: .85rem; font-weight: normal }
tbody th { font-weight: normal; white-space: nowrap }
@media (max-width: 640px) {
  thead { display: none } tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--hair) }
  th, td { display: block; padding: .1rem 0; border: 0 } tbody th { white-space: normal; font-weight: bold }
}
"""


class Access(NamedTuple):
    """How the service is reached.

    Attributes:
        base: what stands before its paths.
        needs_key: whether callers need one.
    """

    base: str
    needs_key: bool


def base_of(headers: Mapping[bytes, bytes], scheme: str) -> str:
    """Return what stands before the paths of the service, as its caller wrote it.

    Args:
        headers: of the request, names in small letters.
        scheme: "http" or "https".
    """
    host = headers.get(b"host", b"").decode("latin-1")
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else BASE


def words_page(service: Service, base: str = BASE) -> str:
    """Return the page, as HTML; its commands begin with base."""
    settings, voices = service.settings, service.engine.voices
    predictor, access = voices.champion.predictor, Access(base, service.keys.are_needed)
    parts = [
        f"<h1>{escape(settings.problem)}</h1>",
        f"<p>{_promise(predictor)}</p>",
        *_served(voices.champion.named, voices.challenger.named if voices.challenger else None),
        *_ask(predictor, settings, access),
        *_inputs(predictor, settings),
        *_answers(predictor, settings),
        *_reasons(predictor),
        *_other_forms(predictor, settings, access),
        *_outcomes(predictor, settings, access),
        *_errors(predictor, access.needs_key),
        *_paths(access.needs_key),
    ]
    return _page(settings.problem, parts)


def locked_page(base: str) -> str:
    """Return the page for a browser that brings no key: how to read the other one, and nothing of what is in it."""
    fetch = f'HOST={base} KEY=mp_…\ncurl "$HOST/docs" {_KEY} -o docs.html'
    return _page(
        "A key is needed",
        [
            "<h1>A key is needed</h1>",
            "<p>This service answers whoever has a key, and a browser sends none. Fetch the page in a terminal, then "
            "open the file. HOST is the address of this page without <code>/docs</code>, KEY your key.</p>",
            _pre(fetch),
            f"<p>If you have none, ask who runs the service; they make one with {_code('milepost keys add NAME')}.</p>",
        ],
    )


def _page(title: str, parts: Iterable[str]) -> str:
    head = f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return f'<!doctype html><html lang="en"><meta charset="utf-8">{view}{head}<body>{"".join(parts)}</body></html>\n'


# sections


def _promise(predictor: Predictor) -> str:
    labels = [f"<b>{escape(label)}</b>" for label in predictor.schema.labels]
    what = " or ".join(labels) if len(labels) == 2 else f"one of {listed(labels)}" if labels else "a number"
    return f"Send what is known of a case, and this service predicts {what}. It remembers every answer that it gives."


def _served(champion: Named, challenger: Named | None) -> Iterable[str]:
    rows = [
        ("Model", f"bundle {_code(champion.bundle_id)}{f', version {champion.version}' if champion.version else ''}"),
        ("Since", _moment(champion.since) if champion.since else "the start of the service"),
        ("Why", escape(champion.why or "It was named when the service was started.")),
    ]
    if challenger is not None:
        rows.append(("Beside it", f"bundle {_code(challenger.bundle_id)} is tried. {escape(challenger.why)}"))
    return _section("What answers", _table((), rows))


def _ask(predictor: Predictor, settings: Settings, access: Access) -> Iterable[str]:
    row, _ = asked_rows(predictor, settings)
    answer = example_answer(predictor)
    key = ", KEY the key that you were given" if access.needs_key else ""
    return _section(
        "Ask",
        f"<p>Paste this into a terminal. HOST is the address of this page without <code>/docs</code>{key}.</p>",
        _curl("predict", row, access),
        "<p>It answers:</p>",
        _pre(_shown(answer)),
        *([f"<p>{_DIFFER}</p>"] if answer["prediction"] != answer["decision"] else []),
        f"<p>Many rows at once, up to {settings.limits.rows:,}: send {_code(_MANY)}, and with {_code(_PARTIAL)} good "
        f"ones are answered where others cannot be: the answers stand in the order of their rows, and "
        f"{_code('unreadable')} has the numbers of the rows left out, counted from 0. Add {_code(_RETRY)}, a text of "
        "your own, and a request can be sent again safely: it gets the same answer and is counted once.</p>",
    )


def _inputs(predictor: Predictor, settings: Settings) -> Iterable[str]:
    rows = []
    for column in predictor.schema.columns:
        words = input_words(column, predictor.wordings[column.name])
        rows.append((_code(column.name), *(escape(part) for part in (words.kind, words.seen, words.null))))
    return _section(
        "What a row has",
        "<p>Each of these has to be there. Values that were never seen are answered too, and flagged.</p>",
        _table(("Input", "What it is", "What was seen", "Where it is not known"), rows),
        *_beside(settings),
    )


def _beside(settings: Settings) -> Iterable[str]:
    """Return what a row may have beside the inputs, which the model does not see."""
    rows = []
    if settings.entity:
        flag = absent_flag(settings)
        needs = ["outcomes by entity"] if flag else []
        needs += ["canary"] if settings.canary_share else []
        needs += ["control"] if settings.control_share else []
        says = f"who or what the row is about{f'; needed for {listed(needs)}' if needs else ''}"
        rows.append((settings.entity, says, f"the row is answered{f', with a flag: {flag}' if flag else ''}"))
    if settings.time:
        rows.append((settings.time, "when the prediction is made; its horizon begins there", "now counts"))
    says = "kept in the log, to compare groups by and to count money"
    rows += [(name, says, "the row is answered") for name in settings.context]
    if not rows:
        return ()
    cells = [(_code(name), escape(what), escape(without)) for name, what, without in rows]
    return (
        "<p>Beside them a row may have these. The log keeps them, the model does not see them:</p>",
        _table(("Field", "What it is", "Without it"), cells),
    )


def _answers(predictor: Predictor, settings: Settings) -> Iterable[str]:
    schema = predictor.schema
    rows = {"prediction": "what is most likely" if schema.labels else "the predicted number"}
    if schema.labels:
        rows["probabilities"] = "of each class, from 0 to 1"
    elif "lo" in predictor.no_answers().columns:
        rows["interval"] = "lower and upper end of where the truth is expected"
    if settings.control_share or settings.canary_share:
        rows["arm"] = _ARM
    rows["decision"] = "what to act on: for classes it weighs gains and costs, so it may differ from the prediction"
    if settings.guards:
        rows["decision"] += "; null where a guard says that the answer is not to be trusted"
        rows["guards"] = "the guards that acted, where any did"
    rows["flags"] = "what is odd about the row; empty is good"
    rows["bundle_id"] = "the model that answered"
    rows["prediction_id"] = "names this answer for ever; keep it, to say later what turned out to be true"
    return _section("What an answer has", _table((), [(_code(name), says) for name, says in rows.items()]))


def _reasons(predictor: Predictor) -> Iterable[str]:
    change = "probability" if predictor.schema.labels else "prediction"
    rows = {
        "input, value": "what the reason is, and its value as it was understood",
        "contribution": "what it adds to the margin",
        "change": f"an illustration: how much less the {change} would be without this contribution",
        "base": "the margin of which nothing is known",
        "others": "what all inputs add that are not listed",
        "total": "base, each contribution and others, added in this order: what the model answers, before calibration",
    }
    return _section(
        "Ask why",
        f"<p>Send {_code(_WHY)}, or how many reasons you want; for up to {MOST_ROWS_WITH_REASONS} rows at once. "
        "Beside the answer stand the inputs that add most to it:</p>",
        _pre(_shown(example_reasons(predictor))),
        _table((), [(_code(name), says) for name, says in rows.items()]),
        "<p>Reasons say what the model used. They do not say what causes what, nor what would happen if somebody "
        "changed an input.</p>",
    )


def _other_forms(predictor: Predictor, settings: Settings, access: Access) -> Iterable[str]:
    row, _ = asked_rows(predictor, settings)
    rows = {
        "predictions": "the decision on each row, not what is most likely; null where a guard abstained",
        "prediction_ids": "of each row, to say later what turned out to be true",
        "flags": "of each row, where any row has one",
    }
    if settings.control_share or settings.canary_share:
        rows["arms"] = _ARM
    return _section(
        "Other forms",
        f"<p>{_code('/invocations')} reads tables: CSV with a header, and the forms of MLflow's servers, "
        f"{', '.join(map(_code, _FORMS))}.</p>",
        _command("invocations", _CSV, shlex.quote(csv_of(row)), access, option="--data-binary"),
        "<p>It answers with lists, a place in each for every row:</p>",
        _pre(_shown({"predictions": [example_answer(predictor)["decision"]], "prediction_ids": [PREDICTION_ID]})),
        _table((), [(_code(name), says) for name, says in rows.items()]),
    )


def _outcomes(predictor: Predictor, settings: Settings, access: Access) -> Iterable[str]:
    by_id, by_entity = told_outcomes(predictor)
    has_both = settings.entity is not None and settings.horizon_s is not None
    return _section(
        "Say what turned out to be true",
        "<p>By the prediction_id, which finds its prediction always. Late, twice or corrected: each is told apart.</p>",
        *([f"<p>{_by_entity(settings)}</p>"] if has_both else []),
        _curl("outcomes", {"rows": [by_id, by_entity] if has_both else [by_id]}, access),
        "<p>It says of each row what became of it; a row that is refused says why, and the others are taken:</p>",
        _pre(_shown(example_taken())),
    )


def _by_entity(settings: Settings) -> str:
    """Return how an outcome finds its prediction without an id."""
    entity, horizon = settings.entity or "", timedelta(seconds=settings.horizon_s or 0)
    runs = span_text(horizon) if horizon % _DAY else counted(horizon // _DAY, "day")
    own = f"Entity may be called {_code(entity)}" + (f", truth {_code(settings.target)}" if settings.target else "")
    return (
        f"Or by entity and time. {_code('time')} is when it came true, and means the one prediction of this entity "
        f"that was made at most {runs} before: so long its horizon runs. Where none was, or several were, the row is "
        f"refused, and only the prediction_id tells which is meant. {own}."
    )


def _paths(needs_key: bool) -> Iterable[str]:
    heads = ("Path", "What it does", "Key for") if needs_key else ()
    rows = []
    for path, says in _PATHS.items():
        scopes = listed(SCOPES_OF[path.split()[1]]) or "none needed"
        rows.append((_code(path), says, *([scopes] if needs_key else [])))
    return _section("All paths", _table(heads, rows))


def _errors(predictor: Predictor, needs_key: bool) -> Iterable[str]:
    rows = [(str(status), escape(says)) for status, says in REFUSALS.items() if needs_key or status not in (401, 403)]
    return _section(
        "When something is wrong",
        "<p>An error says what was wrong, where, and what to do:</p>",
        _pre(_shown(example_refusal(predictor.schema))),
        _table(("Status", "What it means"), rows),
    )


# parts


def _section(title: str, *parts: str) -> Iterable[str]:
    return (f"<h2>{title}</h2>", *parts)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; the first of each row names it."""
    head = f"<thead><tr>{''.join(f'<th>{one}</th>' for one in heads)}</tr></thead>" if heads else ""
    body = "".join(
        f"<tr><th scope='row'>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for name, *cells in rows
    )
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _curl(path: str, body: Any, access: Access) -> str:
    return _command(path, _JSON, shlex.quote(_shown(body)), access)


def _command(path: str, kind: str, body: str, access: Access, *, option: str = "-d") -> str:
    known = [f"HOST={access.base}", *(["KEY=mp_…"] if access.needs_key else [])]
    words = ["curl", f'"$HOST/{path}"', kind, *([_KEY] if access.needs_key else []), option, body]
    return _pre("\n".join([*known, " ".join(words)]))


def _shown(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def _moment(since: str) -> str:
    return f"{datetime.fromisoformat(since).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
