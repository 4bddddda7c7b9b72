"""The description of operations for our own OpenAPI (drf-spectacular): what is sent, answered and refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from commerce_sync.api.errors import JSON, ErrorMessage
from commerce_sync.api.paging import DEFAULT_SIZE, LARGEST_SIZE, page_shape

F = TypeVar("F", bound=Callable[..., Any])

ERRORS: Final = {
    400: "The request cannot be carried out as it is; `validation` names the fields.",
    401: "The key is missing, unknown, expired or revoked.",
    404: "There is no such thing, or it is another partner's.",
    405: "The operation does not exist at this address.",
    409: "It contradicts the present state.",
    411: "The body has no length.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    429: "Too many requests with this key; `Retry-After` says when to go on.",
    500: "An error of ours.",
    503: "The database is away, full or busy; Retry-After says when to send the same again.",
}
_ALWAYS: Final = (401, 429, 500, 503)
_WITH_BODY: Final = (400, 411, 413, 415)
_OF_POST: Final = {*_WITH_BODY, 409}  # an Idempotency-Key of another request, or of one that is under way
_PAGED: Final = (
    OpenApiParameter(
        "page", {"type": "integer", "minimum": 1, "default": 1}, OpenApiParameter.QUERY, description="Page number."
    ),
    OpenApiParameter(
        "pageSize",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
        OpenApiParameter.QUERY,
        description="Rows a page.",
    ),
)
_FILTERED: Final = (
    OpenApiParameter(
        "query", str, OpenApiParameter.QUERY, description="Filter, for instance `id=…&&created>2026-01-01`."
    ),
    OpenApiParameter(
        "orderBy", str, OpenApiParameter.QUERY, description="Field to sort by; `-` before it: descending."
    ),
)


def operation(
    operation_id: str,
    summary: str,
    *,
    tag: str,
    answers: Any,
    body: Any = None,
    status: int = 200,
    paged: bool = False,
    filtered: bool = False,
    query: Sequence[OpenApiParameter] = (),
    errors: Sequence[int] = (),
    description: str | None = None,
    media: str = JSON,
) -> Callable[[F], F]:
    """Describe a method of an `ApiView`. ``answers`` is the shape of the success (``paged``: of a row of it), ``media``
    its media type; ``errors`` are the refusals that it has beside those that all have."""
    codes = {*_ALWAYS, *errors}
    if body is not None:
        codes.update(_WITH_BODY)
    if paged or filtered or query:
        codes.add(400)
    parameters = [*(_PAGED if paged else ()), *(_FILTERED if filtered else ()), *query]

    def described(method: F) -> F:
        refusals = codes | (_OF_POST if method.__name__ == "post" else set())
        responses: dict[Any, Any] = {(status, media): page_shape(answers) if paged else answers}
        responses |= {code: OpenApiResponse(ErrorMessage, ERRORS[code]) for code in sorted(refusals)}
        described_method: F = extend_schema(
            operation_id=operation_id,
            summary=summary,
            description=description or inspect.getdoc(method),
            tags=[tag],
            request=body,
            responses=responses,
            parameters=parameters,
        )(method)
        return described_method

    return described
