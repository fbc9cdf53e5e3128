#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: exchange_selftest_info
short_description: Hold what this collection assumes of Exchange Online against a tenant, and say so in counts
version_added: 0.1.0
description:
  - Much of how Exchange Online answers is documented nowhere, or differs between tenants. For each assumption that can
    be looked at by reading, this says whether the tenant holds it.
  - It reads some mailboxes with their access lists, follows a few accounts that these name, and asks for a few objects
    that nobody has. It never writes, and never asks with a blank identity.
  - The result holds no address, name, GUID or SID and no name of the organisation, so RV(report) can be shared. If the
    task fails before it has a result, such as at the sign-in, its message may hold some of them.
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
  sample:
    description:
      - How many mailboxes to look at, from 1 to 1,000; the first ones that Exchange shows. Each takes four calls.
    type: int
    default: 20
  fail_on:
    description:
      - With V(failed) the task fails if any assumption does, with V(never) it does not.
    type: str
    choices: [never, failed]
    default: never
notes:
  - A cmdlet that the role does not grant fails nothing. What it would have shown could then not be told.
  - With O(snapshot) there is no PowerShell and no sign-in, and nothing of them can be told. A snapshot that was taken
    of an organisation is refused, for it says what that held, and not how Exchange behaves.
seealso:
  - module: email_router.exchange_online.exchange_connection_info
"""

EXAMPLES = r"""
- name: What this tenant says of each assumption
  email_router.exchange_online.exchange_selftest_info:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    sample: 50
  delegate_to: exo-mgmt01
  run_once: true
  register: selftest

- name: To be shared
  ansible.builtin.debug:
    var: selftest.report
  run_once: true
"""

RETURN = r"""
failure_class:
  description:
    - What failed. It is the run as a whole, and C(msg) begins with C(Whole run). With O(fail_on=failed) it is
      C(exchange), if Exchange answers otherwise than is assumed.
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
assumptions:
  description:
    - One row for each assumption, always the same ones in the same order.
  returned: always, but for failures of the whole run
  type: list
  elements: dict
  contains:
    fact: {description: What it is called and where it was learnt, type: str, returned: always}
    says: {description: What is assumed, type: str, returned: always}
    result:
      description: V(held), V(failed), or V(could_not_tell) if an error or a lack of examples was in the way.
      type: str
      returned: always
    explanation: {description: "Why, in counts, numbers and classes of errors", type: str, returned: always}
  sample:
    - fact: exchange Q2
      says: SELF is on every list of Full Access
      result: held
      explanation: 20 of 20 lists, 3 with more than one row
summary:
  description: The number of assumptions, and of each result.
  returned: always, but for failures of the whole run
  type: dict
  sample: {total: 53, held: 50, failed: 1, could_not_tell: 2}
report:
  description: The rows as lines to be read by people.
  returned: always, but for failures of the whole run
  type: list
  elements: str
statistics:
  description:
    - C(calls) by cmdlet and C(calls_total), C(writes) and C(repeats) among them, C(sessions) that it took, C(seconds)
      by phase (those C(waiting) because Exchange was in trouble are part of the others), and C(requests) and bytes
      over WinRM.
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
