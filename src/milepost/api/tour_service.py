"""The tour's way through production: the model goes to work, every answer is remembered, the truth comes late."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl

from milepost.api.serving import prepare
from milepost.ground.files import whole_file
from milepost.ground.text import counted, share, span
from milepost.problem.read import read_problem
from milepost.serve.settings import write_settings
from milepost.serve.supervisor import one_worker

ASKED, KNOWN = 8, 5  # customers; of that many of them the truth has come
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service said about some customers.

    Attributes:
        url: where it listened.
        customers: that were asked about.
        answers: one for each.
        truths: what turned out to be true of them.
        seconds: that each request took, on the way there and back.
    """

    url: str
    customers: tuple[str, ...]
    answers: tuple[dict[str, Any], ...]
    truths: tuple[str, ...]
    seconds: tuple[float, ...]


def ask_customers(problem: Path, bundle: str, table: Path) -> Asked:
    """Return what a real service answers about the first customers of the table, asked one by one over HTTP.

    Raises:
        MilepostError: the bundle cannot be served.
        EnvironmentFault: the service did not come up.
    """
    prepared = prepare(read_problem(problem), bundle)
    rows = pl.read_csv(table, n_rows=ASKED, infer_schema_length=None)
    answers, seconds = [], []
    write_settings(prepared.settings, prepared.path)
    with one_worker(prepared.path) as url:
        for row in rows.drop("churn").iter_rows(named=True):
            start = time.perf_counter()
            answers.append(_post(f"{url}/predict", row))
            seconds.append(time.perf_counter() - start)
    return Asked(url, tuple(rows["customer"]), tuple(answers), tuple(rows["churn"]), tuple(seconds))


def told_of(asked: Asked) -> tuple[str, ...]:
    """Return what there is to say about the answers."""
    first, customer = asked.answers[0], asked.customers[0]
    customers, decision = counted(len(asked.answers), "customer"), repr(first["decision"])
    likely = share(max(first["probabilities"].values()))
    return (
        f"It listened at {asked.url} and was asked about {customers}, one by one; half of the "
        f"answers were back within {span(median(asked.seconds))}.",
        f"About {customer} it said {first['prediction']} ({likely}) and decided {decision}. The answer has an id "
        f"of its own: {first['prediction_id']}",
        "Each answer was in the log before it left: even if the service is killed the moment after, what was said to "
        "whom, by which model, from which values, is known.",
    )


def write_truths(asked: Asked, path: Path) -> tuple[str, ...]:
    """Write what turned out to be true of some of the customers; return what there is to say of it."""
    truths = pl.DataFrame(
        {
            "prediction_id": [answer["prediction_id"] for answer in asked.answers[:KNOWN]],
            "truth": asked.truths[:KNOWN],
        }
    )
    with whole_file(path) as partial:
        truths.write_csv(partial)
    return (
        f"Weeks later it is known of {KNOWN} of the {len(asked.answers)} customers whether they left: "
        f"`{path.name}` has one line for each.",
    )


def _post(url: str, row: dict[str, Any]) -> dict[str, Any]:
    with urllib.request.urlopen(url, json.dumps(row).encode(), timeout=_PATIENCE_S) as answer:
        said: dict[str, Any] = json.load(answer)
        return said
