# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what a run would do, kept to be judged, and held to by a later run."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.plan."""

    DOCUMENTATION = r"""
options:
  plan_file:
    description:
      - A file on the controller for the plan of the run, as JSON in the format of C(docs/schemas/access-plan-1.json) of
        the collection. What is wanted, what was observed, and what would be done, mailbox by mailbox. It is made whole
        or not at all, and only its owner may read it, for it tells who may do what. It holds no secret.
      - For check mode only, and not in a C(serial) play, where each batch is a run of its own.
      - A plan that is there already is taken away before anything is read, so that it never passes for the new one. A
        file that is no plan is refused. A run that stopped before its end, or that was refused, writes none.
    type: path
  apply_plan:
    description:
      - A file that O(plan_file) wrote. The run decides anew from the inventory and from what it reads, and goes on to
        its first write only if all that is wanted, observed and to be done is as the plan has it, row by row, and
        O(auto_mapping) is. So whoever edits a plan cannot make a run do what the inventory does not want.
      - Else nothing is written, and the task fails with C(failure_class) V(plan) and the differences. The remedy is a
        new plan; or, where all of them are that something could not be read now (C(retry_safe) says so), another run.
        It is no difference where the same account or mailbox has another address or user principal name, or where a
        cause is told in other words.
      - Limits, journal, O(verify) and O(max_runtime) hold as in every run. In check mode it is only compared.
      - If nothing is left to do, and all that is otherwise is that what was planned is done, the task ends well and
        says so. Surplus and retired accounts are the exception, for grants of theirs that were taken back leave no
        row to tell by.
      - Refused are a plan that is older than O(plan_max_age), from the future, damaged, of another organisation, one
        made on a snapshot if this run is not, and the reverse; and O(plan_file) besides, and a C(serial) play.
    type: path
  plan_max_age:
    description:
      - The age in hours, from the beginning of the run that made it, from which on a plan is not applied any more.
    type: int
    default: 72
"""
