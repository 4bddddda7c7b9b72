"""Looks every locked package up among the known vulnerabilities, and is not silent where nobody answers.

A look-up that could not be made is not a clean one: it has an exit code and words of its own.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.supply.locks import LOCKS

CLEAN: Final = 0
VULNERABLE: Final = 1
NOT_AUDITED: Final = 3


def verdict(code: int, said: str, asked: int) -> tuple[int, str]:
    """What pip-audit's answer means: an exit code, and what to tell people."""
    if re.search(r"Found \d+ known vulnerabilit", said):
        return VULNERABLE, said
    if code == 0 and asked and "No known vulnerabilities found" in said:
        return CLEAN, f"{asked} packages audited: no known vulnerabilities"
    reason = (said.strip().splitlines() or ["it said nothing"])[-1]
    return NOT_AUDITED, f"NOT AUDITED: the advisory service did not answer for every package ({reason})"


def audit() -> int:
    """Asks for both locks; the exit code is the worst of them."""
    worst = CLEAN
    for lock in ("run", "develop"):
        file = LOCKS / f"{lock}.txt"
        program = str(Path(sys.executable).with_name("pip-audit"))
        answer = subprocess.run(
            [program, "--strict", "--require-hashes", "--disable-pip", "-r", str(file)], capture_output=True, text=True
        )
        asked = len(re.findall(r"(?m)^\S+==", file.read_text()))
        code, words = verdict(answer.returncode, answer.stdout + answer.stderr, asked)
        sys.stdout.write(f"{lock}: {words}\n")
        worst = max(worst, code)
    return worst
