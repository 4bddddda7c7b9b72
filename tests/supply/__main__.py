"""``python -m tests.supply``: ``bill FILE`` writes the bill of materials, ``licenses`` lists packages with theirs,
``audit`` looks for known vulnerabilities."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

from tests.supply.audit import audit
from tests.supply.bill import bill_of_materials
from tests.supply.licenses import license_of
from tests.supply.locks import locked


def main(arguments: list[str]) -> int:
    match arguments:
        case ["bill", name]:
            file = Path(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(bill_of_materials())
            sys.stdout.write(f"{file}: {len(locked('run'))} packages\n")
            return 0
        case ["licenses"]:
            for package in {**locked("develop"), **locked("run")}.values():
                try:
                    license_here = license_of(package.name) or "not stated"
                except metadata.PackageNotFoundError:
                    license_here = "not installed here"
                place = "shipped" if package.name in locked("run") else "tests"
                sys.stdout.write(f"{package.name} {package.version}\t{place}\t{license_here}\n")
            return 0
        case ["audit"]:
            return audit()
    sys.stderr.write("usage: python -m tests.supply bill FILE | licenses | audit\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
