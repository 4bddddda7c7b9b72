"""Addresses that others have said, where a page leads to them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def web(address: str) -> str:
    """The address when it is one of the web, else "": a platform's answer must not become a script that a click runs."""
    return address if address.lower().startswith(("https://", "http://")) else ""
