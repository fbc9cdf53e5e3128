# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML: valid as CI servers demand it, read back by junitparser, and the same names from run to run."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import junitparser
import pytest
import xmlschema
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.junit import render
from hypothesis import given
from hypothesis import strategies as st

from .documents import HOSTILE, ROUTER, document, hostile_document, large_document, row

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
#: With half characters, which are no part of hypothesis' own choice.
ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)


def read(whole: Document) -> ET.Element:
    """The report as any parser reads it from the file, valid."""
    root = ET.fromstring(render(whole).encode("utf-8"))
    SCHEMA.validate(root)
    return root


def cases(whole: Document) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in read(whole).iter("testcase")}


def kind(case: ET.Element) -> str:
    """failure, error, skipped, or nothing for what passed."""
    return " ".join(part.tag for part in case if part.tag != "system-out")


@pytest.mark.parametrize(
    ("outcome", "verdict", "expected"),
    [
        ("compliant", "ok", ""),
        ("granted", "ok", ""),
        ("missing", "fail", "failure"),
        ("denied", "fail", "failure"),
        ("not_found", "warn", ""),
        ("surplus", "ignore", "skipped"),
        ("unknown", "fail", "error"),
        ("unknown", "warn", "error"),
        ("unknown", "ignore", "error"),
    ],
)
def test_what_a_server_shows_for_a_verdict(outcome: str, verdict: str, expected: str) -> None:
    case = cases(document([row(outcome=outcome, verdict=verdict)]))["sales@contoso.com"]
    assert kind(case) == expected


@pytest.mark.parametrize(("verdict", "element"), [("fail", "failure"), ("ignore", "skipped")])
def test_type_message_and_content_say_why_and_what_to_do(verdict: str, element: str) -> None:
    """GitLab shows the content only, Jenkins and Azure the message."""
    one = row(outcome="missing", verdict=verdict, cause="not held", next_step="run it again")
    part = cases(document([one]))["sales@contoso.com"].find(element)
    assert part is not None
    assert part.attrib == {"type": "missing", "message": "missing: not held; next: run it again"}
    assert part.text == part.attrib["message"]


def test_a_warning_passes_and_is_said() -> None:
    one = row(outcome="pending", verdict="warn", cause="not visible yet", regranted=3, notes=["a note"])
    said = cases(document([one]))["sales@contoso.com"].findtext("system-out") or ""
    assert "pending: not visible yet" in said
    assert "a note" in said
    assert "something else removes it" in said


def test_what_is_as_wanted_says_nothing() -> None:
    """Ten thousand rows that only say since when all is well would be in nobody's way but the reader's."""
    assert list(cases(document([row(since="2026-01-01T00:00:00Z")]))["sales@contoso.com"]) == []


def test_every_row_is_one_case_by_account_right_and_mailbox() -> None:
    """Jenkins makes the package of what stands before the last dot: the account."""
    rows = [row(mailbox=name, right=right) for name in ("a", "b") for right in ("send_as", "full_access")]
    found = [(case.attrib["classname"], case.attrib["name"]) for case in read(document(rows)).iter("testcase")]
    assert sorted(found) == sorted((f"{ROUTER}.{one['right']}", one["mailbox"]) for one in rows)


def test_a_suite_is_dated_by_when_the_run_began() -> None:
    """Not by when the report was written: a long run would seem to be of another day."""
    told = document([row()])
    told["head"]["began"] = "2026-11-30T23:50:00Z"
    told["head"]["ended"] = told["head"]["created"] = "2026-12-01T00:20:00Z"
    assert {suite.attrib["timestamp"] for suite in read(told)} == {"2026-11-30T23:50:00"}


def test_names_stay_as_they_are_whatever_happens() -> None:
    """History is kept by suite, class and name: nothing in them may come from an outcome, an address or a time."""
    before = document([row(mailbox="a"), row(mailbox="b")])
    after = document([row(mailbox="b", address="new@contoso.com", outcome="missing", verdict="fail"), row(mailbox="a")])
    after["head"]["created"] = "2027-01-01T00:00:00Z"
    names = [
        {(suite.attrib["name"], case.attrib["classname"], case.attrib["name"]) for suite in root for case in suite[1:]}
        for root in (read(before), read(after))
    ]
    assert names[0] == names[1]


def test_no_case_is_lost_to_one_of_the_same_name() -> None:
    """GitLab drops all but the first, and the second may be the one that fails."""
    rows = [row(), row(mailbox="sales@contoso.com (2)"), row(outcome="missing", verdict="fail"), row(mailbox=" \0")]
    found = cases(document(rows))
    assert len(found) == 4
    assert [kind(case) for case in found.values()].count("failure") == 1


@pytest.mark.parametrize("rows", [[], [row()], [row(outcome="missing", verdict="ignore")]])
def test_a_run_that_failed_is_never_green(rows: list) -> None:  # type: ignore[type-arg]
    """Where no row fails, the run itself is a case: nothing was looked at, or it was stopped."""
    whole = document(rows, failed=True, sentence="no mailbox at all")
    failures = list(read(whole).iter("failure"))
    assert [one.attrib["message"] for one in failures] == ["no mailbox at all"]


def test_an_empty_list_that_was_allowed_passes() -> None:
    """Jenkins fails a report without any case."""
    assert [kind(case) for case in read(document([])).iter("testcase")] == [""]


def test_counts_are_those_of_the_elements() -> None:
    root = read(document())
    assert {key: root.attrib[key] for key in ("tests", "failures", "errors")} == {
        "tests": "8",
        "failures": "2",
        "errors": "1",
    }
    for suite in root:
        found = [kind(case) for case in suite.iter("testcase")]
        counted = [found.count("failure"), found.count("error"), found.count("skipped"), len(found)]
        assert [int(suite.attrib[key]) for key in ("failures", "errors", "skipped", "tests")] == counted


def test_junitparser_reads_the_same() -> None:
    parsed = junitparser.JUnitXml.fromstring(render(document()).encode())
    told = (parsed.tests, parsed.failures, parsed.errors)
    parsed.update_statistics()
    assert told == (parsed.tests, parsed.failures, parsed.errors) == (8, 2, 1)
    assert parsed.skipped == 1
    results = {case.name: [type(part).__name__ for part in case.result] for suite in parsed for case in suite}
    assert results["late@contoso.com"] == ["Failure"]
    assert results["dark@contoso.com"] == ["Error"]
    assert results["more@contoso.com"] == ["Skipped"]
    assert results["gone@contoso.com"] == []


def test_the_head_is_in_the_properties_of_each_suite() -> None:
    parsed = junitparser.JUnitXml.fromstring(render(document()).encode())
    for suite in parsed:
        values = {each.name: each.value for each in suite.properties()}
        assert values["organization"] == "contoso.onmicrosoft.com"
        assert values["rehearsal"] == "false"
        assert values["source.job"] == "audit #12"
        assert values["coverage.send_as"] == "7 of 7"
        assert values["verdict"] == "8 grants, 3 of them not as wanted"


def test_times_add_up_to_what_the_run_took() -> None:
    """The seconds of waiting are part of the other phases."""
    root = read(document())
    assert float(root.attrib["time"]) == 4.0
    assert sum(float(case.attrib["time"]) for case in root.iter("testcase")) == pytest.approx(4.0)
    assert sum(float(suite.attrib["time"]) for suite in root) == pytest.approx(4.0, abs=0.002)


@pytest.mark.parametrize("statistics", [{}, {"seconds": None}, {"seconds": {"reading": "fast"}}])
def test_without_statistics_no_time_is_claimed(statistics: dict[str, object]) -> None:
    whole = document()
    whole["statistics"] = statistics
    assert read(whole).attrib["time"] == "0.000"


def test_texts_are_texts_whatever_they_hold() -> None:
    """No text becomes an element, an attribute, a reference or an attachment, and none is lost."""
    root = read(hostile_document())
    assert len(list(root.iter("testcase"))) == 2 * len(HOSTILE)
    assert {each.tag for each in root.iter()} == {
        *("testsuites", "testsuite", "properties", "property", "testcase", "failure", "system-out")
    }
    text = "\n".join(each.text or "" for each in root.iter())
    assert "<script>alert(1)</script>" in text
    assert "]]> <![CDATA[ x" in text
    assert "&lt;b&gt; &amp; &#60;" in text
    assert "nul \ufffd bell \ufffd escape \ufffd[31m del \x7f end \ufffd" in text
    assert not any("[[ATTACHMENT" in (each.text or "") for each in root.iter("system-out"))


@given(ANY, ANY, ANY)
def test_any_text_can_be_read_back(mailbox: str, cause: str, note: str) -> None:
    root = read(document([row(mailbox=mailbox, cause=cause, notes=[note], verdict="fail", outcome="missing")]))
    assert root.attrib["failures"] == "1"


def test_ten_thousand_mailboxes_are_soon_written_and_below_the_limit_of_gitlab() -> None:
    """It takes no report of 30 MB."""
    whole = large_document()
    started = time.process_time()
    text = render(whole)
    assert time.process_time() - started < 2.5
    assert len(text.encode()) < 30_000_000
    assert text.count("<testcase ") == 20_000
