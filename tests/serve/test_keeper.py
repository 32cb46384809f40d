from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from milepost.ground.errors import EnvironmentFault
from milepost.predlog.journal import journals_in
from milepost.predlog.read import read_predictions
from milepost.serve.keeper import FOLD_S, MEND_S, Keeper
from milepost.serve.state import Named, State, read_state
from serving import ask, usual_row


class _Seconds:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def _keeper(settings, history, answers, seconds):
    return Keeper(settings, history=history, state=answers, seconds=seconds, retention=timedelta(days=3650))


def _write_history(folder, version):
    log = folder / "history" / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020}.json").write_text("{}")
    return log.parent


def test_what_the_history_says_reaches_the_state_when_it_changes(make_settings, tmp_path):
    settings, seconds = make_settings(), _Seconds()
    history, says = _write_history(tmp_path, 0), ["a", "b"]
    keeper = _keeper(settings, history, lambda: State(Named(says.pop(0), "somewhere")), seconds)
    for version, expected in ((0, "a"), (0, "a"), (1, "b"), (1, "b")):
        _write_history(tmp_path, version)
        seconds.now += 2
        keeper.step()
        assert read_state(Path(settings.state)).champion.bundle_id == expected
    assert says == []


def test_a_promotion_between_two_looks_of_one_moment_is_not_missed(make_settings, tmp_path):
    settings, seconds = make_settings(), _Seconds()
    history, says = _write_history(tmp_path, 0), ["a", "b"]
    before = (history / "_delta_log").stat()
    keeper = _keeper(settings, history, lambda: State(Named(says.pop(0), "somewhere")), seconds)
    for version in (0, 1):
        _write_history(tmp_path, version)
        os.utime(history / "_delta_log", ns=(before.st_atime_ns, before.st_mtime_ns))
        seconds.now += 2
        keeper.step()
    assert read_state(Path(settings.state)).champion.bundle_id == "b"


def test_a_state_that_could_not_be_written_is_written_later(make_settings, tmp_path):
    settings, seconds = make_settings(), _Seconds()
    state = Path(settings.state)
    keeper = _keeper(settings, _write_history(tmp_path, 0), lambda: State(Named("b", "somewhere")), seconds)
    state.unlink()
    state.mkdir()
    (state / "in the way").touch()
    seconds.now += 2
    keeper.step()
    (state / "in the way").unlink()
    state.rmdir()
    seconds.now += 2
    keeper.step()
    assert read_state(state).champion.bundle_id == "b"


def test_aliases_are_mended_at_the_start_and_after_a_change_only(make_settings, tmp_path):
    settings, seconds, mended = make_settings(), _Seconds(), []
    history = _write_history(tmp_path, 0)
    keeper = Keeper(
        settings, history=history, state=lambda: None, mend=lambda: mended.append(seconds.now), seconds=seconds
    )
    for now, version in ((2, 0), (2 + MEND_S, 0), (2 + 2 * MEND_S, 1)):
        _write_history(tmp_path, version)
        seconds.now = now
        keeper.step()
    assert mended == [2, 2 + 2 * MEND_S]


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


def test_a_journal_that_is_damaged_is_told_once(make_service, tmp_path, bundles, caplog):
    service, seconds = make_service(), _Seconds()
    for _ in range(3):
        ask(service, "POST", "/predict", usual_row(bundles("binary")))
    service.commits.close()
    (journal,) = journals_in(Path(service.settings.journals))
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 0xFF
    journal.write_bytes(data)
    keeper = _keeper(service.settings, tmp_path, lambda: None, seconds)
    for _ in range(3):
        seconds.now += FOLD_S
        keeper.step()
    (told,) = [record for record in caplog.records if "can't be read whole" in record.getMessage()]
    assert journal.stem in told.getMessage()
    assert "milepost log verify" in told.getMessage()
    assert journal.exists()


def test_a_failure_that_nobody_foresaw_is_told_without_its_words_and_all_else_goes_on(
    make_service, tmp_path, bundles, caplog
):
    service, seconds, fails = make_service(), _Seconds(), [KeyError("a customer's name"), None]
    row = usual_row(bundles("binary"))

    def state():
        if why := fails.pop(0):
            raise why
        return State(Named("b", "somewhere"))

    keeper = _keeper(service.settings, _write_history(tmp_path, 0), state, seconds)
    prediction_id = ask(service, "POST", "/predict", row).json["prediction_id"]
    for _ in range(2):
        seconds.now += FOLD_S
        keeper.step()
    assert list(read_predictions(service.settings.place).collect()["prediction_id"]) == [prediction_id]
    assert read_state(Path(service.settings.state)).champion.bundle_id == "b"
    assert "KeyError" in caplog.text
    assert "test_keeper.py" in caplog.text
    assert "customer" not in caplog.text
