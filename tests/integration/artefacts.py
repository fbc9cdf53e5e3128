# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a night leaves behind, each file read by its own kind of reader: they say the same, and it is true."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import junitparser
from ansible_collections.email_router.exchange_online.tests.unit.plugin_utils._report.html_tree import (
    Node,
    Reader,
    lines_of,
    rows_of,
)
from jsonschema import Draft202012Validator

from .harness import ROOT
from .nights import Night

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/schemas/access-report-1.json").read_text(encoding="utf-8"))
#: A line of the table of counts.
_COUNT = re.compile(r"^\| (\w+) \| (\w+) \| (\d+) \|$", re.MULTILINE)
#: A line of what changed.
_CHANGE = re.compile(r"^- [\w ,]+(?:: [\w ]+)? \((\d+)\): ", re.MULTILINE)
#: In the order of the page and of the summary.
CHANGES = (
    "new_drift", "new_surplus", "regranted", "still_pending", "mended", "mailboxes_added", "mailboxes_gone", "other",
)  # fmt: skip
Counts = Counter[tuple[str, str]]


def assert_sound(night: Night) -> None:
    """Everything that must be so of every night, whatever happened in it."""
    told = night.told
    assert sorted(night.files) == ["csv", "html", "json", "md", "xml"]
    assert {file.stat().st_mode & 0o777 for file in night.files.values()} == {0o600}
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(told)] == []
    _is_of_this_run(night)
    _status_is_as_the_verdict_says(night)
    counts = night.counts()
    assert told["summary"] == {**told["summary"], **_by_outcome(counts), "total": counts.total()}
    assert told["verdict"]["counts"] == {**told["verdict"]["counts"], **_by_verdict(counts)}
    assert in_csv(night.files["csv"]) == counts
    assert in_markdown(night.files["md"]) == counts
    assert in_html(night.files["html"]) == counts
    _junit_says(night.files["xml"], counts, told)
    _changes_are_told(night)
    _writes_are_told(night)


def _changes_are_told(night: Night) -> None:
    """How many there are of each kind that happened."""
    changes = night.told["changes"]
    numbers = [len(changes[name]) for name in CHANGES if changes[name]] if changes else []
    markdown = _CHANGE.findall(night.files["md"].read_text(encoding="utf-8"))
    assert [int(number) for number in markdown] == numbers
    charts = page_of(night.files["html"]).all("table", class_="chart changes")
    shown = [int(line[1]) for chart in charts for line in lines_of(chart)]
    assert [number for number in shown if number] == numbers


def _is_of_this_run(night: Night) -> None:
    head = night.told["head"]
    created = datetime.strptime(head["created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert night.started - timedelta(seconds=1) <= created <= datetime.now(timezone.utc)
    assert night.started.strftime("%Y-%m-%dT%H:%M:%SZ") <= head["began"] <= head["ended"] <= head["created"]
    assert (head["mode"], head["rehearsal"]) == (night.mode, False)
    assert head["source"]["job"] == f"exchange #{night.number}"
    assert head["source"]["url"].endswith(f"/jobs/{night.number}")
    assert head["source"]["commit"] == f"{night.number:040x}"


def _status_is_as_the_verdict_says(night: Night) -> None:
    """And the step of the template that demands a new report says what the verdict says, and nothing else."""
    verdict = night.told["verdict"]
    assert (night.run.status, night.fresh.returncode) == ((2, 1) if verdict["failed"] else (0, 0)), night.run.output
    if verdict["failed"]:
        assert night.fresh.stderr.strip() == f"reports/access.json: {verdict['sentence']}"
    reports = ", ".join(f"reports/access.{name}" for name in ("json", "xml", "md", "csv", "html"))
    assert night.sentence == f"{verdict['sentence']}. Report: {reports}"


def _writes_are_told(night: Night) -> None:
    """One of each, as many as reached the organisation, each in the journal; none of an audit."""
    written = Counter(
        row["address"] for row in night.told["rows"] if row["outcome"] in ("granted", "revoked", "pending")
    )
    assert night.sent == written
    assert night.told["statistics"]["writes"] == written.total()
    assert Counter(write.sent.mailbox.address for write in night.journal) == written
    assert not (night.mode == "audit" and written)


def in_csv(file: Path) -> Counts:
    rows = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    return Counter((row["outcome"], row["verdict"]) for row in rows)


def in_markdown(file: Path) -> Counts:
    found = _COUNT.findall(file.read_text(encoding="utf-8"))
    return Counter({(outcome, verdict): int(number) for outcome, verdict, number in found})


def page_of(file: Path) -> Node:
    reader = Reader()
    reader.feed(file.read_text(encoding="utf-8"))
    (page,) = reader.open
    return page


def in_html(file: Path) -> Counts:
    """By the data of the page; its chart must say the same of each outcome."""
    page = page_of(file)
    counts = Counter((str(row[1]).replace(" ", "_"), str(row[0])) for row in rows_of(page))
    chart = {line[1] + line[0] for line in lines_of(page.one("table", class_="chart outcomes"))}
    outcomes = {f"{number}{outcome}".replace("_", " ") for outcome, number in _by_outcome(counts).items()}
    assert len(chart) == len(outcomes)
    assert all(any(shown.startswith(outcome) for shown in chart) for outcome in outcomes)
    return counts


def _junit_says(file: Path, counts: Counts, told: dict[str, Any]) -> None:
    parsed = junitparser.JUnitXml.fromfile(str(file))
    unknown = sum(number for (outcome, _verdict), number in counts.items() if outcome == "unknown")
    assert (parsed.tests, parsed.errors) == (counts.total(), unknown)
    assert parsed.failures == told["verdict"]["counts"]["fail"] - unknown
    cases = {(case.classname, case.name) for suite in parsed for case in suite}
    assert cases == {(f"{row['account']}.{row['right']}", row["mailbox"]) for row in told["rows"]}


def _by_outcome(counts: Counts) -> Counter[str]:
    found: Counter[str] = Counter()
    for (outcome, _verdict), number in counts.items():
        found[outcome] += number
    return found


def _by_verdict(counts: Counts) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_outcome, verdict), number in counts.items():
        found[verdict] += number
    return found
