# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble that ends more than a call, on every face: sign-ins that fail, and answers that never come."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.errors import diagnose
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Session,
    SessionError,
    SessionLost,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.faults import (
    ANY_WRITER,
    CONNECT,
    Effect,
    Fault,
    FaultyTenant,
    Trouble,
)

from .cmdlet_faces import Face, opened
from .cmdlet_stories import ORGANISATION, SALES, Step, Story
from .cmdlet_trouble import GRANT

#: What is wrong, and a word of what the user reads.
SIGN_INS = [
    (Trouble.ENTRA_BUSY, "AADSTS90033.*run it again later"),
    (Trouble.ENTRA_REFUSES, "AADSTS700027.*Register the certificate's public part"),
    (Trouble.NAME_UNRESOLVED, "could not be resolved.*over HTTPS"),
]
PROCESSES = [Face.STAND_IN, pytest.param(Face.POWERSHELL, marks=pytest.mark.powershell)]
EFFECTS = [(Effect.SILENT, set[str]()), (Effect.DONE_YET_SILENT, {"router@contoso.com"})]


def silence(effect: Effect) -> Story:
    return Story("silence", (Step(GRANT),), faults=(Fault(ANY_WRITER, effect=effect),))


@contextmanager
def waiting(
    face: Face, effect: Effect, tenant: Tenant, directory: Path
) -> Iterator[tuple[Session, FaultyTenant, ThreadPoolExecutor]]:
    """A session, and a thread for its call that gets no answer; it ends whatever becomes of the test."""
    with ExitStack() as stack:
        session, faulty = stack.enter_context(opened(face, silence(effect), tenant, directory))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        stack.enter_context(faulty)
        yield session, faulty, pool


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(Organisation.from_dict(ORGANISATION))


@pytest.mark.parametrize("face", PROCESSES)
@pytest.mark.parametrize(("effect", "holders"), EFFECTS)
def test_a_process_that_waits_can_be_killed(
    face: Face, effect: Effect, holders: set[str], tenant: Tenant, tmp_path: Path
) -> None:
    with waiting(face, effect, tenant, tmp_path) as (session, faulty, pool):
        asked = pool.submit(list, session.invoke([GRANT]))
        assert faulty.wait_for_silence(30)
        assert not asked.done()
        os.kill(int(str(session.info.hello["pid"])), signal.SIGKILL)
        with pytest.raises(SessionLost) as lost:
            asked.result(30)
    assert lost.value.unanswered == (GRANT,)
    assert tenant.holders(SALES, "full_access") == holders
    assert len(tenant.left_open) == 1


@pytest.mark.parametrize("face", PROCESSES)
def test_a_service_that_goes_away_is_an_error_that_leaves_doubt(face: Face, tenant: Tenant, tmp_path: Path) -> None:
    with waiting(face, Effect.SILENT, tenant, tmp_path) as (session, faulty, pool):
        asked = pool.submit(list, session.invoke([GRANT]))
        assert faulty.wait_for_silence(30)
        faulty.stop()
        ((_call, answer),) = asked.result(30)
    assert answer.error is not None
    assert diagnose(answer.error).leaves_doubt


@pytest.mark.parametrize(("effect", "holders"), EFFECTS)
def test_a_session_in_this_process_is_lost_when_somebody_closes_it(
    effect: Effect, holders: set[str], tenant: Tenant, tmp_path: Path
) -> None:
    face = Face.IN_PROCESS
    with waiting(face, effect, tenant, tmp_path) as (session, faulty, pool):
        asked = pool.submit(list, session.invoke([GRANT]))
        assert faulty.wait_for_silence(30)
        session.close()
        with pytest.raises(SessionLost) as lost:
            asked.result(30)
    assert lost.value.unanswered == (GRANT,)
    assert tenant.holders(SALES, "full_access") == holders


@pytest.mark.parametrize("face", PROCESSES)
@pytest.mark.parametrize(("trouble", "words"), SIGN_INS)
def test_a_sign_in_that_fails_once_says_why_and_leaves_nothing_open(
    face: Face, trouble: Trouble, words: str, tenant: Tenant, tmp_path: Path
) -> None:
    story = Story("sign-in", (Step(GRANT),), faults=(Fault(CONNECT, trouble),))
    with pytest.raises(SessionError, match=words), opened(face, story, tenant, tmp_path):
        pass
    assert tenant.sign_ins == 0
