#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_permission
short_description: Grant or revoke Send As, Full Access or Send on Behalf on mailboxes
version_added: 0.1.0
description:
  - For tasks that name mailboxes, trustees and rights themselves. Each trustee holds each right on each mailbox, or
    does not. For the mailboxes of an inventory see M(email_router.exchange_online.mailbox_delegation).
  - It signs in once, reads, writes what is otherwise than wanted, and reads back what it wrote. A state that could not
    be read is never written over.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
  - email_router.exchange_online.exchange
  - email_router.exchange_online.powershell
  - email_router.exchange_online.run
  - email_router.exchange_online.journal
  - email_router.exchange_online.writing
attributes:
  check_mode:
    support: full
    details:
      - The far end is started read-only and refuses every cmdlet that writes. Roles that read are enough.
  diff_mode:
    support: full
  idempotent:
    support: full
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: full
    details:
      - Options are templated with the variables of the first host. Add C(run_once=true) where the result is
        registered.
  delegation:
    support: full
  platform:
    support: full
    platforms: windows, posix
  action_group:
    support: full
    membership:
      - email_router.exchange_online.exchange
    details:
      - C(group/email_router.exchange_online.exchange)
options:
  mailboxes:
    description:
      - Addresses of the mailboxes. Of Send As, also of mail users, contacts, and distribution or dynamic groups.
    type: list
    elements: str
    required: true
  trustees:
    description:
      - The accounts, by user principal name, mail address, object id or SID.
      - To be granted something an account must be a mailbox user, a mail user with an account, or a mail-enabled
        security group. To lose something it may be anything, even the SID of an account that was deleted.
    type: list
    elements: str
    required: true
  rights:
    description:
      - The rights, in Exchange's words Send As, Full Access and Send on Behalf. Full Access alone does not let an
        account send.
    type: list
    elements: str
    choices: [send_as, full_access, send_on_behalf]
    required: true
  state:
    description:
      - With V(present) the trustees hold O(rights) on the mailboxes.
      - With V(absent) they do not. Other rights are left alone.
    type: str
    choices: [present, absent]
    default: present
  exclusive:
    description:
      - With O(state=present), these trustees and no others hold O(rights) on the mailboxes. Whoever else holds one by
        an entry of its own loses it, accounts that were deleted, too.
      - The mailbox itself (C(NT AUTHORITY\SELF)), inherited entries and entries that deny are left alone.
      - If the list of a mailbox cannot be read, or it is not certain whom an entry means, nothing is revoked there, and
        the outcome is V(unknown).
      - It needs O(max_revocations).
      - Not in a slice of a job of AWX, whose inventory lacks the other slices; it is refused where that can be known.
    type: bool
    default: false
  inheritance:
    description:
      - To which folders of a mailbox Full Access applies, as C(InheritanceType) of C(Add-MailboxPermission). It takes
        effect when granting only. A right that is held is left as it is, and revoked as it is.
    type: str
    choices: ['None', All, Children, Descendents, SelfAndChildren]
    default: All
seealso:
  - module: email_router.exchange_online.mailbox_permission_info
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: A program may send as two mailboxes, and read them
  email_router.exchange_online.mailbox_permission:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    mailboxes:
      - sales@contoso.com
      - support@contoso.com
    trustees:
      - crmrouter@contoso.com
    rights:
      - send_as
      - full_access
  delegate_to: exo-mgmt01
  run_once: true

- name: Two accounts and nobody else may send as the board
  email_router.exchange_online.mailbox_permission:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    mailboxes:
      - board@contoso.com
    trustees:
      - alice@contoso.com
      - assistants@contoso.com
    rights:
      - send_as
      - send_on_behalf
    exclusive: true
    max_revocations: "5"
  delegate_to: exo-mgmt01
  run_once: true

- name: What an account that was deleted still holds on a mailbox
  email_router.exchange_online.mailbox_permission:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    mailboxes:
      - sales@contoso.com
    trustees:
      - S-1-5-21-1004336348-1177238915-682003330-1107
    rights:
      - send_as
      - full_access
    state: absent
  delegate_to: exo-mgmt01
  run_once: true
"""

RETURN = r"""
failure_class:
  description:
    - What failed. C(mailboxes) says that single mailboxes did, as their rows tell. Whatever else is the failure of the
      run as a whole, and C(msg) begins with C(Whole run).
    - C(input) (options or inventory), C(host_unreachable), C(host_login), C(host_shell), C(powershell) (it does not
      start, or lacks what it needs), C(sign_in), C(permission) (cmdlets that the application may not use), C(policy),
      C(exchange) (it did not tell who the accounts are), C(session_lost) (and no other could be opened),
      C(max_runtime), C(journal), C(internal) (a fault of this collection).
  returned: always; empty where nothing failed
  type: str
  sample: session_lost
retry_safe:
  description:
    - Whether a machine may run the same task again, for the cause may pass by itself. Otherwise somebody has to look
      first. A login that the PowerShell host refused is never retry-safe, since accounts lock out.
  returned: always
  type: bool
  sample: true
grants:
  description:
    - One row for each mailbox, trustee and right, and with O(exclusive) for each other account that held one. If the
      task fails, only rows that need attention, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    mailbox: {description: As in O(mailboxes), type: str, returned: always}
    address: {description: Primary address of the mailbox, type: str, returned: always}
    account: {description: The trustee, type: str, returned: always}
    right: {description: "V(send_as), V(full_access) or V(send_on_behalf)", type: str, returned: always}
    state: {description: What is wanted, type: str, returned: always}
    before: {description: "V(held), V(not held), V(denied) or V(unknown)", type: str, returned: always}
    outcome:
      description:
        - V(compliant), V(granted), V(revoked), V(pending) (written and accepted, not visible yet), V(missing) and
          V(unwanted) (drift that was not mended), V(denied) (a Deny stands), V(unknown) (it could not be
          established), V(refused) (Exchange said no), V(not_found), V(ambiguous) or V(unsupported).
      type: str
      returned: always
    cause: {description: "Why, if not as wanted", type: str, returned: always}
    next_step: {description: What to do about it, type: str, returned: always}
    notes: {description: What else was noticed, type: list, elements: str, returned: always}
    until: {description: "Empty, for mailbox_delegation alone knows an end", type: str, returned: always}
    reason: {description: "Empty, for mailbox_delegation alone is told one", type: str, returned: always}
  sample:
    - mailbox: board@contoso.com
      address: board@contoso.com
      account: eve@contoso.com
      right: send_as
      state: absent
      before: held
      outcome: revoked
      cause: ""
      next_step: ""
      notes: []
      until: ""
      reason: ""
attention:
  description: The rows that are not as wanted, in words, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: str
grants_omitted:
  description: How many rows that need attention were left out.
  returned: if the task fails
  type: int
summary:
  description: The number of rows, and of rows of each outcome.
  returned: always, but for failures of the whole run
  type: dict
  sample: {total: 2, compliant: 1, granted: 1}
coverage:
  description: For each right, how many of the wanted grants were read.
  returned: always, but for failures of the whole run
  type: dict
  sample: {send_as: 2 of 2}
statistics:
  description:
    - C(calls) by cmdlet and C(calls_total), C(writes) and C(repeats) among them, C(sessions) that it took, C(seconds)
      by phase (those C(waiting) because Exchange was in trouble are part of the others), and C(requests) and bytes
      over WinRM.
  returned: always, but for failures of the whole run
  type: dict
verdict:
  description:
    - C(failed) says whether the task fails, or would but for O(on_failure=report); C(drift), whether something is
      otherwise than wanted and was left so; C(msg), all in one sentence.
  returned: always, but for failures of the whole run
  type: dict
  sample: {failed: false, drift: false, msg: "2 grants on 2 mailboxes: 1 compliant, 1 granted"}
refusals:
  description:
    - What policies refuse, each with C(FILE:LINE), the rule in words, mailbox, account, right. If the task fails, 50.
  returned: if anything is refused
  type: list
  elements: str
policy:
  description: Each policy that held, its C(file) and the C(digest) of its content (SHA-256).
  returned: if a policy held, but for other failures of the whole run
  type: list
  elements: dict
rehearsal:
  description:
    - The O(snapshot) that the task worked on, when it was C(taken) and how many hours ago, and its C(detail). An
      organisation that was written by hand is of no time.
  returned: with O(snapshot)
  type: dict
  sample: {snapshot: snapshot.json, taken: "2026-01-05T09:00:00Z", age_hours: 5.5, detail: minimal}
errors:
  description: Everything that is wrong with the input.
  returned: if the input cannot be meant
  type: list
  elements: str
"""
