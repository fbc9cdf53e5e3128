# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a run is asked for, by whichever names, no write passes a policy: held for random organisations."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Options, Scope, ensure
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import State, Wish
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.surplus import SurplusRule
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._policy.gate import PolicyGate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Recipient
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import CallRecord, Tenant

from .._access.runs import FakeWatch
from .._exchange.sessions import mailbox, signed_in, tenant_of
from .samples import policy

ACCOUNTS = [f"account{number}@contoso.com" for number in range(3)]
KINDS = ("SharedMailbox", "UserMailbox", "RoomMailbox", "MailUniversalSecurityGroup", "MailUniversalDistributionGroup")
RIGHTS = [right.value for right in Right]
#: The cmdlet of each right begins or ends so, whether it grants or revokes.
RIGHT_OF = {"RecipientPermission": "send_as", "MailboxPermission": "full_access", "Mailbox": "send_on_behalf"}


@dataclass
class Case:
    """An organisation with four boxes, some of them groups, and a policy with its meaning. ``boxes``: all addresses."""

    dice: random.Random
    boxes: list[list[str]] = field(init=False)
    tenant: Tenant = field(init=False)
    allowed: dict[str, list[str]] = field(init=False)
    protected: str = field(init=False)
    rights: list[str] = field(init=False)
    revocations: bool = field(init=False)

    def __post_init__(self) -> None:
        dice = self.dice
        self.boxes = [
            [f"box{one}@contoso.com", *(f"box{one}-{other}@fabrikam.com" for other in range(dice.randint(0, 2)))]
            for one in range(4)
        ]
        self.tenant = tenant_of(*map(mailbox, ACCOUNTS), *map(self._box, self.boxes))
        those = dice.sample(ACCOUNTS, dice.choice([0, 2, 3, 3]))
        self.allowed = {one: dice.sample(RIGHTS, dice.randint(1, 3)) for one in those}
        self.protected = dice.choice(dice.choice(self.boxes))
        self.rights = dice.choice([RIGHTS, ["send_as"], ["full_access", "send_on_behalf"]])
        self.revocations = dice.random() < 0.5

    def _box(self, addresses: list[str]) -> dict[str, object]:
        kind = self.dice.choice(KINDS)
        held = {right: [self.dice.choice(ACCOUNTS)] for right in RIGHTS if self.dice.random() < 0.4}
        more = {} if "Group" in kind else held
        return mailbox(addresses[0], kind=kind, aliases=addresses[1:], **more)

    def recipient(self, address: str) -> Recipient:
        return next(one for one in self.tenant.organisation.recipients if address in (one.address, *one.aliases))

    def name(self, account: str) -> str:
        """One that policy and inventory may know it by, as they please."""
        one = self.recipient(account)
        return self.dice.choice([one.guid, one.object_id, one.sid, account.upper(), one.upn])

    def policy(self) -> str:
        lines = [f"  - {{account: {self.name(one)}, rights: {rights}}}" for one, rights in self.allowed.items()]
        accounts = "\n".join(["accounts:", *lines]) if lines else ""
        said = "true" if self.revocations else "false"
        rule = f"{{mailboxes: ['{self.protected}'], rights: {self.rights}, revocations: {said}}}"
        return f"version: 1\n{accounts}\nprotected:\n  - {rule}\n"

    def scope(self) -> Scope:
        dice = self.dice
        wishes = []
        for _number in range(dice.randint(1, 4)):
            address = dice.choice(dice.choice(self.boxes))
            right, state = dice.choice(list(Right)), dice.choice(list(State))
            wishes.append(Wish(address, address, self.name(dice.choice(ACCOUNTS)), right, state))
        surplus = SurplusRule(tuple(wishes), len(self.boxes), tuple(ACCOUNTS), revoke=True, minimum=1)
        return Scope(
            tuple(wishes),
            retired=(dice.choice(ACCOUNTS),) if dice.random() < 0.2 else (),
            surplus=surplus if dice.random() < 0.4 else None,
            exclusive=dice.random() < 0.3 and all(one.state is State.PRESENT for one in wishes),
        )

    def judge(self, call: CallRecord) -> str:
        """What it does, once it is known that the policy allows it."""
        delegates = str(call.parameters.get("GrantSendOnBehalfTo", ""))
        verb = "grant" if call.cmdlet.startswith("Add-") or "Add" in delegates else "revoke"
        right = RIGHT_OF[call.cmdlet.partition("-")[2]]
        if call.parameters["Identity"] == self.recipient(self.protected).guid and right in self.rights:
            assert (verb, self.revocations) == ("revoke", True)
        if verb == "grant":
            account = next(one for one in ACCOUNTS if self.recipient(one).guid in str(call.parameters))
            assert right in self.allowed.get(account, [])
        return verb


def test_no_write_passes_a_policy_whatever_is_asked_for_and_by_whichever_name() -> None:
    dice = random.Random(8)
    seen: Counter[str] = Counter()
    for _number in range(300):
        case = Case(dice)
        options = Options(False, gates=(PolicyGate([policy(case.policy())]),), any_recipient=True)
        try:
            report, _statistics = ensure(signed_in(case.tenant), case.scope(), options, FakeWatch())
        except InputError:  # such as an account that is wanted and retired
            continue
        done = [case.judge(call) for call in case.tenant.calls if call.writes]
        assert not (done and report.stop)
        seen.update([*done, "stopped"] if report.stop else done)
    assert all(seen[one] > 20 for one in ("grant", "revoke", "stopped")), seen
