# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Email Router says at the head of its event texts, and the text without the subject of the message.

A subject is personal data, and any sender can write into it what looks like an error; so nothing else is read before
it is taken out. Every repeat below is bounded and ends where its class of characters ends: time grows with the
length of the text, not with its square.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .phrases import one_line

#: How an event text of the Email Router begins: a line, or what follows a label or time stamp (router facts 3.4).
OPENING = re.compile(r"(?:^|[\t\":] ?)#(?P<code>[0-9]{1,6}) - ")
_TIME = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2}(?: [AP]M)?(?= ?: ?#[0-9])")
#: The subject in a report of non-delivery, with the lines that it was folded into.
_SUBJECT_LINE = re.compile(r"^[ \t]{0,8}Subject:(?P<subject>.*(?:\n[ \t].*){0,9})", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(r"\bmessage with subject \"", re.IGNORECASE)
#: Only the quotation mark is matched, so that a subject cannot use up the real end by looking like half of one.
_ROUTE = re.compile(
    r"\"(?= for (?P<provider>[^\s:\"]{1,64}): ?(?P<organization_url>\S{1,512})"
    r" for delivery through (?P<server>\S{1,512}))"
)
_ORGANIZATION = re.compile(r"\boutgoing e-?mail messages to process: (?P<url>\S{1,512})", re.IGNORECASE)
_EXCEPTION = re.compile(r"(?<![\w.])[A-Za-z_][\w.]{0,200}[A-Za-z]Exception(?!\w)")


@dataclass(frozen=True)
class Header:
    """What a text says of where it comes from, each empty where it does not say it.

    ``time`` is as written: day and month stand as the router's machine has them. ``code`` is the number in the text,
    not the id of the event.
    """

    time: str = ""
    code: str = ""
    provider: str = ""
    organization_url: str = ""
    server: str = ""
    exception: str = ""
    tracking_token: str = ""
    subject: str = ""


def parse(text: str, token: re.Pattern[str]) -> tuple[Header, str]:
    """The header of a text, and the text in one line without the subject."""
    mail = _SUBJECT_LINE.search(text)
    before, subject, after, route = _taken_apart(one_line(_SUBJECT_LINE.sub("", text)))
    subject = subject or (one_line(mail["subject"]) if mail else "")
    rest = before + after
    opening, time = OPENING.search(before), _TIME.search(before)
    polled = _ORGANIZATION.search(rest)
    found = token.search(subject or rest)
    return (
        Header(
            time=time[0] if time else "",
            code=opening["code"] if opening else "",
            provider=route.get("provider", ""),
            organization_url=(polled["url"] if polled else route.get("organization_url", "")).rstrip("."),
            server=route.get("server", "").rstrip("."),
            exception=next((each[0] for each in _EXCEPTION.finditer(rest) if "." in each[0]), ""),
            tracking_token=found[0] if found else "",
            subject=subject,
        ),
        rest,
    )


def _taken_apart(line: str) -> tuple[str, str, str, dict[str, str]]:
    """The text before the subject, the subject, the text after it, and what is said between subject and error.

    The subject ends at the last place that looks like its end, or goes on to the last quotation mark, or to the end
    of the text: rather lose an error than take a subject for one.
    """
    start = _SUBJECT.search(line)
    if not start:
        return line, "", "", {}
    route = None
    for route in _ROUTE.finditer(line, start.end()):  # noqa: B007  the last one is wanted
        pass
    end = route.start() if route else line.rfind('"', start.end())
    end = end if end >= 0 else len(line)
    return line[: start.end()], line[start.end() : end], line[end:], route.groupdict() if route else {}


def token_pattern(prefix: str) -> re.Pattern[str]:
    """Finds a tracking token of CRM: its prefix as in CRM's settings, a colon after a letter or digit, four digits or
    more."""
    colon = ":" if prefix[-1:].isalnum() else ""
    return re.compile(rf"(?<![\w/.@-]){re.escape(prefix + colon)}[0-9]{{4,20}}(?!\w)")
