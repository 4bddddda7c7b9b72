"""Settings, from the environment. What cannot be read is refused here, at start, with the name of the
variable.

Without any variable this is a working development set-up: an embedded PostgreSQL and generated secrets
under `.data/`. `COMMERCE_SYNC_PRODUCTION=1` demands the real ones and switches on what `check --deploy`
asks for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from commerce_sync import embedded, sentry
from commerce_sync.api.openapi_settings import SPECTACULAR
from commerce_sync.environment import (
    fernet_keys,
    flag,
    folder,
    generated_secrets,
    mail_server,
    oauth_clients,
    refuse_unknown_variables,
    text,
    token,
    web_address,
    whole,
    word,
    words,
)
from commerce_sync.process_settings import CONSOLE, ERRANDS, ERRANDS_OUTSIDE, PASSWORDS, logging_to_stderr, queue

BASE_DIR = Path(__file__).resolve().parent.parent


def secret(name: str) -> str:
    """A secret from the environment; outside production from the generated file."""
    value = text(name)
    if value:
        return value
    if PRODUCTION:
        raise ImproperlyConfigured(f"{name} must be set when COMMERCE_SYNC_PRODUCTION=1")
    path = COMMERCE_SYNC_DATA_DIR / "secrets.env"
    try:
        return generated_secrets(path)[name]
    except KeyError:
        raise ImproperlyConfigured(f"{path} has no {name}: set it, or remove the file to make new ones") from None


def database() -> dict[str, Any]:
    """The one database: of DATABASE_URL, else the embedded server, started here when it does not run."""
    if text("DATABASE_URL"):
        try:
            found: dict[str, Any] = dict(environ.Env().db_url("DATABASE_URL"))
        except (ValueError, environ.ImproperlyConfigured) as error:
            raise ImproperlyConfigured("DATABASE_URL cannot be read: postgresql://user:password@host/name") from error
        if found.get("ENGINE") != "django.db.backends.postgresql":
            raise ImproperlyConfigured("DATABASE_URL must begin with postgresql:// (nothing else is supported)")
    elif PRODUCTION:
        raise ImproperlyConfigured("DATABASE_URL must be set when COMMERCE_SYNC_PRODUCTION=1")
    else:
        server = embedded.ensure_running(COMMERCE_SYNC_DATA_DIR)
        found = {"ENGINE": "django.db.backends.postgresql", **server.database}
    options = found.setdefault("OPTIONS", {})
    session = {
        # Disks that seek: gone. At the server's default of 4 a batch of 20,000 look-ups reads the whole table instead,
        # and a long history is posted in quadratic time.
        "random_page_cost": "1.1",
        # A worker that hangs must not hold its locks for ever; a lock not had soon is a failure to retry.
        "idle_in_transaction_session_timeout": whole(
            "COMMERCE_SYNC_IDLE_IN_TRANSACTION_TIMEOUT_MS", 60_000, 0, 3_600_000
        ),
        "lock_timeout": whole("COMMERCE_SYNC_LOCK_TIMEOUT_MS", 5_000, 0, 3_600_000),
        # Far beyond anything that is well: what runs so long would run for ever, and keep others waiting.
        "statement_timeout": whole("COMMERCE_SYNC_STATEMENT_TIMEOUT_MS", 600_000, 0, 86_400_000),
    }
    ours = " ".join(f"-c {name}={value}" for name, value in session.items())
    options["options"] = f"{ours} {options.get('options', '')}".strip()
    options.setdefault("prepare_threshold", 5)
    return {**found, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": False}


refuse_unknown_variables()
PRODUCTION = flag("COMMERCE_SYNC_PRODUCTION")
DEBUG = flag("COMMERCE_SYNC_DEBUG")
if DEBUG and PRODUCTION:
    raise ImproperlyConfigured("COMMERCE_SYNC_DEBUG and COMMERCE_SYNC_PRODUCTION cannot both be set")
COMMERCE_SYNC_DATA_DIR = Path(text("COMMERCE_SYNC_DATA_DIR") or BASE_DIR / ".data").resolve()
# host:port pairs on private addresses that may be called: test servers, a platform in one's own network.
COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = words("COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS")
SECRET_KEY = secret("SECRET_KEY")
COMMERCE_SYNC_OAUTH_CLIENTS = oauth_clients(text("COMMERCE_SYNC_OAUTH_CLIENTS"))
COMMERCE_SYNC_ENCRYPTION_KEYS = fernet_keys(secret("COMMERCE_SYNC_ENCRYPTION_KEYS"))
ALLOWED_HOSTS = words("ALLOWED_HOSTS") or ([] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must be set when COMMERCE_SYNC_PRODUCTION=1")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
DATABASES = {"default": database()}

INSTALLED_APPS = [
    *(
        "unfold.apps.BasicAppConfig",  # its templates come before those of the admin
        "health.console.apps.ConsoleConfig",  # the admin
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ),
    *("django.contrib.messages", "django.contrib.staticfiles"),
    # commerce_sync comes after django_q: its admin.py takes back what django_q's registers.
    *(
        "django_q",
        "rest_framework",
        "drf_spectacular",
        "drf_spectacular_sidecar",
        "django_htmx",
        "django_otp",
        "ledger",
        "connectors",
        "commerce_sync",
        "health",
    ),
]
MIDDLEWARE = [
    "commerce_sync.correlation.CorrelationMiddleware",
    "commerce_sync.every_answer.EveryAnswerMiddleware",
    "health.probes.ProbeMiddleware",  # before what asks for a host and for TLS: probes have neither
    *("django.middleware.security.SecurityMiddleware", "whitenoise.middleware.WhiteNoiseMiddleware"),
    *("django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware"),
    *("django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware"),
    *(
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django_htmx.middleware.HtmxMiddleware",
    ),
    *("django_otp.middleware.OTPMiddleware", "health.console.guard.ConsoleMiddleware"),
]
AUTHENTICATION_BACKENDS = ["health.console.access.RoleBackend"]
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
ROOT_URLCONF = "commerce_sync.urls"
WSGI_APPLICATION = "commerce_sync.wsgi.application"
CONTEXT = "django.template.context_processors.request", "django.contrib.auth.context_processors.auth"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [*CONTEXT, "django.contrib.messages.context_processors.messages"]},
    }
]
AUTH_PASSWORD_VALIDATORS = PASSWORDS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("fr-ca", "Français (Canada)")]  # of the merchant's pages
LOCALE_PATHS = [BASE_DIR / "commerce_sync" / "locale"]  # before those of the libraries: our words are ours
FORMAT_MODULE_PATH = "commerce_sync.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = COMMERCE_SYNC_DATA_DIR / "static"
if not PRODUCTION:  # nothing is collected there, but whoever serves the site looks for it
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Hashed names need collectstatic, which only a deployment runs; elsewhere files are served in place.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False  # nobody else's pages need our files
HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": HASHED if PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True  # forms have the token in them
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:  # browsers take these names only from this very host and over TLS
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_ENGINE = "commerce_sync.session_store"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "commerce_sync.flow.errors.not_ours"
if flag("COMMERCE_SYNC_TRUST_PROXY"):
    # Only behind a proxy that sets or strips this header: a client could otherwise claim to use TLS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = logging_to_stderr(
    word("COMMERCE_SYNC_LOG_FORMAT", "PLAIN", ("PLAIN", "JSON")),
    word("COMMERCE_SYNC_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
)

# The partner API.
COMMERCE_SYNC_PUBLIC_URL = web_address("COMMERCE_SYNC_PUBLIC_URL")  # "": as the caller wrote it
COMMERCE_SYNC_API_CALLS_A_MINUTE = whole("COMMERCE_SYNC_API_CALLS_A_MINUTE", 1_000, 0, 1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "commerce_sync.api.openapi.Schema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = SPECTACULAR

# Alerts by mail. Without a server nothing is sent, and the log of alerts says so.
MAIL = mail_server(text("COMMERCE_SYNC_EMAIL_URL"))
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = MAIL.backend, MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.starts_tls, MAIL.is_tls
EMAIL_TIMEOUT = 15  # seconds
DEFAULT_FROM_EMAIL = text("COMMERCE_SYNC_EMAIL_FROM") or "Commerce Sync <alerts@localhost>"
if PRODUCTION and MAIL.host and not text("COMMERCE_SYNC_EMAIL_FROM"):
    raise ImproperlyConfigured("COMMERCE_SYNC_EMAIL_FROM must be set with COMMERCE_SYNC_EMAIL_URL")

# What is done regularly after the work on syncs, and what of that calls the outside.
COMMERCE_SYNC_ERRANDS, COMMERCE_SYNC_ERRANDS_OUTSIDE = ERRANDS, ERRANDS_OUTSIDE
# For how many days what may name persons is kept; 0: for ever (docs/retention.md).
COMMERCE_SYNC_KEEP_RAW_DAYS = whole("COMMERCE_SYNC_KEEP_RAW_DAYS", 400, 0, 36_500)
COMMERCE_SYNC_KEEP_CALLS_DAYS = whole("COMMERCE_SYNC_KEEP_CALLS_DAYS", 90, 0, 36_500)
COMMERCE_SYNC_KEEP_MESSAGES_DAYS = whole("COMMERCE_SYNC_KEEP_MESSAGES_DAYS", 400, 0, 36_500)

# A grave finding that nobody has taken for so long is passed up by itself; 0: never.
COMMERCE_SYNC_ESCALATE_AFTER_HOURS = whole("COMMERCE_SYNC_ESCALATE_AFTER_HOURS", 24, 0, 24 * 365)

# Who watches the process. Without a token there are no metrics, without a DSN nothing is told to Sentry.
COMMERCE_SYNC_METRICS_TOKEN = token("COMMERCE_SYNC_METRICS_TOKEN", text("COMMERCE_SYNC_METRICS_TOKEN"), 16)
COMMERCE_SYNC_SENTRY_DSN = text("COMMERCE_SYNC_SENTRY_DSN")

# The console (django-unfold). Nothing is loaded from elsewhere.
COMMERCE_SYNC_ADMIN_PATH = folder("COMMERCE_SYNC_ADMIN_PATH", text("COMMERCE_SYNC_ADMIN_PATH"), "admin")
COMMERCE_SYNC_STAFF_SECOND_FACTOR = flag("COMMERCE_SYNC_STAFF_SECOND_FACTOR")
UNFOLD = CONSOLE

WORKERS = whole("COMMERCE_SYNC_WORKERS", 3, 1, 64)
REDIS_URL = text("COMMERCE_SYNC_REDIS_URL")
Q_CLUSTER = queue(WORKERS, REDIS_URL)

sentry.start(COMMERCE_SYNC_SENTRY_DSN)
