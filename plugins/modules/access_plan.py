#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: access_plan
short_description: Show what a plan of mailbox_delegation would do, or what it asks for beyond another
version_added: 0.1.0
description:
  - Reads a plan that M(email_router.exchange_online.mailbox_delegation) wrote to its
    O(email_router.exchange_online.mailbox_delegation#module:plan_file), and says what it would do and what stands in
    the way.
  - With O(base), the plan of another inventory on the same organisation, it says what the one asks for beyond the
    other, and nothing else. What is the same in both, such as drift that others left, is not part of it.
  - It signs in nowhere and connects to no host. Files are those of the controller.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
attributes:
  check_mode:
    support: full
    details:
      - Plans are made in check mode, so O(markdown) is written in check mode, too.
  diff_mode:
    support: none
    details:
      - What would change in Exchange is what it says.
  idempotent:
    support: full
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: full
    details:
      - Options are templated with the variables of the first host. Add C(run_once=true).
  delegation:
    support: none
    details:
      - Works on the controller, whatever host it runs for.
  platform:
    support: full
    platforms: posix
  action_group:
    support: none
    membership: []
    details:
      - It does not sign in.
options:
  plan:
    description:
      - The file of the plan. One that is damaged or was edited is refused.
    type: path
    required: true
  base:
    description:
      - The file of the plan that it is held against, such as that of the target branch of a pull request.
      - Two plans of different organisations, on different snapshots, or of which one was made on a snapshot and one was
        not, are refused, for their difference says nothing of the inventories.
    type: path
  markdown:
    description:
      - A file for whoever approves it, at most 65,536 characters, as the comment of a pull request may be. Its
        directory is made where it is missing, and only its owner may read it.
    type: path
  on_failure:
    description:
      - The verdict fails for what stands in the way of the plan, with O(base) for what stands in the way only of it. A
        row that is unknown because the snapshot does not hold it is warned of instead.
      - With V(fail) the task fails if the verdict does. With V(report) RV(verdict) tells, and only a file that cannot
        be written or read, or plans that cannot be compared, fail the task.
    type: str
    choices: [fail, report]
    default: fail
seealso:
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: What the plan would do
  email_router.exchange_online.access_plan:
    plan: plans/access-plan.json
    markdown: plans/access-plan.md
  run_once: true

- name: What this branch asks for beyond its target
  email_router.exchange_online.access_plan:
    plan: plans/head.json
    base: plans/base.json
    markdown: reports/change.md
  run_once: true
"""

RETURN = r"""
msg:
  description: In one sentence what would be done, or what the change is.
  returned: always
  type: str
  sample: "This change: +3 Send As, +1 Full Access, -0; 1 held already"
lines:
  description: The same list by list, with the numbers by account and right and at most 20 rows each.
  returned: unless the input cannot be meant
  type: list
  elements: str
  sample:
    - "To be granted (1): 1 Send As for crmrouter@contoso.com"
    - "  sales@contoso.com, crmrouter@contoso.com, Send As"
digest:
  description: The SHA-256 of the plan, by which it is approved.
  returned: unless the input cannot be meant
  type: str
  sample: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
base_digest:
  description: That of O(base), or empty.
  returned: unless the input cannot be meant
  type: str
  sample: ""
counts:
  description:
    - How many rows there are. C(added) and C(removed) are grants and revocations; with O(base), what is wanted newly on
      a mailbox that the snapshot does not hold counts as added. C(problems) stand in the way, and C(unseen) are others
      that are unknown because the snapshot does not hold them. C(surplus) is reported and left.
    - With O(base), C(held_already) is wanted newly and needs no write, C(left_as_surplus) is not wanted any more and
      stays held, C(absent_already) is wanted absent newly and is not held, C(not_granted_any_more) and
      C(not_revoked_any_more) are writes of the base alone, C(other_terms) are wanted until another time or after other
      accounts, and C(mended) are problems of the base alone.
  returned: unless the input cannot be meant
  type: dict
  sample:
    added: 4
    removed: 0
    problems: 0
    unseen: 0
    held_already: 1
    left_as_surplus: 0
    absent_already: 0
    not_granted_any_more: 0
    not_revoked_any_more: 0
    other_terms: 0
    surplus: 0
    mended: 0
rights:
  description: How many of the added and the removed are of each right.
  returned: unless the input cannot be meant
  type: dict
  sample:
    send_as: {grant: 3, revoke: 0}
    full_access: {grant: 1, revoke: 0}
    send_on_behalf: {grant: 0, revoke: 0}
verdict:
  description: Whether something stands in the way.
  returned: unless the input cannot be meant
  type: dict
  contains:
    failed: {description: "Whether it fails, whatever O(on_failure) says", type: bool, returned: always}
    sentence: {description: The sentence of RV(msg), type: str, returned: always}
failure_class:
  description:
    - What failed. V(mailboxes) for rows that stand in the way, V(report) for a file that could not be written, V(input)
      for options or plans that cannot be meant, V(internal) for a fault of this collection.
  returned: always; empty where nothing failed
  type: str
  sample: mailboxes
retry_safe:
  description: Whether a machine may run the play again; never where something failed.
  returned: always
  type: bool
  sample: true
errors:
  description: Everything that is wrong with the input.
  returned: if the input cannot be meant
  type: list
  elements: str
"""
