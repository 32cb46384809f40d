from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version

import pytest

from milepost.registry.evidence import environment, lineage

FOUND = {"data": "d1", "split": "s1", "problem": "p1", "seed": 7}


def git(folder, *arguments):
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_COMMITTER_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environ = os.environ | identity | {"GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, env=environ)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "milepost.toml").write_text("[problem]")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_the_environment_names_what_decides_the_answers():
    found = environment()
    assert found.python == platform.python_version()
    assert found.packages["polars"] == version("polars")
    assert found.packages["milepost"] == version("milepost")
    assert found.cpu


def test_lineage_names_the_commit_and_whether_files_changed_since(repository):
    commit = git(repository, "rev-parse", "HEAD").stdout.strip()
    assert (lineage(repository, **FOUND).commit, lineage(repository, **FOUND).commit_is_whole) == (commit, True)
    (repository / "untracked.csv").write_text("")
    assert lineage(repository, **FOUND).commit_is_whole is True
    (repository / "milepost.toml").write_text("changed")
    assert lineage(repository, **FOUND).commit_is_whole is False


def test_lineage_outside_a_repository_names_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = lineage(tmp_path, **FOUND, parent="9f3a")
    assert (found.commit, found.commit_is_whole, found.parent, found.seed) == (None, None, "9f3a", 7)


def test_lineage_without_git_names_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository))
    assert lineage(repository, **FOUND).commit is None
