from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.read import read_predictions
from milepost.serve.keeper import FOLD_S, Keeper
from milepost.serve.state import Named, State, read_state
from serving import ask, usual_row


class _Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def _keeper(settings, history, answers, seconds):
    return Keeper(settings, history=history, state=answers, seconds=seconds, retention=timedelta(days=3650))


def test_a_change_of_the_history_reaches_the_state(make_settings, tmp_path):
    settings, seconds = make_settings(), _Seconds()
    log = tmp_path / "history" / "_delta_log"
    log.mkdir(parents=True)
    keeper = _keeper(settings, log.parent, lambda: State(Named("b", "somewhere")), seconds)
    seconds.now += 2
    keeper.step()
    assert read_state(Path(settings.state)).champion.bundle_id != "b"
    (log / "1.json").write_text("{}")
    seconds.now += 2
    keeper.step()
    assert read_state(Path(settings.state)).champion.bundle_id == "b"


def test_a_registry_that_is_away_leaves_the_state_and_is_asked_again(make_settings, tmp_path):
    settings, seconds = make_settings(), _Seconds()
    log = tmp_path / "history" / "_delta_log"
    log.mkdir(parents=True)
    away = [EnvironmentFault("It is away.", where="there", fix="Wait."), State(Named("b", "somewhere"))]

    def answers():
        found = away.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    keeper = _keeper(settings, log.parent, answers, seconds)
    (log / "1.json").write_text("{}")
    for expected in (True, False):
        seconds.now += 2
        keeper.step()
        assert (read_state(Path(settings.state)).champion.bundle_id != "b") == expected


def test_journals_become_tables_in_time(make_service, tmp_path, bundles):
    service, seconds = make_service(), _Seconds()
    keeper = _keeper(service.settings, tmp_path, lambda: None, seconds)
    ids = [ask(service, "POST", "/predict", usual_row(bundles("binary"))).json["prediction_id"] for _ in range(3)]
    keeper.step()
    assert not (Path(service.settings.tables) / "predictions").exists()
    seconds.now += FOLD_S
    keeper.step()
    assert (Path(service.settings.tables) / "predictions" / "_delta_log").is_dir()
    assert sorted(read_predictions(service.settings.place).collect()["prediction_id"]) == sorted(ids)
