"""Intuit's own schema as a judge: JSON bodies, turned into XML by the schema itself, have to be valid.

The interface's JSON has the names of the schema: a list is a repeated element, a reference `{"value": …}` is an
element with that text. The order of XML is that of the schema, for JSON has none.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from xmlschema import XMLSchema
from xmlschema.validators import XsdComplexType, XsdElement

from connectors.wire import Request
from tests.platforms.folders import SPECIFICATIONS

NAMESPACE: Final = "http://schema.intuit.com/finance/v3"
FOLDER: Final = SPECIFICATIONS / "accounting" / "quickbooks" / "xsd"
_WRAPPED: Final = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{0}" targetNamespace="{0}"
    elementFormDefault="qualified"><xs:include schemaLocation="{1}"/>{2}</xs:schema>"""


SENT: Final = (
    "JournalEntry", "Invoice", "CreditMemo", "Payment", "Bill", "BillPayment", "Deposit", "Transfer", "PurchaseOrder",
    "Item", "Customer", "Vendor", "Account",
)  # fmt: skip


class Judge:
    """The types that are judged are named; each becomes an element of its own."""

    def __init__(self, *entities: str) -> None:
        self.entities = entities

    @cached_property
    def schema(self) -> XMLSchema:
        elements = "".join(f'<xs:element name="judged{name}" type="{name}"/>' for name in self.entities)
        return XMLSchema(_WRAPPED.format(NAMESPACE, (FOLDER / "Finance.xsd").as_uri(), elements))

    def faults(self, entity: str, body: dict[str, Any]) -> list[str]:
        """What is wrong with a body, [] for nothing."""
        unknown: list[str] = []
        declared = self.schema.elements[f"judged{entity}"]
        element = _xml(declared, body, unknown, entity)
        return unknown + [f"{error.path}: {error.reason}" for error in self.schema.iter_errors(element)]


def faults_of(request: Request) -> list[str]:
    """What Intuit's schema has against a document or list entry that is sent. Raises LookupError without the schema."""
    if not FOLDER.exists():
        raise LookupError("Intuit's schema is not at hand")
    entity = request.path.rpartition("/")[2]
    named = {each.lower(): each for each in SENT}
    return _of_all.faults(named[entity], json.loads(request.body or b"", parse_float=Decimal))


def _xml(declared: XsdElement, value: Any, unknown: list[str], path: str) -> ET.Element:
    made = ET.Element(declared.name)
    if not isinstance(value, dict):
        made.text = str(value).lower() if isinstance(value, bool) else str(value)
        return made
    kind = declared.type
    if "value" in value:  # a reference
        made.text = str(value["value"])
        made.attrib.update({name: str(each) for name, each in value.items() if name != "value"})
        return made
    if not isinstance(kind, XsdComplexType):
        unknown.append(f"{path}: {kind} is no object")
        return made
    left = dict(value)
    for name in list(left):
        if name in kind.attributes:
            made.set(name, _xml(declared, left.pop(name), unknown, path).text or "")
    for child in kind.content.iter_elements():  # type: ignore[union-attr]
        for each in _possible(child):
            name = each.local_name
            if name in left:
                inner = left.pop(name)
                for one in inner if isinstance(inner, list) else [inner]:
                    made.append(_xml(each, one, unknown, f"{path}.{name}"))
    unknown += [f"{path}.{name} is not in the schema" for name in left]
    return made


def _possible(child: Any) -> list[XsdElement]:
    """The element itself, and those that may stand in its place."""
    if not isinstance(child, XsdElement):
        return []
    return [child, *child.iter_substitutes()]


_of_all: Final = Judge(*SENT)
