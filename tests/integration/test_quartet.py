# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check, look that nothing changed, apply, look that it did, apply again: on every core, by every way to PowerShell."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .conftest import SetStage
from .harness import CORES, NEWEST
from .stage import EVERYTHING, ROUTER, Stage, Transport, contoso

HOSTS = {
    "sales@contoso.com": {},
    "support@contoso.com": {"mailbox_delegation_profile": "everything"},
    "old.queue@contoso.com": {"mailbox_delegation_state": "absent"},
    "meeting-room": {"mailbox_delegation_mailbox": "room1@contoso.com"},
    "zoë.o'neil@contoso.com": {},
}
RECIPIENTS = (
    {"address": "sales@contoso.com", "send_as": [ROUTER]},
    {"address": "support@contoso.com", "full_access": [{"trustee": ROUTER, "rights": ["ReadPermission"]}]},
    {"address": "old.queue@contoso.com", "send_as": [ROUTER], "full_access": [ROUTER], "send_on_behalf": [ROUTER]},
    {"kind": "RoomMailbox", "address": "boardroom@contoso.com", "aliases": ["room1@contoso.com"]},
    {"kind": "UserMailbox", "address": "zoë.o'neil@contoso.com"},
)
PROFILES = {"router": {"account": ROUTER, "access_type": "send_as"}, "everything": EVERYTHING}
#: ``mailbox right`` → outcome of the first run that writes.
DONE = {
    "sales@contoso.com send_as": "compliant",
    "support@contoso.com send_as": "granted",
    "support@contoso.com full_access": "granted",
    "support@contoso.com send_on_behalf": "granted",
    "old.queue@contoso.com send_as": "revoked",
    "old.queue@contoso.com full_access": "revoked",
    "old.queue@contoso.com send_on_behalf": "revoked",
    "meeting-room send_as": "granted",
    "zoë.o'neil@contoso.com send_as": "granted",
}
IN_CHECK_MODE = {"compliant": "compliant", "granted": "missing", "revoked": "unwanted"}


def assert_quartet(stage: Stage) -> None:
    before = stage.books()
    checked = stage.ensure(HOSTS, "--check", profiles=PROFILES)
    assert (checked.status, checked.changed) == (0, True), checked.output
    assert checked.outcomes() == {row: IN_CHECK_MODE[outcome] for row, outcome in DONE.items()}
    assert (stage.books(), stage.writes) == (before, [])

    applied = stage.ensure(HOSTS, profiles=PROFILES)
    assert (applied.status, applied.changed) == (0, True), applied.output
    assert applied.outcomes() == DONE
    wanted = {
        "sales@contoso.com": {"send_as"},
        "support@contoso.com": {"send_as", "full_access", "send_on_behalf"},
        "old.queue@contoso.com": set(),
        "boardroom@contoso.com": {"send_as"},
        "zoë.o'neil@contoso.com": {"send_as"},
    }
    rights = ("send_as", "full_access", "send_on_behalf")
    assert {each: {right for right in rights if stage.holds(each, right)} for each in wanted} == wanted
    done, writes = stage.books(), len(stage.writes)
    assert writes == sum(outcome != "compliant" for outcome in DONE.values())

    again = stage.ensure(HOSTS, profiles=PROFILES)
    assert (again.status, again.changed) == (0, False), again.output
    assert set(again.outcomes().values()) == {"compliant"}
    assert (stage.books(), len(stage.writes)) == (done, writes)


#: Every core by HTTP, TLS and locally; every transport on the newest.
WAYS = [
    *((NEWEST, transport) for transport in Transport),
    *((core, transport) for core in CORES if core != NEWEST for transport in (Transport.NTLM, Transport.LOCAL)),
    ("2.18", Transport.BASIC_TLS),
    ("2.17", Transport.CERTIFICATE_TLS),
]


@pytest.mark.parametrize(("core", "transport"), WAYS, ids=lambda each: getattr(each, "name", each).lower())
def test_check_shows_apply_does_and_again_there_is_nothing_to_do(
    set_stage: SetStage, core: str, transport: Transport
) -> None:
    assert_quartet(set_stage(contoso(*RECIPIENTS), core=core, transport=transport))


@pytest.mark.parametrize("transport", [Transport.NTLM, Transport.LOCAL], ids=lambda each: each.name.lower())
def test_the_stand_in_for_powershell_gives_the_same(set_stage: SetStage, transport: Transport) -> None:
    stage = set_stage(contoso(*RECIPIENTS), core=NEWEST, transport=transport, host=HostOptions(pwsh=None))
    assert_quartet(stage)
