# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What errors of sending mail mean, what cures them, and the phrases they are known by (router facts 3.3, 3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from .._exchange.rights import Right
from .phrases import Phrase


class ErrorClass(str, Enum):
    """In the order in which they are tested: the first whose phrase is in a text is its class."""

    CRM_SEND_AS_PRIVILEGE = "crm_send_as_privilege"
    EXCHANGE_SEND_AS_DENIED = "exchange_send_as_denied"
    EXCHANGE_DELEGATE_INSUFFICIENT = "exchange_delegate_insufficient"
    EXCHANGE_IMPERSONATION = "exchange_impersonation"
    ACCESS_DENIED = "access_denied"
    AUTH = "auth"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Meaning:
    """``right``: the one whose grant in Exchange cures it, or None where no grant does."""

    explanation: str
    remedy: str
    right: Right | None = None


MEANINGS: Mapping[ErrorClass, Meaning] = {
    ErrorClass.CRM_SEND_AS_PRIVILEGE: Meaning(
        "Dynamics CRM refused, not Exchange: the account lacks the privilege of CRM to send as another user.",
        "No grant in Exchange helps. In CRM, give the account a security role with Send Email as Another User, and let "
        "the sender allow other users to send e-mail on their behalf (personal options).",
    ),
    ErrorClass.EXCHANGE_SEND_AS_DENIED: Meaning(
        "Exchange refused: the account that signed in may not send as the sender of the message.",
        "Grant the account Send As on the sender's mailbox: mailbox_permission with rights [send_as], or "
        "mailbox_delegation with access_type send_as. If it holds that already, the grant may be too young (up to an "
        "hour), the mailbox hidden from address lists, or the sender's address not the one that was meant.",
        Right.SEND_AS,
    ),
    ErrorClass.EXCHANGE_DELEGATE_INSUFFICIENT: Meaning(
        "The account is no delegate on the sender's mailbox: the Email Router's profile says Delegate Access (KB "
        "2708727). The CRM client for Outlook uses the same sentence for contacts without an address (KB 2708761).",
        "Grant the account Full Access on the sender's mailbox: mailbox_permission with rights [full_access], or "
        "mailbox_delegation with access_type delegate_access. Exchange's own documentation says that Full Access alone "
        "does not let an account send. A profile with Send As Permission, and access_type send_as, gives less and "
        "does.",
        Right.FULL_ACCESS,
    ),
    ErrorClass.EXCHANGE_IMPERSONATION: Meaning(
        "Exchange refused impersonation: the account lacks the role ApplicationImpersonation for this mailbox.",
        "None of Send As, Full Access and Send on Behalf helps, and no module of this collection grants that role. "
        "Exchange Online removed it in 2025: let the program use rights as a delegate, or permissions of an "
        "application. In Exchange on-premises, assign the role there.",
    ),
    ErrorClass.ACCESS_DENIED: Meaning(
        "Exchange or Graph says that access is denied, but not which right is missing, nor on what.",
        "Grant nothing on this text alone. Look at what the account holds on the mailbox (mailbox_permission_info), "
        "and with Graph also at the permissions of the application and the mailboxes it may reach.",
    ),
    ErrorClass.AUTH: Meaning(
        "The account could not sign in, so Exchange never came to look at its rights.",
        "No grant helps. Check the password and how the program signs in. Exchange Online ended basic authentication "
        "for EWS in 2022, so an Email Router that uses it cannot be brought back: migrate. For a (440) of Exchange "
        "on-premises, see KB 954047. If the sign-in is sound and only Test Access shows (401), look at what the "
        "account holds (mailbox_permission_info).",
    ),
    ErrorClass.UNKNOWN: Meaning(
        "None of the known phrases is in the text.",
        "Read it. If it is a known error in another language, or of another program, add its phrase to extra_patterns.",
    ),
}

_SENDER_DENIED = [
    f"{code} {protocol}Client does not have permissions to send {how}"
    for code in ("5.7.60", "5.7.1")
    for protocol in ("SMTP; ", "")
    for how in ("as this sender", "on behalf of the from address")
]

#: Every text of the sources in router facts 8; no event ids, which say nothing (router facts 0.3).
PHRASES: Mapping[ErrorClass, tuple[Phrase, ...]] = {
    error_class: tuple(Phrase(text) for text in texts)
    for error_class, texts in {
        ErrorClass.CRM_SEND_AS_PRIVILEGE: ["0x8004480D", "User does not have send-as privilege"],
        ErrorClass.EXCHANGE_SEND_AS_DENIED: [
            "ErrorSendAsDenied",
            "does not have the right to send mail on behalf of the specified sending account",
            "5.2.252 SendAsDenied",
            "MapiExceptionSendAsDenied",
            *_SENDER_DENIED,
            "do not have the permission to send the message on behalf of the specified user",
            "0x80070005-0x000004dc-0x00000524",
        ],
        ErrorClass.EXCHANGE_DELEGATE_INSUFFICIENT: [
            "insufficient delegate permissions to send the e-mail message",
            "insufficient delegate permissions to send the email message",
        ],
        ErrorClass.EXCHANGE_IMPERSONATION: [
            "ErrorImpersonateUserDenied",
            "ErrorImpersonationDenied",
            "does not have permission to impersonate the requested user",
        ],
        ErrorClass.ACCESS_DENIED: ["ErrorAccessDenied", "Access is denied. Check credentials and try again"],
        ErrorClass.AUTH: [
            "(401) Unauthorized",
            "401 Unauthorized",
            "401: Unauthorized",
            "(440) Login Timeout",
            "5.7.3 Authentication unsuccessful",
            "5.7.139 Authentication unsuccessful",
            "5.7.30 Basic authentication is not supported for Client Submission",
            "5.7.57 Client not authenticated to send mail",
            "5.7.57 SMTP; Client was not authenticated to send anonymous mail",
            "5.7.1 Anonymous client does not have permissions to send as this sender",
        ],
    }.items()
}
