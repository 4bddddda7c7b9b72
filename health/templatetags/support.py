"""Figures of the console's pages."""

from __future__ import annotations

from django import template

from ledger.money import format_minor, format_money

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """Minor units with their currency."""
    return format_money(minor, currency)


@register.filter
def figure(minor: int, currency: str) -> str:
    """Minor units as a figure of a column; "" for nothing."""
    return format_minor(minor, currency) if minor else ""


@register.filter
def spoken(name: str) -> str:
    """A name of the code's as people read it: "credit_note" as "Credit note"."""
    return name.replace("_", " ").capitalize()
