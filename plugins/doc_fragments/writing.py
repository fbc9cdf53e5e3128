# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a task may go that writes rights, and what becomes of its failures."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.writing."""

    DOCUMENTATION = r"""
options:
  max_grants:
    description:
      - The most grants that the task may write, a number or a per cent of its mailboxes such as V(5%). If more are
        called for, nothing at all is written and the task fails. Not in a C(serial) play.
    type: str
  max_revocations:
    description:
      - The same for revocations. If not set it is V(10), in a C(serial) play for each batch.
    type: str
  policy:
    description:
      - A file of YAML on the controller, kept by whoever answers for access. It says which accounts may be granted
        what, on which mailboxes nothing is granted, and how much a task may write at most. It is plain data and never
        templated. Its keys are in the collection's C(docs/policy.md).
      - If anything more is asked for, whether it is held already or not, nothing at all is written, the task fails, in
        check mode, too, and RV(refusals) names the lines of the file.
      - The policy that the environment variable E(EXCHANGE_ONLINE_POLICY) of C(ansible-playbook) names holds besides.
      - A file that is missing, or in which anything is wrong, fails the task before it signs in, and so does null.
    type: path
  auto_mapping:
    description:
      - Whether Outlook of the account opens a mailbox by itself once Full Access is granted. It takes effect when
        granting only; it can neither be read nor changed afterwards.
    type: bool
    default: false
  verify:
    description:
      - For how many seconds to go on looking until what was written is visible, ten seconds apart. What is not
        visible by then is V(pending). With V(0) it looks once.
    type: int
    default: 120
  on_failure:
    description:
      - With V(fail) the task fails if a mailbox fails, with one sentence, the counts, and at most 50 rows.
      - With V(report) it returns everything, unfailed, and RV(verdict) says whether it would have failed.
    type: str
    choices: [fail, report]
    default: fail
"""
