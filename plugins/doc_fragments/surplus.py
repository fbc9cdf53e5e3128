# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What accounts hold that nobody wants, and accounts that shall hold nothing."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.surplus."""

    DOCUMENTATION = r"""
options:
  surplus_group:
    description:
      - The inventory group that lists every mailbox which may hold grants, whatever C(--limit) and C(serial) say.
      - With it, whatever the accounts of O(profiles) hold beyond what is wanted is looked for. Send As and Send on
        Behalf in the whole organisation, Full Access on the mailboxes of the group.
      - Not in a slice of a job of AWX, whose inventory lacks the other slices; it is refused where that can be known.
    type: str
  surplus:
    description:
      - What becomes of surplus. V(report) lists it, with the outcome V(surplus). V(revoke) takes it back, but only
        if the group has at least O(surplus_group_minimum) hosts, and each of them and of the task's mailboxes was found
        and means one thing, and no row of a CRM export was rejected (variable C(crm_rejected_rows)); else it is held
        back. Not with O(state=absent), which would be said of the whole group.
    type: str
    choices: [report, revoke]
    default: report
  surplus_group_minimum:
    description:
      - The least number of hosts that O(surplus_group) must have for O(surplus=revoke). A broken inventory source
        must not make everything surplus.
    type: int
  retired_accounts:
    description:
      - Accounts that shall hold nothing, by user principal name, address, object id, or, if deleted, SID. What they
        hold is taken back. Send As and Send on Behalf in the whole organisation, Full Access on the mailboxes of the
        task and of O(surplus_group). An account that a profile C(replaces) cannot be retired before that is done.
      - Not in a slice of a job of AWX, as O(surplus_group).
    type: list
    elements: str
    default: []
"""
