"""Xero's own description as a judge of what is sent: valid, and without any name that the description lacks."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import yaml
from openapi_core.exceptions import OpenAPIError

from connectors.wire import Request
from tests.platforms.folders import SPECIFICATIONS
from tests.platforms.judges import AskedFor, judge_of

SPECIFICATION: Final = SPECIFICATIONS / "accounting" / "xero" / "xero_accounting.yaml"


def faults_of(request: Request) -> list[str]:
    """What Xero's description has against a request. Raises LookupError without it."""
    if not SPECIFICATION.exists():
        raise LookupError("Xero's description is not at hand")
    judge, body = judge_of(SPECIFICATION), json.loads(request.body or b"null")
    asked = {"method": request.method, "path": judge.above + request.path, "query": dict(request.params), "body": body}
    try:
        judge.openapi.validate_request(AskedFor(asked, judge.host, dict(request.headers)))  # type: ignore[arg-type]
    except OpenAPIError as error:
        return [f"{error}: {error.__cause__}"]
    collection = request.path.split("/")[1]
    return _unknown(body, _schemas()[collection], collection)


@cache
def _schemas() -> dict[str, Any]:
    """The schemas of the description, which lets any name through."""
    found: dict[str, Any] = yaml.load(SPECIFICATION.read_text(), Loader=yaml.CSafeLoader)["components"]["schemas"]
    return found


def _unknown(value: Any, schema: dict[str, Any], path: str) -> list[str]:
    schema = _schemas()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [fault for each in value for fault in _unknown(each, schema.get("items", {}), path)]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    faults = [f"{path}.{name} is not in the description" for name in value if name not in known]
    return faults + [f for name in value if name in known for f in _unknown(value[name], known[name], f"{path}.{name}")]
