# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cmdlets do, as stories: calls one after the other on one organisation, each with what must come of it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Call,
    Parameter,
)
from ansible_collections.email_router.exchange_online.tests.simulator.faults import Effect, Fault, Trouble

Rows = tuple[tuple[object, ...], ...]

ROUTER, SALES, INFO = "router@contoso.com", "sales@contoso.com", "info@contoso.com"
ROUTER_SID, ROUTER_OLD_SID, ORPHAN_SID = "S-1-5-21-1-2-3-1001", "S-1-5-21-9-9-9-501", "S-1-5-21-1-2-3-6666"
ROUTER_GUID = "00000000-0000-0000-0000-000000001001"
ROUTER_DN = "CN=router,OU=contoso.onmicrosoft.com,DC=example"
SELF, SELF_SID = "NT AUTHORITY\\SELF", "S-1-5-10"
TOKEN, READING_TOKEN = "token", "reading"

READING_ROLE = {"Get-MailboxPermission": ["Identity", "ResultSize"], "Get-EXOMailbox": True}
ORGANISATION: dict[str, object] = {
    "apps": [
        {"app_id": "a1", "access_tokens": [TOKEN]},
        {"app_id": "a2", "access_tokens": [READING_TOKEN], "role": READING_ROLE},
    ],
    "recipients": [
        {
            "kind": "UserMailbox", "address": ROUTER, "sid": ROUTER_SID, "sid_history": [ROUTER_OLD_SID],
            "guid": ROUTER_GUID, "distinguished_name": ROUTER_DN,
        },
        {"kind": "SharedMailbox", "address": SALES},
        {"kind": "SharedMailbox", "address": INFO, "aliases": ["help@contoso.com"]},
        {"kind": "UserMailbox", "address": "o'brien@contoso.com", "display_name": "Zoë O'Brien"},
        {"kind": "MailUniversalSecurityGroup", "address": "desk@contoso.com", "display_name": "Service Desk"},
        {"kind": "GroupMailbox", "address": "team@contoso.com"},
        {"kind": "SharedMailbox", "address": "old@contoso.com", "soft_deleted": True},
        {"kind": "RoomMailbox", "address": "hall1@contoso.com", "display_name": "Hall"},
        {"kind": "RoomMailbox", "address": "hall2@contoso.com", "display_name": "Hall"},
        {"kind": "MailUser", "address": "synced@contoso.com", "directory_synced": True},
        {
            "kind": "SharedMailbox", "address": "mixed@contoso.com",
            "full_access": [
                {"trustee": ROUTER, "rights": ["FullAccess", "ReadPermission"], "deny": True},
                {"trustee": ROUTER, "rights": ["FullAccess"], "inherited": True},
                {"trustee": "desk@contoso.com", "rights": ["ReadPermission"], "inheritance_type": "None"},
                {"sid": ORPHAN_SID, "rights": ["FullAccess"]},
            ],
        },
        {
            "kind": "SharedMailbox", "address": "quirky@contoso.com",
            "full_access": [{"trustee": ROUTER, "rights": ["FullAccess", "ReadPermission"]}],
            "quirks": ["joined_rights", "double_self", "text_booleans"],
        },
        {
            "kind": "SharedMailbox", "address": "full@contoso.com",
            "full_access": [{"sid": f"S-1-5-21-1-2-3-{7000 + number}"} for number in range(499)],
        },
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A call; the rows it answers (values in the order of ``select``), what its one warning says, or which error.

    ``error`` is a row of exchange facts 5.2; an error that the engine raises before anything is sent is ``bound``: of
    such a one the wording is PowerShell's, and not compared. ``fenced``: the runner lets no such parameter through.
    """

    call: Call
    rows: Rows = ()
    warning: str = ""
    error: str = ""
    bound: bool = False
    fenced: bool = False


@dataclass(frozen=True, eq=False)
class Story:
    """Steps on a fresh organisation, in one session; ``asked_for``: its cmdlets, if not those of the steps."""

    name: str
    steps: tuple[Step, ...]
    token: str = TOKEN
    asked_for: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def cmdlets(self) -> tuple[str, ...]:
        return self.asked_for or tuple({step.call.cmdlet: None for step in self.steps})


def _call(cmdlet: str, select: str = "", **parameters: Parameter) -> Call:
    return Call(cmdlet, parameters, tuple(select.split()))


def _send_as_of(identity: str) -> Call:
    shown = "Trustee TrusteeSidString AccessRights AccessControlType IsInherited"
    return _call("Get-RecipientPermission", shown, Identity=identity, ResultSize="Unlimited")


def _full_access_of(identity: str, **more: Parameter) -> Call:
    shown = "User UserSid AccessRights Deny IsInherited InheritanceType"
    return _call("Get-MailboxPermission", shown, Identity=identity, ResultSize="Unlimited", **more)


def _send_as(verb: str, identity: str, trustee: str = ROUTER, select: str = "") -> Call:
    cmdlet = f"{verb}-RecipientPermission"
    return _call(cmdlet, select, Identity=identity, Trustee=trustee, AccessRights=["SendAs"], Confirm=False)


def _full_access(verb: str, identity: str, user: str = ROUTER, select: str = "", **more: Parameter) -> Call:
    usual: dict[str, Parameter] = {"AccessRights": ["FullAccess"], "InheritanceType": "All", "Confirm": False}
    return _call(f"{verb}-MailboxPermission", select, Identity=identity, User=user, **{**usual, **more})


def _on_behalf(identity: str, change: Parameter) -> Call:
    return _call("Set-Mailbox", Identity=identity, GrantSendOnBehalfTo=change, Confirm=False)


def _found(cmdlet: str, text: str, select: str, **more: Parameter) -> Call:
    return _call(cmdlet, select, Filter=text, ResultSize="Unlimited", **more)


_SELF_SENDS = (SELF, SELF_SID, ["SendAs"], "Allow", False)
_ROUTER_SENDS = (ROUTER, ROUTER_SID, ["SendAs"], "Allow", False)
_SELF_ACCESS = (SELF, SELF_SID, ["FullAccess", "ReadPermission"], False, False, "All")
_ROUTER_ACCESS = (ROUTER, ROUTER_SID, ["FullAccess"], False, False, "All")

_TWO = f"EmailAddresses -eq 'smtp:{SALES}' -or EmailAddresses -eq 'smtp:help@contoso.com'"
_APOSTROPHE = "EmailAddresses -eq 'smtp:o''brien@contoso.com'"
DIRECTORY = Story(
    "directory",
    (
        Step(
            _found("Get-EXORecipient", _TWO, "Name PrimarySmtpAddress", Properties=["PrimarySmtpAddress"]),
            (("sales", SALES), ("info", INFO)),
        ),
        Step(_found("Get-EXORecipient", _TWO, "Name Guid"), (("sales", None), ("info", None))),
        Step(_found("Get-EXORecipient", _APOSTROPHE, "RecipientTypeDetails"), (("UserMailbox",),)),
        Step(_found("Get-EXORecipient", "EmailAddresses -eq 'smtp:nobody@contoso.com'", "Name")),
        Step(
            _call("Get-EXORecipient", "EmailAddresses", Identity=INFO, Properties=["EmailAddresses"]),
            ((["SMTP:info@contoso.com", "smtp:help@contoso.com"],),),
        ),
        Step(_call("Get-EXORecipient", "Name", Identity="nobody@contoso.com"), error="E6"),
        Step(_call("Get-EXORecipient", "Name", Identity="Hall"), error="E8"),
        Step(_call("Get-Recipient", "Name", Identity="nobody@contoso.com"), error="E6"),
        Step(_call("Get-Recipient", "Name", Identity="Hall"), error="E8"),
        Step(
            _call("Get-Mailbox", "Name", ResultSize=1, Filter="RecipientTypeDetails -eq 'RoomMailbox'"),
            (("hall1",),),
            warning="There are more results available",
        ),
        Step(_call("Get-EXOMailbox", "Name", Identity="old@contoso.com"), error="E6"),
        Step(
            _call("Get-EXOMailbox", "Name", Identity="old@contoso.com", SoftDeletedMailbox=True),
            (("old",),),
            fenced=True,
        ),
        Step(_call("Get-Mailbox", "Name", Identity="team@contoso.com"), error="E6"),
        Step(_call("Get-Mailbox", "Name", Identity="team@contoso.com", GroupMailbox=True), (("team",),), fenced=True),
        Step(_found("Get-User", f"Sid -eq '{ROUTER_SID}'", "Sid SidHistory"), ((ROUTER_SID, [ROUTER_OLD_SID]),)),
        Step(_call("Get-User", "DisplayName", Identity="o'brien@contoso.com"), (("Zoë O'Brien",),)),
        Step(_found("Get-Group", "Name -eq 'desk'", "DisplayName SidHistory"), (("Service Desk", []),)),
    ),
)
SEND_AS = Story(
    "send_as",
    (
        Step(_send_as_of(SALES), (_SELF_SENDS,)),
        Step(_send_as("Add", SALES, select="Trustee AccessRights"), ((ROUTER, ["SendAs"]),)),
        Step(_send_as("Add", SALES), warning="already present on the object"),
        Step(_send_as("Add", INFO, ROUTER_SID)),
        Step(_send_as_of(SALES), (_SELF_SENDS, _ROUTER_SENDS)),
        Step(
            _call("Get-RecipientPermission", "Identity", Trustee=ROUTER_SID, ResultSize="Unlimited"),
            (("sales",), ("info",)),
        ),
        Step(_call("Get-RecipientPermission", "Identity", Trustee=ORPHAN_SID, ResultSize="Unlimited")),
        Step(_send_as("Remove", SALES)),
        Step(_send_as("Remove", SALES), warning="because the ACE isn't present"),
        Step(_send_as_of(SALES), (_SELF_SENDS,)),
        Step(_send_as("Add", "nobody@contoso.com"), error="E6"),
        Step(_send_as("Add", SALES, "nobody@contoso.com"), error="E7"),
        Step(_send_as("Add", SALES, "Hall"), error="E8"),
        Step(_send_as("Add", "synced@contoso.com"), error="E30"),
        Step(_send_as_of("nobody@contoso.com"), error="E6"),
    ),
)
FULL_ACCESS = Story(
    "full_access",
    (
        Step(_full_access_of(SALES), (_SELF_ACCESS,)),
        Step(
            _full_access("Add", SALES, select="User AccessRights Deny", AutoMapping=False),
            ((ROUTER, ["FullAccess"], False),),
        ),
        Step(_full_access("Add", SALES, AutoMapping=True), warning="already present on the object"),
        Step(_full_access_of(SALES), (_SELF_ACCESS, _ROUTER_ACCESS)),
        Step(_full_access("Remove", SALES, InheritanceType="None"), warning="because the ACE doesn't exist"),
        Step(_full_access("Remove", SALES)),
        Step(_full_access("Remove", SALES), warning="because the ACE doesn't exist"),
        Step(_full_access("Add", "full@contoso.com"), error="E11"),
        Step(_full_access("Add", "nobody@contoso.com"), error="E6"),
        Step(_full_access("Add", SALES, "nobody@contoso.com"), error="E7"),
        Step(_full_access_of("Hall"), error="E8"),
        Step(_full_access_of("old@contoso.com"), error="E6"),
    ),
)
_DENIED = (ROUTER, ROUTER_SID, ["FullAccess", "ReadPermission"], True, False, "All")
_INHERITED = (ROUTER, ROUTER_SID, ["FullAccess"], False, True, "All")
_ORPHAN = (ORPHAN_SID, ORPHAN_SID, ["FullAccess"], False, False, "All")
ENTRIES = Story(
    "entries",
    (
        Step(
            _found("Get-Group", "Name -eq 'desk'", "DisplayName"),
            (("Service Desk",),),
        ),
        Step(
            _call("Get-MailboxPermission", "User AccessRights InheritanceType", Identity="mixed@contoso.com"),
            (
                (SELF, ["FullAccess", "ReadPermission"], "All"),
                (ROUTER, ["FullAccess", "ReadPermission"], "All"),
                (ROUTER, ["FullAccess"], "All"),
                ("Service Desk", ["ReadPermission"], "None"),
            ),
        ),
        Step(
            _full_access_of("mixed@contoso.com", User=ROUTER, IncludeUnresolvedPermissions=True),
            (_DENIED, _INHERITED),
            fenced=True,
        ),
        Step(
            _full_access_of("mixed@contoso.com", User=ORPHAN_SID, IncludeUnresolvedPermissions=True),
            (_ORPHAN,),
            fenced=True,
        ),
        Step(_full_access("Remove", "mixed@contoso.com"), warning="An inherited access control entry"),
        Step(_full_access("Remove", "mixed@contoso.com", ORPHAN_SID)),
        Step(_full_access_of("mixed@contoso.com", User=ORPHAN_SID, IncludeUnresolvedPermissions=True), fenced=True),
        Step(
            _full_access_of("quirky@contoso.com"),
            (
                (SELF, SELF_SID, ["FullAccess, SendAs, ReadPermission"], "False", "False", "All"),
                (SELF, SELF_SID, ["FullAccess, SendAs, ExternalAccount, ReadPermission"], "False", "False", "All"),
                (ROUTER, ROUTER_SID, ["FullAccess, ReadPermission"], "False", "False", "All"),
            ),
        ),
    ),
)
_DELEGATED = f"GrantSendOnBehalfTo -eq '{ROUTER_DN}'"
SEND_ON_BEHALF = Story(
    "send_on_behalf",
    (
        Step(_on_behalf(SALES, {"Add": [ROUTER]})),
        Step(_on_behalf(SALES, {"Add": [ROUTER_GUID]}), warning="no settings of .* have been modified"),
        Step(
            _found("Get-EXOMailbox", _DELEGATED, "Name GrantSendOnBehalfTo", Properties=["GrantSendOnBehalfTo"]),
            (("sales", ["router"]),),
        ),
        Step(_on_behalf(SALES, ["o'brien@contoso.com", "desk@contoso.com"])),
        Step(_call("Get-Mailbox", "GrantSendOnBehalfTo", Identity=SALES), ((["o'brien", "desk"],),)),
        Step(_on_behalf(SALES, {"Remove": ["desk@contoso.com"], "Add": [ROUTER]})),
        Step(_call("Get-Mailbox", "GrantSendOnBehalfTo", Identity=SALES), ((["o'brien", "router"],),)),
        Step(_on_behalf(SALES, {"Add": ["nobody@contoso.com"]}), error="E7"),
        Step(_on_behalf("nobody@contoso.com", {"Add": [ROUTER]}), error="E6"),
    ),
)
ROLE = Story(
    "role",
    (
        Step(_call("Get-MailboxPermission", "User", Identity=SALES, ResultSize="Unlimited"), ((SELF,),)),
        Step(_call("Get-MailboxPermission", "User", Identity=SALES, User=ROUTER), error="E29", bound=True, fenced=True),
        Step(_call("Get-User", "Name", Identity=ROUTER), error="E28", bound=True),
        Step(_send_as("Add", SALES), error="E28", bound=True),
        Step(_call("Get-EXOMailbox", "Name", Identity=SALES), (("sales",),)),
        Step(_call("Get-EXORecipient", "Name", Identity=SALES), error="E24"),
    ),
    token=READING_TOKEN,
    asked_for=tuple(READING_ROLE),
)
BINDING = Story(
    "binding",
    (
        Step(_call("Get-MailboxPermission", "User"), error="E32", bound=True),
        Step(
            _call("Get-MailboxPermission", "User", Identity=SALES, Trustee=ROUTER), error="E29", bound=True, fenced=True
        ),
        Step(_full_access("Add", SALES, AccessRights=["Everything"]), error="E32", bound=True),
        Step(_full_access("Add", SALES, InheritanceType="Some"), error="E32", bound=True),
        Step(_full_access_of(SALES), (_SELF_ACCESS,)),
    ),
)
_TROUBLE = (
    (Trouble.THROTTLED, "E13"), (Trouble.THROTTLED_WITH_HINT, "E13"), (Trouble.DIRECTORY, "E16"),
    (Trouble.REPLICATION, "E12"), (Trouble.SERVER_SIDE, "E19"), (Trouble.TIMED_OUT, "E21"),
)  # fmt: skip
_LOOK_UP = {name: _call(name, "Name", Identity=SALES) for name in ("Get-Mailbox", "Get-EXOMailbox")}
TROUBLE = Story(
    "trouble",
    (
        *(Step(call, error=error) for call in _LOOK_UP.values() for trouble, error in _TROUBLE),
        *(Step(call, (("sales",),)) for call in _LOOK_UP.values()),
        Step(_send_as("Add", SALES)),
        Step(_send_as_of(SALES), (_SELF_SENDS,)),
        Step(_send_as("Add", SALES), error="E21"),
        Step(_send_as_of(SALES), (_SELF_SENDS, _ROUTER_SENDS)),
        Step(_send_as("Remove", SALES), error="E22"),
        Step(_send_as_of(SALES), error="E22"),
    ),
    faults=(
        *(Fault(name, each[0], first=number) for name in _LOOK_UP for number, each in enumerate(_TROUBLE, 1)),
        Fault("Add-RecipientPermission", effect=Effect.PRETENDED),
        Fault("Add-RecipientPermission", Trouble.TIMED_OUT, Effect.DONE_YET_FAILED, first=2),
        Fault("Remove-RecipientPermission", Trouble.SESSION_LOST),
    ),
)
STORIES = (DIRECTORY, SEND_AS, FULL_ACCESS, ENTRIES, SEND_ON_BEHALF, ROLE, BINDING, TROUBLE)
