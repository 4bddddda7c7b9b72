"""Under which licenses the packages stand that we install, and which of them may be.

What is shipped may be used in a closed product; what only tests use may also be under a license that asks for more from
whoever ships it. A package that does not say its license where programs can read it is listed with what it says
elsewhere.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final

from license_expression import AND, OR, LicenseExpression, Licensing

SHIPPED: Final = {
    *("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unlicense", "Apache-2.0", "PSF-2.0"),
    "MPL-2.0",  # certifi: a list of certificates, unchanged
    "LGPL-3.0-only",  # psycopg: imported, unchanged, and whoever wants to can replace it
}
# beancount, odoorpc, regex: they judge, and nothing of them is shipped.
TESTS: Final = SHIPPED | {"GPL-2.0-only", "LGPL-3.0-or-later", "CNRI-Python"}

# How packages call their license → its SPDX name. A classifier is asked before the free text.
SPELLED: Final = {
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# In a file beside the code, not in what programs read.
SAID_ELSEWHERE: Final = {"axe-playwright-python": "MIT AND MPL-2.0"}  # the second is that of the axe-core in it
# Says nothing anywhere. Only tests use it and nothing of it is shipped.
UNSTATED: Final = frozenset({"codat-sync-for-commerce"})


def license_of(name: str) -> str | None:
    """The license of an installed package as an SPDX expression; None where nobody can tell."""
    if name in SAID_ELSEWHERE:
        return SAID_ELSEWHERE[name]
    told: Any = metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    prefix = "License :: OSI Approved :: "
    classified = [each.removeprefix(prefix) for each in told.get_all("Classifier") or [] if each.startswith(prefix)]
    text = str(told.get("License") or "").strip()
    for word in (*classified, text):
        if word in SPELLED:
            return SPELLED[word]
        if word in TESTS:
            return word
    return None


def is_among(expression: str | None, allowed: set[str]) -> bool:
    """Whether a package may be used: one of its alternatives, with all of its parts, is allowed."""
    if expression is None:
        return False

    def holds(part: LicenseExpression) -> bool:
        if isinstance(part, OR):
            return any(holds(each) for each in part.args)
        if isinstance(part, AND):
            return all(holds(each) for each in part.args)
        return str(part) in allowed

    return holds(Licensing().parse(expression))
