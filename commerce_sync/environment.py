"""Reading the environment: each function refuses what it cannot read, with the name of the variable."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

# Every variable of ours that is read. A misspelled one would otherwise be silently without effect.
VARIABLES = frozenset(
    f"COMMERCE_SYNC_{name}"
    for name in (
        *("ADMIN_PATH", "ALLOW_PRIVATE_HOSTS", "API_CALLS_A_MINUTE", "DATA_DIR", "DEBUG", "EMAIL_FROM", "EMAIL_URL"),
        *("ENCRYPTION_KEYS", "ESCALATE_AFTER_HOURS", "IDLE_IN_TRANSACTION_TIMEOUT_MS", "LOCK_TIMEOUT_MS"),
        *("KEEP_CALLS_DAYS", "KEEP_MESSAGES_DAYS", "KEEP_RAW_DAYS", "LOG_FORMAT", "LOG_LEVEL", "METRICS_TOKEN"),
        *("OAUTH_CLIENTS", "PRODUCTION", "PUBLIC_URL", "REDIS_URL", "SENTRY_DSN", "STAFF_SECOND_FACTOR"),
        *("STATEMENT_TIMEOUT_MS", "TRUST_PROXY", "WORKERS"),
    )
)


def refuse_unknown_variables() -> None:
    """Raise ImproperlyConfigured for a COMMERCE_SYNC_ variable that nothing reads."""
    for name in sorted(os.environ):
        if name.startswith("COMMERCE_SYNC_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1)
            raise ImproperlyConfigured(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))


def text(name: str) -> str:
    """A variable without the spaces around it; empty when unset."""
    return os.environ.get(name, "").strip()


def flag(name: str) -> bool:
    """A yes/no variable: 1/true/yes/on or 0/false/no/off/empty. Anything else is refused."""
    said = text(name).lower()
    if said in {"1", "true", "yes", "on"}:
        return True
    if said in {"", "0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {said!r}")


def whole(name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number between two limits, both included."""
    said = text(name) or str(default)
    if not (said.isascii() and said.isdigit() and lowest <= int(said) <= highest):
        raise ImproperlyConfigured(f"{name} must be a whole number from {lowest} to {highest}, not {said!r}")
    return int(said)


def word(name: str, default: str, words: tuple[str, ...]) -> str:
    """One of some words, in any case."""
    found = text(name).upper() or default
    if found not in words:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(words)}, not {found!r}")
    return found


def words(name: str) -> list[str]:
    """A comma separated list; empty when unset."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def web_address(name: str) -> str:
    """A base URL without its last slash; empty when unset."""
    said = text(name).rstrip("/")
    parts = urlsplit(said)
    if said and (parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment):
        raise ImproperlyConfigured(f"{name} must be a web address such as https://sync.example.com, not {said!r}")
    return said


# How the addresses of everything else that is served here begin.
_TAKEN = frozenset({"api", "books", "companies", "config", "flow", "healthz", "integrations"})
_TAKEN |= {"link", "metrics", "oauth", "static", "webhooks"}


def folder(name: str, said: str, default: str) -> str:
    """The path below which something is served, without slashes at its ends."""
    found = said.strip("/") or default
    if not re.fullmatch(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*", found) or found.split("/")[0] in _TAKEN:
        raise ImproperlyConfigured(f"{name} must be a path of letters, digits and hyphens that is not in use: {said!r}")
    return found


def token(name: str, said: str, least: int) -> str:
    """A secret that others show to us; empty when unset. The message never shows it."""
    if said and (len(said) < least or not said.isascii() or not said.isprintable() or " " in said):
        raise ImproperlyConfigured(f"{name} must be at least {least} letters, digits or signs without spaces")
    return said


class MailServer(msgspec.Struct, frozen=True):
    """Where mail is handed in. ``starts_tls``: the connection is encrypted after it was opened; ``is_tls``: from the
    beginning."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


def mail_server(said: str) -> MailServer:
    """`smtp://user:password@host:587` (with STARTTLS), `smtps://…:465`, `smtp+plain://host:25` for one on this host,
    `console:` for the standard output; empty: there is none. The message never shows what was given."""
    problem = "COMMERCE_SYNC_EMAIL_URL must be smtp://user:password@host:587, smtps://…, smtp+plain://… or console:"
    kind = "django.core.mail.backends"
    if not said:
        return MailServer(f"{kind}.dummy.EmailBackend")
    if said == "console:":
        return MailServer(f"{kind}.console.EmailBackend")
    try:
        parts = urlsplit(said)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ImproperlyConfigured(problem) from None
    ports = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
    if parts.scheme not in ports or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(problem)
    return MailServer(
        f"{kind}.smtp.EmailBackend",
        host,
        port or ports[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtp",
        parts.scheme == "smtps",
    )


def generated_secrets(path: Path) -> dict[str, str]:
    """The secrets of this development set-up, made once; the file appears whole and is its owner's alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        mine = path.with_name(f"{path.name}.{os.getpid()}")
        secrets = {
            "SECRET_KEY": Fernet.generate_key(),
            "COMMERCE_SYNC_ENCRYPTION_KEYS": Fernet.generate_key(),
        }
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.writelines(f"{name}={value.decode()}\n" for name, value in secrets.items())
        try:
            os.link(mine, path)  # refuses to replace, so that of two processes starting together one wins for both
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def fernet_keys(joined: str) -> list[str]:
    """The keys of stored credentials; the first encrypts, all decrypt. The message never shows a key."""
    keys = [part.strip() for part in joined.split(",") if part.strip()]
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            problem = f"key {position} of COMMERCE_SYNC_ENCRYPTION_KEYS is not a Fernet key"
            raise ImproperlyConfigured(problem) from None
    if not keys:
        raise ImproperlyConfigured("COMMERCE_SYNC_ENCRYPTION_KEYS holds no key")
    return keys


def oauth_clients(said: str) -> dict[str, dict[str, object]]:
    """Who we are to the platforms: a JSON object, platform key → client. The message never shows what was given."""
    if not said:
        return {}
    try:
        found = msgspec.json.decode(said, type=dict[str, dict[str, object]])
        for client in found.values():
            msgspec.convert(client, _Client)
    except msgspec.MsgspecError:
        shape = '{"square": {"client_id": "…", "client_secret": "…", "webhook_secrets": ["…"]}}'
        raise ImproperlyConfigured(f"COMMERCE_SYNC_OAUTH_CLIENTS must be a JSON object like {shape}") from None
    return found


class _Client(msgspec.Struct, forbid_unknown_fields=True):
    """What a client may say (`connectors.auth.Client`, which settings cannot import)."""

    client_id: str
    client_secret: str = ""
    redirect_uri: str = ""
    webhook_secrets: tuple[str, ...] = ()
