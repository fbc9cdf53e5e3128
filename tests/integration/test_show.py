# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some hundred mailboxes at once: what the task says is what the organisation's own books say, quirks or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.generator import generate
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.recipients import Kind

from .conftest import SetStage
from .harness import Run
from .stage import ROUTER, Stage

ARCHIVE = "archiver@contoso.com"
ACCOUNTS = (ROUTER, ARCHIVE)
PROFILES: dict[str, dict[str, Any]] = {
    "sender": {"account": ROUTER, "access_type": "send_as"},
    "both": {"account": ROUTER, "rights": ["send_as", "full_access"]},
    "archive": {"account": ARCHIVE, "access_type": "delegate_access"},
}
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"mailbox_delegation_profile": "both"},
    {"mailbox_delegation_profile": ["sender", "archive"]},
    {"mailbox_delegation_profile": "archive"},
    {"mailbox_delegation_profile": ["both", "archive"], "mailbox_delegation_state": "absent"},
)
RIGHTS = ("send_as", "full_access", "send_on_behalf")
#: What is wanted of a grant, and whether the books have it → its outcome, in check mode and when writing.
CHECKED = {
    ("present", True): "compliant",
    ("present", False): "missing",
    ("absent", True): "unwanted",
    ("absent", False): "compliant",
}
APPLIED = {**CHECKED, ("present", False): "granted", ("absent", True): "revoked"}

NO_BRAKE = 1_000

#: Mailbox, account, right.
Grant = tuple[str, str, str]


def hosts_of(stage: Stage) -> dict[str, dict[str, Any]]:
    """Every mailbox of the organisation but those of the accounts, with one choice after the other."""
    everyone = (each for each in stage.tenant.organisation.recipients if each.traits.mailbox and not each.soft_deleted)
    names = [each.address for each in everyone if each.kind is not Kind.GROUP_MAILBOX and each.address not in ACCOUNTS]
    return {name: CHOICES[number % len(CHOICES)] for number, name in enumerate(names)}


def wishes(hosts: dict[str, dict[str, Any]]) -> Iterator[tuple[Grant, str]]:
    """What is wished of each grant, said here once more in other words than the collection's."""
    for name, variables in hosts.items():
        chosen = variables.get("mailbox_delegation_profile", "sender")
        state = variables.get("mailbox_delegation_state", "present")
        for profile in [chosen] if isinstance(chosen, str) else chosen:
            wanted = (
                PROFILES[profile].get("rights")
                or {"send_as": ["send_as"], "delegate_access": ["full_access"]}[PROFILES[profile]["access_type"]]
            )
            for right in RIGHTS if state == "absent" else wanted:
                yield (name, PROFILES[profile]["account"], right), state


def by_the_books(stage: Stage, outcomes: dict[tuple[str, bool], str]) -> dict[Grant, str]:
    return {
        grant: outcomes[state, stage.holds(grant[0], grant[2], grant[1])] for grant, state in wishes(hosts_of(stage))
    }


def told(run: Run) -> dict[Grant, str]:
    return {(row["mailbox"], row["account"], row["right"]): row["outcome"] for row in run.access["grants"]}


def ensure(stage: Stage, *arguments: str) -> Run:
    run = stage.ensure(hosts_of(stage), *arguments, profiles=PROFILES, profile=["sender"], max_revocations=NO_BRAKE)
    assert run.status == 0, run.output
    assert run.access["summary"] == {**run.access["summary"], **Counter(told(run).values()), "total": len(told(run))}
    return run


@pytest.mark.usefixtures("powershell")
def test_three_hundred_mailboxes_three_profiles_both_rights(set_stage: SetStage) -> None:
    stage = set_stage(generate(300, seed=20, accounts=ACCOUNTS))
    checked = assert_by_the_books(stage)
    full_access = {grant[0] for grant, _state in wishes(hosts_of(stage)) if grant[2] == "full_access"}
    calls = checked.access["statistics"]["calls"]
    assert calls["Get-MailboxPermission"] == len(full_access)
    assert sum(calls.values()) - len(full_access) <= 300 / 10 + 15, "design 5: a small share, but for Full Access"
    assert stage.tenant.sign_ins == 9, "three runs, each long enough for three sessions at once"


@pytest.mark.usefixtures("powershell")
def test_quirks_give_no_false_drift(set_stage: SetStage) -> None:
    assert_by_the_books(set_stage(generate(120, seed=22, quirks=True, accounts=ACCOUNTS)))


def assert_by_the_books(stage: Stage) -> Run:
    """Checks, applies, applies again; gives the run that checked."""
    expected, before = by_the_books(stage, CHECKED), stage.books()
    assert set(expected.values()) == {"compliant", "missing", "unwanted"}
    checked = ensure(stage, "--check")
    assert told(checked) == expected
    assert (stage.writes, stage.books()) == ([], before)
    assert checked.access["statistics"]["calls"] == dict(Counter(call.cmdlet for call in stage.tenant.calls))

    expected = by_the_books(stage, APPLIED)
    applied = ensure(stage)
    assert told(applied) == expected
    assert set(by_the_books(stage, CHECKED).values()) == {"compliant"}
    assert applied.access["statistics"]["writes"] == len(stage.writes)

    earlier = len(stage.tenant.calls)
    assert not ensure(stage).changed
    assert [call.cmdlet for call in stage.tenant.calls[earlier:] if call.writes] == []
    return checked
