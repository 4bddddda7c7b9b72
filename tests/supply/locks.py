"""Reads pyproject.toml and the locks, which ``.ci/run lock`` makes of it.

`run` is what a deployment installs, `develop` what the tests need besides. Both hold for every system and every Python
that pyproject allows: what is not needed everywhere has a marker.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: Final = Path(__file__).parents[2]
LOCKS: Final = PROJECT / ".ci" / "locks"
OURSELVES: Final = "commerce-sync (pyproject.toml)"
# Which extras of pyproject each lock is made of.
EXTRAS: Final = {"run": ("install", "redis", "sentry"), "develop": ("install", "dev")}


@dataclass(frozen=True)
class Locked:
    """One package of a lock: what is installed, what its files must be, and who wants it."""

    requirement: Requirement
    hashes: tuple[str, ...]  # "sha256:…", one a file
    wanted_by: tuple[str, ...]  # packages, or OURSELVES

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The version, where the lock names exactly one; else what it says instead."""
        return str(self.requirement.specifier).removeprefix("==")

    @property
    def is_needed_here(self) -> bool:
        marker = self.requirement.marker
        return marker is None or marker.evaluate()


@cache
def locked(lock: str) -> dict[str, Locked]:
    """The packages of a lock by their name."""
    return {package.name: package for package in read((LOCKS / f"{lock}.txt").read_text())}


def read(text: str) -> Iterator[Locked]:
    """The packages of a lock's text."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        head = block.split("\\\n", 1)[0].split("\n    #", 1)[0]
        comments = [
            line.strip().removeprefix("#").strip() for line in block.splitlines() if line.strip().startswith("#")
        ]
        wanting = (line.removeprefix("via").strip() for line in comments)
        yield Locked(
            requirement=Requirement(head.strip()),
            hashes=tuple(re.findall(r"--hash=(\S+)", block)),
            wanted_by=tuple(name for name in wanting if name and not name.startswith("-c ")),
        )


def wanted(lock: str) -> list[Requirement]:
    """What pyproject asks for, in the extras of this lock."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    return [
        Requirement(line) for line in [*project["dependencies"], *(each for x in EXTRAS[lock] for each in extras[x])]
    ]
