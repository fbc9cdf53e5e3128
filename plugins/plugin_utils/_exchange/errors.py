# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the errors and warnings of a cmdlet mean: the table of exchange facts 5.2.

In its order but for two: the record of an ambiguous name may have the type of a not-found (E8 before E7), and a call
that is not allowed speaks of being unauthorized (E24 before E23).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from .._wording import option
from .session import CmdletError


class Meaning(str, Enum):
    """What an error says of the object, the account or the service."""

    NOT_FOUND = "not found"
    ACCOUNT_NOT_FOUND = "account not found"
    AMBIGUOUS = "ambiguous"
    NO_ENTRY = "no entry"
    LIST_FULL = "access list full"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    SESSION = "session ended"
    NOT_PERMITTED = "not permitted"
    MISUSE = "misuse"
    UNANSWERED = "never answered"
    NOT_REACHED = "never sent"
    NOT_HELD = "not in the snapshot"
    UNRECOGNISED = "unrecognised"


#: Whoever gets one of these does not know whether the service went on working (exchange facts E16 to E23).
_IN_DOUBT = frozenset({Meaning.TRANSIENT, Meaning.THROTTLED, Meaning.SESSION, Meaning.UNRECOGNISED, Meaning.UNANSWERED})
#: Codes of errors that no cmdlet reported: nobody knows what became of the call; the call was not sent; it was asked of
#: a snapshot, which cannot tell.
UNANSWERED, NOT_REACHED, NOT_HELD = "unanswered", "not_reached", "not_held"
#: How often a call is made at most that fails for a reason which passes; for others it is once.
_TRIES = {Meaning.TRANSIENT: 5, Meaning.THROTTLED: 5}
#: A fault of the application or of its options may look the same (exchange facts E19, E20).
_TRIES_OF_RULE = {"E19": 2, "E20": 2}


@dataclass(frozen=True)
class Diagnosis:
    """``rule``: the row of the table. ``remedy``: what a person can do, or empty."""

    rule: str
    meaning: Meaning
    remedy: str = ""

    @property
    def leaves_doubt(self) -> bool:
        """For a write: it may have been carried out, now or later, for all that the error says."""
        return self.meaning in _IN_DOUBT

    @property
    def tries(self) -> int:
        """How often the call should be made in all before the error is believed to stay."""
        return _TRIES_OF_RULE.get(self.rule, _TRIES.get(self.meaning, 1))


_ROLE = "give the application the Exchange role Mail Recipients, with a write scope that holds the mailbox"
_LATER = "run it again later"
#: What stands before a status of HTTP in its errors, in any language where .NET Framework reports it; a bare number may
#: be in the name of a mailbox.
STATUS = r"(HttpStatusCode=|error: \(|success: |WebException\|[^|]*: \()"
#: E21 in the words of .NET Framework, of .NET on Windows, and of .NET on Linux.
NETWORK = (
    r"The operation has timed out|HttpClient\.Timeout|A task was canceled|connection was closed"
    r"|name could not be resolved|No such host is known|actively refused it|forcibly closed by the remote host"
    r"|error occurred while sending the request|response ended prematurely"
    r"|Name or service not known|Connection refused|Connection reset by peer|Network is unreachable"
)

_TABLE: tuple[tuple[str, str, Meaning, str], ...] = (
    ("E6", r"ManagementObjectNotFoundException.*couldn't be found on", Meaning.NOT_FOUND, "check the address"),
    (
        "E8",
        r"ManagementObjectAmbiguousException|matches multiple entries|multiple users or groups matching",
        Meaning.AMBIGUOUS,
        "use an address that only one object has",
    ),
    ("E7", r"ManagementObjectNotFoundException", Meaning.ACCOUNT_NOT_FOUND, "check the account"),
    (
        "E9",
        r"wasn't found\. Please make sure you've typed it correctly",
        Meaning.ACCOUNT_NOT_FOUND,
        "check the account",
    ),
    (
        "E10",
        r"No permissions were found for the user|No recipient permission entry was found",
        Meaning.NO_ENTRY,
        "",
    ),
    (
        "E11",
        r"maximum allowed access control entries",
        Meaning.LIST_FULL,
        "remove entries of deleted accounts from the mailbox, or grant through a mail-enabled security group",
    ),
    ("E12", r"couldn't be read from domain controller|replication delays", Meaning.TRANSIENT, _LATER),
    ("E13", rf"ThrottlingError|LimitsExceeded|{STATUS}429\b|Too many requests", Meaning.THROTTLED, _LATER),
    ("E14", r"(?<!')Server ?Busy(?![@'])", Meaning.THROTTLED, _LATER),
    (
        "E15",
        r"exceeded the maximum number of connections allowed|MaxConcurrency",
        Meaning.THROTTLED,
        f"{_LATER}, with fewer sessions on the organisation at once",
    ),
    (
        "E16",
        r"DCOverloaded|ADTransientException|LDAP server is unavailable|SuitabilityDirectory|StorageTransient",
        Meaning.TRANSIENT,
        _LATER,
    ),
    ("E17", r"Resource temporarily unavailable", Meaning.TRANSIENT, _LATER),
    (
        "E18",
        rf"{STATUS}50[0234]\b|Bad Gateway|Service Unavailable|Gateway Timeout",
        Meaning.TRANSIENT,
        _LATER,
    ),
    (
        "E19",
        r"A server side error has occurred because of which the operation could not be completed",
        Meaning.TRANSIENT,
        "run it again; if it stays, the application may lack a role: " + _ROLE,
    ),
    (
        "E20",
        r"Expired or Invalid pagination request",
        Meaning.TRANSIENT,
        "check that organization is the *.onmicrosoft.com name, not a custom domain",
    ),
    (
        "E21",
        NETWORK,
        Meaning.TRANSIENT,
        "check the network between the PowerShell host and outlook.office365.com",
    ),
    (
        "E22",
        r"Required resource is not available to continue execution|Please re-establish the connection",
        Meaning.SESSION,
        _LATER,
    ),
    (
        "E24",
        r"User is not allowed to call",
        Meaning.NOT_PERMITTED,
        _ROLE,
    ),
    (
        "E23",
        rf"{STATUS}401\b|(?<!')Unauthorized(?!Access|[@'])|AccessToken expired|token is expired",
        Meaning.SESSION,
        "sign in with a certificate, which the module renews itself, or with a fresh access_token",
    ),
    (
        # Unconfirmed: module 3.10 on PowerShell 7 may hide an HTTP error, a 401 among them, behind a fault of its own.
        # To sign in anew and to ask once more is safe: whether a write took place stays in doubt, and is read.
        "E23",
        r"'GetResponseHeader'",
        Meaning.SESSION,
        "run it again; if it stays, update ExchangeOnlineManagement, whose own error hides that of the service",
    ),
    ("E26", r"The role assigned to application .* isn't supported in this scenario", Meaning.NOT_PERMITTED, _ROLE),
    ("E27", r"No cmdlet assigned to the user have this feature enabled", Meaning.NOT_PERMITTED, _ROLE),
    ("E28", r"The term '.*' is not recognized|CommandNotFoundException", Meaning.NOT_PERMITTED, _ROLE),
    ("E29", r"A parameter cannot be found that matches parameter name", Meaning.NOT_PERMITTED, _ROLE),
    (
        "E30",
        r"isn't within your current write scope|out of the current user's write scope"
        r"|is not present in the role definition",
        Meaning.NOT_PERMITTED,
        "widen the write scope of the application's role; if the mailbox is mastered on-premises, grant it there",
    ),
    ("E31", r"Access is denied|Access ?Denied", Meaning.NOT_PERMITTED, _ROLE),
    ("E32", r"AmbiguousParameterSetException|ParameterBinding", Meaning.MISUSE, ""),
    ("E33", r"NonInteractive mode", Meaning.MISUSE, ""),
)
_COMPILED = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), Diagnosis(rule, meaning, remedy))
    for rule, pattern, meaning, remedy in _TABLE
)
#: Not in the table: unknown, and not to be repeated (exchange facts 5.1).
UNRECOGNISED = Diagnosis("", Meaning.UNRECOGNISED)
#: The service refused an argument or a permission before it touched anything.
_RUNNER_REFUSALS = frozenset({"read_only", "not_allowed", "bad_request", "not_connected"})
_OWN = {
    UNANSWERED: Diagnosis(UNANSWERED, Meaning.UNANSWERED),
    NOT_REACHED: Diagnosis(NOT_REACHED, Meaning.NOT_REACHED, f"run it again, with more time: {option('max_runtime')}"),
    NOT_HELD: Diagnosis(NOT_HELD, Meaning.NOT_HELD),
}


def diagnose(error: CmdletError) -> Diagnosis:
    """The first row of the table that the error matches."""
    if error.code in _OWN:
        return _OWN[error.code]
    if error.code in _RUNNER_REFUSALS:
        return Diagnosis(error.code, Meaning.MISUSE)
    whole = "|".join((error.code, error.category, error.type, error.text))
    return next((diagnosis for pattern, diagnosis in _COMPILED if pattern.search(whole)), UNRECOGNISED)


def in_words(error: CmdletError) -> str:
    """The error as a cause; what Exchange never answered is not put into its mouth."""
    return error.text if error.code in _OWN else f"Exchange answered: {error.text}"


def with_remedy(error: CmdletError) -> str:
    """The error as a cause, and what there is to be mended besides waiting."""
    remedy = diagnose(error).remedy
    return in_words(error) if error.code in _OWN or remedy in ("", _LATER) else f"{in_words(error)} ({remedy})"


_ALREADY_THERE = re.compile(r"already present on the object", re.IGNORECASE)
_NOT_THERE = re.compile(r"because the ACE (doesn't exist|isn't present)", re.IGNORECASE)
_TRUNCATED = re.compile(r"There are more results available", re.IGNORECASE)


def says_already_present(warnings: Iterable[str]) -> bool:
    """E1: the right was there before the write."""
    return any(_ALREADY_THERE.search(text) for text in warnings)


def says_not_present(warnings: Iterable[str]) -> bool:
    """E2: there was nothing to take back."""
    return any(_NOT_THERE.search(text) for text in warnings)


def says_truncated(warnings: Iterable[str]) -> bool:
    """E3: rows were left out, so what is not among them is not absent."""
    return any(_TRUNCATED.search(text) for text in warnings)
