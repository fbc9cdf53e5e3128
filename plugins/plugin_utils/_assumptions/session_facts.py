# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is assumed of the session and the service: versions, sign-in, errors, letters, long answers, times."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from statistics import median

from .._exchange.errors import Meaning, diagnose
from .._exchange.identities import text_of
from .._exchange.powershell import MINIMUM_MODULE
from .._wording import counted_noun
from .evidence import Evidence
from .finding import LOST, Verdict, blames_request, class_of, failed, held, judged, untold
from .probes import ECHO, WIDE_ECHO, Probe

#: Seconds that signing in is planned for (exchange facts 6.4).
_SIGN_IN = 120
#: Milliseconds: what was measured is 90 to 846, over WinRM there is more (exchange facts 7).
_SLOW = 2000
#: Characters: what one Receive carries (winrm facts 3.4).
_RECEIVE = 110_000
_CODE = re.compile(r"Ex[0-9A-F]{6}")


def _numbers(version: object) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text_of(version))[:3])


def language_mode(evidence: Evidence) -> Verdict:
    mode = text_of(evidence.info.hello.get("language_mode"))
    return judged(mode == "FullLanguage", "full" if mode == "FullLanguage" else "another") if mode else untold(_NO_HOST)


_NO_HOST = "there is no PowerShell in a rehearsal"


def versions(evidence: Evidence) -> Verdict:
    """Exchange facts 6.3."""
    powershell = _numbers(evidence.info.hello.get("powershell"))
    module = _numbers(evidence.info.connection.get("module_version"))
    if not powershell or not module:
        return untold(_NO_HOST)
    needed = (5, 1) if powershell < (6,) or module < (3, 5) else (7, 6) if module >= (3, 10) else (7, 4)
    text = f"PowerShell {_dotted(powershell)}, module {_dotted(module)}"
    return judged(powershell >= needed and module >= _numbers(MINIMUM_MODULE), text)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def sign_in_time(evidence: Evidence) -> Verdict:
    seconds = round(evidence.sign_in_seconds, 1)
    return judged(seconds <= _SIGN_IN, f"{seconds} s") if seconds else untold("nobody signed in for a rehearsal")


def organization(evidence: Evidence) -> Verdict:
    """Exchange facts 6.1, E20."""
    name = text_of(evidence.info.connection.get("organization")).lower()
    if not name:
        return untold("the connection does not say")
    first = re.fullmatch(r"[^.@]+\.(partner\.)?onmicrosoft\.(com|us|cn|de)|[^.@]+\.onmschina\.cn", name)
    return held("it is") if first else failed("it is another domain")


def connection_facts(evidence: Evidence) -> Verdict:
    names = ("connection_id", "organization", "tenant_id")
    known = sum(bool(evidence.info.connection.get(name)) for name in names)
    return judged(known == len(names), f"{known} of {len(names)} known")


def active_connection(evidence: Evidence) -> Verdict:
    answer = evidence.probes[Probe.CONNECTION]
    if answer.error is not None:
        return untold(f"error: {class_of(answer.error)}")
    active = [row for row in answer.rows if (row.get("State"), row.get("TokenStatus")) == ("Connected", "Active")]
    sizes = sorted({size for row in active if isinstance(size := row.get("PageSize"), int)})
    return judged(len(active) == 1, f"{len(active)} of {len(answer.rows)} active, page size {sizes or 'not shown'}")


def role(evidence: Evidence, asked: Mapping[str, list[str]]) -> Verdict:
    """Exchange facts 2.1. Names of cmdlets and parameters are this collection's own."""
    offered = evidence.info.connection.get("missing")
    missing = {str(one) for one in offered} if isinstance(offered, (list, tuple)) else set()
    every = list(asked) + [f"{name} -{each}" for name, parameters in asked.items() for each in parameters]
    named = [one for one in every if one in missing]
    text = f"{len(every) - len(named)} of {len(every)} cmdlets and parameters"
    return judged(not named, f"{text}; not {', '.join(named)}" if named else text)


def without_identity(evidence: Evidence) -> Verdict:
    """Exchange facts 1.2."""
    answer = evidence.probes[Probe.WITHOUT_IDENTITY]
    if answer.error is None:
        return failed(f"answered with {counted_noun(len(answer.rows), 'row')}")
    refused = blames_request(answer.error)
    return held(f"refused: {class_of(answer.error)}") if refused else untold(f"error: {class_of(answer.error)}")


def unknown_full_access(evidence: Evidence) -> Verdict:
    return _unknown(evidence, Probe.NOBODY_FULL_ACCESS, Meaning.NOT_FOUND)


def unknown_send_as(evidence: Evidence) -> Verdict:
    return _unknown(evidence, Probe.NOBODY_SEND_AS, Meaning.NOT_FOUND)


def unknown_mailbox(evidence: Evidence) -> Verdict:
    return _unknown(evidence, Probe.NOBODY_MAILBOX, Meaning.NOT_FOUND)


def unknown_trustee(evidence: Evidence) -> Verdict:
    return _unknown(evidence, Probe.NOBODY_TRUSTEE, Meaning.ACCOUNT_NOT_FOUND)


def _unknown(evidence: Evidence, probe: Probe, expected: Meaning) -> Verdict:
    """Exchange facts E6, E7: an error of that class, and never rows."""
    answer = evidence.probes[probe]
    if answer.error is None:
        return failed(f"no error, {counted_noun(len(answer.rows), 'row')}")
    if not blames_request(answer.error):
        return untold(f"error: {class_of(answer.error)}")
    return judged(diagnose(answer.error).meaning is expected, class_of(answer.error))


def error_layout(evidence: Evidence) -> Verdict:
    """Exchange facts 5.1."""
    error = evidence.probes[Probe.NOBODY_FULL_ACCESS].error
    if error is None or not blames_request(error):
        return untold("no error to look at" if error is None else f"error: {class_of(error)}")
    code, kind = bool(_CODE.fullmatch(error.code)), error.type.endswith("Exception")
    return judged(code and kind, f"code {'shown' if code else 'not shown'}, type {'shown' if kind else 'not shown'}")


def letters(evidence: Evidence) -> Verdict:
    return _echo(evidence, Probe.ECHO, ECHO)


def wide_letters(evidence: Evidence) -> Verdict:
    return _echo(evidence, Probe.WIDE_ECHO, WIDE_ECHO)


def _echo(evidence: Evidence, probe: Probe, sent: str) -> Verdict:
    """Winrm facts 3.3: there and back, in the text of the error that names what was not found."""
    error = evidence.probes[probe].error
    text = error.text if error else ""
    if sent in text:
        return held(f"{len(sent)} characters")
    return failed("they came back changed") if sent.partition("-")[0] in text else untold("they did not come back")


def long_answer(evidence: Evidence) -> Verdict:
    """Winrm facts 3.4, 7.6: a line of output that no single Receive carries."""
    answer = evidence.probes[Probe.PAGE]
    if answer.error is not None:
        broke = answer.error.code == LOST and evidence.asked - evidence.answered == 1
        return failed("the session ended over it") if broke else untold(f"error: {class_of(answer.error)}")
    size = len(json.dumps([dict(row) for row in answer.rows]))
    text = f"{counted_noun(len(answer.rows), 'row')}, {size} characters"
    return held(text) if size > _RECEIVE else untold(text)


def every_answer(evidence: Evidence) -> Verdict:
    return judged(
        evidence.answered == evidence.asked, f"{evidence.answered} of {counted_noun(evidence.asked, 'call')} answered"
    )


def latency(evidence: Evidence, cmdlet: str) -> Verdict:
    """Exchange facts 7. Over PowerShell; a rehearsal takes no time."""
    times = evidence.times.get(cmdlet)
    if not evidence.info.hello.get("powershell") or not times:
        return untold("no call" if evidence.info.hello.get("powershell") else _NO_HOST)
    middle = round(median(times))
    return judged(middle <= _SLOW, f"{counted_noun(len(times), 'call')}, median {middle} ms, longest {max(times)} ms")
