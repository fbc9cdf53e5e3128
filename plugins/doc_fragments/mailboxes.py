# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailboxes that a task works on, where they are not the hosts of its play."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment that modules name as email_router.exchange_online.mailboxes."""

    DOCUMENTATION = r"""
options:
  mailboxes:
    description:
      - The mailboxes to work on, instead of the hosts of the play.
    type: list
    elements: dict
    suboptions:
      mailbox:
        description: An address of the mailbox.
        type: str
        required: true
      profile:
        description: Its profiles; the default is O(profile).
        type: list
        elements: str
      state:
        description: What is wanted; the default is O(state).
        type: str
        choices: [present, absent]
      until:
        description:
          - The last day on which its grants are wanted, V(YYYY-MM-DD), to its end in UTC; or a moment with its zone as
            in RFC 3339, such as V(2026-12-31T18:00:00+01:00). After it V(present) counts as V(absent), and the rows say
            so; from 14 days before, rows and a warning tell of it.
        type: str
      reason:
        description: What the grants are for, in free text, for readers of the result.
        type: str
  allow_empty:
    description:
      - Do not fail if there is no mailbox to work on.
    type: bool
    default: false
"""
