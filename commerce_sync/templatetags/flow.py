"""Words and figures of the merchant's pages, in the reader's language."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import pgettext

from commerce_sync.flow import figures
from commerce_sync.flow.locales import DEFAULT
from commerce_sync.flow.session import FlowSession, looked_at_by
from commerce_sync.flow.version_words import why
from commerce_sync.flow_texts import defaults, on_one_line, rate_key, shows_nothing

register = template.Library()
register.filter(why)


@register.simple_tag(takes_context=True)
def text(context: template.Context, key: str) -> str:
    """One of the texts that a partner may set, by its published key; "" where the partner shows nothing."""
    found: str = context["texts"].get(key, "")
    return "" if shows_nothing(found) else found


@register.simple_tag(takes_context=True)
def spoken(context: template.Context, key: str) -> str:
    """The same where there have to be words (on a button, in a label): our own where the partner shows nothing."""
    return text(context, key) or defaults(_locale(context))[key]


@register.simple_tag(takes_context=True)
def window(context: template.Context, key: str) -> str:
    """The same for the title of the window."""
    return on_one_line(spoken(context, key))


@register.simple_tag(takes_context=True)
def heading(context: template.Context, level: int, key: str) -> str:
    """A heading. One that shows nothing is still there for those who go from heading to heading by ear."""
    unseen = "" if text(context, key) else format_html(' class="{}"', "unseen")
    return format_html("<h{}{}>{}</h{}>", level, unseen, spoken(context, key), level)


@register.simple_tag(takes_context=True)
def said(context: template.Context, key: str, style: str = "") -> str:
    """A paragraph, with the line ends that the partner wrote; nothing at all where the partner shows nothing."""
    found = text(context, key)
    return format_html('<p class="{}">{}</p>', f"said {style}".strip(), found) if found else ""


@register.simple_tag(takes_context=True)
def step_name(context: template.Context, key: str) -> str:
    """What a step is called, kept apart from the words around it, whichever way it is written."""
    unseen = "" if text(context, key) else format_html(' class="{}"', "unseen")
    return format_html("<bdi{}>{}</bdi>", unseen, spoken(context, key))


@register.simple_tag(takes_context=True)
def required(context: template.Context) -> str:
    """The mark of what must be filled in."""
    found = text(context, "configure-required-indicator")
    return format_html(' <span class="required">{}</span>', found) if found else ""


@register.simple_tag(takes_context=True)
def rate_text(context: template.Context, ppm: int | None) -> str:
    """The partner's text for a tax rate, where there is a published one."""
    return text(context, rate_key(ppm))


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


@register.simple_tag(takes_context=True)
def looking(context: template.Context) -> FlowSession | None:
    """Who of the console only looks at this page; None: the merchant, or a page that needs no session."""
    merchant: Any = context.get("merchant")
    if merchant is not None:
        session: FlowSession = merchant.session
        return session if session.viewer else None
    # Pages that say that something is not there know whose brand it is; those that must not need a session do not.
    request = context.get("request") if "look" in context else None
    return looked_at_by(request) if request is not None else None


def _locale(context: template.Context) -> str:
    merchant: Any = context.get("merchant")
    found: str = merchant.locale if merchant is not None else DEFAULT
    return found
