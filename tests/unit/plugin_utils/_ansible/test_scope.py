# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is about: what is done once in a play, and what may not be asked for together."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Profile
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.scope import Play, scope_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

NOW = datetime(2026, 6, 15, 12, tzinfo=timezone.utc)
HOSTS = ("a@contoso.com", "b@contoso.com", "c@contoso.com", "d@contoso.com")
PROFILES = {"sender": Profile("sender", "router@contoso.com", (Right.SEND_AS,))}
OPTIONS: dict[str, Any] = {
    "profile": ["sender"],
    "state": "present",
    "retired_accounts": ["old@contoso.com"],
    "surplus": "revoke",
    "surplus_group": "crm",
    "surplus_group_minimum": 4,
}


def scope(batch: tuple[str, ...], failed: tuple[str, ...] = (), rejected: Any = None, **options: Any) -> Scope:
    """``failed``: hosts that ansible has taken out of the play; it takes them out of the batch, too.

    ``rejected``: the variable of the last host's group that says how many rows of its export were rejected.
    """
    hostvars: dict[str, dict[str, Any]] = {host: {} for host in HOSTS}
    hostvars[HOSTS[-1]]["crm_rejected_rows"] = rejected
    task_vars = {
        "ansible_play_batch": [host for host in batch if host not in failed],
        "ansible_play_hosts": [host for host in HOSTS if host not in failed],
        "ansible_play_hosts_all": list(HOSTS),
        "groups": {"crm": list(HOSTS)},
    }
    play = Play.of(task_vars, hostvars)
    return scope_of({**OPTIONS, **options}, PROFILES, (), play, "contoso.onmicrosoft.com", NOW)


@pytest.mark.parametrize(
    ("batch", "failed", "once"),
    [
        (HOSTS, (), True),
        (HOSTS, HOSTS[:1], True),
        (HOSTS[:2], (), True),
        (HOSTS[:2], HOSTS[:1], True),
        (HOSTS[2:], (), False),
        (HOSTS[2:], HOSTS[:1], False),
    ],
)
def test_what_is_done_once_is_done_in_the_first_batch_though_its_first_host_failed(
    batch: tuple[str, ...], failed: tuple[str, ...], once: bool
) -> None:
    made = scope(batch, failed)
    assert (bool(made.retired), made.surplus is not None) == (once, once)


def test_a_task_that_wants_everything_absent_does_not_take_back_what_the_rest_of_the_group_holds() -> None:
    with pytest.raises(InputError, match="every host of surplus_group that says nothing would count as absent"):
        scope(HOSTS[:1], state="absent")
    assert scope(HOSTS[:1], state="absent", surplus="report").surplus is not None


@pytest.mark.parametrize(("rejected", "told"), [(None, 0), (0, 0), (4, 4), ("4", 4)])
def test_rows_that_were_rejected_anywhere_in_the_group_are_told_where_surplus_is_revoked(
    rejected: Any, told: int
) -> None:
    made = scope(HOSTS[:1], rejected=rejected).surplus
    assert made is not None
    assert made.rejected == told


def test_a_slice_of_a_job_judges_no_surplus_and_retires_nobody() -> None:
    play = Play(HOSTS, HOSTS, {"crm": HOSTS}, {host: {} for host in HOSTS}, template="Mailboxes")
    with pytest.raises(InputError) as refused:
        scope_of(OPTIONS, PROFILES, (), play, "contoso.onmicrosoft.com", NOW)
    assert [fault.partition(":")[0] for fault in refused.value.faults] == ["surplus_group", "retired_accounts"]
    plain = {**OPTIONS, "surplus": "report", "surplus_group": None, "retired_accounts": []}
    assert scope_of(plain, PROFILES, (), play, "contoso.onmicrosoft.com", NOW).surplus is None
