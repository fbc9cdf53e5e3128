#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: access_report
short_description: Write reports on what mailbox_delegation found and did, and judge it
version_added: 0.1.0
description:
  - Takes the registered result of M(email_router.exchange_online.mailbox_delegation) and writes it to files, each in
    another format, for people, pipelines and spreadsheets.
  - With an earlier report it says what changed since.
  - Each outcome fails the task, is warned of, or is ignored, as O(verdicts) and O(grace) say.
  - It signs in nowhere and connects to no host. Files are those of the controller.
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
attributes:
  check_mode:
    support: full
    details:
      - An audit runs in check mode, and its report is what it is for. So the files are written in check mode, too.
  diff_mode:
    support: none
    details:
      - What changed in Exchange is told by the task that changed it.
  idempotent:
    support: partial
    details:
      - Reports hold the time, so a file is written each time. The task never says that it changed something.
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
  result:
    description:
      - The variable in which the result of M(email_router.exchange_online.mailbox_delegation) was registered, by its
        name, or the result itself. With 10,000 mailboxes the name spares ansible some seconds.
      - The task must have had C(on_failure=report). Without that a failed task returns a part of its rows, and a part
        is refused.
      - A task that failed as a whole, or was skipped, has no rows to report, and is refused, too. An old report stays
        as it is then, so a pipeline removes it before the run, lest it be taken for a new one.
    type: raw
    required: true
  reports:
    description:
      - The files to write, by format. Directories are made where they are missing. A file is replaced as a whole or
        left as it was.
      - A file that cannot be written fails the task, once all others were written. Without any there is a verdict only.
    type: dict
    suboptions:
      json:
        description:
          - The report as data, which the other formats are written from, and which O(previous) takes. Its schema is
            C(docs/schemas/access-report-1.json) of the collection.
        type: path
      junit:
        description: One test case for each mailbox, account and right, for what CI servers show of tests.
        type: path
      markdown:
        description: For the summary of a job, at most 1 MiB.
        type: path
      csv:
        description: One line for each mailbox, account and right, for spreadsheets; no text in it is a formula.
        type: path
      html:
        description: One page that needs nothing else, with a table that filters and sorts.
        type: path
  previous:
    description:
      - The JSON report of an earlier run. What a row says of the past is carried from report to report.
      - A file that is not there yet begins a history, with a warning.
      - One that cannot be read, is of another organisation, of another format or of a newer version fails the task.
        The reports are written nevertheless, without what they would have from it; but not the JSON one, which would
        take its place in the next run, nor one that would be written over it.
      - It may be a file of O(reports), which is read before it is written.
      - Give it reports on the same mailboxes. After a run with C(--limit) the others would be gone, and come again.
    type: path
  verdicts:
    description:
      - What becomes of an outcome, V(fail), V(warn) or V(ignore), as a dictionary by outcome. The outcomes are those of
        C(grants) of M(email_router.exchange_online.mailbox_delegation), but for V(compliant), V(granted) and
        V(revoked).
      - The defaults are what that module does. V(surplus) and V(pending) are warned of, as are V(missing) and
        V(unwanted) in check mode. All others fail, as do V(missing) and V(unwanted) in a run that could write.
      - V(unknown) and V(denied) always fail. Asking otherwise is an error.
      - V(missing) and V(unwanted) fail in a run that could write, whatever is said here, for something such as
        O(email_router.exchange_online.mailbox_delegation#module:max_grants) held it back.
      - Whatever is said here, the task fails if the run stopped before its end, and if there is no row at all.
    type: dict
    default: {}
  grace:
    description:
      - For how many hours V(not_found) and V(pending) may last, as a dictionary by outcome. Until then they are warned
        of, or ignored if O(verdicts) says so; then they fail.
      - Hours are counted from the first of the reports on end that had the outcome of that mailbox, account and right,
        and so O(previous) is needed. Reports in which it is V(unknown) do not begin them anew.
      - What was V(pending) and is V(missing) or V(unwanted) to an audit is pending still, and has the same hours.
    type: dict
    default: {}
  mode:
    description:
      - The permissions of the files, as octal digits in quotes. They hold addresses, so only their owner may read them
        unless told otherwise.
    type: raw
    default: "0600"
  on_failure:
    description:
      - With V(fail) the task fails if the verdict does. With V(report) RV(verdict) tells, and only a file that cannot
        be written or read fails the task.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - In a C(serial) play it runs for each batch. A file that is the same for all of them then holds the last one only.
  - The head of a report names the commit and the job by the variables of GitHub Actions, GitLab CI, Azure Pipelines,
    Jenkins and AWX; no other variable is looked at.
seealso:
  - module: email_router.exchange_online.mailbox_delegation
"""

EXAMPLES = r"""
- name: Who holds what, held against what is wanted
  email_router.exchange_online.mailbox_delegation:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    profiles:
      default: {account: crmrouter@contoso.com, access_type: send_as}
    profile: default
    on_failure: report
  delegate_to: exo-mgmt01
  run_once: true
  check_mode: true
  register: access

- name: Reports, and a failure where something is not as it should be
  email_router.exchange_online.access_report:
    result: access
    reports:
      json: reports/access.json
      junit: reports/access.xml
      markdown: reports/access.md
      html: reports/access.html
    previous: reports/previous.json
    verdicts:
      missing: fail
      unwanted: fail
      ambiguous: warn
    grace:
      not_found: 72
      pending: 24
  run_once: true
"""

RETURN = r"""
verdict:
  description: What the run is worth.
  returned: unless the input cannot be meant
  type: dict
  contains:
    failed: {description: "Whether anything fails, by O(verdicts) and O(grace)", type: bool, returned: always}
    sentence: {description: "What is wrong, in one sentence", type: str, returned: always}
    failure_class: {description: That of the result, type: str, returned: always}
    retry_safe: {description: That of the result, type: bool, returned: always}
    rules: {description: "Each outcome and what becomes of it", type: dict, returned: always}
    grace: {description: "That of O(grace), in hours", type: dict, returned: always}
    counts: {description: "How many rows are V(ok), V(ignore), V(warn) and V(fail)", type: dict, returned: always}
  sample:
    failed: true
    sentence: "2 grants on 2 mailboxes: 1 compliant, 1 missing. First: sales@contoso.com, …"
    failure_class: ""
    retry_safe: true
    rules: {missing: fail, unwanted: fail, surplus: warn}
    grace: {not_found: 72.0}
    counts: {ok: 1, ignore: 0, warn: 0, fail: 1}
reports:
  description: The files that were written, by format.
  returned: unless the input cannot be meant
  type: dict
  sample: {json: reports/access.json}
mailboxes:
  description: The number of mailboxes in the reports.
  returned: unless the input cannot be meant
  type: int
  sample: 2
changes:
  description:
    - How much is otherwise than in O(previous), empty without one. C(new_drift), C(mended), C(new_surplus),
      C(still_pending), C(regranted) (gone again though it had been held) and C(other) (of another outcome, or with a
      row in one of the two only) count grants; C(mailboxes_added) and C(mailboxes_gone) count mailboxes.
  returned: unless the input cannot be meant
  type: dict
  sample:
    new_drift: 1
    mended: 0
    new_surplus: 0
    mailboxes_added: 0
    mailboxes_gone: 0
    still_pending: 0
    regranted: 0
    other: 0
failure_class:
  description:
    - What failed. V(report) for a file that could not be written or read, else that of the result, which is
      V(mailboxes) where the verdict fails for its rows. V(input) for options that cannot be meant, V(internal) for a
      fault of this collection.
  returned: always; empty where nothing failed
  type: str
  sample: mailboxes
retry_safe:
  description: Whether a machine may run the play again, as the result says; never where a file is in the way.
  returned: always
  type: bool
  sample: false
msg:
  description: What is wrong, and where the reports are.
  returned: always
  type: str
  sample: "2 grants on 2 mailboxes: 2 compliant. Report: reports/access.json"
errors:
  description: Everything that is wrong with the input.
  returned: if the input cannot be meant
  type: list
  elements: str
"""
