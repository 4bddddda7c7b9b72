"""Amounts, spans and badges in the console's templates."""

from __future__ import annotations

from datetime import timedelta

from django import template

from health.console.sync_words import span
from ledger.money import format_minor

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """Minor units as the currency writes them, with its code."""
    return f"{currency} {format_minor(minor, currency)}"


@register.filter
def figure(minor: int, currency: str) -> str:
    """Minor units as the currency writes them; nothing for nothing."""
    return format_minor(minor, currency) if minor else ""


@register.filter
def milliseconds(count: int) -> str:
    """A length of time, short."""
    return span(timedelta(milliseconds=count))
