#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_permission_info
short_description: Show who holds Send As, Full Access and Send on Behalf on mailboxes, or what accounts hold
version_added: 0.1.0
description:
  - Without O(trustees), who holds what on the mailboxes. One call reads Send As of a mailbox and one its Full Access,
    with entries of deleted accounts, entries that deny and entries that are inherited told apart.
  - With O(trustees), what these accounts hold. Send As and Send on Behalf are looked for in the whole organisation, one
    call for each account. Full Access is shown by single mailboxes only, so it is looked for on O(mailboxes), or on
    all with O(all_mailboxes=true).
  - It never writes. What could not be read is in RV(unresolved), and what was looked at in RV(coverage).
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
  - email_router.exchange_online.exchange
  - email_router.exchange_online.powershell
  - email_router.exchange_online.run
attributes:
  check_mode:
    support: full
    details:
      - It never changes anything. The far end is always started read-only; roles that read are enough.
  diff_mode:
    support: N/A
    details:
      - It never changes anything.
  idempotent:
    support: full
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: full
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
      - Addresses of mailboxes. Of Send As, also of mail users, contacts and groups.
      - With O(trustees) they say where Full Access is looked for, and nothing else.
    type: list
    elements: str
  all_mailboxes:
    description:
      - Look at all mailboxes of the organisation, instead of O(mailboxes). Full Access takes one call for each; while
        it works, the task says how far it is and how long it will take.
      - Without O(trustees), Send As of everything in the organisation is read in one call, that of groups and contacts,
        too, and Send on Behalf of all mailboxes in another.
    type: bool
    default: false
  trustees:
    description:
      - Accounts whose permissions are looked for, by user principal name, mail address, object id or SID. An account
        that was deleted is named by its SID.
    type: list
    elements: str
  rights:
    description:
      - The rights to look at.
    type: list
    elements: str
    choices: [send_as, full_access, send_on_behalf]
    default: [send_as, full_access, send_on_behalf]
  include_self:
    description:
      - Show the entries C(NT AUTHORITY\SELF), too, which every mailbox has.
    type: bool
    default: false
  on_failure:
    description:
      - With V(fail) the task fails if something could not be read, with one sentence and at most 50 rows.
      - With V(report) it returns everything, unfailed, and RV(verdict) says whether it would have failed.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - Entries of mailboxes that give none of the three rights, such as C(ReadPermission) alone, are not shown.
  - Members of a group that holds a right are not looked up.
seealso:
  - module: email_router.exchange_online.mailbox_permission
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: Who may use these mailboxes
  email_router.exchange_online.mailbox_permission_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    mailboxes:
      - sales@contoso.com
      - support@contoso.com
  delegate_to: exo-mgmt01
  run_once: true
  register: holders

- name: Where the router may send, and which mailboxes it may open
  email_router.exchange_online.mailbox_permission_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    trustees:
      - crmrouter@contoso.com
    all_mailboxes: true
  delegate_to: exo-mgmt01
  run_once: true
  register: router

- name: What an account that was deleted still holds, other than Full Access
  email_router.exchange_online.mailbox_permission_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    trustees:
      - S-1-5-21-1004336348-1177238915-682003330-1107
    rights:
      - send_as
      - send_on_behalf
  delegate_to: exo-mgmt01
  run_once: true
  register: remains

- name: Who sends as whom in the whole organisation
  email_router.exchange_online.mailbox_permission_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    all_mailboxes: true
    rights:
      - send_as
  delegate_to: exo-mgmt01
  run_once: true
  register: senders
"""

RETURN = r"""
failure_class:
  description:
    - What failed. C(mailboxes) says that single mailboxes did, as their rows tell. Whatever else is the failure of the
      run as a whole, and C(msg) begins with C(Whole run).
    - C(input) (options or inventory), C(host_unreachable), C(host_login), C(host_shell), C(powershell) (it does not
      start, or lacks what it needs), C(sign_in), C(permission) (cmdlets that the application may not use),
      C(session_lost) (and no other could be opened), C(max_runtime), C(journal), C(internal) (a fault of this
      collection).
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
permissions:
  description:
    - One row for each entry that carries one of the rights. If the task fails, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    mailbox: {description: "As in O(mailboxes), else its address", type: str, returned: always}
    address: {description: Primary address of the mailbox, type: str, returned: always}
    kind: {description: "What it is, such as V(SharedMailbox)", type: str, returned: always}
    right: {description: "V(send_as), V(full_access) or V(send_on_behalf)", type: str, returned: always}
    trustee:
      description:
        - Who has it. With O(trustees), the user principal name, else the address, else the SID. Without, as Exchange
          shows it, which may be a display name; the SID tells accounts apart.
      type: str
      returned: always
    sid:
      description: SID of the trustee; empty for Send on Behalf, if O(trustees) is not given.
      type: str
      returned: always
    access: {description: "V(allow) or V(deny)", type: str, returned: always}
    inherited: {description: Whether the entry is inherited, type: bool, returned: always}
    inheritance_type: {description: "Of Full Access, such as V(All)", type: str, returned: always}
    orphan: {description: Whether the trustee is a SID that nobody has, type: bool, returned: always}
    self: {description: Whether it is the mailbox's entry of itself, type: bool, returned: always}
  sample:
    - mailbox: sales@contoso.com
      address: sales@contoso.com
      kind: SharedMailbox
      right: send_as
      trustee: crmrouter@contoso.com
      sid: S-1-5-21-1004336348-1177238915-682003330-1107
      access: allow
      inherited: false
      inheritance_type: ""
      orphan: false
      self: false
unresolved:
  description:
    - What could not be read. If the task fails, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    mailbox: {description: "The mailbox, or V(the whole organisation), or empty", type: str, returned: always}
    trustee: {description: "The account, or empty", type: str, returned: always}
    right: {description: "The right; empty if it is about all", type: str, returned: always}
    cause: {description: Why not, type: str, returned: always}
    next_step: {description: What to do about it, type: str, returned: always}
permissions_omitted:
  description: How many rows of RV(permissions) were left out.
  returned: if the task fails
  type: int
unresolved_omitted:
  description: How many rows of RV(unresolved) were left out.
  returned: if the task fails
  type: int
coverage:
  description: For each right, what was looked at.
  returned: always, but for failures of the whole run
  type: dict
  sample: {send_as: the whole organisation, full_access: 2 of 2 mailboxes}
statistics:
  description:
    - C(calls) by cmdlet and C(calls_total), C(writes) and C(repeats) among them, C(sessions) that it took, C(seconds)
      by phase (those C(waiting) because Exchange was in trouble are part of the others), and C(requests) and bytes
      over WinRM.
  returned: always, but for failures of the whole run
  type: dict
verdict:
  description: Whether the task fails, or would but for O(on_failure=report), and all in one sentence.
  returned: always, but for failures of the whole run
  type: dict
  sample: {failed: false, msg: 2 permissions on 2 mailboxes}
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
