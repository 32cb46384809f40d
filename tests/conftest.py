"""What all tests share: golden files of text that people read, and one walked road on real data."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from milepost.metrics.answers import Task
from serving import bundle_in, write_flights, write_penguins
from telco import write_few, write_telco, write_truth

GOLDEN = Path(__file__).parent / "golden"

hypothesis.settings.register_profile("milepost", deadline=None)  # a slow machine is no fault of the code
hypothesis.settings.load_profile("milepost")


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

    return once("telco", write_telco)


@pytest.fixture(scope="session")
def trained_folder(once, telco_folder: Path) -> Path:
    """Return the Telco folder after `train`; not to be changed."""

    def make(folder: Path) -> None:
        import milepost

        shutil.copytree(telco_folder, folder, dirs_exist_ok=True)
        milepost.train(folder / "milepost.toml")

    return once("trained", make)


@pytest.fixture(scope="session")
def few_folder(once) -> Path:
    """Return a folder with a few rows of the Telco table after `train`; not to be changed."""

    def make(folder: Path) -> None:
        import milepost

        milepost.train(write_few(folder))

    return once("few", make)


@pytest.fixture(scope="session")
def judged_folder(once, trained_folder: Path) -> Path:
    """Return the Telco folder after `train` and `evaluate`; not to be changed."""

    def make(folder: Path) -> None:
        import milepost

        shutil.copytree(trained_folder, folder, dirs_exist_ok=True)
        milepost.evaluate(problem=folder / "milepost.toml")

    return once("judged", make)


@pytest.fixture(scope="session")
def logged_folder(once, judged_folder: Path) -> Path:
    """Return the judged Telco folder after `score --log` of 300 customers, half of whose truth is in truth.csv."""

    def make(folder: Path) -> None:
        import milepost

        shutil.copytree(judged_folder, folder, dirs_exist_ok=True)
        write_truth(folder, milepost.score)

    return once("logged", make)


@pytest.fixture
def telco(telco_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, with nothing trained."""
    return Path(shutil.copytree(telco_folder, tmp_path / "telco"))


@pytest.fixture
def few(few_folder: Path, tmp_path: Path) -> Path:
    """Return a folder of one's own with a few rows, after `train`."""
    return Path(shutil.copytree(few_folder, tmp_path / "few"))


@pytest.fixture
def trained(trained_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, after `train`."""
    return Path(shutil.copytree(trained_folder, tmp_path / "trained"))


@pytest.fixture
def logged(logged_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, after `score --log`."""
    return Path(shutil.copytree(logged_folder, tmp_path / "logged"))


@pytest.fixture
def judged(judged_folder: Path, tmp_path: Path) -> Path:
    """Return a Telco folder of one's own, after `train` and `evaluate`."""
    return Path(shutil.copytree(judged_folder, tmp_path / "judged"))


@pytest.fixture(scope="session")
def bundles(once, trained_folder: Path) -> Callable[[Task], Path]:
    """Return the bundle of each task: churn of Telco's customers, species of penguins, air time of flights."""
    tables = {"multiclass": ("penguins", write_penguins), "regression": ("flights", write_flights)}

    def bundle(task: Task) -> Path:
        if task == "binary":
            return bundle_in(trained_folder)
        name, write = tables[task]

        def make(folder: Path) -> None:
            import milepost

            write(folder)
            milepost.train(folder / "milepost.toml")

        return bundle_in(once(name, make))

    return bundle
