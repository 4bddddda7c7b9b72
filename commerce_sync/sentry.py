"""Telling Sentry of errors, where the installation wants it: what broke and where, and nothing of whom it concerns."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

# What of an event is told at all. Not among these: user, request, extra, modules, breadcrumbs, server name.
_TOLD: Final = frozenset({"event_id", "timestamp", "level", "logger", "platform", "release", "environment",
    "exception", "logentry", "tags", "contexts", "transaction", "sdk", "type", "fingerprint"})  # fmt: skip
_CONTEXTS: Final = frozenset({"runtime", "trace"})
_LEFT_OUT_OF_FRAMES: Final = ("vars", "pre_context", "post_context")


def start(dsn: str) -> None:
    """Tell Sentry of what is logged as an error from now on. Nothing for an empty ``dsn``; ImproperlyConfigured when
    the SDK is not installed or the DSN cannot be read."""
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise ImproperlyConfigured("COMMERCE_SYNC_SENTRY_DSN needs the extra `sentry` (sentry-sdk)") from None
    try:
        sentry_sdk.init(
            dsn=dsn, before_send=scrub, before_breadcrumb=lambda crumb, hint: None,
            include_local_variables=False, include_source_context=False, max_request_body_size="never",
            traces_sample_rate=0, auto_session_tracking=False, server_name="commerce-sync",
        )  # fmt: skip
    except BadDsn:
        raise ImproperlyConfigured("COMMERCE_SYNC_SENTRY_DSN cannot be read") from None


def scrub(event: Any, hint: Any = None) -> Any:
    """An event without what could name a person or be a secret: texts are redacted as those of the log."""
    from commerce_sync import correlation  # here: the settings, which these need, are read after this module
    from commerce_sync.log_format import without_secrets

    kept: dict[str, Any] = {name: said for name, said in event.items() if name in _TOLD}
    kept["contexts"] = {name: said for name, said in kept.get("contexts", {}).items() if name in _CONTEXTS}
    if correlation.current():
        kept["tags"] = {"correlation": correlation.current()}
    entry = kept.get("logentry")
    if entry:
        kept["logentry"] = {"message": without_secrets(str(entry.get("formatted") or entry.get("message") or ""))}
    for each in (kept.get("exception") or {}).get("values") or ():
        each["value"] = without_secrets(str(each.get("value") or ""))
        for frame in (each.get("stacktrace") or {}).get("frames") or ():
            for name in _LEFT_OUT_OF_FRAMES:
                frame.pop(name, None)
    return kept
