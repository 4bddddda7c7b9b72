"""The settings of drf-spectacular, which writes our own OpenAPI document. Plain data: the settings import it."""

from __future__ import annotations

from typing import Any, Final

SPECTACULAR: Final[dict[str, Any]] = {
    "TITLE": "Commerce Sync partner API",
    "VERSION": "1",
    "DESCRIPTION": (
        "A merchant's sales, kept in the merchant's accounting software. Paths, names, paging and errors of the "
        "published contract are kept, so that clients written for it work by changing the base URL; what goes beyond "
        "it is in the same style.\n\nSend your key as `Authorization: Basic <base64 of the key>`. A POST with an "
        "`Idempotency-Key` is carried out once, however often it is sent. Every answer carries `X-Correlation-Id`."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "DISABLE_ERRORS_AND_WARNINGS": False,
    "SORT_OPERATIONS": True,
    "SERVERS": [{"url": "/", "description": "This installation"}],
    "PREPROCESSING_HOOKS": ["commerce_sync.api.openapi.only_the_api"],
    "POSTPROCESSING_HOOKS": ["commerce_sync.api.openapi.share_refusals"],
}
