"""The published contract as a judge: every answer to one of its operations is held to its schemas."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

FOLDER = Path(os.environ.get("CONTRACT_DIR") or Path(__file__).parents[3] / "shared" / "contract")
DOCUMENTS = ("sync-for-commerce.openapi.json", "commerce.openapi.json")
_COMMON = {405, 409, 411, 413, 415, 429, 500}  # the contract leaves them out in places; their body is the same


class Known(NamedTuple):
    """One operation of the contract."""

    method: str
    path: str
    pattern: re.Pattern[str]
    responses: dict[str, Any]
    document: dict[str, Any]
    operation_id: str


def is_here() -> bool:
    """Whether the published contract is beside this repository; it is not ours to commit."""
    return all((FOLDER / name).exists() for name in DOCUMENTS)


@cache
def operations() -> tuple[Known, ...]:
    """All operations of the published documents."""
    found = []
    for name in DOCUMENTS if is_here() else ():
        document = _nullable(json.loads((FOLDER / name).read_text()))
        for path, methods in document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$")
            for method, described in methods.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    found.append(
                        Known(method.upper(), path, pattern, described["responses"], document, described["operationId"])
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


def check_answer(method: str, path: str, status: int, body: bytes, content_type: str) -> None:
    """Fail unless the answer is one that the published contract allows; what is not in it passes."""
    known = operation_of(method, path)
    if known is None:
        return
    assert content_type.startswith("application/json"), content_type
    described = known.responses.get(str(status))
    if described is None:
        assert status in _COMMON or status == 400, (
            f"{known.operation_id} is not documented to answer {status}: {body!r}"
        )
        schema: Any = {"$ref": "#/components/schemas/ErrorMessage"}
    else:
        schema = described["content"]["application/json"]["schema"] if "content" in described else described
        if "$ref" in described:
            schema = {"$ref": described["$ref"] + "/content/application~1json/schema"}
    # The components are beside the schema, so that its references lead somewhere.
    whole = {**schema, "components": known.document["components"]}
    problems = [
        f"{error.json_path}: {error.message[:300]}"
        for error in Draft202012Validator(whole).iter_errors(json.loads(body))
    ]
    if problems:
        pytest.fail(f"{known.operation_id} answered {status} outside of the contract:\n" + "\n".join(problems[:10]))
