# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a task may take."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.run."""

    DOCUMENTATION = r"""
options:
  max_runtime:
    description:
      - The seconds after which nothing more is asked of Exchange. What was not reached by then is C(unknown), and the
        task fails with C(failure_class=max_runtime). Set it somewhat below the limit at which a pipeline would
        kill the run.
      - Left out, a run takes the time that it needs.
    type: int
  request_timeout:
    description:
      - The seconds within which a single cmdlet must answer. The module ExchangeOnlineManagement itself tries again for
        many minutes where Exchange is busy, so a low value gives up what would have worked.
      - PowerShell is then ended and started anew, and the run goes on with the next.
    type: int
    default: 1200
  sessions:
    description:
      - How many PowerShell processes, each with its own sign-in, may work at the same time at most. The others are
        opened only while there is work for them, or at once where half a minute of reading is to be expected, such as
        Full Access on 40 mailboxes; a run of some seconds stays with one. Where Exchange throttles one, all rest.
      - Exchange is said to bear three for an organisation as a whole. Use V(1) where several runs work on it at once.
    type: int
    choices: [1, 2, 3]
    default: 3
notes:
  - What may pass by itself is tried again, with growing pauses. Reads that Exchange refuses because it is busy or its
    directory is in trouble are repeated. If PowerShell, its host or the session is lost, another PowerShell is started
    and signs in. A write of which it is not known whether it was carried out is settled by a read, and sent again only
    if that shows that it was not.
"""
