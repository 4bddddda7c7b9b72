"""Addresses that others have said, where a page leads to them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def web(address: str) -> str:
    """The address when it is one of the web, else "": an answer of a platform's must be no script to click on."""
    return address if address.lower().startswith(("https://", "http://")) else ""
