# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions for the tests of this layer: one with a script, and one with a small simulated organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Principal,
    Recipient,
    smtp_addresses,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Call,
    CmdletError,
    SessionInfo,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.session import TenantSession
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

ROUTER = "router@contoso.com"
SIGN_IN = {
    "app_id": "00000000-0000-0000-0000-000000000000",
    "organization": "contoso.onmicrosoft.com",
    "thumbprint": "0123456789ABCDEF0123456789ABCDEF01234567",
}
THROTTLED = Answer(error=CmdletError("Too many requests", category="LimitsExceeded"))
TRUNCATION = "There are more results available than are currently displayed."
SALES = Recipient(
    guid="11111111-0000-4000-8000-000000000001",
    name="Sales Desk",
    address="sales@contoso.com",
    kind="SharedMailbox",
    alias="sales",
    recipient_type="UserMailbox",
    object_id="22222222-0000-4000-8000-000000000001",
    distinguished_name="CN=Sales Desk,DC=contoso",
    addresses=smtp_addresses(["SMTP:Sales@contoso.com"]),
)
ACCOUNT = Principal(
    asked=ROUTER,
    sids=("S-1-5-21-1-2-3-1000",),
    guid="33333333-0000-4000-8000-000000000001",
    upn="Router@contoso.com",
    address="router@contoso.com",
    name="Router",
    alias="router",
    object_id="44444444-0000-4000-8000-000000000001",
    distinguished_name="CN=Router,DC=contoso",
    kind="UserMailbox",
)

Script = Callable[[Call], Answer]


class ScriptedSession:
    """Answers each call by its script, which may raise SessionLost; ``calls``: all that were sent, in order."""

    info = SessionInfo()

    def __init__(self, script: Script) -> None:
        self.calls: list[Call] = []
        self.script = script

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call in calls:
            self.calls.append(call)
            yield call, self.script(call)

    def close(self) -> None:
        pass

    @property
    def cmdlets(self) -> list[str]:
        return [call.cmdlet for call in self.calls]


def mailbox(address: str, **more: object) -> dict[str, object]:
    """A recipient of an organisation, as Organisation.from_dict takes it."""
    return {"kind": "UserMailbox", "address": address, **more}


def tenant_of(*recipients: dict[str, object], **more: object) -> Tenant:
    """An organisation with the account ROUTER and these recipients; ``more``: settings, quirks."""
    return Tenant(Organisation.from_dict({"recipients": [mailbox(ROUTER), *recipients], **more}))


def signed_in(tenant: Tenant, read_only: bool = False) -> TenantSession:
    return TenantSession(tenant, tenant.connect(SIGN_IN).connection_id, read_only)


def watched(tenant: Tenant) -> ScriptedSession:
    """A session with the organisation that keeps the calls."""
    session = signed_in(tenant)

    def answer(call: Call) -> Answer:
        return next(answer for _call, answer in session.invoke([call]))

    return ScriptedSession(answer)
