# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell host, judged: from what its runner says (docs/wire-protocol.md, hello and diagnose) to rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from .._remote.channel import ChannelError
from .._remote.errors import (
    AnswerOverdue,
    LanguageModeRefused,
    LoginRefused,
    NoTicket,
    ProcessEnded,
    RunnerError,
    RunnerMismatch,
    ShellLost,
    ShellRefused,
)
from .expiry import RENEW, WARNING_DAYS, days_left, expires
from .failures import Failure
from .powershell import MINIMUM_MODULE, REMEDIES, failure_of
from .preflight import Point, Row, failed, passed, skipped, untold, warned

#: Release 461808 is .NET Framework 4.7.2, which the module needs on 5.1 (exchange facts 6.3).
_FRAMEWORK = 461808
_POLICIES_THAT_RUN = frozenset({"RemoteSigned", "Unrestricted", "Bypass"})
_GROUP_POLICY = frozenset({"MachinePolicy", "UserPolicy"})
#: Where contact ends when it is refused so; whatever else goes wrong, the host could not be reached.
_CONTACT = (Point.REACHABILITY, Point.AUTHENTICATION, Point.POWERSHELL_START, Point.LANGUAGE_MODE)
_ENDS_AT: tuple[tuple[type[Exception], Point], ...] = (
    (LoginRefused, Point.AUTHENTICATION),
    (LanguageModeRefused, Point.LANGUAGE_MODE),
    *(
        (kind, Point.POWERSHELL_START)
        for kind in (ShellRefused, ShellLost, ProcessEnded, RunnerMismatch, RunnerError, AnswerOverdue)
    ),
)
_CONTACT_REMEDIES = {
    Point.REACHABILITY: "Check the ansible_winrm_* variables of the host that the task is delegated to",
    Point.AUTHENTICATION: "Check ansible_user, ansible_password and ansible_winrm_transport of that host",
    Point.POWERSHELL_START: "Check the option executable, and start the same program there by hand",
    Point.LANGUAGE_MODE: "Allow full language for this account, or use another PowerShell host",
}


def judge_contact(error: Exception | None, hello: Mapping[str, Any], is_local: bool) -> Iterator[Row]:
    """How far the way to PowerShell led. ``error``: why ``hello`` did not come; ``is_local``: no host is in between."""
    end = None if error is None else _end(error, is_local)
    found = {
        Point.REACHABILITY: "this machine" if is_local else str(hello.get("host") or "it answers"),
        Point.AUTHENTICATION: str(hello.get("user") or "the user is let in"),
        Point.POWERSHELL_START: "it starts",
        Point.LANGUAGE_MODE: str(hello.get("language_mode") or ""),
    }
    for point in _CONTACT:
        if point is end:
            text, remedy = _taken_apart(str(error))
            yield failed(point, text, remedy or _CONTACT_REMEDIES[point], _failure_of(error))
            return
        known = not isinstance(error, NoTicket)
        yield passed(point, found[point]) if known else untold(point, "it was not asked")


def _failure_of(error: Exception | None) -> Failure | None:
    return failure_of(error, started=False) if isinstance(error, ChannelError) else None


def _end(error: Exception, is_local: bool) -> Point:
    known = next((point for kind, point in _ENDS_AT if isinstance(error, kind)), Point.REACHABILITY)
    return Point.POWERSHELL_START if is_local and known is Point.REACHABILITY else known


def _taken_apart(message: str) -> tuple[str, str]:
    """What a channel says is what and where in a first sentence, then how to mend it, or what a program printed."""
    line = " ".join(message.split())
    first, _period, rest = line.partition(". ")
    return (line, "") if rest.startswith("It printed") else (first, rest)


def judge_host(hello: Mapping[str, Any], facts: Mapping[str, Any], way: str, today: date) -> Iterator[Row]:
    """``facts``: those of ``diagnose``; one that is missing could not be told. ``way``: of signing in."""
    yield _powershell(str(hello.get("edition")), str(hello.get("powershell")), facts.get("framework"))
    yield _execution_policy(facts.get("platform"), facts.get("execution_policies") or ())
    yield _temp(facts.get("temp") or {})
    yield _tls(facts.get("tls") or {})
    yield from (_endpoint(each) for each in facts.get("endpoints") or ())
    yield _module(facts.get("modules"), str(hello.get("edition")), _version(hello.get("powershell")))
    yield from judge_certificate(facts.get("certificate"), way, today)


def _version(text: object) -> tuple[int, ...]:
    """The numbers that a version begins with; empty for what is none."""
    found = re.match(r"\d+(\.\d+)*", str(text))
    return tuple(map(int, found.group().split("."))) if found else ()


def _powershell(edition: str, version: str, framework: object) -> Row:
    point, numbers = Point.POWERSHELL_VERSION, _version(version)
    found = f"{edition} {version}"
    if not numbers or edition not in ("Desktop", "Core"):
        return untold(point)
    if edition == "Core" and numbers < (7, 4):
        return failed(point, found, "Install PowerShell 7.4 or newer, or let executable be powershell.exe (5.1)")
    if edition == "Desktop" and numbers < (5, 1):
        return failed(point, found, "Install Windows Management Framework 5.1, or PowerShell 7.4 or newer")
    if isinstance(framework, int) and framework < _FRAMEWORK and edition == "Desktop":
        text = f"{found} on a .NET Framework older than 4.7.2 (Release {framework})"
        return failed(point, text, "Install .NET Framework 4.7.2 or newer")
    return passed(point, found)


def _execution_policy(platform: object, policies: Iterable[str]) -> Row:
    """The first scope that says something decides; PowerShell is started with Bypass for the process."""
    point = Point.EXECUTION_POLICY
    if platform != "Win32NT":
        return passed(point, "there is none beyond Windows") if platform else untold(point)
    said = [(scope, policy) for scope, _sign, policy in (each.partition("=") for each in policies)]
    scope, policy = next(((scope, policy) for scope, policy in said if policy != "Undefined"), ("", ""))
    if not policy:
        return untold(point)
    by_group = scope in _GROUP_POLICY
    found = f"{policy}, set by Group Policy ({scope})" if by_group else f"{policy} ({scope})"
    if policy in _POLICIES_THAT_RUN:
        return passed(point, found)
    allow = "Turn on Script Execution: Allow local scripts and remote signed scripts"
    remedy = f"Let the policy be '{allow}' for this host" if by_group else "Run Set-ExecutionPolicy RemoteSigned there"
    return failed(point, f"{found}: the module writes scripts of its own, unsigned, and loads them", remedy)


def _temp(facts: Mapping[str, Any]) -> Row:
    point, path = Point.TEMP, str(facts.get("path") or "")
    if facts.get("error"):
        remedy = "Let the account write to its TEMP folder there, or set its TEMP and TMP to another"
        return failed(point, f"{path or 'TEMP'}: {facts['error']}", remedy)
    if "$" in path:
        return warned(point, f"{path}: a $ in this path may break the sign-in", "Set TEMP and TMP to another folder")
    return passed(point, path) if path else untold(point)


def _tls(facts: Mapping[str, Any]) -> Row:
    point, protocols = Point.TLS, str(facts.get("protocols") or "")
    remedy = "Let SCHANNEL's key TLS 1.2\\Client hold Enabled=1 and DisabledByDefault=0, and start the host again"
    if facts.get("enabled") == 0:
        return failed(point, "TLS 1.2 is switched off on this host (SCHANNEL, Enabled=0)", remedy)
    if protocols == "SystemDefault" and facts.get("disabled_by_default"):
        return failed(point, "TLS 1.2 is off by default on this host (SCHANNEL, DisabledByDefault)", remedy)
    if not protocols:
        return untold(point)
    if protocols == "SystemDefault" or re.search(r"Tls1[23]", protocols):
        return passed(point, protocols)
    return failed(point, f"the process speaks {protocols} only", remedy)


def _endpoint(facts: Mapping[str, Any]) -> Row:
    endpoint, proxy = facts.get("endpoint"), facts.get("proxy")
    through = f" through the proxy {proxy}" if proxy else ""
    if facts.get("error"):
        what = f"{endpoint}{through}: {facts['error']}"
        remedy = (
            "Let the PowerShell host reach it, or set a proxy for the account that runs PowerShell: a network logon "
            "may lack the one of a desktop"
        )
        return failed(Point.NETWORK, what, remedy)
    return passed(Point.NETWORK, f"{endpoint} answers{through} in {facts.get('ms')} ms")


def _module(versions: Any, edition: str, powershell: tuple[int, ...]) -> Row:
    """The newest is the one that is loaded. From 3.10 on, PowerShell 7 must be 7.6 (exchange facts 6.3)."""
    point = Point.MODULE
    if not isinstance(versions, list):
        return untold(point)
    if not versions:
        return failed(point, "ExchangeOnlineManagement is not installed", REMEDIES["module_missing"])
    newest, *older = sorted(map(str, versions), key=_version, reverse=True)
    found = f"ExchangeOnlineManagement {newest}" + (f" (and {', '.join(older)})" if older else "")
    if _version(newest) < _version(MINIMUM_MODULE):
        return failed(point, f"{found}, older than {MINIMUM_MODULE}", REMEDIES["module_too_old"])
    if edition == "Core" and _version(newest) >= (3, 10) and powershell < (7, 6):
        remedy = "Install PowerShell 7.6 there, let executable be powershell.exe (5.1), or replace the module by 3.9.2"
        return failed(point, f"{found}, which needs PowerShell 7.6", remedy)
    return passed(point, found)


def judge_certificate(facts: Mapping[str, Any] | None, way: str, today: date) -> Iterator[Row]:
    """``facts``: of the certificate, if one is used."""
    points = (Point.CERTIFICATE, Point.CERTIFICATE_KEY, Point.CERTIFICATE_EXPIRY)
    if not way.startswith("certificate_"):
        yield from (skipped(point, f"{way} uses none") for point in points)
    elif facts is None:
        yield from map(untold, points)
    elif not facts.get("thumbprint"):
        yield failed(Point.CERTIFICATE, str(facts.get("text")), _remedy(facts))
    else:
        yield passed(Point.CERTIFICATE, f"{facts['thumbprint']} ({facts.get('store')})")
        yield _key(facts)
        yield _expiry(facts, today)


def _key(facts: Mapping[str, Any]) -> Row:
    """CNG keys are not supported by the module; 5.1 cannot use them at all (exchange facts 6.1)."""
    point, kind = Point.CERTIFICATE_KEY, str(facts.get("key") or "")
    if facts.get("code"):
        detail = f"it is a {kind}" if kind else facts.get("key_error")
        return failed(point, f"{facts.get('text')}" + (f": {detail}" if detail else ""), _remedy(facts))
    if kind.endswith("Cng"):
        remedy = REMEDIES["certificate_key_unusable"]
        return warned(point, f"{kind}: documented as unsupported, and Windows PowerShell 5.1 refuses it", remedy)
    return passed(point, kind) if kind else untold(point)


def _remedy(facts: Mapping[str, Any]) -> str:
    return REMEDIES.get(str(facts.get("code")), RENEW)


def _expiry(facts: Mapping[str, Any], today: date) -> Row:
    point, not_after = Point.CERTIFICATE_EXPIRY, facts.get("not_after")
    days = days_left(not_after, today)
    if days is None:
        return untold(point)
    if days < 0:
        return failed(point, expires(not_after, days), RENEW)
    if days < WARNING_DAYS:
        return warned(point, expires(not_after, days), RENEW)
    return passed(point, expires(not_after, days))
