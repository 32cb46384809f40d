"""Services around the bundles that `train` makes: in this process, and as workers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from milepost.metrics.answers import Task
from milepost.serve.service import Service
from milepost.serve.settings import Settings
from serving import Worker, settings_around

MakeSettings = Callable[..., Settings]
MakeService = Callable[..., Service]
MakeWorker = Callable[..., Worker]


@pytest.fixture
def make_settings(bundles, tmp_path: Path) -> MakeSettings:
    """Return a maker of settings, each in a folder of its own, around the bundle of a task."""
    numbers = itertools.count()

    def make(task: Task = "binary", **changes: Any) -> Settings:
        folder = tmp_path / f"service {next(numbers)}"
        folder.mkdir()
        return settings_around(bundles(task), folder, **changes)

    return make


@pytest.fixture
def make_service(make_settings) -> Iterator[MakeService]:
    """Return a maker of services in this process."""
    made: list[Service] = []

    def make(task: Task = "binary", **changes: Any) -> Service:
        made.append(Service(make_settings(task, **changes)))
        return made[-1]

    yield make
    for service in made:
        asyncio.run(service.stop())


@pytest.fixture
def make_worker(make_settings) -> Iterator[MakeWorker]:
    """Return a maker of serving processes, which are ended by SIGTERM."""
    made: list[Worker] = []

    def make(task: Task = "binary", **changes: Any) -> Worker:
        made.append(Worker(make_settings(task, **changes)))
        return made[-1].await_ready()

    yield make
    for worker in made:
        worker.stop()


@pytest.fixture(scope="module")
def worker(bundles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """Return a worker around the binary bundle that the tests of a module share."""
    started = Worker(settings_around(bundles("binary"), tmp_path_factory.mktemp("worker")))
    yield started.await_ready()
    started.stop()
