"""The API's operations as a document, and as a page to read and try (Swagger UI, served by us)."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

# The tool styles what it draws in attributes; its pictures are in its style sheet. Nothing is asked of anybody else.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as JSON. Anybody may ask for it, so it is written once in the life of a process."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json")


class DocsPage(SpectacularSwaggerSplitView):
    """The page, and (asked with ``?script``) the script that begins it: none stands in the page itself."""

    template_name = "api/docs.html"
    url_name = "api-schema"

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The answer, with the policy of this page."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Content-Security-Policy"] = POLICY
        return answer


@cache
def _document() -> bytes:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    written: bytes = OpenApiJsonRenderer().render(schema)
    return written
