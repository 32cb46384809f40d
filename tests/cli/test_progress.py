import pytest

from milepost.cli.progress import Progress
from milepost.ground.events import Event


@pytest.fixture
def said(capsys):
    """Return what a progress says of events where there is no terminal, line by line."""

    def tell(*events: Event, is_quiet: bool = False) -> list[str]:
        with Progress(is_quiet=is_quiet) as progress:
            for event in events:
                progress.tell(event)
        out, err = capsys.readouterr()
        assert out == ""
        return err.splitlines()

    return tell


def test_without_a_terminal_each_step_is_a_line(said):
    events = [Event("read", "reading a.csv"), Event("read", "staging a.csv"), Event("split", "dividing rows")]
    assert said(*events) == ["read: reading a.csv", "split: dividing rows"]


def test_a_step_that_counts_says_a_line_for_each_tenth(said):
    lines = said(*[Event("score", f"{n:,} rows", n, 1000) for n in range(1001)])
    assert len(lines) == 11
    assert lines[1] == "score: 100 rows (100 of 1000)"


def test_news_of_a_step_that_counts_says_no_count(said):
    lines = said(Event("climb", "fold 4", 12, 21), Event("climb", "a linear model is kept", 12, 21, is_news=True))
    assert lines == ["climb: fold 4 (12 of 21)", "climb: a linear model is kept"]


def test_a_quiet_one_says_nothing(said):
    assert said(Event("read", "reading a.csv"), is_quiet=True) == []
