# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ``ansible-test sanity`` of one ansible-core without Docker, on a copy of the checkout.

ansible-test insists on a real path that ends in the collection's name and is a git repository of its own. It writes
below the home directory, and tells pip nothing but where that is: so it gets a home in .cache, with pip's settings.
It fetches get-pip from a host that not everybody reaches, unless that file is in its cache: ensurepip does the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ast import literal_eval
from configparser import RawConfigParser
from pathlib import Path

from ansible_collections.email_router.exchange_online.tests.tools.checkout import ROOT, copy_to

#: The newest Python that the ansible-test of each core takes.
NEWEST_PYTHON = {"2.17": (3, 12), "2.18": (3, 13), "2.19": (3, 13)}
GET_PIP = """import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade", "--default-pip"], stdout=subprocess.DEVNULL)
"""
GET_PIP_NAMES = ("get_pip_23_1_2.py", "get_pip_24_2.py")


def main(core: str, environment: str) -> None:
    """``sanity.py CORE ENVIRONMENT``: the core's name, and its virtual environment relative to the root."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if sys.version_info[:2] > NEWEST_PYTHON[core]:
        print(f"ansible-core {core}: NOT TESTED, its ansible-test does not take Python {python}")
        return
    place = ROOT / ".cache" / "sanity" / core
    collection = place / "ansible_collections" / "email_router" / "exchange_online"
    copy_to(collection)
    furnish(place / "home")
    variables = {**os.environ, "HOME": str(place / "home"), "PATH": search_path(ROOT / environment, place / "path")}
    for command in (["git", "init", "--quiet"], ["git", "add", "--all"]):
        subprocess.run(command, cwd=collection, env=variables, check=True)
    run = ["ansible-test", "sanity", "--python", python, "--color", "no"]
    done = subprocess.run(
        run, cwd=collection, env=variables, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    (place / "log").write_text(done.stdout)
    ran = done.stdout.count("Running sanity test")
    if done.returncode or not ran:
        sys.exit(f"{done.stdout}\nansible-test sanity of ansible-core {core} failed (status {done.returncode})")
    print(f"ansible-core {core}: {ran} sanity tests, all clean")


def furnish(home: Path) -> None:
    """Puts the stand-in for get-pip where ansible-test looks, and pip's present settings where pip looks."""
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in GET_PIP_NAMES:
        (cache / name).write_text(GET_PIP)
    conf = home / ".config" / "pip" / "pip.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.touch(mode=0o600)  # an index may need a password
    with conf.open("w") as file:
        pip_settings().write(file)


def pip_settings() -> RawConfigParser:
    """What pip is told on this machine by any file or variable; ansible-test passes no variables on."""
    settings = RawConfigParser()
    for line in pip("config", "list").splitlines():
        name, value = line.split("=", 1)
        section, option = name.rsplit(".", 1)
        section = "global" if section == ":env:" else section
        if not settings.has_section(section):
            settings.add_section(section)
        settings[section].setdefault(option, literal_eval(value))
    settings.read_dict({"global": {"quiet": "2"}})
    if cache := pip("cache", "dir").strip():
        settings.read_dict({"global": {"cache-dir": cache}})
    return settings


def pip(*arguments: str) -> str:
    """The output of a pip command; empty where it fails (no cache is kept)."""
    return subprocess.run([sys.executable, "-m", "pip", *arguments], check=False, capture_output=True, text=True).stdout


def search_path(environment: Path, stand_ins: Path) -> str:
    """PATH with the environment first and without any pwsh, for which ansible-test would want PSScriptAnalyzer.

    A directory that holds a pwsh among other programs is replaced by one of links to the others.
    """
    shutil.rmtree(stand_ins, ignore_errors=True)
    directories = [environment / "bin"]
    for number, directory in enumerate(Path(name) for name in os.environ["PATH"].split(os.pathsep) if name):
        if (directory / "pwsh").exists():
            links = stand_ins / str(number)
            links.mkdir(parents=True)
            for program in directory.iterdir():
                if program.name != "pwsh":
                    (links / program.name).symlink_to(program)
            directory = links
        directories.append(directory)
    return os.pathsep.join(str(directory) for directory in directories)


if __name__ == "__main__":
    main(*sys.argv[1:])
