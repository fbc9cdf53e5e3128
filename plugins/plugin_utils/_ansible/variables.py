# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role and the playbooks, and those that are misspelt: ansible takes any name in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Union

from .._access.desired import InputError
from .misplaced import HOST_VARIABLES, PREFIX

_OF_ROLE = (
    "apply_plan auto_mapping default_profile fail_on_drift fail_on_surplus grace hosts journal max_grants "
    "max_revocations max_runtime plan_file plan_markdown plan_max_age policy preflight previous previous_report "
    "profiles report_mode reports request_timeout retired_accounts sessions surplus surplus_group "
    "surplus_group_minimum verdicts verify"
)
_OF_SIGN_IN = (
    "access_token app_id certificate_file certificate_password certificate_thumbprint endpoints environment "
    "managed_identity managed_identity_account_id organization powershell powershell_host snapshot snapshot_update"
)
_OF_PLAYBOOKS = (
    "adopt_accounts adopt_file plan_markdown rehearse_base rehearse_base_vars rehearse_markdown restore_run "
    "selftest_sample snapshot_accounts snapshot_anonymize snapshot_detail snapshot_file withdraw_account "
    "withdraw_confirm"
)
#: Those that a user sets.
VARIABLES = frozenset(
    (
        *HOST_VARIABLES,
        *(f"{PREFIX}{name}" for name in _OF_ROLE.split()),
        *(f"exchange_{name}" for name in _OF_SIGN_IN.split()),
        *_OF_PLAYBOOKS.split(),
    )
)
#: Those that the role and the playbooks keep for themselves.
INNER = frozenset(
    (
        *("mailbox_delegation_access", "mailbox_delegation_planned", "mailbox_delegation_report"),
        *("adopt_found", "demo_organisation", "demo_place", "demo_reports", "demo_run", "discover_found"),
        *("guard_mailboxes", "rehearse_bases", "rehearse_change", "rehearse_files", "rehearse_place"),
        *("rehearse_program", "rehearse_ran", "rehearse_said", "restore_done", "restore_runs", "selftest_found"),
        *("snapshot_taken", "withdraw_after", "withdraw_before", "withdraw_done"),
    )
)
#: What begins like this means a rehearsal; without one the run would write.
_SNAPSHOT = "exchange_snapshot"
#: How alike two names are of which one is the other misspelt, 1 being the same; under a prefix that is ours they are
#: misspelt anyway, and it says only whether one is meant.
_ALIKE, _SIMILAR = 0.9, 0.6


def check_typed(extra_variables: Iterable[str]) -> None:
    """Raises InputError for variables of the command line that look like one of ours and are none."""
    faults = []
    for name in map(str, extra_variables):
        meant = None if name in VARIABLES else _closest(name)
        if meant is None and _plain(name).startswith(_SNAPSHOT) and name not in VARIABLES:
            meant = _SNAPSHOT
        if meant is not None:
            instead = f"is {meant} meant?" if meant else "take it away, or give it another name"
            faults.append(f"{name} is set with -e, and is no variable of this collection: {instead}")
    if faults:
        raise InputError(faults)


def misspelt_in(task_vars: Mapping[str, Any]) -> Iterator[str]:
    """A warning for each variable of the play or the inventory that the task sees, looks like one of ours, and is none.

    What a task has registered was named by whoever wrote it, and nobody reads it for one of ours.
    """
    for name, value in task_vars.items():
        meant = meant_by(str(name))
        if meant is not None and not (isinstance(value, Mapping) and "changed" in value):
            yield f"{name} {NOT_READ}{asked(meant)}"


NOT_READ = "is no variable of this collection and was not read"


def asked(meant: str) -> str:
    """The end of a warning. ``meant``: as ``meant_by`` says."""
    return f": is {meant} meant?" if meant else ""


@cache
def meant_by(name: str) -> Union[str, None]:
    """The variable of which this is a misspelling; empty where it looks like one and none is meant; None where it is
    one, or is not ours. A name is judged once, however many hosts have it."""
    return None if name in VARIABLES or name in INNER else _closest(name)


def _closest(name: str) -> Union[str, None]:
    plain = _plain(name)
    if plain.startswith(PREFIX):
        ours = [one[len(PREFIX) :] for one in sorted(VARIABLES) if one.startswith(PREFIX)]
        found = get_close_matches(plain[len(PREFIX) :], ours, n=1, cutoff=_SIMILAR)
        return f"{PREFIX}{found[0]}" if found else ""
    near = [one for one in sorted(VARIABLES) if abs(len(one) - len(plain)) <= 1]
    alike = get_close_matches(plain, near, n=1, cutoff=_ALIKE)
    return alike[0] if alike else None


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")
