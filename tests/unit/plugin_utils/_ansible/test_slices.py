# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of a job of AWX: which runs are known to be one, and what is refused in them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.slices import (
    slice_faults,
    sliced_template,
)

MAILBOXES = "Mailboxes"


@pytest.mark.parametrize(
    ("variables", "template"),
    [
        ({"awx_job_template_name": MAILBOXES, "awx_workflow_job_name": MAILBOXES}, MAILBOXES),
        ({"awx_job_template_name": MAILBOXES, "awx_workflow_job_name": "Every night"}, ""),
        ({"awx_job_template_name": MAILBOXES}, ""),
        ({"awx_workflow_job_name": MAILBOXES}, ""),
        ({"awx_job_template_name": "", "awx_workflow_job_name": ""}, ""),
        ({}, ""),
    ],
    ids=["slice", "in a workflow", "alone", "no template", "no names", "no AWX"],
)
def test_a_slice_is_known_by_a_workflow_job_that_bears_the_name_of_the_job_template(
    variables: dict[str, Any], template: str
) -> None:
    assert sliced_template(variables) == template


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"surplus_group": "crm", "surplus": "revoke"}, ["surplus_group"]),
        ({"surplus_group": "crm", "surplus": "report"}, ["surplus_group"]),
        ({"surplus_group": None, "surplus": "report"}, []),
        ({"exclusive": True}, ["exclusive"]),
        ({"exclusive": False}, []),
        ({"surplus_group": "crm", "retired_accounts": ["old@contoso.com"]}, ["surplus_group", "retired_accounts"]),
        ({"retired_accounts": []}, []),
    ],
)
def test_a_slice_refuses_what_is_judged_over_the_whole_list_or_done_once(
    options: dict[str, Any], refused: list[str]
) -> None:
    faults = slice_faults(options, MAILBOXES)
    assert [fault.partition(":")[0] for fault in faults] == refused
    assert all("slice of the AWX job template 'Mailboxes'" in fault for fault in faults)
    assert slice_faults(options, "") == []
