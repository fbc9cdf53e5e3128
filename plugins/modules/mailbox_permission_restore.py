#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_permission_restore
short_description: Undo what a run wrote to mailboxes, from its journal
version_added: 0.1.0
description:
  - A run of M(email_router.exchange_online.mailbox_delegation) or M(email_router.exchange_online.mailbox_permission)
    with the option C(journal) writes down each write before it is sent and after it is answered. This module reads
    that file and brings back what was before the run, also where the run was killed in the middle of a write.
  - It ends the PowerShells that the run left, reads what is there now, and undoes only what still is as the run left
    it. It revokes what the run granted, and grants again what the run revoked, with the same C(InheritanceType).
    AutoMapping cannot be read, so it is off afterwards.
  - Whatever else is found is told and left as it is. That is the case if somebody changed the right since, or set an
    entry that denies, if a later run in the journal wrote the same, or if the mailbox or the account is gone.
  - Mailboxes and accounts are found again by GUID and SID, never by name.
  - Its own writes are told to the same journal. A restore that was killed is gone on with by running it again, and a
    restore can be restored itself by its O(run).
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
      - The far end is started read-only and refuses every cmdlet that writes. Nothing is ended, and the journal is only
        read.
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
  journal:
    description:
      - The journal, a file on the controller. It must belong to the user who runs ansible, and only that user may be
        able to write it. A run that still goes on holds it, and is not restored.
    type: path
    required: true
  run:
    description:
      - The id of the run. If left out it is the last that is no restore and may have changed something. The task must
        sign in to the same O(organization).
      - Each task is a run of its own, and in a C(serial) play each batch; to undo several, begin with the last.
      - With V(list) nothing is undone and nobody signs in, and RV(runs) says which ones the journal holds. If there is
        no such run, the error lists the last of them.
    type: str
  max_grants:
    description:
      - The most grants that the task may write, a number or a per cent of its mailboxes such as V(5%). If more are
        called for, nothing at all is written and the task fails. Not in a C(serial) play.
    type: str
  max_revocations:
    description:
      - The same for revocations. If not set there is no limit but what the run granted.
    type: str
  policy:
    description:
      - A file of YAML on the controller, kept by whoever answers for access. It says which accounts may be granted
        what, on which mailboxes nothing is granted, and how much a task may write at most. It is plain data and never
        templated. Its keys are in the collection's C(docs/policy.md).
      - If undoing the run takes anything more, nothing at all is written, the task fails, in
        check mode, too, and RV(refusals) names the lines of the file.
      - The policy that the environment variable E(EXCHANGE_ONLINE_POLICY) of C(ansible-playbook) names holds besides.
      - A file that is missing, or in which anything is wrong, fails the task before it signs in, and so does null.
    type: path
  verify:
    description:
      - For how many seconds to look again, ten seconds apart, where the journal does not know what is there or knows
        it otherwise, and until what was written is visible. With V(0) it looks once.
    type: int
    default: 120
  on_failure:
    description:
      - With V(fail) the task fails if a mailbox fails, with one sentence, the counts, and at most 50 rows.
      - With V(report) it returns everything, unfailed, and RV(verdict) says whether it would have failed.
    type: str
    choices: [fail, report]
    default: fail
seealso:
  - module: email_router.exchange_online.mailbox_delegation
  - module: email_router.exchange_online.mailbox_permission
"""

EXAMPLES = r"""
- name: What undoing the last run would do
  email_router.exchange_online.mailbox_permission_restore:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    journal: /var/log/ansible/exchange.jsonl
  delegate_to: exo-mgmt01
  run_once: true
  check_mode: true

- name: Which runs there are
  email_router.exchange_online.mailbox_permission_restore:
    journal: /var/log/ansible/exchange.jsonl
    run: list
  run_once: true

- name: Undo it
  email_router.exchange_online.mailbox_permission_restore:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    journal: /var/log/ansible/exchange.jsonl
  delegate_to: exo-mgmt01
  run_once: true
"""

RETURN = r"""
runs:
  description: The runs that the journal holds, the last first.
  returned: with O(run=list)
  type: list
  elements: dict
  contains:
    run: {description: Its id, type: str, returned: always}
    time: {description: "When it began, UTC", type: str, returned: always}
    module: {description: The module that made it, type: str, returned: always}
    restores: {description: "The id of the run that it restored, or empty", type: str, returned: always}
    writes: {description: How many writes it sent, type: int, returned: always}
    may_have_changed: {description: Whether any of them may have changed something, type: bool, returned: always}
    ended: {description: Whether it came to its end, type: bool, returned: always}
run:
  description: The id of the run that was undone.
  returned: unless the whole run fails, or O(run=list)
  type: str
  sample: 7f0a3f4e-5d0e-4bb7-9d0a-52c1a3b0a001
ended:
  description: Each PowerShell that the journal names, and what became of it.
  returned: unless the whole run fails, or O(run=list)
  type: list
  elements: dict
  contains:
    channel: {description: "V(winrm) or V(local)", type: str, returned: always}
    where: {description: Which it is, type: str, returned: always}
    outcome:
      description:
        - V(ended), V(was gone), V(cannot be ended), V(is not to be seen from this machine) or
          V(not tried in check mode).
      type: str
      returned: always
  sample:
    - channel: winrm
      where: shell 7C2E8B5A-0000-4000-8000-000000000001 of https://exo-mgmt01:5986/wsman
      outcome: ended
without_effect:
  description: How many writes of the run need no undoing, since Exchange refused them or said that it was so already.
  returned: unless the whole run fails, or O(run=list)
  type: int
grants:
  description:
    - One row for each right of an account on a mailbox that the run may have changed. If the task fails, only rows that
      need attention, at most 50.
  returned: unless the whole run fails, or O(run=list)
  type: list
  elements: dict
  contains:
    mailbox: {description: Address of the mailbox at the time of the run, type: str, returned: always}
    address: {description: Its primary address now, type: str, returned: always}
    account: {description: The account, type: str, returned: always}
    right: {description: "V(send_as), V(full_access) or V(send_on_behalf)", type: str, returned: always}
    state: {description: What was before the run and is wanted again, type: str, returned: always}
    before: {description: "What was found, V(held), V(not held), V(denied) or V(unknown)", type: str, returned: always}
    outcome:
      description:
        - V(compliant) (it is as before the run), V(granted), V(revoked), V(pending) (written and accepted, not visible
          yet), V(missing) and V(unwanted) (not undone), V(ambiguous) (somebody else changed it since), V(denied) (an
          entry that denies was set since), V(unknown) (it could not be established), V(refused) (Exchange said no),
          V(not_found) (the mailbox or the account is gone) or V(unsupported).
      type: str
      returned: always
    cause: {description: "Why, if not as before the run", type: str, returned: always}
    next_step: {description: What to do about it, type: str, returned: always}
    notes: {description: What else was noticed, type: list, elements: str, returned: always}
    until: {description: "Empty, for mailbox_delegation alone knows an end", type: str, returned: always}
    reason: {description: "Empty, for mailbox_delegation alone is told one", type: str, returned: always}
  sample:
    - mailbox: sales@contoso.com
      address: sales@contoso.com
      account: crmrouter@contoso.com
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
  description: The rows that are not as before the run, in words, at most 50.
  returned: unless the whole run fails, or O(run=list)
  type: list
  elements: str
grants_omitted:
  description: How many rows that need attention were left out.
  returned: if the task fails
  type: int
summary:
  description: The number of rows, and of rows of each outcome.
  returned: unless the whole run fails, or O(run=list)
  type: dict
  sample: {total: 2, compliant: 1, revoked: 1}
coverage:
  description: For each right, how many of the grants that the run may have changed were read.
  returned: unless the whole run fails, or O(run=list)
  type: dict
  sample: {send_as: 2 of 2}
statistics:
  description: Cmdlet calls by name, writes, seconds by phase, and requests and bytes over the wire.
  returned: unless the whole run fails, or O(run=list)
  type: dict
verdict:
  description:
    - C(failed) says whether the task fails, or would but for O(on_failure=report); C(drift), whether something was to
      be undone and was left; C(msg), all in one sentence.
  returned: unless the whole run fails, or O(run=list)
  type: dict
  sample: {failed: false, drift: false, msg: "2 grants on 2 mailboxes: 1 compliant, 1 revoked"}
failure_class:
  description:
    - What failed. C(mailboxes) says that single mailboxes did, as their rows tell. Whatever else is the failure of the
      run as a whole, and C(msg) begins with C(Whole run).
    - C(input) (options or journal), C(host_unreachable), C(host_login), C(host_shell), C(powershell) (it does not
      start, or lacks what it needs), C(sign_in), C(permission) (cmdlets that the application may not use), C(policy),
      C(session_lost) (and no other could be opened), C(max_runtime), C(journal), C(internal) (a fault of this
      collection).
  returned: always; empty where nothing failed
  type: str
  sample: journal
retry_safe:
  description:
    - Whether a machine may run the same task again, for the cause may pass by itself. Otherwise somebody has to look
      first. A login that the PowerShell host refused is never retry-safe, since accounts lock out.
  returned: always
  type: bool
  sample: false
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
