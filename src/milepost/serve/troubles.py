"""What is wrong with a service while it answers: told once when it begins, and shown until it ends."""

from __future__ import annotations

from milepost.ground.errors import MilepostError
from milepost.serve.text_log import tell_failed


class Troubles:
    """What is wrong now, each by what it is about."""

    def __init__(self) -> None:
        """Begin with none."""
        self._said: dict[str, str] = {}

    @property
    def says(self) -> str:
        """Return all of it as sentences; "" where nothing is wrong."""
        return " ".join(self._said.values())

    def begins(self, about: str, why: Exception, but: str = "") -> None:
        """Take what is wrong; the same as before is not told again.

        Args:
            about: what it is about; "keys", "challenger".
            why: the failure; its words are shown only where they are ours.
            but: what goes on all the same, a sentence.
        """
        what = why.what if isinstance(why, MilepostError) else f"Something failed: {about} ({type(why).__name__})."
        says = f"{what} {but}".rstrip()
        if self._said.get(about) != says:
            self._said[about] = says
            tell_failed(says, why)

    def ends(self, about: str) -> None:
        """Forget what was wrong."""
        self._said.pop(about, None)
