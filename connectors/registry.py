"""Every platform we support, found by importing the two folders: there is no list to edit.

A platform file that lacks a fact, or cannot be imported, stops the server at start; nothing is skipped
quietly.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Final, TypeVar

from connectors.declare import Budget, Hosts, Safety
from connectors.errors import MisconfiguredPlatform
from connectors.platform import AccountingPlatform, CommercePlatform, Platform

_PUBLISHED_KEY: Final = re.compile(r"[a-z]{4}")
P = TypeVar("P", bound=Platform)

COMMERCE: Final = "connectors.commerce"
ACCOUNTING: Final = "connectors.accounting"
# What an accounting platform must say itself: the base class can only raise.
_VERBS: Final = ("push", "find", "void", "facts", "options", "create_account")
_ORDER_VERBS: Final = ("draft_order", "find_order")  # of those that declare `drafts_orders`


def load() -> None:
    """Import every platform; called when the app starts. Raises ImportError or `MisconfiguredPlatform`."""
    taken: dict[str, str] = {}
    for platform in (*_all_commerce().values(), *_all_accounting().values()):
        other = taken.setdefault(platform.published_key, platform.key)
        if other != platform.key:
            both = f"{other} and {platform.key}"
            raise MisconfiguredPlatform(f"the published key {platform.published_key!r} is that of {both}")


def commerce(key: str) -> CommercePlatform:
    """The commerce platform with this key; raises `MisconfiguredPlatform` for an unknown one."""
    return _named(_all_commerce(), key)


def accounting(key: str) -> AccountingPlatform:
    """The accounting platform with this key; raises `MisconfiguredPlatform` for an unknown one."""
    return _named(_all_accounting(), key)


def commerce_keys() -> tuple[str, ...]:
    return tuple(sorted(_all_commerce()))


def accounting_keys() -> tuple[str, ...]:
    return tuple(sorted(_all_accounting()))


def platforms() -> tuple[CommercePlatform | AccountingPlatform, ...]:
    """All of both kinds, by name."""
    return tuple(sorted((*_all_commerce().values(), *_all_accounting().values()), key=lambda each: each.name.lower()))


def named(word: str) -> CommercePlatform | AccountingPlatform | None:
    """The platform that ``word`` names: its key, its slug (dashes for underscores) or its published key."""
    wanted = word.replace("-", "_")
    for kind in (_all_commerce(), _all_accounting()):
        if found := kind.get(wanted):
            return found
    return next((each for each in platforms() if each.published_key == word), None)


def collect(package: str, base: type[P]) -> dict[str, P]:
    """The platforms of every module of `package`, by key, each checked for its facts.

    Raises ImportError when a module cannot be imported, `MisconfiguredPlatform` naming the file and the gap.
    """
    found: dict[str, P] = {}
    for module in _modules(package):
        classes = [member for member in vars(module).values() if _is_platform_of(member, base, module)]
        if not classes:
            raise _gap(module, f"defines no {base.__name__}")
        for platform_class in classes:
            _insist(platform_class, module)
            platform = platform_class()
            if platform.key in found:
                raise _gap(module, f"the key {platform.key!r} is taken by {type(found[platform.key]).__module__}")
            found[platform.key] = platform
    return found


@cache
def _all_commerce() -> dict[str, CommercePlatform]:
    return collect(COMMERCE, CommercePlatform)


@cache
def _all_accounting() -> dict[str, AccountingPlatform]:
    return collect(ACCOUNTING, AccountingPlatform)


def _named(platforms: dict[str, P], key: str) -> P:
    try:
        return platforms[key]
    except KeyError:
        known = ", ".join(sorted(platforms))
        raise MisconfiguredPlatform(f"there is no platform {key!r}; known are: {known}") from None


def _modules(package: str) -> Iterator[ModuleType]:
    """The modules of a package; those with a leading underscore are parts of a neighbour, not platforms."""
    parent = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(parent.__path__), key=lambda each: each.name):
        if not info.name.startswith("_") and not info.ispkg:
            yield importlib.import_module(f"{package}.{info.name}")


def _is_platform_of(member: object, base: type[P], module: ModuleType) -> bool:
    # Of this module: an imported base class is not this file's platform.
    return inspect.isclass(member) and issubclass(member, base) and member.__module__ == module.__name__


def _insist(platform: type[Platform], module: ModuleType) -> None:
    """Raise `MisconfiguredPlatform` for the first fact that is missing."""
    if not (module.__doc__ or "").strip():
        raise _gap(module, "lacks the docstring with the platform's quirks and links")
    facts: list[tuple[str, type | tuple[type, ...]]] = [("key", str), ("published_key", str), ("name", str)]
    if not platform.local:
        facts += [("hosts", Hosts), ("budget", Budget)]
    if issubclass(platform, AccountingPlatform):
        facts += [("document_kinds", frozenset), ("safety", Safety)]
    for name, kind in facts:
        value = getattr(platform, name, None)
        if not isinstance(value, kind) or value in ("", frozenset()):
            raise _gap(module, f"{platform.__name__} lacks {name}")
    if not platform.key.isidentifier() or platform.key != platform.key.lower():
        raise _gap(module, f"the key {platform.key!r} is not a lower-case word")
    if not _PUBLISHED_KEY.fullmatch(platform.published_key):
        raise _gap(module, f"the published key {platform.published_key!r} is not four lower-case letters")
    if issubclass(platform, AccountingPlatform):
        _insist_on_verbs(platform, module)
    if issubclass(platform, CommercePlatform):
        _insist_on_streams(platform, module)


def _insist_on_verbs(platform: type[AccountingPlatform], module: ModuleType) -> None:
    for verb in (*_VERBS, *(_ORDER_VERBS if platform.drafts_orders else ())):
        if getattr(platform, verb) is getattr(AccountingPlatform, verb):
            raise _gap(module, f"{platform.__name__} lacks {verb}()")


def _insist_on_streams(platform: type[CommercePlatform], module: ModuleType) -> None:
    if not platform.streams:
        raise _gap(module, f"{platform.__name__} has no stream")
    fetches = platform.fetch is not CommercePlatform.fetch
    for name, stream in platform.streams.items():
        if not platform.local and not fetches and (stream.endpoint is None or stream.paging is None):
            raise _gap(module, f"the stream {name} lacks its endpoint or its paging")
        told = {kind for stated in stream.stated for kind in stated.kinds} | stream.untold.keys()
        if silent := [kind for kind in stream.kinds if kind not in told]:
            raise _gap(module, f"the stream {name} does not say where a row states the total of its kind {silent[0]}")


def _gap(module: ModuleType, gap: str) -> MisconfiguredPlatform:
    return MisconfiguredPlatform(f"{module.__file__}: {gap}.")
