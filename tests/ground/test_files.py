from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from milepost.ground.errors import EnvironmentFault
from milepost.ground.files import disk_errors, whole_file, whole_folder


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with a file, to be replaced."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "old").write_text("old")
    return place


def test_a_folder_takes_the_place_of_the_one_that_was_there(folder):
    with whole_folder(folder) as partial:
        (partial / "new").write_text("new")
    assert (names_in(folder), names_in(folder.parent)) == (["new"], ["place"])


def test_the_old_folder_stays_until_the_new_one_is_whole(folder):
    with suppress(ZeroDivisionError), whole_folder(folder) as partial:
        (partial / "new").write_text("new")
        assert names_in(folder) == ["old"]
        1 / 0  # noqa: B018
    assert (names_in(folder), names_in(folder.parent)) == (["old"], ["place"])


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(folder, monkeypatch):
    replace = Path.replace

    def refuse_the_second(source: Path, target: Path) -> Path:
        if Path(target) == folder and not source.name.endswith(".old"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(source), None, str(target))
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse_the_second)
    with pytest.raises(EnvironmentFault, match="disk refused"), whole_folder(folder) as partial:
        (partial / "new").write_text("new")
    assert (names_in(folder), names_in(folder.parent)) == (["old"], ["place"])


def test_the_old_folder_stays_aside_where_it_cannot_come_back(folder, monkeypatch):
    replace = Path.replace

    def refuse(source: Path, target: Path) -> Path:
        if Path(target) == folder:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(source), None, str(target))
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EnvironmentFault, match="disk refused"), whole_folder(folder) as partial:
        (partial / "new").write_text("new")
    [aside] = folder.parent.iterdir()
    assert (aside.name.endswith(".old"), names_in(aside)) == (True, ["old"])


def test_a_file_that_is_not_whole_leaves_no_trace(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with suppress(ZeroDivisionError), whole_file(path) as partial:
        partial.write_text("half")
        1 / 0  # noqa: B018
    assert (names_in(tmp_path), path.read_text()) == (["a.txt"], "old")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EDQUOT])
def test_a_refusal_of_the_disk_says_what_to_do(tmp_path, code):
    with pytest.raises(EnvironmentFault, match="disk refused") as caught, whole_file(tmp_path / "a.txt"):
        raise OSError(code, os.strerror(code))
    assert caught.value.where == str(tmp_path / "a.txt")


@pytest.mark.parametrize("below", ["taken/a.txt", "taken/deeper/a.txt"])
def test_a_place_below_a_file_is_a_refusal(tmp_path, below):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(EnvironmentFault, match="disk refused"), whole_file(tmp_path / below):
        pass


@pytest.mark.parametrize("missing", ["nowhere.csv", "../nowhere.csv"])
def test_another_file_that_is_not_there_is_no_fault_of_the_disk(tmp_path, missing):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "a.txt"):
        (tmp_path / missing).read_text()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("why", [ConnectionResetError("reset"), TimeoutError("late"), FileNotFoundError("which?")])
def test_the_network_is_no_disk(tmp_path, why):
    with pytest.raises(type(why)), disk_errors(tmp_path / "a.txt"):
        raise why
