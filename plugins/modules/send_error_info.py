#!/usr/bin/python
# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: send_error_info
short_description: Say what an error of sending mail means, and whether a grant in Exchange cures it
version_added: 0.1.0
description:
  - Takes the texts of events of the Dynamics CRM Email Router, of errors of EWS, SMTP and Graph, and of reports of
    non-delivery. Says for each what refused, which module and right of this collection cure it, or that none does.
  - It reads the texts and nothing else. It signs in nowhere, connects to no host, and changes nothing.
  - A text is known by phrases in it, never by the id of its event, which the router uses for everything.
  - The texts of the router do not name the mailbox that the right is missing on. Which mailboxes lack it is answered by
    M(email_router.exchange_online.mailbox_delegation) in check mode, and what an account holds by
    M(email_router.exchange_online.mailbox_permission_info).
author:
  - email_router.exchange_online contributors (!UNKNOWN)
extends_documentation_fragment:
  - email_router.exchange_online.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - There is nothing that could change.
  idempotent:
    support: full
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
    details:
      - Runs for each host, since the texts may be the host's own. It costs some milliseconds.
  delegation:
    support: none
    details:
      - Works on the controller, whatever host it runs for.
  platform:
    support: full
    platforms: windows, posix
  action_group:
    support: none
    membership: []
    details:
      - It does not sign in.
options:
  texts:
    description:
      - The texts, one for each item. A single text may be given without a list.
      - Of each text the first 32,768 characters are looked at. Texts and files may hold 10,000 texts.
    type: list
    elements: str
  files:
    description:
      - Files of the controller, of at most 16 MiB each; a relative path is looked for as that of a playbook's or role's
        file. They are read as UTF-8, as UTF-16 if they begin with a mark of it, else as Windows-1252.
      - A file may hold many texts. Without O(separator) a text ends at an empty line, and before a line in which the
        router begins its next one (C(#61042 - )), alone, after a time stamp, or after a label.
    type: list
    elements: path
  separator:
    description:
      - A line that stands between two texts in O(files), without the blanks around it. Empty lines then belong to the
        texts.
    type: str
  extra_patterns:
    description:
      - Phrases that are looked for beside the known ones, which are English. They are for the languages that your
        servers speak. A dictionary of lists by class (see RV(diagnoses[].class), V(unknown) excepted).
      - They are phrases, not regular expressions, and so are found in any text in no time. V(*) stands for anything.
        Case, line breaks, and kinds of hyphens and quotation marks do not matter. A phrase begins and ends
        with a whole word, but where it has a V(*) there.
      - Each has at least four characters in a row beside V(*), and at most 500.
    type: dict
    default: {}
  tracking_token_prefix:
    description:
      - What the tracking tokens in the subjects begin with, as in the settings of CRM. After a letter or digit a colon
        is added.
    type: str
    default: CRM
  keep_subjects:
    description:
      - Whether RV(diagnoses[].parsed) holds the subjects of the messages. They are personal data; without this they are
        replaced by C((withheld)).
      - Either way subjects are left out of what is looked at, as any sender can write into one what looks like an
        error.
    type: bool
    default: false
seealso:
  - module: email_router.exchange_online.mailbox_delegation
  - module: email_router.exchange_online.mailbox_permission
  - module: email_router.exchange_online.mailbox_permission_info
  - name: Set up the Email Router's service account in Exchange Online
    description: Microsoft KB 2708727, with the two messages.
    link: https://support.microsoft.com/help/2708727
"""

EXAMPLES = r"""
- name: What the two messages of KB 2708727 mean
  email_router.exchange_online.send_error_info:
    texts:
      - >-
        The user account which was used to submit this request does not have the right to send mail on behalf of the
        specified sending account.
      - >-
        The access credentials that you have specified have insufficient delegate permissions to send the e-mail
        message. Contact your Microsoft Exchange administrator to grant the required Permissions.
  register: kb

- name: Errors and warnings of the Email Router in the last week
  ansible.windows.win_powershell:
    script: |
      $Ansible.Changed = $false
      $where = @(
          @{ LogName = 'Application'; ProviderName = 'MSCRMEmail' }          # CRM 2011 and newer
          @{ LogName = 'MSCRMEmailLog'; ProviderName = 'MSCRMEmailLog' }     # older
      )
      foreach ($filter in $where) {
          $filter.Level = 2, 3
          $filter.StartTime = (Get-Date).AddDays(-7)
          try {
              Get-WinEvent -FilterHashtable $filter -MaxEvents 1000 -ErrorAction Stop | ForEach-Object -Process {
                  if ($_.Message) { $_.Message } else { $_.Properties.Value -join ' ' }
              }
          }
          catch {
              # No such log, no such provider, no such event: all is well.
              if ($_.FullyQualifiedErrorId -notlike 'NoMatching*') { throw }
          }
      }
  register: events

- name: What they mean
  email_router.exchange_online.send_error_info:
    texts: "{{ events.output }}"
    extra_patterns:
      exchange_send_as_denied:
        - Berechtigung, die Nachricht im Namen * Benutzers zu senden
  register: router

- name: Say it
  ansible.builtin.debug:
    msg: "{{ router.msg }}. {{ router.diagnoses | map(attribute='remedy') | unique | join(' ') }}"

- name: A file of errors of SMTP, parted by lines of dashes
  email_router.exchange_online.send_error_info:
    files: [smtp-errors.txt]
    separator: "-----"
  register: smtp

- name: Who cannot send as whom, where the texts say so
  ansible.builtin.debug:
    msg: "{{ item.trustee }} lacks {{ item.right }} on {{ item.mailbox }}"
  loop: "{{ smtp.pairs }}"

- name: Let them, once you have looked and found that they should
  email_router.exchange_online.mailbox_permission:
    organization: contoso.onmicrosoft.com
    app_id: 00000000-0000-0000-0000-000000000000
    certificate_thumbprint: 0123456789ABCDEF0123456789ABCDEF01234567
    mailboxes: "{{ item.1 | map(attribute='mailbox') }}"
    trustees: ["{{ item.0 }}"]
    rights: [send_as]
  loop: "{{ smtp.pairs | groupby('trustee') }}"
  delegate_to: exo-mgmt01
  run_once: true
"""

RETURN = r"""
diagnoses:
  description: One for each text, in their order, those of O(texts) before those of O(files).
  returned: success
  type: list
  elements: dict
  contains:
    source: {description: "Where the text stands: C(texts[0]), or file and line", type: str, returned: always}
    class:
      description:
        - V(crm_send_as_privilege) (CRM refused, not Exchange), V(exchange_send_as_denied),
          V(exchange_delegate_insufficient), V(exchange_impersonation), V(access_denied), V(auth) (it could not sign
          in), or V(unknown). Where a text would be of several, it is of the first of these.
      type: str
      returned: always
    explanation: {description: What the text says, type: str, returned: always}
    remedy: {description: "What cures it, and what does not", type: str, returned: always}
    grant:
      description: The grant in Exchange that cures it. Null where none does.
      type: dict
      returned: always
      contains:
        right: {description: "V(send_as) or V(full_access)", type: str, returned: always}
        trustee:
          description: The account that lacks it; null unless the text names it and the mailbox.
          type: str
          returned: always
        mailbox:
          description: The mailbox that it lacks it on; null unless the text names it and the account.
          type: str
          returned: always
    evidence: {description: The phrases that were found, type: list, elements: str, returned: always}
    parsed:
      description: What the text says of where it comes from. Each is empty where it does not say it.
      type: dict
      returned: always
      contains:
        time: {description: "As written, in the machine's own order of day and month", type: str, returned: always}
        code: {description: The number in the text, type: str, returned: always}
        provider: {description: "The router's way to send, such as C(SMTP)", type: str, returned: always}
        organization_url: {description: The organisation of CRM, type: str, returned: always}
        server: {description: Where the message was to be given to, type: str, returned: always}
        exception: {description: The type of the first exception, type: str, returned: always}
        tracking_token: {description: The message's token in CRM, type: str, returned: always}
        subject: {description: "C((withheld)), unless O(keep_subjects)", type: str, returned: always}
  sample:
    - source: texts[0]
      class: exchange_send_as_denied
      explanation: "Exchange refused: the account that signed in may not send as the sender of the message."
      remedy: "Grant the account Send As on the sender's mailbox: …"
      grant: {right: send_as, trustee: crmrouter@contoso.com, mailbox: sales@contoso.com}
      evidence: [5.2.252 SendAsDenied]
      parsed:
        time: ""
        code: ""
        provider: ""
        organization_url: ""
        server: ""
        exception: ""
        tracking_token: ""
        subject: ""
summary:
  description: The number of texts, and of texts of each class.
  returned: success
  type: dict
  sample:
    total: 1
    crm_send_as_privilege: 0
    exchange_send_as_denied: 1
    exchange_delegate_insufficient: 0
    exchange_impersonation: 0
    access_denied: 0
    auth: 0
    unknown: 0
pairs:
  description:
    - Every pair of account and mailbox that the texts name, once. A text says who was refused, not who should be
      allowed, and texts can be forged; look at the pairs before you grant anything.
  returned: success
  type: list
  elements: dict
  contains:
    trustee: {description: The account that was refused, type: str, returned: always}
    mailbox: {description: The mailbox that it may not send as, type: str, returned: always}
    right: {description: The right that it lacks, type: str, returned: always}
  sample:
    - trustee: crmrouter@contoso.com
      mailbox: sales@contoso.com
      right: send_as
msg:
  description: The counts in one sentence.
  returned: success
  type: str
  sample: "3 texts: 1 exchange_send_as_denied, 2 unknown"
failure_class:
  description: V(input) (options or files), or V(internal) (a fault of this collection).
  returned: always; empty where nothing failed
  type: str
  sample: input
retry_safe:
  description: Whether a machine may run the same task again. Somebody has to mend the cause of a failure first.
  returned: always
  type: bool
  sample: false
errors:
  description: Everything that is wrong with the input.
  returned: if the input cannot be meant
  type: list
  elements: str
"""
