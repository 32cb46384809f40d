import milepost
from telco import edit_contract


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
