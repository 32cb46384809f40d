from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from milepost.registry.decisions import Entry
from milepost.registry.history import append, read_history
from milepost.registry.looks import Look, looks, record_look, verdicts_on

SPLIT = "a1" * 32


def look(history, bundle_id, split_hash=SPLIT, **more):
    return record_look(history, split_hash=split_hash, bundle_id=bundle_id, problem="telco", **more)


def test_each_bundle_is_one_look_and_a_repeat_is_none(tmp_path, clock):
    answers = [look(tmp_path, bundle, clock=clock) for bundle in ("aaa", "bbb", "aaa", "ccc", "bbb")]
    assert answers == [Look(1, True), Look(2, True), Look(1, False), Look(3, True), Look(2, False)]
    assert looks(tmp_path, SPLIT) == 3


def test_looks_at_another_split_count_for_themselves(tmp_path):
    look(tmp_path, "aaa")
    assert look(tmp_path, "aaa", split_hash="b2" * 32) == Look(1, True)
    assert looks(tmp_path, SPLIT) == 1


def test_a_split_that_nobody_looked_at_has_no_looks(tmp_path):
    assert looks(tmp_path / "none", SPLIT) == 0


def test_the_verdicts_on_a_split_come_in_order_whatever_the_problem_is_called(tmp_path):
    for name, bundle, split in [("telco", "aaa", SPLIT), ("telco", "bbb", "b2" * 32), ("renamed", "ccc", SPLIT)]:
        append(tmp_path, [Entry("verdict", name, "judged", bundle, {"split": split})])
    look(tmp_path, "ddd")
    assert [verdict.bundle_id for verdict in verdicts_on(tmp_path, SPLIT)] == ["aaa", "ccc"]


def test_the_history_says_how_many_have_looked(tmp_path):
    look(tmp_path, "aaa")
    look(tmp_path, "bbb")
    assert "2 bundles have" in read_history(tmp_path)[-1].says


def test_looks_at_once_get_numbers_of_their_own(tmp_path):
    bundles = [f"bundle{number}" for number in range(6)] * 2
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda bundle: look(tmp_path, bundle), bundles))
    assert sorted(answer.number for answer in answers if answer.is_new) == [1, 2, 3, 4, 5, 6]
    assert looks(tmp_path, SPLIT) == 6
    number_of = {bundle: answer.number for bundle, answer in zip(bundles, answers, strict=True)}
    assert [answer.number for answer in answers] == [number_of[bundle] for bundle in bundles]


def test_the_same_bundle_judged_by_two_processes_is_one_look(tmp_path):
    script = (
        "import sys; from pathlib import Path; from milepost.registry.looks import record_look;"
        f"print(record_look(Path(sys.argv[1]), split_hash='{SPLIT}', bundle_id='aaa', problem='telco').is_new)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "history")], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert sorted(answers) == ["False", "True"]
    assert looks(tmp_path / "history", SPLIT) == 1
