#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_connection_info
short_description: Look at the way to Exchange Online, point by point, before anything depends on it
version_added: 0.1.0
description:
  - A preflight. For the PowerShell host, the sign-in, the role and the service accounts it says what was found, whether
    that will do, and what to do if not.
  - What is in the way is a row of RV(points), not an error, and points that depend on one that failed are skipped.
    O(fail_on) decides what makes the task fail.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
  - email_router.exchange_online.exchange
  - email_router.exchange_online.powershell
attributes:
  check_mode:
    support: full
    details:
      - It never changes anything in Exchange. On the PowerShell host it writes one temporary file, and removes it.
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
    details:
      - Options are templated with the variables of the first host. Add C(run_once=true).
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
  purpose:
    description:
      - What the connection is wanted for. With V(audit) the role need not grant the cmdlets that write.
      - With V(host) nobody signs in. It is for a task that comes before another which does, and which finds by itself
        whether signing in works and whether the role will do.
      - By default it is V(audit) in check mode, else V(enforce).
    type: str
    choices: [host, audit, enforce]
  rights:
    description:
      - The rights that are to be read or written. A role for some of them need not grant the cmdlets of the others.
    type: list
    elements: str
    choices: [send_as, full_access, send_on_behalf]
    default: [send_as, full_access, send_on_behalf]
  accounts:
    description:
      - The service accounts, by user principal name, mail address, object id or SID. Each must exist and be of a kind
        that can hold rights; it is a warning if one is hidden from address lists or has no mailbox.
    type: list
    elements: str
    default: []
  endpoints:
    description:
      - What the PowerShell host must reach, each as C(name:port). Where it uses a proxy, that is what must answer. If
        signing in works all the same, or O(purpose=host), it is no more than a warning that one does not answer.
      - The default follows O(exchange_environment). For V(O365Default) it is C(login.microsoftonline.com:443) and
        C(outlook.office365.com:443).
    type: list
    elements: str
  fail_on:
    description:
      - With V(fail) the task fails if any point fails, with V(warn) also if any warns, with V(never) in neither case.
    type: str
    choices: [never, warn, fail]
    default: fail
notes:
  - With O(snapshot) there is no host and no sign-in, and only the accounts are looked at.
seealso:
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: Everything that an enforcing run needs
  email_router.exchange_online.exchange_connection_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    accounts:
      - crmrouter@contoso.com
  delegate_to: exo-mgmt01
  run_once: true

- name: What an audit of Send As needs, from the controller, without failing
  email_router.exchange_online.exchange_connection_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_file: /etc/ansible/exchange.pfx
    certificate_password: "{{ vaulted_password }}"
    purpose: audit
    rights: [send_as]
    fail_on: never
  delegate_to: localhost
  run_once: true
  register: preflight

- name: What was found
  ansible.builtin.debug:
    var: preflight.report
  run_once: true
"""

RETURN = r"""
failure_class:
  description:
    - What failed, which O(fail_on) decides, and C(msg) begins with C(Whole run). It is that of the first point that
      fails the task, in words that all modules of this collection use.
    - C(input) (options or accounts), C(host_unreachable), C(host_login), C(host_shell), C(powershell) (it does not
      start, or lacks what it needs), C(sign_in) (certificates and the network, too), C(permission) (cmdlets that the
      application may not use), C(exchange) (it did not tell who an account is), C(session_lost), C(internal) (a fault
      of this collection).
  returned: always; empty where nothing failed
  type: str
  sample: sign_in
retry_safe:
  description:
    - Whether a machine may run the same task again, for the cause may pass by itself. Otherwise somebody has to look
      first. A login that the PowerShell host refused is never retry-safe, since accounts lock out.
  returned: always
  type: bool
  sample: true
points:
  description:
    - One row for each point, in this order, and one for each endpoint and account where there are several.
    - V(reachability) and V(authentication) of the PowerShell host; V(powershell_start), V(language_mode),
      V(powershell_version), V(execution_policy), V(temp) (writable), V(tls) (1.2), V(network), V(module);
      V(certificate), V(certificate_key), V(certificate_expiry); V(sign_in), V(role_audit), V(role_enforce);
      V(account), V(account_kind), V(account_address_lists), V(account_mailbox).
    - If the task fails, only the rows that fail it. With O(fail_on=never) it returns all.
  returned: always, but for input that cannot be meant
  type: list
  elements: dict
  contains:
    point: {description: What was looked at, type: str, returned: always}
    status:
      description: V(pass), V(warn), V(fail), or V(skipped) if it was not looked at or cannot be told.
      type: str
      returned: always
    found: {description: What was found, type: str, returned: always}
    remedy: {description: What to do about it; empty unless it warns or fails, type: str, returned: always}
  sample:
    - point: certificate_expiry
      status: warn
      found: expires on 2026-12-01, in 12 days
      remedy: Make a new certificate, register its public part with the application beside the old one, and put it
        where the old one is
summary:
  description: The number of rows, and of rows of each status.
  returned: always, but for input that cannot be meant
  type: dict
  sample: {total: 21, pass: 20, warn: 1, fail: 0, skipped: 0}
report:
  description: The rows as lines to be read by people.
  returned: unless the task fails
  type: list
  elements: str
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
