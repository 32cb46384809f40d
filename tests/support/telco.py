"""A contract and a sample of the Telco table, small enough for a whole climb in a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from real_tables import real_table

ROWS = 1_500
CONTRACT = """\
[problem]
name = "churn"
statement = "Predict customer churn within the next 30 days with 70% accuracy."
task = "binary"
target = "churn"
positive = "Yes"
horizon = "30d"

[data]
source = "telco.csv"
id = "customer"
sensitive = ["female", "senior_citizen"]

[features]
charge_per_month = "total_charges / nullif(tenure, 0)"

[baseline]
rule = "contract = 'Month-to-month' AND tenure < 6"

[climb]
budget = "small"

[success]
accuracy = ">= 0.70"
recall = ">= 0.40"

[value]
currency = "EUR"
true_positive = "0.1 * 12 * monthly_charges - 40"
false_positive = -40
"""


def telco_sample() -> pl.DataFrame:
    """Return the sample, with an id that the original lacks."""
    table = real_table("modeldata", "wa_churn")
    names = pl.format("C{}", pl.col("rownames").cast(pl.String).str.zfill(5)).alias("customer")
    return table.select(names, pl.exclude("rownames")).sample(ROWS, seed=1, shuffle=True)


def write_telco(folder: Path) -> None:
    """Write the table and the contract into a folder."""
    telco_sample().write_csv(folder / "telco.csv")
    (folder / "milepost.toml").write_text(CONTRACT, encoding="utf-8")


def edit_contract(folder: Path, old: str, new: str) -> Path:
    """Change a text of the contract in a folder that occurs once; return the file."""
    path = folder / "milepost.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the contract"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def write_truth(folder: Path, score: Callable[..., object]) -> None:
    """Log the answers to 300 customers, and write what is known of half of them to truth.csv."""
    table = pl.read_csv(folder / "telco.csv").head(300)
    table.drop("churn").write_csv(folder / "asked.csv")
    output, problem = folder / "answers.parquet", folder / "milepost.toml"
    score("churn@champion", folder / "asked.csv", output=output, problem=problem, log=True)
    answers = pl.read_parquet(output).select("customer", "prediction_id")
    answers.join(table, on="customer").select("prediction_id", "churn").head(150).write_csv(folder / "truth.csv")


FEW = """\
[problem]
name = "few"
target = "churn"
positive = "Yes"
[data]
source = "few.csv"
id = "customer"
[split]
column = "part"
[climb]
budget = "small"
[success]
accuracy = ">= 0.70"
"""


def write_few(folder: Path, table: pl.DataFrame | None = None) -> Path:
    """Write 400 customers with 6 columns and a column that says which are test rows; return the contract."""
    (few_rows() if table is None else table).write_csv(folder / "few.csv")
    path = folder / "milepost.toml"
    path.write_text(FEW, encoding="utf-8")
    return path


def few_rows() -> pl.DataFrame:
    """Return the rows of write_few."""
    few = telco_sample().select("customer", "churn", "tenure", "contract", "internet_service", "monthly_charges")
    part = pl.when(pl.int_range(pl.len()) % 4 == 0).then(pl.lit("test")).otherwise(pl.lit("development"))
    return few.head(400).with_columns(part=part)


def write_waves(folder: Path) -> Path:
    """Write 500 rows whose number to predict is a product of waves, which trees follow and sums of lines cannot."""
    chance = np.random.default_rng(0)
    a, b = chance.uniform(size=(2, 500))
    height = 5 * np.sin(9 * a) * np.cos(7 * b) + chance.normal(0, 0.1, 500)
    pl.DataFrame({"a": a, "b": b, "height": height}).write_csv(folder / "waves.csv")
    path = folder / "milepost.toml"
    path.write_text(
        '[problem]\nname = "waves"\ntarget = "height"\n[data]\nsource = "waves.csv"\n[climb]\nbudget = "small"\n'
        '[success]\nrmse = "<= 2"\n',
        encoding="utf-8",
    )
    return path
