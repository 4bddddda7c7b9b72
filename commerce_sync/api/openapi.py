"""How our operations and shapes become an OpenAPI document: msgspec structs are its components."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, get_args, get_origin

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction, OpenApiParameter, OpenApiResponse

REF: Final = "#/components/schemas/{name}"

_UUIDS: Final = frozenset(
    f"{name}Id" for name in ("company", "connection", "sync", "undo", "endpoint", "delivery", "key", "origin", "client")
)
_ONCE: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255},
    OpenApiParameter.HEADER,
    description="Yours to choose. The same request with the same key within 24 hours gets the first answer again.",
)


class Schema(AutoSchema):
    """Operations are named by `operation.operation`; there are no serializers to guess from."""

    def get_override_parameters(self) -> list[Any]:
        """What every operation of a method takes, beside what `operation.operation` declares of it."""
        stores = getattr(self.view, "stores_answers", False)
        return [*super().get_override_parameters(), *([_ONCE] if self.method == "POST" and stores else [])]

    def get_filter_backends(self) -> list[Any]:
        """None: filters are declared."""
        return []

    def _get_paginator(self) -> None:
        return None

    def _resolve_path_parameters(self, variables: Any) -> list[Any]:
        found: list[Any] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in found:
            if parameter["name"] in _UUIDS:
                parameter["schema"] = {"type": "string", "format": "uuid"}
        return found

    def _get_request_for_media_type(self, serializer: Any, direction: Direction = "request") -> Any:
        schema, _ = super()._get_request_for_media_type(  # type: ignore[no-untyped-call]
            self._as_schema(serializer, direction), direction
        )
        is_struct = isinstance(serializer, type) and issubclass(serializer, msgspec.Struct)
        return schema, is_struct and any(field.required for field in msgspec.structs.fields(serializer))

    def _get_response_for_code(self, serializer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(serializer, OpenApiResponse):
            serializer = copy(serializer)  # it belongs to the operation, which may be described again
            serializer.response = self._as_schema(serializer.response, "response")
        else:
            serializer = self._as_schema(serializer, "response")
        return super()._get_response_for_code(serializer, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _as_schema(self, shape: Any, direction: Direction) -> Any:
        """The schema of a struct, a list or a mapping; what is none of these as it is."""
        origin, inner = get_origin(shape), get_args(shape)
        if origin is list:
            return {"type": "array", "items": self._as_schema(inner[0], direction)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._as_schema(inner[1], direction)}
        if shape is str:
            return {"type": "string"}
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            return self.resolve_serializer(shape, direction).ref  # type: ignore[arg-type]  # by StructExtension
        return shape


class StructExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A msgspec struct as a component, with all the structs that it is made of beside it."""

    target_class = "msgspec.Struct"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Direction) -> str:
        """The struct's own name."""
        return str(self.target.__name__)

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """The struct's own schema. Raises ValueError when two structs would be called the same."""
        _, components = msgspec.json.schema_components((self.target,), ref_template=REF)
        for struct in sorted(_structs_of(self.target), key=lambda each: each.__name__):
            if struct.__name__ not in components:
                raise ValueError(f"another shape is called {struct.__name__}, too: {struct!r}")
            own = ResolvedComponent(  # type: ignore[no-untyped-call]
                struct.__name__, ResolvedComponent.SCHEMA, _plain(components[struct.__name__]), struct
            )
            if struct is not self.target:
                auto_schema.registry.register_on_missing(own)
        schema: dict[str, Any] = _plain(components[self.target.__name__])
        return schema


def _structs_of(root: type) -> set[type]:
    """``root`` and every struct that it is made of."""
    found: set[type] = set()
    waiting: list[Any] = [msgspec.inspect.type_info(root)]
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found.add(info.cls)
            waiting += [field.type for field in info.fields]
        for name in ("item_type", "item_types", "key_type", "value_type", "types", "type"):
            inner = getattr(info, name, ())
            waiting += inner if isinstance(inner, tuple) else [inner]
    return found


def _plain(schema: Any) -> Any:
    """The schema with amounts as the numbers that they are."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            return {**{key: value for key, value in schema.items() if key != "format"}, "type": "number"}
        return {key: _plain(value) for key, value in schema.items()}
    return [_plain(value) for value in schema] if isinstance(schema, list) else schema


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The published way to authenticate."""

    target_class = "commerce_sync.api.authentication.KeyAuthentication"
    name = "auth_header"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """As in the contract."""
        words = "The word Basic, a space, and your API key in base64."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}


def only_the_api(endpoints: list[tuple[str, str, str, Any]], **_: Any) -> list[tuple[str, str, str, Any]]:
    """The operations that are described: pages and the schema's own addresses are not part of the API."""
    from commerce_sync.api.view import ApiView

    return [each for each in endpoints if issubclass(getattr(each[3], "cls", object), ApiView)]


def share_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The document with each kind of refusal said once, and not with every operation."""
    shared = result["components"].setdefault("responses", {})
    for methods in result["paths"].values():
        for operation in methods.values():
            for code, response in operation["responses"].items():
                if int(code) >= 400:
                    shared.setdefault(f"Refusal{code}", response)
                    operation["responses"][code] = {"$ref": f"#/components/responses/Refusal{code}"}
    result["components"]["responses"] = dict(sorted(shared.items()))
    return result
