from __future__ import annotations

from pathlib import Path

import pytest

from milepost.ground.errors import MilepostError
from milepost.serve.settings import read_settings, write_settings
from milepost.serve.state import Named, State, read_state, write_state


def test_settings_come_back_as_they_were_written(make_settings, tmp_path):
    guards = ({"name": "new", "when": "tenure = 0", "then": "abstain"},)
    settings = make_settings(guards=guards, redaction={"customer": "hash"}, context=("region",), horizon_s=30.0)
    path = tmp_path / "again.json"
    write_settings(settings, path)
    assert read_settings(path) == settings
    assert path.stat().st_mode & 0o777 == 0o600  # the address of a store may hold secrets
    assert settings.place.predictions.endswith("/predictions")


def test_a_state_comes_back_as_it_was_written(tmp_path):
    state = State(Named("b1", "here", 3, "2026-03-01T10:00:00+00:00", "It was met."), Named("b2", "there"))
    write_state(state, tmp_path / "state.json")
    assert read_state(tmp_path / "state.json") == state


@pytest.mark.parametrize("text", [None, "", "{", '{"champion": 3}', "[]"])
@pytest.mark.parametrize("read", [read_settings, read_state])
def test_what_is_no_such_file_is_said(read, text, tmp_path):
    path = Path(tmp_path / "file.json")
    if text is not None:
        path.write_text(text)
    with pytest.raises(MilepostError, match="cannot be read") as caught:
        read(path)
    assert caught.value.where == str(path)
