# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organisation with every sort of entry, and looking at it."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.inquiry import (
    Inquiry,
    Overview,
    inquire,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.meter import Statistics
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.notebook import Permission
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

from .._exchange.sessions import ROUTER, mailbox, signed_in, tenant_of
from .runs import FakeWatch

SALES, SUPPORT, EVE = "sales@contoso.com", "support@contoso.com", "eve@contoso.com"
LIST, PARTNER = "list@contoso.com", "partner@contoso.com"
GONE = "S-1-5-21-9-9-9-500"
ONLY_SEND_AS = (Right.SEND_AS,)


def ask(tenant: Tenant, inquiry: Inquiry, watch: FakeWatch | None = None) -> tuple[Overview, Statistics]:
    """Over a session that cannot write."""
    answer = inquire(signed_in(tenant, read_only=True), inquiry, watch or FakeWatch())
    assert not any(call.writes for call in tenant.calls)
    return answer


def look(tenant: Tenant, *mailboxes: str, trustees: tuple[str, ...] = (), **more: object) -> Overview:
    inquiry = Inquiry(mailboxes, trustees, **more)  # type: ignore[arg-type]
    return ask(tenant, inquiry)[0]


def in_words(permission: Permission) -> str:
    """All that is told of an entry but its SID."""
    told = [permission.mailbox, permission.right.value, permission.trustee, "allow" if permission.allows else "deny"]
    flags = {"inherited": permission.inherited, "orphan": permission.orphan, "self": permission.is_self}
    return " ".join([*told, *(name for name, flag in flags.items() if flag)])


def shown(overview: Overview) -> list[str]:
    return [in_words(permission) for permission in overview.permissions]


def gaps(overview: Overview) -> list[tuple[str, str, str]]:
    """What each gap is about."""
    return [(gap.mailbox, gap.trustee, gap.right.value if gap.right else "") for gap in overview.gaps]


def contoso(**more: object) -> Tenant:
    """Every sort of entry there is."""
    return tenant_of(
        mailbox(EVE, display_name="Eve"),
        mailbox("team@contoso.com", kind="MailUniversalSecurityGroup", display_name="The Team"),
        mailbox(
            SALES,
            send_as=[ROUTER, {"trustee": EVE, "deny": True}, {"sid": GONE}],
            full_access=[
                {"trustee": ROUTER, "rights": ["FullAccess", "ReadPermission"]},
                {"trustee": EVE, "rights": ["ReadPermission"]},
                {"sid": GONE},
                "team@contoso.com",
            ],
            send_on_behalf=[ROUTER, EVE],
        ),
        mailbox(SUPPORT, full_access=[{"trustee": ROUTER, "inherited": True}, {"trustee": EVE, "deny": True}]),
        mailbox(LIST, kind="MailUniversalDistributionGroup", send_as=[ROUTER]),
        mailbox(PARTNER, kind="MailContact"),
        **more,
    )


ON_SALES = [
    f"{SALES} full_access {ROUTER} allow",
    f"{SALES} full_access {GONE} allow orphan",
    f"{SALES} full_access The Team allow",
    f"{SALES} send_as {EVE} deny",
    f"{SALES} send_as {ROUTER} allow",
    f"{SALES} send_as {GONE} allow orphan",
    f"{SALES} send_on_behalf {EVE} allow",
    f"{SALES} send_on_behalf {ROUTER} allow",
]
ON_SUPPORT = [f"{SUPPORT} full_access {EVE} deny", f"{SUPPORT} full_access {ROUTER} allow inherited"]
OF_ROUTER = [
    f"{LIST} send_as {ROUTER} allow",
    f"{SALES} full_access {ROUTER} allow",
    f"{SALES} send_as {ROUTER} allow",
    f"{SALES} send_on_behalf {ROUTER} allow",
    f"{SUPPORT} full_access {ROUTER} allow inherited",
]
