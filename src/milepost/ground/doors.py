"""Heavy packages come in through doors: at the moment of need, with a cure where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from milepost.ground.errors import EnvironmentFault


@contextmanager
def door(package: str, *, extra: str | None = None) -> Iterator[None]:
    """Name what brings package if it is missing; a broken package speaks for itself.

    Raises:
        EnvironmentFault: the package is not installed, or a system library that it needs is missing.
    """
    try:
        yield
    except ModuleNotFoundError as why:
        if (why.name or "").split(".")[0] != package:
            raise
        what = f"milepost[{extra}]" if extra else package
        raise EnvironmentFault(
            f"The package {package!r} is not installed.",
            where=f"a step that needs {package}",
            fix=f"Run: pip install '{what}'",
        ) from None
    except OSError as why:
        raise missing_library(package, why) from why


def missing_library(package: str, why: OSError) -> EnvironmentFault:
    """Return the error for a package whose shared library could not be loaded, with the cure."""
    cure = "Run: apt-get install libgomp1   (Debian, Ubuntu; on other systems the package is called libgomp)"
    return EnvironmentFault(
        f"The library behind {package!r} could not be loaded: {why}",
        where=f"a step that needs {package}",
        fix=cure if "gomp" in str(why) else f"Install {package} again: pip install --force-reinstall {package}",
    )
