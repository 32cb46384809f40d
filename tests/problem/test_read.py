from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.ground.errors import EnvironmentFault, MilepostError
from milepost.problem.mistakes import fields_of
from milepost.problem.read import parse_problem, problem_schema, read_problem
from milepost.problem.spec import Problem


def refused(path: Path) -> MilepostError:
    with pytest.raises(MilepostError) as caught:
        read_problem(path)
    return caught.value


# ---- files


def test_a_file_is_read_with_its_path(tmp_path, sample):
    file = tmp_path / "milepost.toml"
    file.write_text(sample, encoding="utf-8")
    assert read_problem(file).where("problem.target") == f"{file}, line 5, problem.target"


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(tmp_path, sample):
    file = tmp_path / "milepost.toml"
    file.write_bytes(b"\xef\xbb\xbf" + sample.replace("\n", "\r\n").encode())
    assert read_problem(file).line_of("problem.target") == 5


def test_a_missing_file_names_the_command_that_drafts_one(tmp_path):
    error = refused(tmp_path / "milepost.toml")
    assert "There is no problem file" in error.what
    assert "milepost init" in error.fix


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, content):
    file = tmp_path / "milepost.toml"
    file.write_bytes(content)
    assert "is empty" in refused(file).what


def test_a_folder_is_refused_with_the_file_inside(tmp_path, sample):
    assert "milepost init" in refused(tmp_path).fix
    (tmp_path / "milepost.toml").write_text(sample, encoding="utf-8")
    assert refused(tmp_path).fix == f"Name the file: {tmp_path / 'milepost.toml'}"


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path, encoding):
    file = tmp_path / "milepost.toml"
    file.write_bytes('[problem]\nname = "Zürich"\n'.encode(encoding))
    error = refused(file)
    assert "not UTF-8" in error.what
    assert error.where.endswith("line 2" if encoding == "latin-1" else "line 1")


def test_a_table_given_by_mistake_is_refused_without_reading_it(tmp_path):
    file = tmp_path / "telco.csv"
    with file.open("wb") as stream:
        stream.truncate(10**10)
    assert "10,000,000,000 bytes" in refused(file).what


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_the_machines_fault(tmp_path, sample):
    file = tmp_path / "milepost.toml"
    file.write_text(sample, encoding="utf-8")
    file.chmod(0)
    with pytest.raises(EnvironmentFault):
        read_problem(file)


# ---- syntax


@pytest.mark.parametrize(
    ("old", "new", "line", "cure"),
    [
        ('target = "churn"', "target = churn", 5, 'Put text in quotes: target = "churn"'),
        ('target = "churn"', "target: churn", 5, "with an equals sign"),
        ("test = 0.25", "test = True", 30, "in lower case"),
        ('"telco.csv"', '"C:\\data\\telco.csv"', 11, "single quotes"),
        ('target = "churn"', 'target = "churn"\ntarget = "x"', 6, "Remove one of the two lines"),
        ('id = "customer"', 'id = "customer', 12, "Mend the line"),
    ],
)
def test_a_slip_of_syntax_is_told_with_line_column_and_cure(error_of, old, new, line, cure):
    error = error_of(old, new)
    assert "not TOML" in error.what
    assert f"milepost.toml, line {line}, column" in error.where
    assert cure in error.fix


def test_a_syntax_error_does_not_repeat_a_secret(error_of):
    error = error_of('source = "telco.csv"', "source = postgresql://ann:geheim@db/churn")
    assert "geheim" not in str(error)
    assert "geheim" not in str(error_of('id = "customer"', "password = geheim"))


# ---- keys and values


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "fix"),
    [
        ('target = "churn"', 'tarket = "churn"', "line 5, problem.tarket", "called 'tarket'", "Write target instead"),
        ("[success]", "[sucess]", "line 37, sucess", "No table is called 'sucess'", "Write [success] instead"),
        ("test = 0.25", 'horizon = "3d"', "line 30, split.horizon", "stands in [split]", "to the table [problem]"),
        ("[problem]", 'target = "x"\n[problem]', "line 1, target", "outside of all tables", "to the table [problem]"),
        ("[problem]", "[[problem]]", "line 1, problem", "a list; a table is needed", "in single brackets"),
        ('name = "telco-churn"', "", "line 1, problem.name", "problem.name is missing", 'name = "telco-churn"'),
        ('name = "telco-churn"', 'name = "a/b c"', "line 2, problem.name", "cannot be used", '"a-b-c"'),
        ('target = "churn"', "target = 3", "line 5, problem.target", "is 3, a whole number; text", 'target = "churn"'),
        ('target = "churn"', 'target = ""', "line 5, problem.target", "is empty", "between the quotes"),
        (
            'task = "binary"',
            'task = "binry"',
            "line 4, problem.task",
            '"binry"',
            '"binary", "multiclass", "regression"',
        ),
        ('horizon = "30d"', "horizon = 30", "line 7, problem.horizon", "no unit", '"30d"'),
        ('horizon = "30d"', 'horizon = "1mo"', "line 7, problem.horizon", "no fixed length", '"30d"'),
        ("test = 0.25", "test = 25", "line 30, split.test", "split.test is 25", "Did you mean test = 0.25?"),
        ("test = 0.25", "test = 1", "line 30, split.test", "split.test is 1", "above 0 and below 1"),
        ("test = 0.25", "test = nan", "line 30, split.test", "split.test is nan", "test = 0.25"),
        ("test = 0.25", "test = true", "line 30, split.test", "a truth value; a number", "test = 0.25"),
        ("test = 0.25", 'test = "x"', "line 30, split.test", '"x", text; a number', "test = 0.25"),
        ("test = 0.25", "test = 2024-01-01", "line 30, split.test", "2024-01-01, a date", "test = 0.25"),
        ("test = 0.25", 'strategy = "random"', "split.strategy", '"random"', '"time", "group", "stratified"'),
        ('loss = "log"', 'loss = "squred"', "line 33, climb.loss", "'squred'", 'Write "squared"; allowed'),
        ('loss = "log"', 'loss = "quantile:1.5"', "line 33, climb.loss", "no quantile", '"quantile:0.9"'),
        ('budget = "medium"', 'budget = "tiny"', "line 35, climb.budget", '"tiny"', '"small", "medium", "large"'),
        ("smallest_gain = 0.01", "smallest_gain = -1", "line 34, climb.smallest_gain", "is -1", "smallest_gain = 0.01"),
        ('accuracy = ">= 0.80"', "accuracy = 0.8", "line 38, success.accuracy", "bare number", 'accuracy = ">= 0.80"'),
        (
            'accuracy = ">= 0.80"',
            'acuracy = ">= 1"',
            "line 38, success.acuracy",
            "'acuracy'",
            "'accuracy' instead; allowed",
        ),
        ('id = "customer"', 'exclude = "x"', "data.exclude", "text; a list is needed", 'exclude = ["cancel_reason"]'),
        ('id = "customer"', 'exclude = ["x", 3]', "data.exclude", "Item 2 of data.exclude is 3", "exclude"),
        ('id = "customer"', 'timezone = "Europe/Berln"', "data.timezone", "'Europe/Berln'", '"Europe/Berlin"'),
        ('"telco.csv"', '["a.csv", "b.csv"]', "line 11, data.source", "a list of 2", '"data/*.csv"'),
        ('"telco.csv"', "3", "line 11, data.source", "The source is 3, a whole number", "path in quotes"),
        ('"telco.csv"', '{ uri = "sqlite:///x.db" }', "line 11, data.source.query", "query is missing", "query ="),
        ("false_positive = -20", "false_positive = true", "value.false_positive", "true is no amount", "expression"),
        ("false_positive = -20", "capacity = { positives = 0 }", "value.capacity.positives", "is 0", "positives = 500"),
    ],
)
def test_a_mistake_is_told_with_place_value_and_cure(error_of, old, new, place, what, fix):
    error = error_of(old, new)
    assert error.where.startswith("milepost.toml, line ")
    assert error.where.endswith(place)
    assert what in error.what
    assert fix in error.fix
    assert error.exit_code == 2


def test_the_first_mistake_in_the_file_is_told_with_the_number_of_others(error_of):
    error = error_of('target = "churn"\npositive = "Yes"\nhorizon = "30d"', "target = 3\npositive = []\nhorizon = 3")
    assert error.where == "milepost.toml, line 5, problem.target"
    assert error.fix.endswith("Then mend 2 more mistakes (lines 6, 7).")


def test_a_misspelled_key_is_one_mistake_and_not_two(error_of):
    assert "more mistake" not in error_of('target = "churn"', 'tarket = "churn"').fix


def test_a_missing_table_is_told_with_what_it_needs():
    with pytest.raises(MilepostError, match=r"\[data\] is missing") as caught:
        parse_problem('[problem]\nname = "x"\ntarget = "y"')
    assert caught.value.fix == "Write [data] with at least source."


# ---- characters


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"telco.csv"', '"tel\\u0000co.csv"', "data.source"),
        ('target = "churn"', 'target = "chu\\u0000rn"', "problem.target"),
        ("charge_per_month =", '"a\\u0000b" = "tenure * 2"\ncharge_per_month =', "features"),
        ('sensitive = ["', 'sensitive = ["\\u0000", "', "data.sensitive"),
    ],
)
def test_a_zero_character_is_refused_with_its_place(error_of, old, new, key):
    error = error_of(old, new)
    assert "holds a zero character" in error.what
    assert error.where.endswith(f", {key}")
    assert "\0" not in str(error)


# ---- secrets


def test_a_secret_in_the_file_is_refused_without_repeating_it(error_of):
    error = error_of('"telco.csv"', '{ uri = "postgresql://ann:geheim@db/churn", query = "select 1" }')
    assert error.where == "milepost.toml, line 11, data.source.uri"
    assert "postgresql://ann:***@db/churn" in error.what
    assert "geheim" not in str(error)


def test_reading_never_resolves_a_secret(monkeypatch, sample):
    monkeypatch.setenv("CHURN_DB", "postgresql://ann:geheim@db/churn")
    problem = parse_problem(sample.replace('"telco.csv"', '{ uri = "${CHURN_DB}", query = "select 1" }'))
    assert "geheim" not in repr(problem) + str(problem) + problem.text + problem.model_dump_json()
    assert problem.data.source.uri == "${CHURN_DB}"


# ---- schema for editors


def test_the_example_satisfies_the_schema(sample, whole_sample):
    schema = problem_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for text in (sample, whole_sample):
        jsonschema.validate(tomllib.loads(text), schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('target = "churn"', 'tarket = "churn"'),
        ("test = 0.25", "test = 25"),
        ('accuracy = ">= 0.80"', "accuracy = 0.8"),
        ('loss = "log"', 'loss = "loss"'),
        ('horizon = "30d"', "horizon = 30"),
        ('source = "telco.csv"', "source = 3"),
    ],
)
def test_the_schema_refuses_what_reading_refuses(sample, old, new):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(sample.replace(old, new)), problem_schema())


def test_every_key_has_a_meaning_and_an_example_that_can_be_read():
    for key, field in fields_of(Problem).items():
        assert field.description, key
        assert field.description.endswith("."), key
        assert field.examples, key


# ---- robustness


@given(st.text(max_size=200))
def test_any_text_is_a_problem_or_a_clear_error(text):
    with suppress(MilepostError):
        parse_problem(text)


@given(st.data())
def test_a_damaged_example_is_a_problem_or_a_clear_error(data):
    text = (Path(__file__).parent / "sample.toml").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    damaged = text[:start] + data.draw(st.text(alphabet='ab="[]{}#.\n\\03', max_size=6)) + text[end:]
    with suppress(MilepostError):
        assert parse_problem(damaged).aim.target


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "[" * 2000, 'a = {"b" = ' * 900])
def test_hostile_texts_get_a_clear_error(text):
    with pytest.raises(MilepostError):
        parse_problem(text)


def test_reading_a_problem_loads_no_heavy_package():
    heavy = ("polars", "numpy", "scipy", "sklearn", "lightgbm", "mlflow", "pandas", "pyarrow")
    script = f"import sys, milepost.problem.read; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_an_effect_written_as_a_number_is_a_mistake_with_an_example(tmp_path):
    file = tmp_path / "milepost.toml"
    lines = ["[problem]", 'name = "a"', 'target = "y"', "[problem.effect]", 'column = "y"', "change = 1.5"]
    file.write_text("\n".join([*lines, "[data]", 'source = "a.csv"']))
    error = refused(file)
    assert error.where == f"{file}, line 6, problem.effect.change"
    assert '"-15%"' in error.fix
