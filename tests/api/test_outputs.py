from pathlib import Path

import pytest

from milepost.api.outputs import refuse_other_than_page, refuse_over_problem, refuse_over_table
from milepost.ground.errors import MilepostError
from milepost.problem.read import read_problem
from milepost.problem.spec import SqlSource


def refuse(output, table, base=Path()):
    refuse_over_table(output, table, base=base, called="the table", fix="Write to another file.")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "parts" / "_delta_log").mkdir(parents=True)
    for name in ("t.csv", "parts/a.csv", "u.csv"):
        (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "t.csv")
    (tmp_path / "milepost.toml").write_text(
        '[problem]\nname = "p"\nstatement = "s"\ntarget = "a"\n[data]\nsource = "u.csv"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("output", "table"),
    [
        ("t.csv", "t.csv"),
        ("./parts/../t.csv", "t.csv"),
        ("hard.csv", "t.csv"),
        ("t.csv", "*.csv"),
        ("answers.csv", "*.csv"),  # it would be read with the others from then on
        ("t.csv", "[t]*.csv"),
        ("t.csv", "file://t.csv"),
        ("parts/answers.parquet", "parts"),
        ("parts/deeper/answers.parquet", "t.csv"),
    ],
)
def test_an_output_that_is_part_of_a_table_is_refused(folder, output, table):
    with pytest.raises(MilepostError, match="written over") as refused:
        refuse(Path(output), table)
    assert refused.value.where == "--output"
    with pytest.raises(MilepostError):
        refuse(folder / output, folder / table if "://" not in table else table)


@pytest.mark.parametrize(
    ("output", "table"),
    [
        ("answers.csv", "t.csv"),
        ("answers.parquet", "*.csv"),
        ("deep/answers.csv", "*.csv"),
        ("t.csv", "s3://bucket/t.csv"),
        ("t.csv", "https://example.org/${NO_SUCH_SECRET}/t.csv"),
        ("t.csv", SqlSource(uri="sqlite:///t.db", query="SELECT 1")),
    ],
)
def test_any_other_output_is_fine(folder, output, table):
    refuse(Path(output), table)


@pytest.mark.parametrize("output", ["u.csv", "milepost.toml"])
def test_the_problem_file_and_its_table_stay(folder, output):
    problem = read_problem(Path("milepost.toml"))
    with pytest.raises(MilepostError, match="the problem"):
        refuse_over_problem(folder / output, problem, fix="Write to another file.")
    refuse_over_problem(folder / "t.csv", problem, fix="Write to another file.")


@pytest.mark.parametrize("name", ["page.html", "page.HTM"])
def test_a_page_has_the_name_of_one(name):
    refuse_other_than_page(Path(name))
