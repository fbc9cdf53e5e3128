# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a pipeline keeps of a run holds no secret: reports, builtin junit, ara, the artifacts of ansible-runner.

And what docs/security.md says of secrets that do stand there, each with what hides it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.formats import RENDERERS
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .ara_server import CALLBACKS, AraServer, ara_server
from .canaries import Search
from .conftest import SetStage
from .harness import COLLECTION, CORES, NEWEST, Run
from .runners import Job
from .slices import Runners
from .stage import MAILBOXES, MANAGEMENT, Stage, Transport, contoso

SALES = "sales@contoso.com"
TOKEN = 'eyJ0eXAi.ca<na>ry"&%+/ of an hour é.signature'
PLAIN_TOKEN = "eyJ0eXAi.a-canary-of-an-hour.signature"
#: Each secret, each channel.
WAYS = [("certificate_file", Transport.NTLM), ("access_token", Transport.LOCAL)]


class Pipeline:
    """A job before a stage: its secrets from a vault, all that it writes in ``kept``."""

    def __init__(self, stage: Stage, way: str, ara: AraServer) -> None:
        self.stage, self.way, self.ara = stage, way, ara
        self.kept = stage.directory / "kept"
        self.kept.mkdir()
        file = stage.simulator.applications[0].file
        self._file = file
        texts = (file.password, TOKEN, PLAIN_TOKEN)
        self.search = Search([*(text.encode() for text in texts), file.path.read_bytes()[:120]])
        self._key = stage.directory / "vault-key"
        self._key.write_text("the key of the vault")
        self._vault = self._encrypted({"vaulted_token": TOKEN, "vaulted_password": file.password})

    @property
    def reports(self) -> dict[str, str]:
        """The path of a report in every format that there is."""
        return {name: str(self.kept / f"access.{name}") for name in RENDERERS}

    def tasks(self, **options: Any) -> list[dict[str, Any]]:
        """The work, what was registered, and the reports."""
        ways: dict[str, dict[str, Any]] = {
            "access_token": {"app_id": None, "access_token": "{{ vaulted_token }}"},
            "certificate_file": {
                "certificate_file": str(self._file.path),
                "certificate_password": "{{ vaulted_password }}",
            },
            "environment": {"app_id": None},
        }
        own = {
            "certificate_thumbprint": None,
            "on_failure": "report",
            "journal": str(self.kept / "journal.jsonl"),
            **ways[self.way],
            **options,
        }
        return [
            self.stage.task(**own),
            {"name": "What was registered", "ansible.builtin.debug": {"var": "access"}},
            {
                "name": "The reports",
                f"{COLLECTION}.access_report": {"result": "{{ access }}", "reports": self.reports},
                "run_once": True,
            },
        ]

    def play(self, tasks: list[dict[str, Any]], *arguments: str, **environment: str) -> Run:
        """By ansible-playbook, with the callbacks of junit and ara."""
        inventory = self.stage.directory / "hosts"
        inventory.write_text(f"#!/usr/bin/env python3\nprint({json.dumps(self._inventory())!r})\n")
        inventory.chmod(0o700)
        surroundings = {
            "ANSIBLE_CALLBACK_PLUGINS": os.pathsep.join(
                [self.stage.node.invocation()[1]["ANSIBLE_CALLBACK_PLUGINS"], str(CALLBACKS)]
            ),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder,junit,ara_default",
            "ANSIBLE_LOG_PATH": str(self.kept / "ansible.log"),
            "JUNIT_OUTPUT_DIR": str(self.kept / "junit"),
            **self.ara.environment,
        }
        playbook = self.stage.playbook(*tasks)
        with self.search.watching(self.stage.simulator.tenant_server.key):
            return self.stage.play(
                "-i", inventory, playbook, *self._unlocked(), *arguments, environment={**surroundings, **environment}
            )

    def run(self, tasks: list[dict[str, Any]], *arguments: str) -> Job:
        """By ansible-runner."""
        runners = Runners(self.stage, self.stage.playbook(*tasks))
        (job,) = runners.jobs([(self._inventory(), ("--cmdline", " ".join(self._unlocked()), *arguments))], {})
        return job

    def surround(self, **environment: str) -> None:
        """Variables for whatever is run from now on."""
        node = self.stage.node
        self.stage.node = replace(node, environment={**node.environment, **environment})

    def artifacts(self) -> Path:
        """What ansible-runner left."""
        (found,) = self.stage.directory.glob("runner-*/artifacts/job")
        return found

    def _inventory(self) -> dict[str, Any]:
        """What an inventory script gives; the password of the management host is in the vault, too."""
        variables = {**self.stage.management, "ansible_password": "{{ vaulted_password }}"}
        hosts = {} if self.stage.transport is Transport.LOCAL else {MANAGEMENT: variables}
        return {MAILBOXES: {"hosts": [SALES]}, "management": {"hosts": list(hosts)}, "_meta": {"hostvars": hosts}}

    def _unlocked(self) -> list[str]:
        return ["-e", f"@{self._vault}", "--vault-password-file", str(self._key)]

    def _encrypted(self, variables: Mapping[str, str]) -> Path:
        file = self.stage.write("vault.yml", variables)
        program = CORES[NEWEST] / "bin" / "ansible-vault"
        command = [str(each) for each in (program, "encrypt", file, "--vault-password-file", self._key)]
        _playbook, environment = self.stage.node.invocation()
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        return file


@pytest.fixture
def ara() -> Iterator[AraServer]:
    with ara_server() as server:
        yield server


def pipeline(set_stage: SetStage, ara: AraServer, way: str, transport: Transport, **options: Any) -> Pipeline:
    """``options``: of the stage."""
    organisation = contoso({"address": SALES}, apps=[{"access_tokens": [TOKEN, PLAIN_TOKEN]}])
    return Pipeline(set_stage(organisation, transport=transport, **options), way, ara)


@pytest.mark.parametrize(("way", "transport"), WAYS)
def test_reports_and_callbacks_hold_no_secret(
    set_stage: SetStage, ara: AraServer, way: str, transport: Transport
) -> None:
    """With everything that ansible can be made to say."""
    told = pipeline(set_stage, ara, way, transport)
    run = told.play(told.tasks(), "-vvvvv", "--diff")
    assert told.stage.holds(SALES, "send_as"), run.output
    assert told.search.in_text(run.output) == set()
    assert told.search.in_text(json.dumps([each.result for each in run.tasks], ensure_ascii=False)) == set()
    assert told.search.in_files(told.kept) == {}
    assert told.search.in_text(ara.text) == set()
    assert told.search.in_processes() == []
    junit = [file.read_text() for file in (told.kept / "junit").glob("*.xml")]
    written = [Path(path).read_text() for path in told.reports.values()]
    assert all(SALES in text for text in [*junit, *written, ara.text]), "nothing was kept that could hold one"
    assert junit
    assert len(written) == len(RENDERERS)


@pytest.mark.parametrize(("way", "transport"), WAYS)
def test_what_ansible_runner_keeps_holds_no_secret(
    set_stage: SetStage, ara: AraServer, way: str, transport: Transport
) -> None:
    told = pipeline(set_stage, ara, way, transport)
    job = told.run(told.tasks(), "-vvvvv")
    assert (job.status, job.rc) == ("successful", 0), job.output
    assert told.search.in_text(job.output) == set()
    assert told.search.in_files(told.artifacts()) == {}
    assert told.search.in_files(told.kept) == {}
    assert {file.name for file in told.artifacts().iterdir()} >= {"command", "job_events", "stdout"}
    assert job.access["summary"]["granted"] == 1


def test_what_a_run_that_fails_leaves_holds_no_secret(set_stage: SetStage, ara: AraServer) -> None:
    """Where the service repeats the token in its error, and with no rows to report on."""
    text = f"AADSTS500133: the assertion {TOKEN} is not within its valid time range"
    organisation = contoso({"address": SALES}, apps=[{"access_tokens": [TOKEN], "sign_in_error": text}])
    stage = set_stage(organisation, transport=Transport.LOCAL, host=HostOptions(None))
    told = Pipeline(stage, "access_token", ara)
    job = told.run(told.tasks(), "-vvvvv")
    assert "AADSTS500133" in job.output
    assert job.status == "failed"
    assert told.search.in_text(job.output) == set()
    assert told.search.in_files(told.artifacts()) == {}


def test_a_secret_that_stands_in_a_playbook_and_what_hides_it(set_stage: SetStage, ara: AraServer) -> None:
    """junit writes arguments as they stand there, ara whole playbooks."""
    told = pipeline(set_stage, ara, "access_token", Transport.LOCAL, host=HostOptions(None))
    tasks = told.tasks(access_token=PLAIN_TOKEN)
    told.play(tasks)
    (seen,) = (told.kept / "junit").glob("*.xml")
    assert PLAIN_TOKEN in seen.read_text()
    assert PLAIN_TOKEN in ara.text
    seen.unlink()
    ara.received.clear()
    run = told.play(tasks, JUNIT_HIDE_TASK_ARGUMENTS="true", ARA_IGNORED_FILES="playbook.yml")
    assert told.stage.holds(SALES, "send_as"), run.output
    assert told.search.in_files(told.kept) == {}
    assert told.search.in_text(ara.text) == set()
    assert SALES in ara.text


@pytest.mark.parametrize(("display", "shown"), [("0", False), ("1", True)])
def test_ansible_runner_and_a_secret_that_stands_in_a_playbook(
    set_stage: SetStage, ara: AraServer, display: str, shown: bool
) -> None:
    """Its events hold the arguments of a task where ansible is told to display them."""
    told = pipeline(set_stage, ara, "access_token", Transport.LOCAL, host=HostOptions(None))
    told.surround(ANSIBLE_DISPLAY_ARGS_TO_STDOUT=display)
    job = told.run(told.tasks(access_token=PLAIN_TOKEN))
    assert (job.status, job.rc) == ("successful", 0), job.output
    assert bool(told.search.in_files(told.artifacts())) is shown


def test_ansible_runner_writes_down_its_environment(set_stage: SetStage, ara: AraServer) -> None:
    """All of it, in the file ``command``, and no option keeps it from that: a secret does not belong there."""
    told = pipeline(set_stage, ara, "environment", Transport.LOCAL, host=HostOptions(None))
    told.surround(EXCHANGE_ONLINE_ACCESS_TOKEN=PLAIN_TOKEN)
    job = told.run(told.tasks())
    assert (job.status, job.rc) == ("successful", 0), job.output
    assert set(told.search.in_files(told.artifacts())) == {str(told.artifacts() / "command")}
