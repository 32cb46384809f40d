"""What a service counts about itself, as Prometheus reads it; the workers of one service are added up."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client adds processes up; set before this module is imported
_ALONE = f"# The figures of one process. Where {SHARED} names a folder when its server starts: those of all.\n"
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

_LATENCY_S = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
)  # fmt: skip


class Figures:
    """The counters of one process."""

    def __init__(self, problem: str) -> None:
        """Begin at 0.

        Args:
            problem: its name, a label of every figure.
        """
        self._registry = registry = CollectorRegistry()
        names = ["problem"]
        self._requests = Counter(
            "milepost_requests_total", "Requests by path and status.", [*names, "path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "milepost_request_seconds",
            "From the arrival of a request to its answer.",
            [*names, "path"],
            buckets=_LATENCY_S,
            registry=registry,
        )
        commit = Histogram(
            "milepost_commit_seconds",
            "Time that a commit to the journal takes.",
            names,
            buckets=_LATENCY_S,
            registry=registry,
        )
        rows = Counter("milepost_rows_total", "Rows answered, by role.", [*names, "role"], registry=registry)
        errors = Counter("milepost_errors_total", "Requests refused, by kind.", [*names, "kind"], registry=registry)
        flags = Counter("milepost_flagged_rows_total", "Rows with at least one flag.", names, registry=registry)
        guards = Counter("milepost_guards_total", "Uses of a guard.", [*names, "guard"], registry=registry)
        lost = Counter("milepost_unlogged_rows_total", "Rows answered without a record.", names, registry=registry)
        backlog = Gauge(
            "milepost_journal_bytes",
            "Bytes of journals that are not folded yet.",
            names,
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        bundle = Gauge(
            "milepost_bundle_info",
            "1 for each bundle that is asked.",
            [*names, "bundle_id", "role"],
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._problem = problem
        self.commit = commit.labels(problem)
        self.flagged, self.lost = flags.labels(problem), lost.labels(problem)
        self.backlog = backlog.labels(problem)
        self._rows, self._errors, self._guards, self._bundle = rows, errors, guards, bundle
        self._by_path: dict[tuple[str, int], Counter] = {}
        self._by_time: dict[str, Histogram] = {}
        self._by_role: dict[str, Counter] = {}

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            path: as the service knows it, "" for one that it does not know.
            status: of the answer.
            seconds: that it took.
        """
        counter = self._by_path.get((path, status))
        if counter is None:
            counter = self._by_path[path, status] = self._requests.labels(self._problem, path, str(status))
        counter.inc()
        histogram = self._by_time.get(path)
        if histogram is None:
            histogram = self._by_time[path] = self._seconds.labels(self._problem, path)
        histogram.observe(seconds)

    def rows(self, role: str, number: int) -> None:
        """Count rows that were answered."""
        counter = self._by_role.get(role)
        if counter is None:
            counter = self._by_role[role] = self._rows.labels(self._problem, role)
        counter.inc(number)

    def error(self, kind: str) -> None:
        """Count a request that was refused."""
        self._errors.labels(self._problem, kind).inc()

    def guard(self, name: str) -> None:
        """Count the use of a guard."""
        self._guards.labels(self._problem, name).inc()

    def answering(self, bundle_id: str, role: str, *, now: bool) -> None:
        """Say that a bundle is asked, or that it is not any more."""
        self._bundle.labels(self._problem, bundle_id, role).set(float(now))

    def page(self) -> bytes:
        """Return all figures in Prometheus' text format; of this process alone, where processes are not added up."""
        if not os.environ.get(SHARED):
            return _ALONE.encode() + generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
