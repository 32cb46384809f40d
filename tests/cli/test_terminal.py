"""The command line at a real terminal: a pseudo-terminal of 60 columns, with a person at the other end."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from program import PROGRAM, environment

PATIENCE_SECONDS = 60
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _take_the_terminal():
    """Let Ctrl-C in the terminal at standard input reach this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A program that runs in a terminal."""

    def __init__(self, *words, folder, columns=60):
        self._side, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            [*PROGRAM, *words], cwd=folder, env=environment({"TERM": "xterm-256color"}),
            stdin=theirs, stdout=theirs, stderr=theirs,
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)),
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def until(self, text):
        """Read until a text is on the screen."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while text not in self.shown:
            assert time.monotonic() < ends, self.shown
            assert self._read(), self.shown

    def type(self, keys):
        os.write(self._side, keys.encode())

    def code(self):
        """Return the exit code, after reading all that is said."""
        while self._read():
            pass
        os.close(self._side)
        return self._process.wait(PATIENCE_SECONDS)

    @property
    def shown(self):
        """Return what was written, without what steers colours and the cursor."""
        return _STEERING.sub("", self.seen).replace("\r", "\n")

    def _read(self):
        ready, _, _ = select.select([self._side], [], [], PATIENCE_SECONDS)
        assert ready, self.shown
        try:
            piece = os.read(self._side, 65_536)
        except OSError:  # the program has left
            return b""
        self.seen += piece.decode("utf-8", "replace")
        return piece


@pytest.fixture
def asked(telco):
    """Return a terminal in which `init` asks for the target."""
    terminal = Terminal("init", "telco.csv", "--problem", "new.toml", folder=telco)
    terminal.until("Which column do you want to predict? [churn]")
    return terminal


def test_init_asks_for_the_target_and_takes_the_likeliest_for_enter(asked, telco):
    asked.type("\n")
    assert asked.code() == 0
    assert 'target = "churn"' in (telco / "new.toml").read_text()


def test_bars_fit_a_narrow_terminal_and_are_gone_at_the_end(few):
    terminal = Terminal("evaluate", folder=few)
    assert terminal.code() in (0, 3, 4)
    assert "━" in terminal.shown
    assert max(len(line) for line in terminal.shown.splitlines()) <= 60
    assert "answering the test rows" not in terminal.shown.split("bundle id")[-1]
    assert "\x1b[" in terminal.seen
