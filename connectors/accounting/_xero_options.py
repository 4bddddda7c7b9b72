"""What a mapping may choose from at Xero."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.accounting import _xero_calls as calls
from connectors.accounting import _xero_wire as wire
from connectors.session import Option, Session


def options(session: Session) -> list[Option]:
    """Accounts, tax rates, contacts (each may be a customer and a supplier), items, tracking categories."""
    return [
        *calls.accounts(session),
        *_tax_rates(session),
        *_contacts(session),
        *_items(session),
        *_tracking(session),
    ]


def _tax_rates(session: Session) -> Iterator[Option]:
    """By the code that lines name them with; the height in millionths, where Xero tells it."""
    for rate in calls.get(session, "/TaxRates").decode(wire.TaxRates).tax_rates:
        if not rate.tax_type or rate.status == "DELETED":
            continue
        height = rate.effective_rate
        ppm = None if height is None else (height * 10_000).to_integral_value()
        detail = {} if ppm is None else {"rate_ppm": int(ppm)}
        yield Option("tax_rate", rate.tax_type, rate.name, rate.tax_type, active=rate.status == "ACTIVE", detail=detail)


def _contacts(session: Session) -> Iterator[Option]:
    """Xero knows who is a customer only after the first invoice, so anybody may be either."""
    for contact in calls.contacts(session):
        for kind in ("customer", "supplier"):
            yield Option(kind, contact.contact_id, contact.name, active=contact.contact_status == "ACTIVE")


def _items(session: Session) -> Iterator[Option]:
    for item in calls.items(session):
        yield Option("item", item.item_id, item.name or item.code, item.code)


def _tracking(session: Session) -> Iterator[Option]:
    """A category by its name, which lines name it with; its options are in the detail."""
    found = calls.get(session, "/TrackingCategories").decode(wire.TrackingCategories).tracking_categories
    for category in found:
        names = [each.name for each in category.options if each.status == "ACTIVE"]
        detail = {"id": category.tracking_category_id, "options": names}
        yield Option("tracking", category.name, category.name, active=category.status == "ACTIVE", detail=detail)
