# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs at the far end, and how it is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.powershell."""

    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The PowerShell to start.
      - The default is C(powershell.exe) over a C(winrm) connection and C(pwsh) over C(local).
    type: str
  snapshot:
    description:
      - Work on the organisation in this file instead of a real one, in this process. A rehearsal needs no PowerShell
        and no sign-in; what it does is forgotten at the end of the task.
      - It is a snapshot that M(email_router.exchange_online.exchange_snapshot) has taken, or an organisation that was
        written by hand. What a snapshot does not hold is unknown, and never taken for absent.
      - A snapshot that was taken of another organisation than the C(organization) of the task is refused.
      - The message of such a task begins with C(Rehearsal), and a warning says how old the snapshot is.
    type: path
  snapshot_update:
    description:
      - Write what was done back to the file of O(snapshot), for the next task. Refused for a snapshot that was taken of
        an organisation.
    type: bool
    default: false
notes:
  - PowerShell runs where the task's connection leads. Use C(delegate_to) with a Windows host whose
    C(ansible_connection) is C(winrm), or C(delegate_to=localhost) for a C(pwsh) on the controller. Other connections
    are refused.
  - All of ansible's own C(ansible_winrm_*) variables apply.
  - With C(ansible_winrm_transport=kerberos) a ticket is got by C(kinit) where C(ansible_user) and C(ansible_password)
    are given, into a cache that only this task uses; otherwise, or with C(ansible_winrm_kinit_mode=manual), it must
    exist already.
  - It cannot be used with C(strategy=free).
requirements:
  - pywinrm 0.5.0 or newer on the controller, for a winrm connection; for Kerberos C(pywinrm[kerberos]) and C(kinit)
"""
