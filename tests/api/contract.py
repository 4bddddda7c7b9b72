"""The published contract as a judge: every answer to one of its operations is held to its schemas."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

FOLDER = Path(os.environ.get("CONTRACT_DIR") or Path(__file__).parents[3] / "shared" / "contract")
DOCUMENTS = ("sync-for-commerce.openapi.json", "commerce.openapi.json")
SERVER = "https://api.codat.io"  # the one that the contract names
_COMMON = {405, 409, 411, 413, 415, 429, 500}  # the contract leaves them out in places; their body is the same


class Known(NamedTuple):
    """One operation of the contract; ``document`` is the file that tells of it."""

    method: str
    path: str
    pattern: re.Pattern[str]
    responses: dict[str, Any]
    document: str
    operation_id: str


def is_here() -> bool:
    """Whether the published contract is beside this repository; it is not ours to commit."""
    return all((FOLDER / name).exists() for name in DOCUMENTS)


@cache
def _document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = _nullable(json.loads((FOLDER / name).read_text()))
    return found


@cache
def operations() -> tuple[Known, ...]:
    """All operations of the published documents."""
    found = []
    for name in DOCUMENTS if is_here() else ():
        for path, methods in _document(name)["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$")
            for method, described in methods.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    found.append(
                        Known(method.upper(), path, pattern, described["responses"], name, described["operationId"])
                    )
    # Literal addresses before those with parameters in their places.
    return tuple(sorted(found, key=lambda each: each.pattern.pattern.count("[^/]+")))


def _nullable(schema: Any) -> Any:
    """`nullable: true`, a word of OpenAPI 3.0 that the contract uses, as JSON Schema says it."""
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: _nullable(value) for key, value in schema.items()}
    if out.pop("nullable", False) is True:
        return {"anyOf": [out, {"type": "null"}]}
    return out


def operation_of(method: str, path: str) -> Known | None:
    """The published operation that this request is, if it is one."""
    bare = path.partition("?")[0]
    return next((each for each in operations() if each.method == method and each.pattern.match(bare)), None)


@cache
def _judge(name: str) -> OpenAPI:
    return OpenAPI.from_dict(_document(name), config=Config(spec_validator_cls=None))


def check_answer(method: str, path: str, status: int, body: bytes, content_type: str) -> None:
    """Fail unless the answer is one that the published contract allows; what is not in it passes. openapi-core judges.

    Where the contract leaves a refusal out, it has to have the shape of the refusals that it tells of.
    """
    known = operation_of(method, path)
    if known is None:
        return
    judged = status
    if str(status) not in known.responses:
        assert status in _COMMON or status == 400, f"{known.operation_id} is not told to answer {status}: {body!r}"
        judged = 401
    bare, _, query = path.partition("?")
    request = MockRequest(SERVER, method.lower(), bare, args=dict(parse_qsl(query)))
    try:
        _judge(known.document).validate_response(request, MockResponse(body, judged, content_type=content_type))
    except OpenAPIError as error:
        problems = getattr(error.__cause__, "schema_errors", ())
        told = "\n".join(f"{each.json_path}: {each.message[:300]}" for each in list(problems)[:10])
        pytest.fail(f"{known.operation_id} answered {status} outside of the contract: {error}\n{told}")
