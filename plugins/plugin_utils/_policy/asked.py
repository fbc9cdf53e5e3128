# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run asks for, whatever is held already: grants, and the revocations that it would write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

from .._access.gate import Decided
from .._access.model import Finding, State, Want
from .._access.plan import Verb
from .._exchange.identities import Principal, Recipient
from .._exchange.rights import Right


@dataclass(frozen=True)
class Asked:
    """A right on a mailbox for an account. ``principal`` and ``recipient``: None for what was not looked up or found,
    of which only ``account`` and ``address`` are known, as they were written."""

    verb: Verb
    host: str
    address: str
    account: str
    right: Right
    recipient: Union[Recipient, None] = None
    principal: Union[Principal, None] = None

    @property
    def mailbox_key(self) -> str:
        """The same for the same mailbox."""
        return self.recipient.guid if self.recipient else self.address.lower()

    @property
    def account_key(self) -> str:
        """The same for the same account."""
        return self.principal.key if self.principal else self.account.lower()

    def __str__(self) -> str:
        named = f"{self.host} ({self.address})" if self.host.lower() != self.address.lower() else self.address
        return f"{named}, {self.account}, {self.right.wording}"


def asked_for(decided: Decided) -> Iterator[Asked]:
    """Each grant once that is wanted or would be written, each revocation that would be written, and each grant that is
    wished for and cannot be worked on."""
    wanted = [want for want in decided.wants if want.state is State.PRESENT]
    known = {want.grant.key for want in wanted}
    for want in wanted:
        yield _of(want, Verb.GRANT)
    for step in decided.steps:
        if step.verb is Verb.REVOKE or step.want.grant.key not in known:
            yield _of(step.want, step.verb)
    for finding in decided.rest:
        if finding.state is State.PRESENT:
            yield _unresolved(finding, decided.accounts.get(finding.account.lower()))


def _of(want: Want, verb: Verb) -> Asked:
    grant = want.grant
    return Asked(verb, want.host, grant.mailbox.address, want.account, grant.right, grant.mailbox, grant.principal)


def _unresolved(finding: Finding, principal: Union[Principal, None]) -> Asked:
    return Asked(Verb.GRANT, finding.host, finding.address, finding.account, finding.right, principal=principal)
