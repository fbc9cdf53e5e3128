# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of a job of AWX: how a run knows that it is one, and what it refuses then (docs/scale.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REFUSED = {
    "surplus_group": "the group is cut like the whole inventory, and what is held in other slices would be surplus",
    "exclusive": "the inventory is cut, a list that is made from it is not complete, and who is not on it loses all",
    "retired_accounts": "every slice would take away the same, all at the same time",
}


def sliced_template(task_vars: Mapping[str, Any]) -> str:
    """The job template of AWX of which this run is a slice; empty where it is none, or cannot be known to be one.

    AWX hands a slice an inventory that is cut, groups included (its user guide, "Job slicing": pared-down), and no
    variable that says so: ``awx_meta_vars`` in its source has neither the number of a slice nor how many there are. But
    a sliced job is a workflow job made of the job template, whose name it bears (``JobTemplate.create_unified_job`` in
    awx/main/models/jobs.py), and both names are variables of every slice.

    In doubt: a workflow that somebody gave the name of its job template looks the same. A slice that is relaunched
    alone belongs to no workflow and is not known; ``surplus_group_minimum`` is what protects there.
    """
    name = task_vars.get("awx_job_template_name")
    return str(name) if name and name == task_vars.get("awx_workflow_job_name") else ""


def slice_faults(options: Mapping[str, Any], template: str) -> list[str]:
    """What cannot be done in a slice: judging by lists that are cut, and what is done once, for parallel changes of one
    object are forbidden (exchange facts 6.4). ``template``: as ``sliced_template`` says."""
    if not template:
        return []
    return [
        f"{option}: this is a slice of the AWX job template {template!r}: {why}. Use a job template without slices (if "
        "it is none, but a workflow that has the same name, rename that)"
        for option, why in _REFUSED.items()
        if options.get(option)
    ]
