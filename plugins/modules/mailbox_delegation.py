#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_delegation
short_description: Ensure that service accounts hold Send As, Full Access or Send on Behalf on mailboxes
version_added: 0.1.0
description:
  - The mailboxes are the hosts of the play, or the items of O(mailboxes). For each, profiles name a service account
    and the rights that it needs there. One task signs in to Exchange Online once, reads who may do what, grants what
    is missing, takes back what is wanted absent, and reads back what it wrote.
  - It is for any account that sends as many mailboxes, such as the one of the Dynamics CRM Email Router (Microsoft KB
    2708727).
  - A state that could not be read is never written over, and a grant is never reported without evidence.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
  - email_router.exchange_online.exchange
  - email_router.exchange_online.powershell
  - email_router.exchange_online.run
  - email_router.exchange_online.mailboxes
  - email_router.exchange_online.surplus
  - email_router.exchange_online.plan
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
  profiles:
    description:
      - Dictionary of profiles by name. Each holds C(account), and either C(access_type) or C(rights); and C(groups),
        if wanted.
      - C(account) is the service account, by user principal name, mail address, object id or SID. To be granted
        something it must be a mailbox user, a mail user with an account, or a mail-enabled security group. To lose
        something it may be anything, even the SID of an account that was deleted.
      - C(access_type) speaks the words of the Email Router. V(send_as) is Send As, V(delegate_access) is Full Access.
      - C(rights) is a list of V(send_as), V(full_access), V(send_on_behalf). Full Access alone does not let an
        account send.
      - C(groups) is a list of groups of the inventory; the profile applies to all hosts in them.
      - C(replaces) is an account that this one takes the place of. Where the new account holds the right, read back,
        the old one's same right is taken from that mailbox, so that there is no moment in which neither works.
    type: dict
    required: true
  profile:
    description:
      - The profiles of mailboxes that have none by their host variable C(mailbox_delegation_profile) or by C(groups).
    type: list
    elements: str
    default: []
  state:
    description:
      - What is wanted of mailboxes that have no host variable C(mailbox_delegation_state).
      - With V(present) the accounts of the mailbox's profiles hold the profiles' rights.
      - With V(absent) they hold none of the three rights.
    type: str
    choices: [present, absent]
    default: present
  previous:
    description:
      - A file on the controller with the result of an earlier run, or with its report
        (M(email_router.exchange_online.access_report)), as JSON. The mailboxes for which that run had no time
        (O(max_runtime)) come first. A file that is not there yet is no error.
    type: path
notes:
  - Host variables C(mailbox_delegation_profile) (a name or a list), C(mailbox_delegation_state),
    C(mailbox_delegation_mailbox) (the address, where the name of the host is not),
    C(mailbox_delegation_organization) (must be the task's organisation), C(mailbox_delegation_until) and
    C(mailbox_delegation_reason) (as O(mailboxes[].until) and O(mailboxes[].reason)) are read from the inventory.
seealso:
  - module: email_router.exchange_online.access_report
  - name: Set up the Email Router's service account in Exchange Online
    description: Microsoft KB 2708727.
    link: https://support.microsoft.com/help/2708727
"""

EXAMPLES = r"""
- name: The mailboxes of the play get what their profiles say
  email_router.exchange_online.mailbox_delegation:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    profiles:
      default: {account: crmrouter@contoso.com, access_type: send_as}
      reader: {account: crmrouter@contoso.com, access_type: delegate_access}
    profile: default
  delegate_to: exo-mgmt01
  run_once: true
  register: access

- name: One mailbox from a list, through a pwsh on the controller
  email_router.exchange_online.mailbox_delegation:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_file: /etc/ansible/exchange.pfx
    certificate_password: "{{ vaulted_password }}"
    profiles:
      router: {account: crmrouter@contoso.com, rights: [send_as, send_on_behalf]}
    mailboxes:
      - {mailbox: sales@contoso.com, profile: router}
      - {mailbox: old.queue@contoso.com, profile: router, state: absent}
      - {mailbox: fair@contoso.com, profile: router, until: "2026-12-31", reason: the trade fair}
  delegate_to: localhost
  run_once: true

- name: As much as an hour allows; what the last run had no time for comes first
  block:
    - name: The mailboxes of the play get what their profiles say
      email_router.exchange_online.mailbox_delegation:
        organization: contoso.onmicrosoft.com
        app_id: 00000000-0000-0000-0000-000000000000
        certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
        profiles:
          default: {account: crmrouter@contoso.com, access_type: delegate_access}
        profile: default
        max_runtime: 3600
        previous: /var/lib/ansible/exchange-access.json
        on_failure: report
      delegate_to: exo-mgmt01
      run_once: true
      register: access

    - name: For the next run
      ansible.builtin.copy:
        content: "{{ access | to_nice_json }}"
        dest: /var/lib/ansible/exchange-access.json
        mode: "0600"
      delegate_to: localhost
      run_once: true

    - name: The verdict, which on_failure=report leaves to the play
      ansible.builtin.assert:
        that: not access.verdict.failed
        fail_msg: "{{ access.verdict.msg }}"
      run_once: true

- name: In check mode a plan, to be judged; without it that very plan, if nothing is otherwise than it says
  email_router.exchange_online.mailbox_delegation:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    profiles:
      default: {account: crmrouter@contoso.com, access_type: send_as}
    profile: default
    plan_file: "{{ '/srv/plans/access-plan.json' if ansible_check_mode else omit }}"
    apply_plan: "{{ omit if ansible_check_mode else '/srv/plans/access-plan.json' }}"
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
      C(plan) (something is otherwise than in O(apply_plan)), C(exchange) (it did not tell who the accounts are),
      C(session_lost) (and no other could be opened), C(max_runtime), C(journal), C(report) (O(plan_file) could not be
      written), C(internal) (a fault of this collection).
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
    - One row for each mailbox, account and right. If the task fails, only rows that need attention, at most 50.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    mailbox: {description: "Name of the host, or the item", type: str, returned: always}
    address: {description: Primary address of the mailbox, type: str, returned: always}
    account: {description: The service account, type: str, returned: always}
    right: {description: "V(send_as), V(full_access) or V(send_on_behalf)", type: str, returned: always}
    state: {description: What is wanted, type: str, returned: always}
    before: {description: "V(held), V(not held), V(denied) or V(unknown)", type: str, returned: always}
    outcome:
      description:
        - V(compliant), V(granted), V(revoked), V(pending) (written and accepted, not visible yet), V(missing) and
          V(unwanted) (drift that was not mended), V(surplus) (held, and wanted by nobody), V(denied) (a Deny stands),
          V(unknown) (it could not be established), V(refused) (Exchange said no), V(not_found), V(ambiguous) or
          V(unsupported).
      type: str
      returned: always
    cause: {description: "Why, if not as wanted", type: str, returned: always}
    next_step: {description: What to do about it, type: str, returned: always}
    notes: {description: What else was noticed, type: list, elements: str, returned: always}
    until: {description: "Until when the mailbox's grants are wanted, as given, or empty", type: str, returned: always}
    reason: {description: "What they are for, as given, or empty", type: str, returned: always}
  sample:
    - {mailbox: sales@contoso.com, address: sales@contoso.com, account: crmrouter@contoso.com, right: send_as,
       state: present, before: not held, outcome: granted, cause: "", next_step: "", notes: [], until: "", reason: ""}
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
  description:
    - For each right, how many of the wanted grants were read. With O(surplus_group) also, as C(surplus_) and the right,
      where the holdings of the profiles' and the retired accounts were looked for; with O(retired_accounts) alone, as
      C(retired_) and the right, where those of the retired ones were.
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
run:
  description:
    - What the head of a report needs (M(email_router.exchange_online.access_report)).
  returned: always, but for failures of the whole run
  type: dict
  contains:
    organization: {description: As the task names it, type: str, returned: always}
    application:
      description:
        - Who signed in. The id of the application, C(managed identity) with its client id if one was given,
          C(access token), or C(snapshot) for a rehearsal.
      type: str
      returned: always
    mode: {description: "V(audit) in check mode, else V(enforcement)", type: str, returned: always}
    rehearsal: {description: Whether it ran on a snapshot, type: bool, returned: always}
    began: {description: "When it began, RFC 3339 in UTC", type: str, returned: always}
    ended: {description: "When it ended, likewise", type: str, returned: always}
  sample:
    organization: contoso.onmicrosoft.com
    application: 00000000-0000-0000-0000-000000000000
    mode: audit
    rehearsal: false
    began: "2026-11-28T02:00:00Z"
    ended: "2026-11-28T02:03:10Z"
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
plan:
  description:
    - The plan that was written, or that the run was held to. Its C(digest) (SHA-256 of all that it says) is what people
      compare with what they approved; C(msg) has the first 12 digits.
    - C(applied) says that all of its writes were made; never in check mode. C(done), that all of it was done before,
      and nothing is left to do. C(differences), what is otherwise than it says, in words, at most 50 if the task
      fails. C(age_hours) is counted from C(created), when the run began that made it.
  returned: if there is one, but for other failures of the whole run
  type: dict
  contains:
    file: {description: Where it is, type: str, returned: always}
    digest: {description: Its hash, type: str, returned: always}
    created: {description: "RFC 3339 in UTC", type: str, returned: always}
    age_hours: {description: Its age, type: float, returned: always}
    applied: {description: Whether it was applied, type: bool, returned: always}
    done: {description: Whether it was done already, type: bool, returned: always}
    differences: {description: What stops the run, type: list, elements: str, returned: always}
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
