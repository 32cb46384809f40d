from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

import milepost
from telco import edit_contract, write_few


def climbs(folder):
    """Return the finished folds by their climb, with the time when each was written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob(".milepost/climbs/*/*")}


def test_other_criteria_need_no_new_climb_but_may_move_the_threshold(few):
    before, first = climbs(few), milepost.status(few / "milepost.toml")
    problem = edit_contract(few, 'accuracy = ">= 0.70"', 'recall = ">= 0.90"')
    trained = milepost.train(problem)
    assert climbs(few) == before
    assert trained.bundle_id not in str(first.milestones)
    assert trained.threshold.meets_all


def test_another_feature_is_another_climb(few):
    before = climbs(few)
    problem = edit_contract(few, "[split]", '[features]\nlong = "tenure > 40"\n[split]')
    milepost.train(problem)
    after = climbs(few)
    assert len(after) == 2 * len(before)
    assert {path: after[path] for path in before} == before


def test_features_in_another_order_are_another_climb(few, tmp_path):
    """The order of columns decides how trees break ties, so finished folds of another order must not be taken."""
    first, second = 'long = "tenure > 40"\n', 'dear = "monthly_charges > 70"\n'
    milepost.train(edit_contract(few, "[split]", f"[features]\n{first}{second}[split]"))
    again = milepost.train(edit_contract(few, first + second, second + first))
    (tmp_path / "new").mkdir()
    write_few(tmp_path / "new")
    fresh = milepost.train(edit_contract(tmp_path / "new", "[split]", f"[features]\n{second}{first}[split]"))
    assert again.bundle_id == fresh.bundle_id
    assert [step.loss for step in again.ladder.steps] == [step.loss for step in fresh.ladder.steps]
    assert len({path.parent for path in climbs(few)}) == 3


def test_the_folds_of_another_question_are_not_taken_for_this_ones(few, tmp_path):
    (tmp_path / "new").mkdir()
    write_few(tmp_path / "new")
    again, fresh = (milepost.train(edit_contract(folder, '"Yes"', '"No"')) for folder in (few, tmp_path / "new"))
    assert again.bundle_id == fresh.bundle_id
    assert [step.loss for step in again.ladder.steps] == [step.loss for step in fresh.ladder.steps]
    assert len({path.parent for path in climbs(few)}) == 2


def test_calibration_is_held_to_one_thread_of_linear_algebra(few, monkeypatch):
    """Beyond 20,000 rows the sums of several threads differ in their last bits, and so would the bundle."""
    fit, threads = LogisticRegression.fit, []

    def recorded(model, *arguments):
        threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return fit(model, *arguments)

    monkeypatch.setattr(LogisticRegression, "fit", recorded)
    with threadpool_limits(limits=4, user_api="blas"):
        assert 4 in [library["num_threads"] for library in threadpool_info()]
        milepost.train(few / "milepost.toml")
    assert set(threads) == {1}
