"""The vendors' own descriptions of their interfaces, as judges of what we send and of what our pages say."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.platforms.exchanges import Json


class _Plain(yaml.CSafeLoader):
    """YAML as JSON would be: a day stays a text."""


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class AskedFor:
    """A request as openapi-core reads it."""

    def __init__(self, asked: Json, host: str, headers: dict[str, str]) -> None:
        self.host_url, self.path, self.method = host, asked["path"], asked["method"].lower()
        self.full_url_pattern = f"{host}{asked['path']}"
        self.body = json.dumps(asked["body"]).encode() if "body" in asked else None
        self.content_type = "application/json"
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(asked.get("query", {}).items())), header=Headers(headers)
        )


class Answered:
    """An answer as openapi-core reads it."""

    def __init__(self, value: Any) -> None:
        self.data = json.dumps(value).encode()
        self.status_code = 200
        self.content_type = "application/json"
        self.headers: dict[str, str] = {}


class Judge:
    """One vendor's OpenAPI description. The vendors' files are not strictly valid themselves: that is not asked."""

    def __init__(self, path: Path) -> None:
        text = path.read_text()
        description = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=_Plain)  # noqa: S506  # a subclass of the safe one
        server = urlsplit(description["servers"][0]["url"])
        self.host, self.above = f"{server.scheme}://{server.netloc}", server.path.rstrip("/")
        _let_nulls_through(description)
        description.pop("security", None)  # recorded requests carry no secrets
        for operations in description["paths"].values():
            for operation in operations.values():
                if isinstance(operation, dict):
                    operation.pop("security", None)
                    found = [each for one in operation.get("parameters", ()) for each in _written_out(one)]
                    operation["parameters"] = found
        self.openapi = OpenAPI.from_dict(description, config=Config(spec_validator_cls=None))

    def judge(self, exchange: Json, headers: dict[str, str]) -> None:
        """Raises what openapi-core finds wrong with the request, or with the answer."""
        question = exchange["request"]
        asked = AskedFor({**question, "path": self.above + question["path"]}, self.host, headers)
        self.openapi.validate_request(asked)  # type: ignore[arg-type]
        self.openapi.validate_response(asked, Answered(exchange["response"]))  # type: ignore[arg-type]


def _let_nulls_through(value: Any) -> None:
    """A choice of schemas that is `nullable` means null as well, though the standard asks for a `type` beside it."""
    if isinstance(value, dict):
        if value.get("nullable") is True and isinstance(value.get("anyOf"), list):
            value["anyOf"].append({"type": "string", "nullable": True, "enum": [None]})
        for inner in value.values():
            _let_nulls_through(inner)
    elif isinstance(value, list):
        for inner in value:
            _let_nulls_through(inner)


def _written_out(parameter: Json) -> list[Json]:
    """openapi-core reads `name[part]` of plain objects only: each part becomes a parameter of its own."""
    if parameter.get("style") != "deepObject":
        return [parameter]
    parts: Json = {}
    for schema in parameter["schema"].get("anyOf", [parameter["schema"]]):
        parts |= schema.get("properties", {})
        if schema.get("type") == "array":
            parts |= {str(place): schema["items"] for place in range(10)}
    name = parameter["name"]
    return [{"in": "query", "name": f"{name}[{part}]", "schema": schema} for part, schema in parts.items()]


@cache
def judge_of(path: Path) -> Judge:
    """The judge of a description, which takes seconds to read."""
    return Judge(path)
