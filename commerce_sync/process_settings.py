"""The parts of the settings that are the same in every installation: how the console looks, what a password is, how
is logged, and how the bell is rung."""

from __future__ import annotations

from typing import Any, Final

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy

static_lazy = lazy(static, str)

# UNFOLD: nothing is loaded from elsewhere.
CONSOLE: Final[dict[str, Any]] = {
    "SITE_TITLE": "Commerce Sync",
    "SITE_HEADER": "Commerce Sync",
    "SITE_SUBHEADER": "Support console",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": static_lazy("console/icon.svg")}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "health.console.log_in_form.LogInForm"},
    "ACCOUNT": {"navigation": [{"title": "Second factor", "link": reverse_lazy("admin:console-second-factor-own")}]},
    "SIDEBAR": {"navigation": "health.console.navigation.navigation"},
}
_VALIDATORS: Final[dict[str, dict[str, Any]]] = {
    "UserAttributeSimilarityValidator": {},
    "CommonPasswordValidator": {},
    "MinimumLengthValidator": {"min_length": 12},
}
PASSWORDS: Final[list[dict[str, Any]]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in _VALIDATORS.items()
]


def logging_to_stderr(form: str, level: str) -> dict[str, Any]:
    """LOGGING: everything to the error stream, as PLAIN or JSON, and nothing with a secret in it."""
    plain = "%(asctime)s %(levelname)s %(name)s [%(correlation)s]: %(message)s"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"correlation": {"()": "commerce_sync.correlation.CorrelationFilter"}},
        "formatters": {
            "PLAIN": {"()": "commerce_sync.log_format.PlainFormatter", "format": plain},
            "JSON": {"()": "commerce_sync.log_format.JsonFormatter"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["correlation"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # At DEBUG it writes the whole address of each call, and some addresses are secrets; `connectors_call` has ours.
        "loggers": {"urllib3": {"level": "INFO"}},
    }


def queue(workers: int, redis_url: str) -> dict[str, Any]:
    """Q_CLUSTER: django-q2 only rings the bell; our own work table is the truth. checks.py holds these to their
    reasons."""
    return {
        "name": "commerce_sync",
        "workers": workers,
        "queue_limit": workers,
        "bulk": 1,
        "poll": 0.5,
        "timeout": 180,  # seconds; a drain stops itself before, whatever a platform does (checks.py)
        "retry": 900,  # seconds; redelivery is not our recovery path
        "max_attempts": 1,
        "ack_failures": True,
        "save_limit": -1,
        "catch_up": False,
        "recycle": 200,
        "max_rss": 300_000,
        **({"redis": redis_url} if redis_url else {"orm": "default"}),
    }


# What apps above commerce_sync do regularly, after the work on syncs (commerce_sync/errands.py).
ERRANDS: Final = [
    "health.errands.run",
    "health.findings.errand.look",
    "health.alerts.errand.run",
    "commerce_sync.sync_days.count_days",
    "health.findings.unattended.pass_up",
    "commerce_sync.housekeeping.clean_hourly",
    "commerce_sync.unheard.ask_now_and_then",
    "connectors.keeping.keep_hourly",
    "connectors.ledger_looks.look_daily",
    "health.audit_trail.seal_daily",
    "health.personal.erasing.erase",
    "health.personal.retention.forget_hourly",
]
# Of these, what calls the outside: it rests while the data wait, restored or copied, for a word (ledger/home.py).
ERRANDS_OUTSIDE: Final = frozenset({
    "health.errands.run", "health.alerts.errand.run", "connectors.keeping.keep_hourly",
    "connectors.ledger_looks.look_daily",
})  # fmt: skip
