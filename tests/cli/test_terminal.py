"""The command line at a real terminal: a pseudo-terminal of 60 columns, with a person at the other end."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

from program import PROGRAM, environment

PATIENCE_SECONDS = 60
# a program whose signals come to a thread that waits for something else, as those of Polars do now and then
ELSEWHERE = (
    sys.executable, "-c",
    "import signal, threading; threading.Thread(target=threading.Event().wait, daemon=True).start();"
    "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]);"
    "from milepost.cli.main import main; main()",
)  # fmt: skip
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _take_the_terminal():
    """Let Ctrl-C in the terminal at standard input reach this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A program that runs in a terminal."""

    def __init__(self, *words, folder, columns=60, program=PROGRAM):
        self._side, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            [*program, *words], cwd=folder, env=environment({"TERM": "xterm-256color"}),
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

    def end(self):
        """End the program if it still runs."""
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)

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
    """Give a terminal in which `init` asks for the target."""
    yield from asking(telco)


def asking(folder, **more):
    terminal = Terminal("init", "telco.csv", "--problem", "new.toml", folder=folder, **more)
    try:
        terminal.until("Which column do you want to predict? [churn]")
        yield terminal
    finally:
        terminal.end()


def test_init_asks_for_the_target_and_takes_the_likeliest_for_enter(asked, telco):
    asked.type("\n")
    assert asked.code() == 0
    assert 'target = "churn"' in (telco / "new.toml").read_text()


@pytest.mark.parametrize("keys", ["\x03", "no\x03", "\x04"], ids=["control-c", "control-c behind letters", "control-d"])
def test_init_can_be_left_at_the_question_at_any_moment(asked, telco, keys):
    asked.type(keys)
    assert asked.code() == 130
    assert "Interrupted." in asked.shown
    assert not (telco / "new.toml").exists()


def test_control_c_is_heard_whichever_thread_the_signal_comes_to(telco):
    for terminal in asking(telco, program=ELSEWHERE):
        terminal.type("\x03")
        assert terminal.code() == 130


def test_bars_fit_a_narrow_terminal_and_are_gone_at_the_end(few):
    terminal = Terminal("evaluate", folder=few)
    assert terminal.code() in (0, 3, 4)
    assert "━" in terminal.shown
    assert max(len(line) for line in terminal.shown.splitlines()) <= 60
    assert "answering the test rows" not in terminal.shown.split("bundle id")[-1]
    assert "\x1b[" in terminal.seen
