"""A journal aside: its records are seen by nobody until its writer lets them be seen, all at once.

log/churn/.scoring-x7k2/0190….journal ─► rename ─► log/churn/journals/0190….journal
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from milepost.ground.files import disk_errors
from milepost.predlog.journal import Durability, Journal, begin_of, journals_in, sync_folder
from milepost.predlog.writers import is_gone

_PREFIX = ".scoring-"


@contextmanager
def journal_aside(journals: Path, *, durability: Durability) -> Iterator[tuple[Journal, Callable[[], None]]]:
    """Give a journal that readers do not see, and the call that lets them see all of it at once.

    Args:
        journals: the folder of the journals that readers see.
        durability: what the records survive.

    Raises:
        EnvironmentFault: the disk refused.
    """
    with disk_errors(journals):
        journals.mkdir(parents=True, exist_ok=True)
        living_asides(journals)
        folder = TemporaryDirectory(dir=journals.parent, prefix=_PREFIX, ignore_cleanup_errors=True)
    with folder as place:
        journal = Journal(Path(place), durability=durability, most_bytes=2**62)  # one file, so that one rename is all

        def publish() -> None:
            journal.close()
            with disk_errors(journals):
                journal.path.replace(journals / journal.path.name)
                if durability == "disk":
                    sync_folder(journals)

        try:
            yield journal, publish
        finally:
            journal.close()


def living_asides(journals: Path) -> list[Path]:
    """Return the folders aside of runs that go on; those of runs that were killed are removed: nobody got an answer.

    Args:
        journals: the folder of the journals that readers see.
    """
    living = []
    for aside in sorted(journals.parent.glob(f"{_PREFIX}*")):
        left = [begin_of(path) for path in journals_in(aside)]
        if left and all(begin is not None and is_gone(begin) for begin in left):
            shutil.rmtree(aside, ignore_errors=True)
        else:
            living.append(aside)
    return living
