"""Whether a row has the shape that the published contract gives it: a small reader of its schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    **{"string": str, "boolean": bool, "array": list, "object": dict},
    **{"number": (int, float), "integer": int},
}
UNLISTED = {"taxAmount"}  # in the contract's examples of tax allocations, not in its schema


def complaints(value: Any, schema: dict[str, Any], contract: dict[str, Any], path: str = "") -> Iterator[str]:
    """What of ``value`` is not as the schema says: types, words, required and unknown fields."""
    merged = merge(schema, contract)
    if value is None and merged.get("nullable"):
        return
    kind = merged.get("type")
    if kind in TYPES and (not isinstance(value, TYPES[kind]) or (kind in ("number", "integer") and value is True)):
        yield f"{path}: {value!r} is no {kind}"
    elif "enum" in merged and value not in merged["enum"]:
        yield f"{path}: {value!r} is not among the words"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from complaints(item, merged.get("items", {}), contract, f"{path}[{index}]")
    elif isinstance(value, dict) and merged.get("properties"):
        yield from _of_fields(value, merged, contract, path)


def _of_fields(row: dict[str, Any], merged: dict[str, Any], contract: dict[str, Any], path: str) -> Iterator[str]:
    yield from (f"{path}: {name} is missing" for name in merged["required"] if name not in row)
    for name, item in row.items():
        if name in merged["properties"]:
            # What is inside of it is ours: the contract leaves it open.
            if name != "supplementalData":
                yield from complaints(item, merged["properties"][name], contract, f"{path}.{name}")
        elif name not in UNLISTED:
            yield f"{path}: {name} is not in the contract"


def merge(schema: dict[str, Any], contract: dict[str, Any]) -> dict[str, Any]:
    """The schema with its references followed and its parts put together."""
    found: dict[str, Any] = {"properties": {}, "required": []}
    if "$ref" in schema:
        target: Any = contract
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[int(step) if isinstance(target, list) else step]
        parts = [target]
    else:
        parts = schema.get("allOf", [])
    for part in [*(merge(part, contract) for part in parts), schema]:
        properties = {**found["properties"], **part.get("properties", {})}
        required = [*found["required"], *part.get("required", [])]
        found |= {k: v for k, v in part.items() if k in ("type", "enum", "items", "nullable")}
        found |= {"properties": properties, "required": required}
    return found
