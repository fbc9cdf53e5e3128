# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, for the test pages of CI servers: one test case for each mailbox, account and right.

Written for what the servers read. The class name is account and right, the name is the mailbox, so both stay as they
are from run to run: Jenkins and GitLab keep a test's history by them, Jenkins makes a package of what stands before the
last dot, GitLab shows the class name as suite and leaves out all but the first of the same name. GitLab shows the
content of an element, the others its message, so both hold the reason. What is to be ignored is skipped: every server
shows that apart and fails nothing for it, where passed would say that the grant is as it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .document import Document, Row
from .texts import explanation_of, legal, remarks_of

NAME = "mailbox access"
#: The test case that stands for the run where no row tells how it ended.
RUN_CLASS, RUN_NAME = "mailbox_access.run", "verdict"
#: A phase of the statistics that is part of the others.
_PART = "waiting"
#: The first of two brackets, of any number of them.
_OPENING = re.compile(r"\[(?=\[)")


@dataclass(frozen=True)
class Case:
    """``element``: failure, error or skipped; empty for what passed. ``type``: the outcome."""

    class_name: str
    name: str
    element: str = ""
    type: str = ""
    message: str = ""
    output: str = ""


def render(document: Document) -> str:
    """The report as the text of an XML file, to be written in UTF-8."""
    suites = _suites(document)
    share = _seconds(document) / max(1, sum(map(len, suites.values())))
    everything = [case for suite in suites.values() for case in suite]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_totals(NAME, everything, share)}>"]
    properties = _properties(document)
    for name, cases in suites.items():
        totals = _totals(name, cases, share, skipped=_count(cases, "skipped"), timestamp=document["head"]["began"][:19])
        lines += [f"<testsuite{totals}>", *properties, *(_case(case, share) for case in cases), "</testsuite>"]
    return "\n".join([*lines, "</testsuites>", ""])


def _suites(document: Document) -> dict[str, list[Case]]:
    """A suite for each account and right, in the order of the rows."""
    suites: dict[str, list[Case]] = {}
    taken: set[tuple[str, str]] = set()
    for row in document["rows"]:
        case = _case_of(row, taken)
        suites.setdefault(case.class_name, []).append(case)
    if not _is_told(document):
        suites[RUN_CLASS] = [_run_case(document)]
    return suites


def _is_told(document: Document) -> bool:
    """Whether the rows say how the run ended: a server that counts them must not show green for one that failed."""
    if document["verdict"]["failed"]:
        return any(_element_of(row) in ("failure", "error") for row in document["rows"])
    return bool(document["rows"])


def _run_case(document: Document) -> Case:
    verdict = document["verdict"]
    if verdict["failed"]:
        return Case(RUN_CLASS, RUN_NAME, "failure", "verdict", verdict["sentence"])
    return Case(RUN_CLASS, RUN_NAME, output=verdict["sentence"])


def _case_of(row: Row, taken: set[tuple[str, str]]) -> Case:
    """``taken``: the names given so far, this one added."""
    class_name = _name(f"{row['account']}.{row['right']}")
    name = _free(class_name, _name(row["mailbox"]), taken)
    why = explanation_of(row)
    message = f"{row['outcome']}: {why}" if why else row["outcome"]
    remarks = remarks_of(row)
    element = _element_of(row)
    if element:
        return Case(class_name, name, element, row["outcome"], message, "\n".join(remarks))
    told = [message] if why or row["verdict"] != "ok" else []
    return Case(class_name, name, output="\n".join(told + remarks))


def _free(class_name: str, name: str, taken: set[tuple[str, str]]) -> str:
    """The name, with a number where it is taken: servers drop all but the first of the same."""
    free, number = name, 2
    while (class_name, free) in taken:
        free, number = f"{name} ({number})", number + 1
    taken.add((class_name, free))
    return free


def _element_of(row: Row) -> str:
    """What could not be established is an error whatever its verdict: no server may count it among what was seen."""
    if row["outcome"] == "unknown":
        return "error"
    return {"fail": "failure", "ignore": "skipped"}.get(row["verdict"], "")


def _name(text: str) -> str:
    """On one line, and never empty."""
    return " ".join(legal(text).split()) or "(none)"


def _totals(name: str, cases: Iterable[Case], share: float, **more: object) -> str:
    cases = list(cases)
    return _attributes(
        {
            "name": name,
            "tests": len(cases),
            "failures": _count(cases, "failure"),
            "errors": _count(cases, "error"),
            **more,
            "time": f"{share * len(cases):.3f}",
        }
    )


def _count(cases: Iterable[Case], element: str) -> int:
    return sum(case.element == element for case in cases)


def _case(case: Case, share: float) -> str:
    attributes = _attributes({"classname": case.class_name, "name": case.name, "time": f"{share:.6f}"})
    content = ""
    if case.element:
        described = _attributes({"type": case.type, "message": case.message})
        content = f"<{case.element}{described}>{_text(case.message)}</{case.element}>"
    if case.output:
        content += f"<system-out>{_text(_inert(case.output))}</system-out>"
    return f"<testcase{attributes}>{content}</testcase>" if content else f"<testcase{attributes}/>"


def _inert(output: str) -> str:
    """GitLab and a plugin of Jenkins attach the file that ``[[ATTACHMENT|path]]`` in an output names."""
    return _OPENING.sub("[ ", output)


def _properties(document: Document) -> list[str]:
    """The head, in every suite: the schema has no other place for it."""
    head = document["head"]
    values: dict[str, object] = {key: value for key, value in head.items() if key not in ("source", "coverage")}
    values |= {f"source.{key}": value for key, value in head["source"].items()}
    values |= {f"coverage.{key}": value for key, value in head["coverage"].items()}
    verdict = document["verdict"]
    values |= {"verdict": verdict["sentence"], "retry_safe": verdict["retry_safe"]}
    lines = [f"<property{_attributes({'name': key, 'value': value})}/>" for key, value in values.items()]
    return ["<properties>", *lines, "</properties>"]


def _seconds(document: Document) -> float:
    """What the run took. Reads and writes are in bulk, so no grant has a time of its own: it is shared out evenly."""
    phases = document["statistics"].get("seconds")
    if not isinstance(phases, Mapping):
        return 0.0
    return float(sum(value for phase, value in phases.items() if phase != _PART and isinstance(value, (int, float))))


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {key}={quoteattr(legal(_plain(value)))}" for key, value in values.items())


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(text: str) -> str:
    return escape(legal(text), {"\r": "&#13;"})
