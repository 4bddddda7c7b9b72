"""How Shopify lets us in and slows us down: its callback, its budget of points, its errors. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from connectors.errors import BadAnswer, Failure, PlatformDown, RefusalReason, Refused
from connectors.graphql import problems_of
from connectors.signatures import callback_signature
from connectors.wire import DEFAULT_WAIT, LONGEST_WAIT, SHORTEST_WAIT, Response

SHOP: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_DOMAIN: Final = ".myshopify.com"
_CALLBACK_SECONDS: Final = 90
_REASONS: Final = {
    "ACCESS_DENIED": RefusalReason.PERMISSION,
    "SHOP_INACTIVE": RefusalReason.SUBSCRIPTION_EXPIRED,
    "MAX_COST_EXCEEDED": RefusalReason.OVER_LIMIT,
}


class _Throttle(Struct, rename="camel"):
    currently_available: float
    restore_rate: float


class _Cost(Struct, rename="camel"):
    requested_query_cost: float | None = None
    throttle_status: _Throttle | None = None


class _Extensions(Struct):
    cost: _Cost | None = None


class _Said(Struct):
    extensions: _Extensions | None = None


def breath(response: Response) -> tuple[timedelta | None, bool]:
    """How long until the bucket of points holds another question like the last one, and whether it was refused."""
    is_throttled = any(problem.code == "THROTTLED" for problem in problems_of(response))
    missing = _missing_seconds(response)
    if is_throttled:
        return max(DEFAULT_WAIT if missing is None else missing, SHORTEST_WAIT), True
    return (missing, False) if missing else (None, False)


def _missing_seconds(response: Response) -> timedelta | None:
    """None when it is not said, or not in a way that can be understood."""
    if b'"throttleStatus"' not in response.body:
        return None
    try:
        said = msgspec.json.decode(response.body, type=_Said).extensions
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    cost = said.cost if said is not None else None
    if cost is None or cost.throttle_status is None or not cost.requested_query_cost:
        return None
    status = cost.throttle_status
    short = cost.requested_query_cost - status.currently_available
    if short <= 0 or status.restore_rate <= 0:
        return timedelta(0)
    return timedelta(seconds=min(short / status.restore_rate, LONGEST_WAIT.total_seconds()))


def complaint(response: Response) -> Failure | None:
    """What the errors of an answer mean, which comes with status 200; part of an answer is none."""
    problems = problems_of(response)
    if not problems:
        return None
    sentence = "; ".join(f"{problem.code} {problem.message}".strip() for problem in problems[:5])
    codes = {problem.code for problem in problems}
    for code, reason in _REASONS.items():
        if code in codes:
            return Refused(sentence, reason=reason, status=response.status)
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        return PlatformDown(sentence, status=response.status)
    return BadAnswer(sentence, status=response.status)


def callback_problem(query: Mapping[str, str], secret: str, now: datetime) -> str:
    """Why the browser that came back was not sent by Shopify, or came too late; empty when all is well.

    ``query`` has each parameter once; ``now`` is aware.
    """
    given = query.get("hmac", "")
    made = callback_signature([(name, value) for name, value in query.items() if name != "hmac"], secret)
    if not secret or not hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape")):
        return "it is not signed by Shopify"
    shop = query.get("shop", "")
    if not shop.endswith(_DOMAIN) or not SHOP.fullmatch(shop.removesuffix(_DOMAIN)):
        return "it names no shop"
    stamp = query.get("timestamp", "")
    if not stamp.isascii() or not stamp.isdigit() or abs(now.timestamp() - int(stamp[:12])) > _CALLBACK_SECONDS:
        return "it was signed too long ago, or in the future"
    return ""


def shop_of(domain: str) -> str:
    """The shop's own name in its domain at Shopify."""
    return domain.removesuffix(_DOMAIN)
