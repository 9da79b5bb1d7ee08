"""The page for people: nothing in it runs or loads, and nothing of the input is markup."""

from __future__ import annotations

import html.parser

import pytest
from hypothesis import given

from govcloud_cli.compliance import findings
from govcloud_cli.compliance.reports import html as page
from govcloud_cli.model import policies
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


def render(report: findings.Report, threshold: policies.Severity | None = policies.Severity.HIGH) -> str:
    return page.render(
        report, environment="lab <1>", version="0.5.0", catalogues=reporting.CATALOGUES, threshold=threshold
    )


def read(report: findings.Report, threshold: policies.Severity | None = policies.Severity.HIGH) -> Reader:
    text = render(report, threshold)
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


def verdict(report: findings.Report, threshold: policies.Severity) -> str:
    text = " ".join(" ".join(read(report, threshold).text).split())
    return text[text.index("GovCloud 0.5.0") + len("GovCloud 0.5.0") : text.index("no certification")]


def test_the_verdict_stands_first_with_threshold_and_counts_by_severity() -> None:
    found = reporting.report(reporting.result(reporting.PRIVILEGED, reporting.WEB), passed={})
    told = verdict(found, policies.Severity.HIGH)
    assert told.split()[:2] == ["DENIED", "不符合"]
    assert "1 at or above high" in told
    assert "高及以上 1 项" in told
    assert "Critical 严重 1 High 高 0 Medium 中 0 Low 低 0" in told


@pytest.mark.parametrize(
    ("severity", "outcome", "words"),
    [
        ("medium", findings.Outcome.FAIL, "DENIED 不符合"),
        ("high", findings.Outcome.FAIL, "PASSED 符合"),
        ("medium", findings.Outcome.WAIVED, "PASSED 符合"),
        ("medium", findings.Outcome.BASELINED, "PASSED 符合"),
        ("critical", findings.Outcome.ERROR, "INCOMPLETE 结论不完整"),
        ("critical", findings.Outcome.UNKNOWN, "INCOMPLETE 结论不完整"),
    ],
)
def test_the_verdict_is_the_exit_codes(severity: str, outcome: findings.Outcome, words: str) -> None:
    found = reporting.report(reporting.result(reporting.IMAGES, reporting.WEB, outcome), passed={})
    assert verdict(found, policies.Severity(severity)).strip().startswith(words)


def test_a_waiver_that_ended_denies_and_what_could_not_be_read_leaves_the_verdict_open() -> None:
    ended = findings.WaiverNotice(waiver="W-2025-001", rule="image-digest", kind="expired", detail="ended")
    denied = verdict(reporting.report(notices=(ended,)), policies.Severity.HIGH)
    assert denied.split()[0] == "DENIED"
    assert "1 exception to renew or remove" in denied
    both = verdict(reporting.EVERYTHING, policies.Severity.HIGH)
    assert both.split()[0] == "INCOMPLETE"
    assert "2 at or above high" in both, "what was found is told all the same"


def test_a_page_of_a_run_that_judged_nothing_has_no_verdict() -> None:
    text = " ".join(read(reporting.CLEAN, None).text)
    assert "PASSED" not in text
    assert "结论不完整" not in text
    assert "未发现问题" not in text


def test_findings_stand_before_counts_and_those_before_controls() -> None:
    text = " ".join(read(reporting.EVERYTHING).text)
    places = [text.index(words) for words in ("INCOMPLETE", "检查发现", "概要", "What is asked <for>")]
    assert places == sorted(places)


def test_nothing_is_clipped_in_print() -> None:
    text = render(reporting.EVERYTHING)
    printed = text[text.index("@media print") :]
    # A collapsed border stands half outside of its table, and the edge of the sheet cuts it off.
    assert "border-collapse: separate" in text
    assert "max-width: 100%" in printed[: printed.index("</style>")]


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
