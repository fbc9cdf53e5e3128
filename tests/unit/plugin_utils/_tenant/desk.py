# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A desk from which the tests run cmdlets against a small hand-written organisation."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    CmdletError,
    Parameter,
    Row,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import (
    APP_ID,
    THUMBPRINT,
    Organisation,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant

SIGN_IN = {"app_id": APP_ID, "organization": "contoso.onmicrosoft.com", "thumbprint": THUMBPRINT}
ROUTER = "crmrouter@contoso.com"
SALES = "sales@contoso.com"
ADA = "ada@contoso.com"
SID = "S-1-5-21-1-2-3-{}"
#: A router, and two mailboxes that it may have rights on.
PEOPLE: tuple[dict[str, object], ...] = (
    {"address": ROUTER, "sid": SID.format(1), "sid_history": [SID.format(91)]},
    {"address": SALES, "sid": SID.format(2)},
    {"address": ADA, "sid": SID.format(3)},
)


def a_person(address: str, **values: object) -> dict[str, object]:
    return {"address": address, **values}


def an_organisation(
    *more: Mapping[str, object], sales: Mapping[str, object] | None = None, **top: object
) -> Organisation:
    """The people above, with more objects, and with more said of the mailbox sales."""
    router, mailbox, ada = PEOPLE
    recipients = [router, {**mailbox, **(sales or {})}, ada, *more]
    return Organisation.from_dict({"recipients": recipients, **top})


class Desk:
    """Runs cmdlets over one connection."""

    def __init__(self, organisation: Organisation) -> None:
        self.tenant = Tenant(organisation)
        self.connection = self.tenant.connect(SIGN_IN)

    def run(self, cmdlet: str, **parameters: Parameter) -> Answer:
        return self.tenant.invoke(self.connection.connection_id, cmdlet, parameters)

    def rows(self, cmdlet: str, **parameters: Parameter) -> list[Row]:
        """Of a call that must go through without a word."""
        answer = self.run(cmdlet, **parameters)
        assert answer.error is None
        assert answer.warnings == ()
        return list(answer.rows)

    def row(self, cmdlet: str, **parameters: Parameter) -> Row:
        found = self.rows(cmdlet, **parameters)
        assert len(found) == 1
        return found[0]

    def names(self, cmdlet: str, **parameters: Parameter) -> list[object]:
        return [row["Name"] for row in self.rows(cmdlet, **parameters)]

    def error(self, cmdlet: str, **parameters: Parameter) -> CmdletError:
        """Of a call that must fail, and show nothing."""
        answer = self.run(cmdlet, **parameters)
        assert answer.error is not None
        assert answer.rows == ()
        return answer.error

    def warning(self, cmdlet: str, **parameters: Parameter) -> str:
        """Of a call that must go through with one warning."""
        answer = self.run(cmdlet, **parameters)
        assert answer.error is None
        assert len(answer.warnings) == 1
        return answer.warnings[0]

    def grant(self, cmdlet: str = "Add-MailboxPermission", target: str = SALES, **parameters: Parameter) -> None:
        """One of the two Add-*, to the router unless said otherwise."""
        who, right = ("User", "FullAccess") if "Mailbox" in cmdlet else ("Trustee", "SendAs")
        given: dict[str, Parameter] = {"Identity": target, who: ROUTER, "AccessRights": [right], "Confirm": False}
        self.rows(cmdlet, **{**given, **parameters})


def a_desk(*more: Mapping[str, object], sales: Mapping[str, object] | None = None, **top: object) -> Desk:
    return Desk(an_organisation(*more, sales=sales, **top))
