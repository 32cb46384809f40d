from importlib.metadata import version

import polars as pl
import pytest

from commands import COMMANDS, GROUPS
from telco import edit_contract, files_in

OF_GROUPS = [(group, name) for group, names in GROUPS.items() for name in names]


def next_command(ran):
    """Return what the last lines of an output name as the next command."""
    said = " ".join(ran.out.split("\nNext: ")[-1].split())
    assert said.startswith("milepost "), ran.out
    return said.removeprefix("milepost ").split(",")[0]


# ---- the road


def test_whoever_follows_the_next_commands_walks_the_whole_road(telco, run):
    typed, command = [], "check"
    while command not in typed and len(typed) < 10:
        typed.append(command)
        words = command.replace("TABLE", "telco.csv").split()
        ran = run(*words, "--quiet", folder=telco)
        assert ran.code in (0, 4), ran.err
        assert ran.err == ""
        command = next_command(ran)
        if command == "serve":  # which would not end
            command = ran.out.partition("or for a table: milepost ")[2].strip().replace("\n", " ")
    assert [words.split()[0] for words in typed] == ["check", "train", "evaluate", "report", "status", "score"]
    assert pl.read_parquet(telco / "answers.parquet").height == 1_500
    assert list(telco.glob("churn-*.html"))


def test_init_drafts_a_contract_that_check_understands(telco, run):
    ran = run("init", "telco.csv", "--target", "churn", "--problem", "mine.toml", folder=telco)
    assert (ran.code, next_command(ran)) == (0, "check --problem mine.toml")
    assert run("check", "--problem", "mine.toml", folder=telco).code == 0


def test_init_without_a_target_and_a_terminal_lists_candidates(telco, run):
    ran = run("init", "telco.csv", "--problem", "mine.toml", folder=telco)
    assert (ran.code, ran.out) == (2, "")
    assert "churn (No or Yes" in ran.err
    assert "--target churn" in ran.err
    assert not (telco / "mine.toml").exists()


def test_init_never_overwrites_a_file(telco, run):
    before = files_in(telco)
    ran = run("init", "telco.csv", "--target", "churn", folder=telco)
    assert ran.code == 2
    assert "exists already" in ran.err
    assert files_in(telco) == before


def test_promote_needs_a_reason_where_the_verdict_is_not_met(trained, run):
    edit_contract(trained, ">= 0.70", ">= 0.95")
    assert run("evaluate", folder=trained).code == 3
    refused = run("promote", "churn:1", folder=trained)
    assert refused.code == 2
    assert "--reason" in refused.err
    ran = run("promote", "churn:1", "--reason", "the best there is", folder=trained)
    assert (ran.code, next_command(ran)) == (0, "score churn@champion TABLE -o answers.parquet")
    assert "the best there is" in run("status", folder=trained).out


def test_a_rollback_is_written_with_its_reason_and_the_history_tells_it(judged, run):
    edit_contract(judged, 'sensitive = ["female", "senior_citizen"]', 'sensitive = ["female"]')
    for words in (("train",), ("evaluate",), ("promote", "churn:2")):
        assert run(*words, "--quiet", folder=judged).code == 0
    back = run("rollback", "churn:1", "--reason", "too many calls", folder=judged)
    assert (back.code, next_command(back)) == (0, "history")
    told = run("history", "--last", "1", folder=judged)
    assert (told.code, next_command(told)) == (0, "status")
    assert "too many calls" in told.said
    assert "(version 1) answers since" in told.said
    then = run("history", "--at", "2020-01-01", "--json", folder=judged)
    assert then.document["bundle_id"] is None
    refused = run("rollback", "--problem", "milepost.toml", "churn:1", folder=judged)
    assert refused.code == 2
    assert "is the champion already" in refused.err


def test_answers_of_a_table_are_logged_found_judged_and_forgotten(logged, run):
    assert run("outcomes", "truth.csv", folder=logged).code == 0
    shown = run("log", "show", "--entity", "C05717", folder=logged)
    assert (shown.code, next_command(shown)) == (0, "log export -o log.parquet")
    asked = run("log", "query", "SELECT COUNT(truth_label) AS known FROM joined", "--json", folder=logged)
    assert asked.document["table"] == {"columns": ["known"], "rows": [[150]]}
    assert run("log", "export", "-o", "log.jsonl", "--since", "1h", folder=logged).code == 0
    assert run("log", "forget", "C05717", folder=logged).code == 0
    assert run("log", "show", "--entity", "C05717", "--json", folder=logged).document["answers"] == []
    assert run("log", "verify", folder=logged).code == 0


def test_a_damaged_log_exits_3(logged, run):
    (file, *_) = (logged / ".milepost" / "log" / "churn" / "predictions").glob("day=*/*.parquet")
    file.unlink()
    ran = run("log", "verify", folder=logged)
    assert ran.code == 3
    assert "[file-missing]" in ran.out


def test_keys_are_given_listed_and_ended(telco, run):
    added = run("keys", "add", "shop", "--scope", "predict", "--scope", "read", "--json", folder=telco)
    assert added.document["scopes"] == ["predict", "read"]
    listed = run("keys", "list", folder=telco)
    assert "predict, read" in listed.out
    assert added.document["key"] not in listed.out
    assert run("keys", "end", "shop", folder=telco).code == 0
    assert run("keys", "end", "shop", folder=telco).code == 2


def test_parity_exits_0_where_all_answers_are_equal(judged, run):
    ran = run("parity", "--rows", "12", folder=judged)
    assert ran.code == 0
    assert "outcome    equal" in ran.out


def test_explain_tells_one_term_the_list_of_terms_or_every_text(tmp_path, run):
    one, every = run("explain", "recall", folder=tmp_path), run("explain", "--all", folder=tmp_path)
    names = run("explain", folder=tmp_path)
    assert (one.code, every.code, names.code) == (0, 0, 0)
    assert one.out.startswith("recall\n")
    assert len(every.out) > 50 * len(one.out)
    assert "quantile_loss, r2, recall, rmse" in names.said
    assert names.out.count("\n") < 120  # two screens


def test_check_and_train_can_be_joined_where_the_rows_are_too_few_to_tell(telco, run):
    edit_contract(telco, ">= 0.70", ">= 0.80")
    ran = run("check", folder=telco)
    assert (ran.code, next_command(ran)) == (0, "train")
    assert "will probably end as can't tell yet" in ran.said


def test_the_version_is_printed_and_nothing_else(tmp_path, run):
    ran = run("--version", folder=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"milepost {version('milepost')}\n"


# ---- exit codes


@pytest.mark.parametrize(
    ("accuracy", "recall", "code", "word"),
    [
        (">= 0.70", ">= 0.40", 0, "MET"),
        (">= 0.95", ">= 0.40", 3, "NOT MET"),
        (">= 0.70", ">= 0.55", 4, "CAN'T TELL YET"),
    ],
)
def test_the_exit_code_of_evaluate_is_its_verdict(trained, run, accuracy, recall, code, word):
    path = edit_contract(trained, 'accuracy = ">= 0.70"', f'accuracy = "{accuracy}"')
    path.write_text(path.read_text().replace('recall = ">= 0.40"', f'recall = "{recall}"'))
    ran = run("evaluate", folder=trained)
    assert ran.code == code
    assert f"\n{word}  " in ran.out


@pytest.mark.parametrize(
    ("words", "says", "fix"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?", "milepost --help"),
        (["train", "--prblem", "x"], "No such option: --prblem", "milepost train --help"),
        (["train", "--seed", "x"], "'--seed'", "milepost train --help"),
        (["train", "--budget", "small"], "No such option: --budget", "under [climb] in the problem file"),
        (["train", "--problem", "."], "is a folder", "milepost init TABLE --target NAME --problem milepost.toml"),
        (["score", "a", "t.csv"], "Missing option '--output'", "-o answers.parquet"),
        (["log", "export"], "Missing option '--output'", "-o log.parquet"),
        (["log", "shwo"], "No such command 'shwo'. Did you mean 'show'?", "milepost log --help"),
        (["log", "show", "--last", "0"], "'--last'", "milepost log show --help"),
        (["keys", "add"], "Missing argument 'NAME'.", "milepost keys add --help"),
        (["log", "show", "--problem", "none.toml"], "There is no problem file 'none.toml'.", "milepost init"),
        (["train", "--workers", "0"], "'--workers'", "milepost train --help"),
        (["score", "a"], "Missing argument 'TABLE'.", "milepost score --help"),
        (["explain", "recal"], "No term is called 'recal'.", "'recall'"),
        (["status", "--problem", "none.toml"], "There is no problem file 'none.toml'.", "milepost init"),
    ],
)
def test_a_mistake_in_the_words_exits_2_and_says_what_where_and_fix(tmp_path, run, words, says, fix):
    ran = run(*words, folder=tmp_path)
    what, where, cure = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert says in what
    assert where.startswith("  where: ")
    assert cure.startswith("  fix:   ")
    assert fix in cure


def test_no_words_at_all_show_the_help(tmp_path, run):
    ran = run(folder=tmp_path)
    assert ran.code == 0
    for command in COMMANDS:
        assert f" {command} " in ran.out


@pytest.mark.parametrize("words", [*((command,) for command in COMMANDS), *OF_GROUPS], ids=" ".join)
def test_every_command_takes_the_options_that_all_commands_have(tmp_path, run, words):
    ran = run(*words, "--help", folder=tmp_path)
    assert ran.code == 0
    for option in ("--problem", "--json", "--quiet", "--seed"):
        assert option in ran.out
    assert "<bool>" not in ran.out
