# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chromium for the tests of the HTML report, and reports in it; where there is none, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report import html
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Document
from ansible_collections.email_router.exchange_online.tests.tools import chromium

from .driver import Browser, Page

#: Shows a report; ``scripts``: whether its own may run.
Show = Callable[..., Page]


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    why = chromium.missing()
    if why:
        pytest.skip(f"The HTML report in a browser is NOT TESTED: {why}")


@pytest.fixture(scope="session")
def browser(_chromium_is_there: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    tab = browser.page()
    yield tab
    tab.close()


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Iterator[Show]:
    """Whatever a test does: the console stays silent, and nothing is asked for but the file itself."""
    file = tmp_path / "report.html"

    def shown(report: Document, scripts: bool = True) -> Page:
        file.write_text(html.render(report), encoding="utf-8")
        if not scripts:
            page.without_scripts()
        page.open(file)
        return page

    yield shown
    assert page.troubles == []
    assert set(page.fetched) <= {file.as_uri()}
