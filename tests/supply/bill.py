"""The software bill of materials: what a deployment consists of, as CycloneDX 1.6 in JSON.

Made from the lock of what is shipped, so it states what would be installed anywhere, with the hashes of all files that
may be. Licenses are read from the installed packages; for one that is not installed here (its marker excludes this
system or this Python) none is stated.
"""

from __future__ import annotations

import tomllib
from importlib import metadata
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from tests.supply.licenses import license_of
from tests.supply.locks import LOCKS, OURSELVES, PROJECT, Locked, locked


def bill_of_materials() -> str:
    """The bill as JSON text; the same lock gives the same bill, its time aside."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    ourselves = Component(
        name=project["name"], version=project["version"], type=ComponentType.APPLICATION, bom_ref=OURSELVES
    )
    parts = {name: _component(package) for name, package in locked("run").items()}
    bill = Bom(
        serial_number=uuid5(NAMESPACE_URL, (LOCKS / "run.txt").read_text()),
        components=parts.values(),
    )
    bill.metadata.component = ourselves
    for wanting, component in [(OURSELVES, ourselves), *parts.items()]:
        packages = locked("run").items()
        bill.register_dependency(component, [parts[name] for name, one in packages if wanting in one.wanted_by])
    text: str = make_outputter(bill, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return text


def _component(package: Locked) -> Component:
    """One package: every file that the lock allows is a distribution with its hash."""
    address = PackageURL("pypi", name=package.name, version=package.version)
    files = [
        ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(str(address)),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))],
        )
        for digest in package.hashes
    ]
    marker = package.requirement.marker
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=address,
        bom_ref=str(address),
        licenses=_licenses(package.name),
        external_references=files,
        properties=[Property(name="commerce-sync:marker", value=str(marker))] if marker else [],
    )


def _licenses(name: str) -> list[LicenseExpression]:
    try:
        expression = license_of(name)
    except metadata.PackageNotFoundError:
        return []
    return [LicenseExpression(expression)] if expression else []
