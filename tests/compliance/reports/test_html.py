"""The page for people: nothing in it runs or loads, and nothing of the input is markup."""

from __future__ import annotations

import html.parser

import pytest
from hypothesis import given

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import html as page
from tests.compliance.reports import reporting

VOID = {"meta", "br"}


class Reader(html.parser.HTMLParser):
    """Tags with their attributes, the text outside of `style`, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)


def read(report: findings.Report) -> Reader:
    text = page.render(report, environment="lab <1>", version="0.5.0", catalogues=reporting.CATALOGUES)
    text.encode("utf-8")
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def check(reader: Reader) -> None:
    names = {tag for tag, _ in reader.tags}
    assert names <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "span", "bdi", "code", "time",
        "strong", "br", "section", "dl", "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "ul", "li",
    }  # fmt: skip
    attributes = {name for _, attrs in reader.tags for name in attrs}
    assert attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}, "nothing to load or to run"
    assert (reader.open, reader.unbalanced) == ([], [])


def test_a_page_of_everything_is_well_formed_and_self_contained() -> None:
    check(read(reporting.EVERYTHING))
    check(read(reporting.CLEAN))


def test_the_page_forbids_itself_to_load_anything() -> None:
    policies = [attrs for tag, attrs in read(reporting.CLEAN).tags if attrs.get("http-equiv")]
    assert policies == [
        {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"}
    ]


@pytest.mark.parametrize(
    "words",
    [
        "绝不代表等保测评结论",
        "no certification",
        "lab <1>",
        "What pod-privileged demands <b>",
        "k8s:apps/Deployment/finance-prod/web",
        "deploy/web.yaml",
        "W-2026-014",
        "we need it <script>",
        "deploy/broken.yaml:3: this is not YAML",
        "excused nothing",
        "L3-ABS1-04",
        "8.1.4.4a",
        "verify: packet",
        "What the checks see, & what they do not.",
        "不符合",
        "严重",
    ],
)
def test_the_page_tells_what_there_is(words: str) -> None:
    assert words in " ".join(read(reporting.EVERYTHING).text)


def test_a_clean_page_says_that_there_are_no_findings_and_still_disclaims() -> None:
    text = " ".join(read(reporting.CLEAN).text)
    assert "未发现问题" in text
    assert "绝不代表等保测评结论" in text


def test_each_requirement_has_its_verdict() -> None:
    marks = [str(attrs.get("class")) for tag, attrs in read(reporting.CLEAN).tags if tag == "span"]
    told = [mark.removeprefix("tag ") for mark in marks if mark.startswith("tag ")]
    assert told == [
        "automated", "met", "automated", "not-judged", "automated", "met", "manual", "not-judged",
        "automated", "met", "automated", "met", "automated", "met",
    ]  # fmt: skip


@given(reporting.reports())
def test_whatever_the_input_says_is_text_on_the_page(report: findings.Report) -> None:
    reader = read(report)
    check(reader)
    assert reporting.SECRET not in " ".join(reader.text)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            "roles/database/tests/test_database.py::test_every_setting_is_in_force",
            "database: every setting is in force",
        ),
        ("verify:packet", "verify: packet"),
        ("inventory:GC1301", "inventory: GC1301"),
    ],
)
def test_a_check_is_told_in_words(check: str, words: str) -> None:
    assert page._check(check) == words
