"""Words and figures of the merchant's pages, in the reader's language."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import pgettext

from commerce_sync.flow import figures
from commerce_sync.flow.locales import DEFAULT

register = template.Library()


@register.simple_tag(takes_context=True)
def text(context: template.Context, key: str) -> str:
    """One of the texts that a partner may set, by its published key; "" where the partner shows nothing."""
    found: str = context["texts"].get(key, "")
    return found


@register.simple_tag(takes_context=True)
def money(context: template.Context, minor: int, currency: str) -> str:
    """Minor units with their currency."""
    return figures.money(minor, currency, _locale(context))


@register.simple_tag(takes_context=True)
def amount(context: template.Context, minor: int, currency: str) -> str:
    """Minor units as a figure of a column."""
    return figures.amount(minor, currency, _locale(context))


@register.simple_tag(takes_context=True)
def side(context: template.Context, net: int, currency: str) -> str:
    """Net debits as a figure with the side that it is on."""
    figure = figures.amount(abs(net), currency, _locale(context))
    if not net:
        return figure
    note = pgettext("beside an amount", "debit") if net > 0 else pgettext("beside an amount", "credit")
    return format_html('{} <span class="note">{}</span>', figure, note)


@register.simple_tag(takes_context=True)
def count(context: template.Context, number: int) -> str:
    """A whole number."""
    return figures.number(number, _locale(context))


@register.simple_tag(takes_context=True)
def percent(context: template.Context, ppm: int) -> str:
    """A rate in millionths."""
    return figures.percent(ppm, _locale(context))


def _locale(context: template.Context) -> str:
    merchant: Any = context.get("merchant")
    found: str = merchant.locale if merchant is not None else DEFAULT
    return found
