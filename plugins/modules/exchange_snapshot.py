#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_snapshot
short_description: Take a snapshot of who holds what, for rehearsals without access to Exchange Online
version_added: 0.1.0
description:
  - Reads mailboxes, accounts and their permissions into a file. Every module of this collection that signs in takes it
    by its option C(snapshot) and then works on it, with no PowerShell, no sign-in and no network.
  - With O(detail=minimal), the default, it holds the mailboxes of the play and the accounts of the profiles. Of
    everybody else it holds how many there are, and not who. What it does not hold, a rehearsal calls unknown.
  - With O(detail=full) it holds all mailboxes, accounts and permissions of the organisation, and so whatever its reader
    wants to know of them.
  - It holds no secret, and nothing that signs in. It says who may do what, so it is readable by its owner only.
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
      - It never changes anything in Exchange, whose far end is always started read-only. The file is what the task is
        for, so it is written in check mode, too.
  diff_mode:
    support: N/A
    details:
      - It never changes anything.
  idempotent:
    support: partial
    details:
      - A snapshot holds the time, so the file is written each time. The task never says that it changed something.
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
  dest:
    description:
      - The file, on the controller. It takes the place of one that is there, whole or not at all, with mode C(0600).
        Its directory must exist.
    type: path
    required: true
  detail:
    description:
      - V(minimal) takes the mailboxes of O(mailboxes), else the hosts of the play, and the accounts of O(profiles) and
        O(accounts) with their own mailboxes. Entries of others on them are counted where their list is read anyway,
        which is so of Full Access and Send on Behalf. It takes four calls for each account, one for each mailbox, and
        up to three for every 20 mailboxes. With an account that has a SID history it takes one more for each mailbox.
      - V(full) takes everything. It lists recipients, users, groups, Send As and Send on Behalf in a call each, and
        takes one more for each mailbox.
    type: str
    choices: [minimal, full]
    default: minimal
  anonymize:
    description:
      - Replace all names, addresses, domains, SIDs and ids, the same by the same everywhere in the file, so that this
        collection behaves alike on it and nobody can be known by it. The key is thrown away.
      - It is for bug reports. How many there are of what kind, and their rights, stay as they are.
    type: bool
    default: false
  profiles:
    description:
      - As of M(email_router.exchange_online.mailbox_delegation). The snapshot holds their accounts, and those that they
        replace.
    type: dict
    default: {}
  profile:
    description:
      - As of M(email_router.exchange_online.mailbox_delegation).
    type: list
    elements: str
    default: []
  mailboxes:
    description:
      - The mailboxes, instead of the hosts of the play, as of M(email_router.exchange_online.mailbox_delegation).
    type: list
    elements: dict
    suboptions:
      mailbox:
        description:
          - Its address.
        type: str
        required: true
      profile:
        description:
          - Its profiles. A snapshot holds the accounts of all.
        type: list
        elements: str
      state:
        description:
          - What is wanted of it, which makes no difference here.
        type: str
        choices: [present, absent]
      until:
        description:
          - Until when it is wanted, which makes no difference here.
        type: str
      reason:
        description:
          - Why it is wanted, which makes no difference here.
        type: str
  accounts:
    description:
      - More accounts that rehearsals may ask for, such as those that are to be retired, or that a change may bring.
    type: list
    elements: str
    default: []
  on_failure:
    description:
      - With V(fail) the task fails if something could not be read. The file is written all the same, and a rehearsal
        calls unknown what it lacks.
      - With V(report) it does not fail, and RV(verdict) says whether it would have.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - The role of the application must let it read. To read Send As, roles that only view recipients are not enough.
  - In a rehearsal on a V(minimal) snapshot, surplus and retired accounts are looked for on its mailboxes alone, and
    what needs all who hold Send As on a mailbox is unknown.
  - With O(snapshot), a snapshot is made of a snapshot, to reduce or to anonymize it. It keeps the time of the first.
seealso:
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: What the mailboxes of the play and the accounts of the profiles look like
  email_router.exchange_online.exchange_snapshot:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    profiles:
      default: {account: crmrouter@contoso.com, access_type: send_as}
    accounts:
      - oldrouter@contoso.com
    dest: /var/lib/exchange/snapshot.json
  delegate_to: exo-mgmt01
  run_once: true

- name: The whole organisation, with nobody in it who could be known
  email_router.exchange_online.exchange_snapshot:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    detail: full
    anonymize: true
    dest: /var/lib/exchange/for-a-bug-report.json
  delegate_to: exo-mgmt01
  run_once: true

- name: A rehearsal on it
  email_router.exchange_online.mailbox_delegation:
    snapshot: /var/lib/exchange/snapshot.json
    profiles:
      default: {account: crmrouter@contoso.com, access_type: send_as}
    profile: default
  delegate_to: localhost
  run_once: true
  check_mode: true
"""

RETURN = r"""
failure_class:
  description:
    - What failed. C(mailboxes) says that something could not be read, as RV(unresolved) tells, and that the rest is in
      O(dest). Whatever else is the failure of the run as a whole, and C(msg) begins with C(Whole run).
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
dest:
  description: The file.
  returned: always, but for failures of the whole run
  type: str
taken:
  description: When reading began, in UTC. It is in the file, and rehearsals say how long ago it is.
  returned: always, but for failures of the whole run
  type: str
  sample: "2026-01-05T09:00:00Z"
counts:
  description:
    - How much the snapshot holds. C(mailboxes) and C(accounts) that were found, all C(recipients), C(entries) of access
      lists, entries of C(others) that are counted only, what was looked up and is C(absent) or no mailbox or account to
      work with, and C(gaps), which could not be read.
  returned: always, but for failures of the whole run
  type: dict
  sample: {mailboxes: 12, accounts: 1, recipients: 13, entries: 20, others: 4, absent: 0, gaps: 0}
absent:
  description: Mailboxes and accounts that were looked up and are not there, as the snapshot says, too.
  returned: always, but for failures of the whole run
  type: list
  elements: str
unresolved:
  description: What could not be read. If the task fails, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    subject:
      description: "V(mailbox), V(account), V(send_as), V(full_access) or V(send_on_behalf)"
      type: str
      returned: always
    of: {description: "The mailbox or account; empty: the whole organisation", type: str, returned: always}
    cause: {description: Why not, type: str, returned: always}
unresolved_omitted:
  description: How many rows of RV(unresolved) were left out.
  returned: if the task fails
  type: int
statistics:
  description:
    - As of M(email_router.exchange_online.mailbox_permission_info).
  returned: always, but for failures of the whole run
  type: dict
verdict:
  description: Whether the task fails, or would but for O(on_failure=report), and all in one sentence.
  returned: always, but for failures of the whole run
  type: dict
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
