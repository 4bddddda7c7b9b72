"""What a connection's platform calls its things, both ways: name of an id, and id of a name that only one has."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from connectors import references

KEPT: Final = 64


class Names:
    """Names of one connection's products, places, customers and ways of paying."""

    def __init__(self, known: references.References) -> None:
        self._known = known

    def name(self, kind: str, external_id: str) -> str:
        """What the thing of this id is called; "" when nobody said."""
        found: Mapping[str, Any] | None = self._known.get(kind, {}).get(external_id)
        return str(found.get("name") or "") if found else ""

    @cached_property
    def products(self) -> Mapping[str, str]:
        """Name → id of products, without names that several bear."""
        return self._ids("product")

    @cached_property
    def tenders(self) -> Mapping[str, str]:
        """Name → id of ways of paying, without names that several bear."""
        return self._ids("tender")

    def _ids(self, kind: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        several: set[str] = set()
        for external_id, facts in self._known.get(kind, {}).items():
            name = facts.get("name")
            if name in found:
                several.add(name)
            elif name:
                found[name] = external_id
        for name in several:
            del found[name]
        return found


_kept: OrderedDict[int, tuple[int, Names]] = OrderedDict()


def names_of(connection_id: int, version: int) -> Names:
    """The names that hold now; kept by this process as long as the connection's ``references_version`` says so."""
    kept = _kept.get(connection_id)
    if kept is not None and kept[0] == version:
        return kept[1]
    names = Names(references.known(connection_id, version))
    _kept[connection_id] = (version, names)
    _kept.move_to_end(connection_id)
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
    return names
