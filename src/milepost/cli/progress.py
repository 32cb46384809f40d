"""What a long step says while it works, on standard error: bars in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from milepost.ground.events import Event

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

LINES_OF_A_STEP = 10  # where there is no terminal, a step that counts says at most so many lines


class Progress:
    """Draws events until it is left; nothing of it but news stays in a terminal.

    Attributes:
        is_quiet: draw nothing.
    """

    def __init__(self, *, is_quiet: bool) -> None:
        self.is_quiet = is_quiet
        self._bars: Bars | None = None
        self._said = ("", 0)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    def tell(self, event: Event) -> None:
        """Draw one sign of life."""
        if self.is_quiet:
            return
        if sys.stderr.isatty():
            self._draw(event)
        else:
            self._say(event)

    def stop(self) -> None:
        """Take the bar away, so that other things can be printed; the next event draws it again."""
        if self._bars:
            self._bars.stop()
            self._bars = None

    def _say(self, event: Event) -> None:
        """Print a line for each step, and for each tenth of one that counts."""
        tenth = LINES_OF_A_STEP * (event.done or 0) // event.total if event.total else 0
        if event.is_news or (event.step, tenth) != self._said:
            self._said = self._said if event.is_news else (event.step, tenth)
            is_counted = event.done and event.total and not event.is_news
            counted = f" ({event.done} of {event.total})" if is_counted else ""
            print(f"{event.step}: {event.message}{counted}", file=sys.stderr, flush=True)

    def _draw(self, event: Event) -> None:
        """Draw one bar, that of the step that spoke last."""
        bars = self._bars = self._bars or _new_bars()
        if event.is_news:
            bars.console.print(event.message, markup=False, highlight=False)
            return
        if not bars.tasks or bars.tasks[-1].fields["step"] != event.step:
            for bar in bars.task_ids:
                bars.remove_task(bar)
            bars.add_task("", step=event.step, total=event.total)
        bars.update(bars.task_ids[-1], description=event.message, completed=event.done or 0, total=event.total)


def _new_bars() -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    message = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    bars = Progress(
        TextColumn("{task.fields[step]}", style="bold"),
        BarColumn(bar_width=12),
        TimeElapsedColumn(),
        TextColumn("{task.description}", table_column=message, markup=False),
        console=Console(stderr=True),
        transient=True,
        expand=True,
    )
    bars.start()
    return bars
