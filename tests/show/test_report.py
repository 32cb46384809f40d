import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape
from html.parser import HTMLParser

import pytest

from milepost.data.findings import Finding
from milepost.data.schema import Column
from milepost.show.charts.split import Part
from milepost.show.report import report_page

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Reads a page: its elements, ids, links, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements, self.ids, self.links, self.open, self.text = [], [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        self.links += [value for name, value in attributes if name in ("href", "src", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


@pytest.fixture(scope="module")
def pages(telco, ames, wine):
    material = {"telco": telco, "ames": ames, "wine": wine, "unjudged": replace(telco, verdict=None)}
    return {name: report_page(given) for name, given in material.items()}


@pytest.fixture(params=["telco", "ames", "wine", "unjudged"])
def html(request, pages):
    return pages[request.param]


def words(html: str) -> str:
    """Return the text of a page, with single spaces."""
    return " ".join(" ".join(Page(html).text).split())


def test_a_page_is_well_formed_and_names_each_place_once(html):
    page = Page(html)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_a_page_stands_by_itself(html):
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.elements}
    assert not re.search(r"https?:|@import|@font-face|url\((?!#)", html.replace("http://www.w3.org/2000/svg", ""))


def test_a_page_forbids_itself_to_fetch_or_run_anything(html):
    policy = [given.get("content") for tag, given in Page(html).elements if given.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]


def test_a_page_is_small(html):
    assert len(html.encode()) < 500_000


def test_every_link_to_a_word_leads_to_its_explanation(html):
    page = Page(html)
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_every_chart_says_what_it_shows_and_what_follows(html):
    figures = re.findall(r'<figure class="chart.*?</figure>', html, re.DOTALL)
    assert len(figures) >= 2
    for figure in figures:
        shows, follows = re.findall(
            r"<p.*?>(.*?)</p>", re.search(r"<figcaption>(.*?)</figcaption>", figure, re.DOTALL)[1]
        )
        assert len(shows) > 40
        assert len(follows.split("</strong>")[1]) > 10
        assert 'role="img" aria-label=' in figure


def test_the_verdict_comes_first_and_in_words(pages, telco):
    said = words(pages["telco"])
    assert said.index("not met") < said.index("does not meet precision") < said.index("What is predicted")
    headline = re.search(r"<h1>(.*?)</h1>", pages["telco"])[1].replace("\xa0", " ")
    assert headline == telco.verdict.says[0].replace(">=", "≥")


def test_each_criterion_stands_with_its_interval_and_beside_the_baselines(pages):
    row = re.search(r"accuracy ≥\s0.80.*?</tr>", pages["telco"], re.DOTALL)[0]
    cells = [unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<td.*?>(.*?)</td>", row)]
    assert cells[:3] == ["can't tell yet", "80.8 %", "78.9 % to 82.6 %"]
    assert cells[3:] == ["73.5 % [71.4–75.6]", "76.1 % [74.1–78.1]", "80.2 % [78.3–82.1]"]


def test_the_decisions_are_told_out_of_a_hundred_customers(pages):
    assert "Of 100 customers, 26 turn out to have churn = Yes" in words(pages["telco"])


def test_money_is_told_beside_what_simpler_answers_bring(pages):
    said = words(pages["telco"])
    assert "brings 11,870 EUR per 1,000 customers (95 % interval 9,310 to 14,430 EUR)" in said
    assert "today's rule 6,210 EUR" in said


def test_colliding_criteria_are_shown_with_what_each_choice_would_cost(pages):
    said = words(pages["telco"])
    assert "what each choice would cost" in said
    assert "recall; not accuracy" in said


def test_every_rung_leaves_its_sentence(pages, telco):
    said = words(pages["telco"]).replace("\xa0", " ").casefold()
    for step in telco.ladder.steps:
        assert step.says.removeprefix(step.title.capitalize()).strip(" :").casefold() in said


def test_findings_stand_with_the_most_severe_first(pages, telco):
    said = words(pages["telco"])
    places = [said.index(finding.code) for finding in telco.findings]
    assert places == [max(places), min(places), sorted(places)[1]]


def test_a_page_before_the_verdict_says_that_nobody_knows_yet(pages):
    said = words(pages["unjudged"])
    assert "not judged yet" in said
    assert "milepost evaluate" in said
    assert "What was tried" in said


def test_numbers_are_shown_against_the_truth(pages):
    assert 'id="chart-predicted"' in pages["ames"]
    assert "Half of the predictions are within 9,640" in words(pages["ames"])
    assert "97.5 %" in words(pages["ames"])


def test_several_classes_are_shown_with_their_confusion(pages):
    assert 'id="chart-confusion"' in pages["wine"]
    assert 'id="chart-roc"' not in pages["wine"]


def test_the_same_material_gives_the_same_page(pages, wine):
    assert report_page(wine) == pages["wine"]


def test_names_of_users_can_do_nothing_but_be_read(telco, hostile):
    problem = telco.problem.model_copy(
        update={
            "aim": telco.problem.aim.model_copy(update={"target": hostile, "statement": hostile}),
            "features": {hostile: hostile},
        }
    )
    problem._text = hostile
    steps = tuple(replace(step, title=f"{step.title} {hostile}", says=hostile) for step in telco.ladder.steps)
    curves = replace(telco.verdict.curves, labels=(hostile, hostile + "2"))
    material = replace(
        telco,
        problem=problem,
        schema=replace(
            telco.schema, labels=(hostile, hostile), columns=(Column(hostile, "text", "text", "target", hostile),)
        ),
        findings=(Finding(hostile, "warn", hostile, hostile, {}, hostile),),
        split_says=(hostile,),
        ladder=replace(telco.ladder, steps=steps, ending=hostile),
        calibration_says=hostile,
        verdict=replace(telco.verdict, says=(hostile, hostile), curves=curves),
        lineage={hostile: hostile},
        next_step=hostile,
    )
    html = report_page(material)
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.elements}
    assert not any(name.startswith("on") for _, given in page.elements for name in given)
    assert "{{7*7}}" in "".join(page.text)
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "<script>alert('ü" in "".join(page.text)


def test_names_of_columns_are_set_as_code_and_nothing_else_is(telco):
    odd = Finding("many-levels", "note", None, "`a<b>` and `c` have <i>many</i> levels.", {})
    html = report_page(replace(telco, findings=(odd,)))
    assert "<code>a&lt;b&gt;</code> and <code>c</code> have &lt;i&gt;many&lt;/i&gt; levels." in html


def test_a_mixture_is_only_told_where_it_was_chosen(ames):
    weights = {"linear": 0.86, "tree": 0.14}
    mixed = replace(ames.ladder, weights=weights)
    assert "The mixture" not in words(report_page(replace(ames, ladder=mixed)))


def test_a_finding_about_a_column_names_it(telco):
    html = report_page(replace(telco, findings=(Finding("constant-column", "note", "year", "It never changes.", {}),)))
    assert "<code>year</code>: It never changes." in html


def test_the_page_says_how_many_rows_the_model_learned_from_not_how_many_compared_its_rungs(telco):
    parts = (Part("development", 245_501), Part("test", 81_845))
    page = words(report_page(replace(telco, parts=parts)))
    assert "learned from 245,501 development rows" in page
    assert f"Compared on {telco.ladder.rows:,} development rows" in page


def test_what_next_speaks_to_those_who_decide_and_to_the_engineer(pages):
    said = words(pages["telco"])
    assert said.index("is out of this model's reach") < said.index("For the engineer")
    assert "There is nothing to decide yet" in words(pages["unjudged"])


def test_dates_stand_under_the_headline_where_the_history_knows_them(telco, pages):
    at = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    said = words(report_page(replace(telco, trained_at=at, judged_at=at)))
    assert "Trained on 2026-03-01 at 10:30 UTC, judged on 2026-03-01 at 10:30 UTC." in said
    assert "Trained on" not in words(pages["telco"])


def test_a_chosen_rung_is_called_nothing_else(telco):
    html = report_page(replace(telco, ladder=replace(telco.ladder, chosen="linear")))
    assert re.search(r"<h3>logistic regression <span[^>]*>chosen</span>", html)


def test_a_long_hash_is_shown_by_its_first_digits_and_kept_whole(telco):
    html = report_page(replace(telco, split_hash="ab" * 32))
    assert words(html).count("abababababababab…") == 1
    assert f'title="{"ab" * 32}"' in html


def test_every_table_can_be_scrolled_and_words_are_folded(html):
    assert html.count("<table") == html.count('<div class="scroll"><table')
    assert re.search(r"<h2>Words</h2>\s*<details>", html)


def test_figures_have_the_unit_that_the_sentence_gives(ames):
    statement = "Predict the sale price with an RMSE below 25000 dollars"
    aim = ames.problem.aim.model_copy(update={"statement": statement})
    said = words(report_page(replace(ames, problem=ames.problem.model_copy(update={"aim": aim}))))
    assert "24,310 dollars" in said
    assert "within 9,640 dollars of the truth" in said


def test_a_threshold_that_misses_what_it_was_found_for_is_explained(telco):
    first, *rest = telco.threshold.rows
    row = replace(first, role="best with recall >= 0.60", meets=(True, False, None, None))
    html = report_page(replace(telco, threshold=replace(telco.threshold, rows=(first, row, *rest))))
    assert "misses that by a little" in words(html)
