"""What documents need to know of the company at QuickBooks: asked once in a session and kept in its memory.

Things that documents name and that may not exist yet are found by a fixed name or made: a service item for each account
that stands on a sales form, a customer and a supplier for receivables and payables in journals. Making one twice makes
one: the request carries the same id, and names are unique there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from connectors.accounting._qbo_calls import MOST_GHOSTS, Row, create, query, quoted, read, ref
from connectors.errors import BadAnswer, RefusalReason, Refused
from connectors.plain_text import plain
from connectors.session import Session

T = TypeVar("T")

RECEIVABLE: Final = "Accounts Receivable"
PAYABLE: Final = "Accounts Payable"
BANK: Final = "Bank"
CARD: Final = "Credit Card"
CURRENT_ASSET: Final = "Other Current Asset"
OURS: Final = "Commerce Sync"
LONGEST_NAME: Final = 60  # of the 100 that a name may have: an account follows
"""How the things begin that we make there; the setting `made_name` says it otherwise."""
ANY: Final = "Active in (true, false)"
"""Inactive things too, which a query leaves out by itself."""


def remembered(session: Session, name: str, ask: Callable[[], T]) -> T:
    """What `ask` answers, asked once in a session."""
    if name not in session.memory:
        session.memory[name] = ask()
    found: T = session.memory[name]
    return found


def preferences(session: Session) -> Row:
    """How the company keeps its books: currency, closing date, sales tax."""
    return remembered(session, "preferences", lambda: (query(session, "Preferences") or [{}])[0])


def information(session: Session) -> Row:
    """What the company is called, and its country."""
    return remembered(session, "information", lambda: (query(session, "CompanyInfo") or [{}])[0])


def home_currency(session: Session) -> str:
    """The currency that the books are kept in; "" when the company does not say, and the setting does not either."""
    prefs = preferences(session).get("CurrencyPrefs", {})
    return str(prefs.get("HomeCurrency", {}).get("value") or session.settings.get("home_currency") or "")


def is_american(session: Session) -> bool:
    """Whether sales tax is the American one, where tax codes are TAX and NON, and journals take none."""
    if preferences(session).get("TaxPrefs", {}).get("PartnerTaxEnabled") is not None:
        return True
    return information(session).get("Country", "US") in ("US", "USA")


def accounts(session: Session) -> dict[str, Row]:
    """The whole chart by id, inactive accounts too."""
    return remembered(session, "accounts", lambda: {row["Id"]: row for row in query(session, "Account", ANY)})


def account_type(session: Session, id: str) -> str:
    """The platform's own type of an account; "" when there is none with this id, which it says itself then."""
    return str(accounts(session).get(id, {}).get("AccountType", ""))


def the_control(session: Session, kind: str, currency: str) -> str:
    """The one account for receivables or payables in a currency; "" when there are several to guess from, or none."""
    home = home_currency(session)
    found = [
        id
        for id, row in accounts(session).items()
        if row.get("AccountType") == kind and row.get("CurrencyRef", {}).get("value", home) == currency
    ]
    return found[0] if len(found) == 1 else ""


def must_be(session: Session, id: str, kind: str, role: str) -> None:
    """Raise `Refused`, before anything is sent, unless the account has the type that the platform would post to."""
    if account_type(session, id) not in ("", kind):
        name = accounts(session)[id].get("Name", id)
        detail = f"“{name}” is chosen for “{role}”, and QuickBooks keeps that on an account of the type {kind} only."
        raise Refused(detail, reason=RefusalReason.ACCOUNT_INACTIVE)


def tax_rates(session: Session) -> dict[str, Row]:
    """Tax rates by id."""
    return remembered(session, "rates", lambda: {row["Id"]: row for row in query(session, "TaxRate")})


def tax_codes(session: Session) -> dict[str, Row]:
    """Tax codes by id, those out of use too."""
    return remembered(session, "codes", lambda: {row["Id"]: row for row in query(session, "TaxCode", ANY)})


def refuse_retired_tax(session: Session, code: str) -> None:
    """Raise `Refused` (`TAX_RATE_GONE`) for a tax code out of use: the platform's own words do not say what it is."""
    if not tax_codes(session).get(code, {}).get("Active", True):
        raise Refused(f"the tax code {code} is inactive in QuickBooks", reason=RefusalReason.TAX_RATE_GONE)


def rates_of(session: Session, code: str, side: str) -> list[Row]:
    """The rates of a tax code on `Sales` or `Purchase`, the lowest first."""
    details = tax_codes(session).get(code, {}).get(f"{side}TaxRateList", {}).get("TaxRateDetail", [])
    rates = [tax_rates(session).get(each["TaxRateRef"]["value"]) for each in details]
    return sorted((rate for rate in rates if rate), key=lambda rate: rate.get("RateValue", 0))


def sent(session: Session, entity: str, body: Row, seed: str) -> Row:
    """`create` for what names people. Raises a `Failure`, as `CONTACT_GONE` for a customer or vendor that is inactive
    or gone: the platform's own sentence names every kind of thing."""
    try:
        return create(session, entity, body, seed)
    except Refused as failure:
        raise _explained(session, body, failure) from None


def _explained(session: Session, body: Row, failure: Refused) -> Refused:
    if failure.reason is not RefusalReason.ACCOUNT_INACTIVE:
        return failure
    for entity, id in sorted(set(_people(body))):
        rows = query(session, entity, f"Id = {quoted(id)} and {ANY}")
        if not rows or not rows[0].get("Active", True):
            name = rows[0].get("DisplayName", id) if rows else id
            detail = f"The {entity.lower()} “{name}” is inactive or deleted in QuickBooks."
            return Refused(detail, reason=RefusalReason.CONTACT_GONE, status=failure.status)
    return failure


def _people(value: Any) -> Iterator[tuple[str, str]]:
    """Kind and id of every customer and vendor that a document names."""
    if isinstance(value, list):
        for each in value:
            yield from _people(each)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in ("CustomerRef", "VendorRef"):
                yield name.removesuffix("Ref"), inner["value"]
            elif name == "Entity":
                yield inner["Type"], inner["EntityRef"]["value"]
            else:
                yield from _people(inner)


def item_for(session: Session, account: str) -> str:
    """The service item that puts a line of a sales form on `account`."""
    return remembered(session, f"item {account}", lambda: _item(session, account))


def _item(session: Session, account: str) -> str:
    name = f"{_ours(session)} {account}"
    row = _named(session, "Item", "Name", name)
    if row is None:
        row = made(session, "Item", {"Name": name, "Type": "Service", "IncomeAccountRef": ref(account)}, "Name")
    if not row.get("Active", True) or row.get("IncomeAccountRef", {}).get("value") != account:
        detail = f"The item “{name}” is inactive, or was given another account: lines on account {account} need it."
        raise Refused(detail, reason=RefusalReason.ACCOUNT_INACTIVE)
    return str(row["Id"])


def party(session: Session, kind: str) -> str:
    """The customer or vendor of receivables or payables that have none of their own: a setting, found, or made."""
    chosen = session.settings.get(kind.lower())
    return str(chosen) if chosen else remembered(session, kind, lambda: _party(session, kind))


def _party(session: Session, kind: str) -> str:
    name = f"{_ours(session)} {kind.lower()}"
    row = _named(session, kind, "DisplayName", name)
    row = row or made(session, kind, {"DisplayName": name}, "DisplayName")
    return str(row["Id"])


def made(session: Session, entity: str, body: Row, field: str) -> Row:
    """Make a thing whose name stands in `field`. Raises `Refused`, for one: the name is taken.

    What a person deletes is inactive there and has another name, and a request that the platform knows is answered
    with it: then the thing is made under another key.
    """
    seed = name = body[field]
    for _ in range(MOST_GHOSTS):
        row = create(session, entity, body, seed)
        there = read(session, entity, row["Id"])
        if there.get("Active", True) and there.get(field) == name:
            return there
        seed = f"{name} after {row['Id']}"
    raise BadAnswer(f"QuickBooks answers with things that were deleted, when it is to make “{name}”")


def _named(session: Session, entity: str, field: str, name: str) -> dict[str, Any] | None:
    found = query(session, entity, f"{field} = {quoted(name)} and {ANY}")
    return found[0] if found else None


def _ours(session: Session) -> str:
    return plain(str(session.settings.get("made_name") or OURS), LONGEST_NAME).replace(":", " ")
