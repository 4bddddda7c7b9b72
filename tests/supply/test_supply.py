"""What we install is locked, may be used, and is stated in a bill of materials."""

from __future__ import annotations

import json
import re
from importlib import metadata

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.supply.audit import CLEAN, NOT_AUDITED, VULNERABLE, verdict
from tests.supply.bill import bill_of_materials
from tests.supply.licenses import SHIPPED, TESTS, UNSTATED, is_among, license_of
from tests.supply.locks import LOCKS, OURSELVES, locked, read, wanted

BOTH = pytest.mark.parametrize("lock", ["run", "develop"])


@pytest.mark.case("S31")
@BOTH
def test_a_lock_holds_exactly_what_the_project_asks_for(lock: str) -> None:
    asked = {canonicalize_name(requirement.name): requirement for requirement in wanted(lock)}
    held = locked(lock)
    assert {name for name, package in held.items() if OURSELVES in package.wanted_by} == set(asked), (
        "run `.ci/run lock`"
    )
    outside = [str(one) for name, one in asked.items() if held[name].version not in one.specifier]
    assert outside == [], "run `.ci/run lock`"


@pytest.mark.case("S31")
@BOTH
def test_every_locked_package_has_one_version_and_the_hashes_of_its_files(lock: str) -> None:
    for package in locked(lock).values():
        assert Version(package.version), package.name
        assert package.hashes, package.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in package.hashes), package.name


@BOTH
def test_nothing_is_locked_that_nobody_wants(lock: str) -> None:
    for package in locked(lock).values():
        assert package.wanted_by, package.name
        strangers = {re.sub(r"\[.*", "", name) for name in package.wanted_by} - {OURSELVES} - set(locked(lock))
        assert strangers == set(), package.name


@pytest.mark.case("S31")
def test_what_is_tested_is_what_is_shipped() -> None:
    tested = locked("develop")
    apart = {name: one.version for name, one in locked("run").items() if name in tested}
    assert apart == {name: tested[name].version for name in apart}
    extras = {"redis", "async-timeout"}  # the extra `redis`, which the tests do without
    assert set(locked("run")) - set(tested) <= extras


def test_no_lock_says_where_from() -> None:
    assert not re.search(
        r"https?://|--(extra-)?index-url|--find-links", "".join(p.read_text() for p in LOCKS.iterdir())
    )


@pytest.mark.parametrize(("lock", "allowed"), [("run", SHIPPED), ("develop", TESTS)])
def test_every_installed_package_is_under_a_license_that_is_allowed(lock: str, allowed: set[str]) -> None:
    found: dict[str, str | None] = {}
    for package in locked(lock).values():
        if package.is_needed_here and package.name not in UNSTATED:
            try:
                found[package.name] = license_of(package.name)
            except metadata.PackageNotFoundError:
                assert lock == "run", f"{package.name} is locked but not installed: run `.ci/run install`"
    assert {name: words for name, words in found.items() if not is_among(words, allowed)} == {}
    assert len(found) > len(locked(lock)) * 0.9


def test_a_license_counts_with_all_of_its_parts_or_one_of_its_alternatives() -> None:
    assert is_among("Apache-2.0 OR BSD-3-Clause", {"Apache-2.0"})
    assert is_among("Apache-2.0 AND BSD-2-Clause", {"Apache-2.0", "BSD-2-Clause"})
    assert not is_among("Apache-2.0 AND BSD-2-Clause", {"Apache-2.0"})
    assert not is_among("GPL-2.0-only", SHIPPED)
    assert not is_among(None, TESTS)


def test_a_lock_is_read_whole() -> None:
    text = "one==1.2 ; sys_platform == 'win32' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via two\n"
    text += "two==3 \\\n    --hash=sha256:cc\n    # via\n    #   -c run.txt\n    #   commerce-sync (pyproject.toml)\n"
    one, two = read(text)
    assert (one.name, one.version, one.hashes, one.wanted_by) == ("one", "1.2", ("sha256:aa", "sha256:bb"), ("two",))
    assert not one.is_needed_here
    assert (two.name, two.version, two.wanted_by) == ("two", "3", (OURSELVES,))


@pytest.mark.case("S31")
def test_the_bill_of_materials_states_every_shipped_package_with_its_hashes() -> None:
    text = bill_of_materials()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["name"] == "commerce-sync"
    parts = {part["name"]: part for part in bill["components"]}
    for name, package in locked("run").items():
        assert parts[name]["version"] == package.version
        digests = {digest["content"] for file in parts[name]["externalReferences"] for digest in file["hashes"]}
        assert digests == {digest.removeprefix("sha256:") for digest in package.hashes}, name
    assert set(parts) == set(locked("run"))
    assert sum("licenses" in part for part in parts.values()) >= len(parts) - 2  # what is not needed here has none
    needs = {edge["ref"]: edge.get("dependsOn", []) for edge in bill["dependencies"]}
    assert parts["django"]["bom-ref"] in needs[OURSELVES]
    assert parts["sqlparse"]["bom-ref"] in needs[parts["django"]["bom-ref"]]


@pytest.mark.case("S31")
def test_an_audit_that_nobody_answered_is_not_a_clean_one() -> None:
    assert verdict(0, "No known vulnerabilities found\n", 47)[0] == CLEAN
    assert verdict(1, "Found 1 known vulnerability in 1 package\n", 47)[0] == VULNERABLE
    silent = [
        verdict(0, "", 47),
        verdict(0, "No known vulnerabilities found\n", 0),
        verdict(1, "ERROR: Dependency not found and could not be audited: django (5.2)\n", 47),
        verdict(1, "requests.exceptions.ConnectionError: the name could not be resolved\n", 47),
    ]
    assert [code for code, _ in silent] == [NOT_AUDITED] * 4
    assert all(words.startswith("NOT AUDITED") for _, words in silent)
