# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the soak is about: an organisation, what is wanted of it, what goes wrong, all of it by a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ...plugins.plugin_utils._tenant.access import EMPTY, Entry
from ...plugins.plugin_utils._tenant.generator import generate
from ...plugins.plugin_utils._tenant.organisation import App, Organisation
from ...plugins.plugin_utils._tenant.quirks import Quirk
from ...plugins.plugin_utils._tenant.recipients import Kind, Recipient
from ..simulator import faults as exchange
from ..simulator.effects import Effect
from ..simulator.schedule import LASTING, PASSING, random_faults
from ..simulator.schedule import Kind as Trouble
from ..simulator.wsman import Action
from ..simulator.wsman import injection as host
from ..simulator.wsman import schedule as host_schedule

RIGHTS = ("send_as", "full_access", "send_on_behalf")
ACCOUNTS = ("crmrouter@contoso.com", "reader@contoso.com", "backup@contoso.com", "retired@contoso.com")
TOKEN = "eyJ0eXAi.Soak-Canary-Token-4711.c2ln"
NOBODY = "nobody@contoso.com"
_HUSH = (Trouble.SILENT, Trouble.DONE_YET_SILENT)
#: Reads over the whole organisation that answer success with nothing, once: whoever asks twice hears the truth.
_EMPTY_ONCE = ("Get-RecipientPermission", "Get-EXOMailbox", "Get-EXORecipient", "Get-User")
_OLD_SID = "S-1-5-21-2222222222-333333333-444444444-7"
_ORPHAN = "S-1-5-21-1004336348-1177238915-682003330-9"


class Way(Enum):
    """How PowerShell is reached."""

    LOCAL = "local"
    WINRM = "winrm"
    WINRM_TLS = "winrm over TLS"


@dataclass(frozen=True)
class Kill:
    """When the client is killed: ``milliseconds`` after Exchange has heard the ``number``th call, or write, or after
    the start, of which there is one."""

    on: str
    number: int
    milliseconds: int


@dataclass(frozen=True)
class Wished:
    """That an account, by its address, holds a right on a mailbox, as the inventory calls it, or does not.

    ``after``: the account that must hold it first.
    """

    mailbox: str
    account: str
    right: str
    present: bool
    after: str = ""


@dataclass(frozen=True)
class Scenario:
    """``options``: of the task, without those of the sign-in. ``at_once``: the host's faults count from the first
    request, not from the first sign-in to Exchange. ``sign_in``: by thumbprint, file or token."""

    seed: int
    organisation: Organisation
    options: Mapping[str, Any]
    wishes: tuple[Wished, ...]
    check_mode: bool
    way: Way
    exchange_faults: tuple[exchange.Fault, ...] = ()
    host_faults: tuple[host.Fault, ...] = ()
    at_once: bool = False
    kill: Kill | None = None
    sign_in: str = "thumbprint"
    real_powershell: bool = False
    playbook: bool = False

    @property
    def hush(self) -> bool:
        """Whether a call may stay without an answer."""
        return any(fault.effect.silent for fault in self.exchange_faults)

    @property
    def must_end_well(self) -> bool:
        """Whether all that goes wrong passes within what a client waits and tries: then it knows of every grant."""
        return (
            self.kill is None
            and "max_runtime" not in self.options
            and not any(fault.lasting for fault in self.exchange_faults)
            and not (self.at_once and self.host_faults)
            and not (self._has_odd_lists and any(fault.effect.of_reads for fault in self.exchange_faults))
        )

    @property
    def _has_odd_lists(self) -> bool:
        """Whether a mailbox lacks the entry of SELF, so that it is looked at twice: the second look may meet a lie."""
        return any(Quirk.NO_SELF in each.quirks for each in self.organisation.recipients)

    def find(self, address: str) -> Recipient | None:
        """The recipient of that primary address."""
        found = (each for each in self.organisation.recipients if each.address.lower() == address.lower())
        return next((each for each in found if not each.soft_deleted), None)


def scenario_of(seed: int, powershell: bool = False) -> Scenario:
    """The same for the same seed. ``powershell``: there is a real one, which a few runs shall use."""
    dice = random.Random(seed)
    playbook = dice.random() < 0.03
    organisation = _organisation(dice, seed)
    options, wishes = _task(dice, organisation)
    options["sessions"] = seed // 3 % 3 + 1
    options["on_failure"] = "fail" if seed % 3 == 1 else "report"
    way = dice.choices(tuple(Way), (45, 45, 10))[0]
    kill = _kill(dice, len(wishes)) if dice.random() < 0.2 else None
    if dice.random() < 0.08:
        options["max_runtime"] = dice.choice((20, 60, 300))
    scenario = Scenario(
        seed,
        organisation,
        options,
        wishes,
        check_mode=dice.random() < 0.1,
        way=way,
        exchange_faults=_exchange_faults(dice, seed, organisation),
        host_faults=_host_faults(dice, seed, way),
        at_once=dice.random() < 0.15,
        kill=kill,
        sign_in=dice.choice(("thumbprint", "file", "token")),
        real_powershell=dice.random() < 0.03 and powershell,
    )
    if scenario.hush:
        scenario = replace(scenario, real_powershell=False)
    return _as_playbook(scenario, dice) if playbook else scenario


def _organisation(dice: random.Random, seed: int) -> Organisation:
    size = dice.randint(5, 40)
    made = generate(size, seed, quirks=dice.random() < 0.5, granted=dice.choice((0.0, 0.3, 0.7)), accounts=ACCOUNTS)
    if not made.quirks:
        first = made.recipients[0]
        changed = replace(first, sid_history=(_OLD_SID,))
        made = replace(made, recipients=(changed, *made.recipients[1:]))
    access = dict(made.access)
    boxes = [each for each in made.recipients[len(ACCOUNTS) :] if _is_mailbox(each)]
    for each in boxes:
        access[each.guid] = _strewn(dice, access.get(each.guid, EMPTY), made.recipients)
    app = App(access_tokens=(TOKEN,))
    return replace(made, apps=(app,), access={guid: lists for guid, lists in access.items() if lists != EMPTY})


def _strewn(dice: random.Random, access: Any, recipients: tuple[Recipient, ...]) -> Any:
    """Denies, entries of deleted accounts, and of one under the SID that it had before."""
    account, full, send = dice.choice(recipients[: len(ACCOUNTS)]), list(access.full_access), list(access.send_as)
    if dice.random() < 0.06:
        full.append(Entry(account.sid, ("FullAccess",), "All", deny=True))
    if dice.random() < 0.06:
        send.append(Entry(account.sid, ("SendAs",), "None", deny=True))
    if dice.random() < 0.15:
        full.append(Entry(_ORPHAN, ("FullAccess",), "All"))
    if dice.random() < 0.1:
        send.append(Entry(_ORPHAN, ("SendAs",), "None"))
    old = recipients[0].sid_history[:1]
    if old and dice.random() < 0.1:
        send.append(Entry(old[0], ("SendAs",), "None"))
    if old and dice.random() < 0.1:
        full.append(Entry(old[0], ("FullAccess",), dice.choice(("All", "None"))))
    return replace(access, full_access=tuple(dict.fromkeys(full)), send_as=tuple(dict.fromkeys(send)))


def _is_mailbox(each: Recipient) -> bool:
    return each.traits.mailbox and each.kind is not Kind.GROUP_MAILBOX and not each.soft_deleted


def _task(dice: random.Random, organisation: Organisation) -> tuple[dict[str, Any], tuple[Wished, ...]]:
    """Options, and what they wish for."""
    profiles: dict[str, dict[str, Any]] = {
        f"profile{number}": {"account": account, "rights": dice.sample(RIGHTS, dice.randint(1, 3))}
        for number, account in enumerate(ACCOUNTS[: dice.randint(1, 2)])
    }
    if dice.random() < 0.2:
        profiles["rotation"] = {"account": ACCOUNTS[2], "replaces": ACCOUNTS[3], "rights": list(RIGHTS)}
    boxes = [each.address for each in organisation.recipients[len(ACCOUNTS) :] if _is_mailbox(each)]
    chosen = dice.sample(boxes, dice.randint(1, len(boxes)))
    if dice.random() < 0.2:
        chosen.append(NOBODY)
    if dice.random() < 0.1:
        chosen.append(ACCOUNTS[0])
    absent = dice.choice((0.0, 0.2, 0.6))
    items = [
        {
            "mailbox": address,
            "profile": dice.sample(sorted(profiles), dice.randint(1, len(profiles))),
            "state": "absent" if dice.random() < absent else "present",
        }
        for address in chosen
    ]
    used = {name for item in items for name in item["profile"]}
    options: dict[str, Any] = {
        "profiles": {name: each for name, each in profiles.items() if name in used},
        "mailboxes": items,
        "max_revocations": "1000",
        "auto_mapping": dice.random() < 0.2,
    }
    if dice.random() < 0.04:
        options["max_grants"] = "1"
    return options, tuple(wish for item in items for wish in _wishes(item, profiles))


def _wishes(item: Mapping[str, Any], profiles: Mapping[str, Mapping[str, Any]]) -> tuple[Wished, ...]:
    wishes: list[Wished] = []
    for profile in (profiles[name] for name in item["profile"]):
        account, replaced = profile["account"], profile.get("replaces")
        if item["state"] == "absent":
            wishes += [Wished(item["mailbox"], each, right, False) for each in (account, replaced) if each
                       for right in RIGHTS]  # fmt: skip
            continue
        for right in profile["rights"]:
            wishes.append(Wished(item["mailbox"], account, right, True))
            if replaced:
                wishes.append(Wished(item["mailbox"], replaced, right, False, after=account))
    return tuple(dict.fromkeys(wishes))


def _kill(dice: random.Random, wishes: int) -> Kill:
    """Somewhere on the way: about half of the wishes need a write."""
    on = dice.choices(("call", "write", "start"), (3, 6, 1))[0]
    number = {"call": dice.randint(1, 40), "write": dice.randint(1, wishes // 2 + 1), "start": 1}[on]
    return Kill(on, number, dice.randint(0, 1500) if on == "start" else dice.choice((0, 0, dice.randint(0, 30))))


def _exchange_faults(dice: random.Random, seed: int, organisation: Organisation) -> tuple[exchange.Fault, ...]:
    if dice.random() < 0.1:
        return ()
    kinds = [kind for kind in PASSING if kind not in _HUSH]
    kinds += _HUSH if dice.random() < 0.2 else ()
    kinds += LASTING if dice.random() < 0.25 else ()
    boxes = [each.address for each in organisation.recipients[len(ACCOUNTS) :] if _is_mailbox(each)]
    faults = random_faults(seed, boxes, kinds=kinds, most=dice.choice((2, 4, 6)), span=dice.choice((6, 15, 30)))
    if dice.random() < 0.15:
        cmdlet = dice.choice(_EMPTY_ONCE)
        first = dice.randint(1, 4)
        faults += (exchange.Fault(cmdlet, effect=Effect.EMPTY, first=first, kind="empty_tenant_wide", alone=True),)
    return faults


def _host_faults(dice: random.Random, seed: int, way: Way) -> tuple[host.Fault, ...]:
    if way is Way.LOCAL or dice.random() < 0.2:
        return ()
    count = dice.randint(1, 6)
    faults = host_schedule.random_faults(seed, count, max(6 * count + 3, dice.choice((15, 30, 60))))
    return tuple(fault for fault in faults if way is Way.WINRM or not isinstance(fault.kind, _SEALED))


#: What can befall encrypted messages only, which TLS makes needless.
_SEALED = (host.BadMic,)

#: What a run whose pauses are not cut short gets over at once.
_BRIEF = (Trouble.SLOWED, Trouble.DONE_YET_FAILED, Trouble.SESSION_LOST, Trouble.EMPTY, Trouble.WITHOUT_SELF,
          Trouble.ANOTHERS, Trouble.TRUNCATED)  # fmt: skip


def _as_playbook(scenario: Scenario, dice: random.Random) -> Scenario:
    """The same as an ansible-playbook, with such faults as cost no long pauses, and nobody killed."""
    options = {name: value for name, value in scenario.options.items() if name != "max_runtime"}
    faults = random_faults(scenario.seed, kinds=_BRIEF, most=3, span=20)
    faults = tuple(fault for fault in faults if fault.error is not exchange.Trouble.THROTTLED)
    brief = (host.Reset(), host.HttpAnswer(400), host.DropIdle(), host.ForgetSignIn(), host.KillProcess())
    host_faults = (host.Fault(dice.choice(brief), Action.RECEIVE, dice.randint(5, 12)),)
    return replace(
        scenario,
        options=options,
        exchange_faults=faults,
        host_faults=host_faults if scenario.way is not Way.LOCAL else (),
        at_once=False,
        kill=None,
        sign_in="thumbprint",
        real_powershell=False,
        playbook=True,
    )
