from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from milepost.serve.figures import SHARED, Figures


def test_the_figures_of_one_process_say_that_they_are_and_how_processes_are_added_up(monkeypatch):
    monkeypatch.delenv(SHARED, raising=False)
    figures = Figures("churn")
    figures.error("422")
    page = figures.page().decode()
    assert page.startswith("# The figures of one process.")
    assert SHARED in page.splitlines()[0]
    (errors,) = (one for one in text_string_to_metric_families(page) if one.name == "milepost_errors")
    assert [sample.value for sample in errors.samples if sample.name.endswith("_total")] == [1.0]
