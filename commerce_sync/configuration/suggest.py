"""The book that we suggest to a company that has none: accounts by name and type, each with the reason. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from msgspec import structs

from commerce_sync.configuration.fields import NAMED, SUSPENSE, Field
from commerce_sync.configuration.known import Rate, Reason
from connectors.session import Option
from ledger.book import Book, Policy, TaxCode
from ledger.calendar import DayRule

FIRST_DAY: Final = date(2000, 1, 1)
"""The rule of a new book holds from here on, and for all days before."""


class Suggestion(NamedTuple):
    """A book, and role → why its account was picked."""

    book: Book
    reasons: dict[str, Reason]


# Role → what its account is likely to be called, most telling first. A role that is not here gets no suggestion: it
# falls back to a more general one, or to the suspense account.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "sales": (r"^(retail |product )?sales$", r"\bsales\b(?!.*(return|discount|tax))", r"\b(income|revenue|turnover)\b"),
    "refunds": (r"\b(returns?|refunds?)\b", r"^(retail |product )?sales$", r"\bsales\b(?!.*(discount|tax))"),
    "tip": (r"\b(tips?|gratuit(y|ies))\b",),
    "gift_card": (r"\bgift ?cards?\b", r"\bvouchers?\b"),
    "breakage": (r"\bbreakage\b", r"\bother (income|revenue)\b"),
    "discount": (r"\bdiscounts?\b(?!.*received)",),
    "shipping": (r"\b(shipping|delivery|postage|freight)\b",),
    "service_charge": (r"\bservice charges?\b",),
    "donation": (r"\bdonations?\b", r"\bcharit(y|able)\b"),
    "rounding": (r"\brounding\b",),
    "tax": (r"\b(sales tax|vat|gst|hst|tva)\b",),
    "deposit": (r"\b(customer )?deposits\b", r"\bprepayments?\b"),
    SUSPENSE: (r"\bsuspense\b", r"\b(uncategori[sz]ed|ask my accountant)\b"),
    "tender:card": (r"\bcard\b.*\b(clearing|receipts?|payments?)\b", r"\b(clearing|undeposited)\b"),
    "tender:cash": (r"\bcash\b.*\b(drawer|till|register|hand|receipts?)\b", r"\bpetty cash\b", r"^cash$"),
    "tender": (r"\bother\b.*\bclearing\b", r"\bclearing\b", r"\bundeposited\b"),
    "bank": (r"\b(checking|current)\b", r"\bbank\b"),
    "store_credit": (r"\bstore credits?\b", r"\bgift ?cards?\b"),
    "receivable": (r"\b(accounts? receivable|trade debtors|debtors)\b",),
    "cash_over_short": (r"\bover\b.*\bshort\b",),
    "fee": (r"\b(payment|card|merchant|processing)\b.*\b(fees?|charges?|processing)\b", r"\bbank (fees?|charges?)\b"),
    "advance": (r"\b(loans?|advances?)\b",),
    "advance_fee": (r"\b(loan|advance)\b.*\bfees?\b", r"\binterest\b"),
    "dispute": (r"\b(disputes?|chargebacks?)\b",),
    "dispute_loss": (r"\b(disputes?|chargebacks?)\b(?!.*fee)", r"\bbad debts?\b"),
    "reserve": (r"\breserves?\b",),
}
# The same in French, as the charts of France and of Québec call them.
_FRENCH: Final[dict[str, tuple[str, ...]]] = {
    "sales": (
        r"^ventes?( de (marchandises|produits))?$",
        r"\bventes?\b(?!.*(retours?|rabais|remises?|taxes?))",
        r"\b(chiffre d.affaires|revenus?|prestations?)\b",
    ),
    "refunds": (r"\b(retours?|remboursements?)\b",),
    "tip": (r"\bpourboires?\b",),
    "gift_card": (r"\bcartes?[- ]cadeaux?\b", r"\b(bons?|chèques?)[- ]cadeaux?\b"),
    "breakage": (r"\bautres? (produits|revenus)\b",),
    "discount": (r"\b(rabais|remises?|ristournes?)\b(?!.*obtenu)",),
    "shipping": (r"\b(livraisons?|expédition|ports?)\b",),
    "service_charge": (r"\bfrais de service\b",),
    "donation": (r"\bdons?\b",),
    "rounding": (r"\barrondis?\b", r"\bdifférences? de (caisse|règlement)\b"),
    "tax": (r"\btva collectée\b", r"\b(tva|tps|tvq|tvh|taxes? de vente)\b"),
    "deposit": (r"\b(acomptes?|dépôts? de clients?)\b",),
    SUSPENSE: (r"\b(comptes? d.attente|en suspens)\b",),
    "tender:card": (r"\bcartes?\b.*\b(encaisser|encaissements?|compensation|attente)\b", r"\bcompensation\b"),
    "tender:cash": (r"^caisse$", r"\b(caisse|espèces|argent comptant)\b(?!.*écarts?)"),
    "tender": (r"\bcompensation\b", r"\b(à encaisser|encaissements?)\b"),
    "bank": (r"\bcompte (courant|chèques?)\b", r"\bbanques?\b"),
    "store_credit": (r"\bavoirs?\b", r"\bcrédits? en magasin\b"),
    "receivable": (r"^(comptes )?clients?$", r"\b(comptes clients|débiteurs)\b"),
    "cash_over_short": (r"\bécarts? de caisse\b",),
    "fee": (r"\b(frais|commissions?)\b.*\b(paiements?|cartes?|encaissements?)\b", r"\b(frais|services) bancaires\b"),
    "advance": (r"\b(emprunts?|prêts?)\b",),
    "advance_fee": (r"\bfrais (de prêt|d.emprunt)\b", r"\bintérêts?\b"),
    "dispute": (r"\b(litiges?|contestations?|rétrofacturations?)\b",),
    "dispute_loss": (r"\b(litiges?|contestations?) perdu", r"\b(créances irrécouvrables|mauvaises créances)\b"),
    "reserve": (r"\bréserves?\b",),
}
_TYPES: Final = {field.role: field.types for field in NAMED} | {"tender": ("bank", "asset", "liability")}
_LIKENESS: Final = {"refunds": "sales", "fee_refund": "fee", "store_credit": "gift_card"}
_CUSTOMERS: Final = (
    r"\bdaily sales\b",
    r"\b(pos|cash|retail|walk.?in|counter)\b.*\b(sales?|customers?)\b",
    r"\bventes? (du jour|quotidiennes?|comptoir|au détail)\b",
    r"\bclients? (divers|comptoir|de passage)\b",
)
_SUPPLIERS: Final = (r"\bpayment processors?\b", r"\b(square|stripe|sumup|zettle|paypal|adyen|worldpay|clover)\b")


def suggest(
    options: Sequence[Option], rates: Iterable[Rate], *, currency: str, zone: str, supplier_word: str = ""
) -> Suggestion:
    """A book in ``currency`` on the clock of ``zone`` with what can be told from the names of ``options``.

    ``supplier_word`` is the sales platform's name: who bills the fees, if such a supplier is there.
    """
    accounts: dict[str, str] = {}
    reasons: dict[str, Reason] = {}
    offered = [option for option in options if option.kind == "account" and option.active]
    for role, names in _NAMES.items():
        patterns = (*names, *_FRENCH[role])
        found = _best(offered, patterns, _TYPES[role], currency, taken=_not_again(role, accounts))
        if found is not None:
            accounts[role] = found.id
            reasons[role] = Reason("name", found.name, found.type)
    for role, other in _LIKENESS.items():
        if role not in accounts and other in accounts:
            accounts[role] = accounts[other]
            reasons[role] = Reason("likeness")
    suspense = accounts.pop(SUSPENSE, "")
    suppliers = (rf"\b{re.escape(supplier_word.lower())}\b", *_SUPPLIERS) if supplier_word else _SUPPLIERS
    book = Book(
        currency=currency,
        days=(DayRule(FIRST_DAY, zone, 0),),
        accounts=accounts,
        tax_codes=_tax_codes(options, rates),
        policy=Policy() if suspense else Policy(unmapped="hold"),
        suspense=suspense,
        customer=_party(options, "customer", _CUSTOMERS),
        supplier=_party(options, "supplier", suppliers),
    )
    return Suggestion(book, reasons)


def with_reasons(book: Book, reason: Reason, fields: Iterable[Field] = NAMED) -> Suggestion:
    """A ready-made book, every account of which has the same reason."""
    return Suggestion(book, {field.role: reason for field in fields})


def _not_again(role: str, accounts: dict[str, str]) -> frozenset[str]:
    """What ``role`` must not share: payouts never arrive where card payments wait, nor are debts sales."""
    return frozenset(
        accounts[other] for other in ("tender:card", "tender:cash") if role == "bank" and other in accounts
    )


def _best(
    options: Iterable[Option], patterns: Iterable[str], types: tuple[str, ...], currency: str, taken: frozenset[str]
) -> Option | None:
    fit = [
        option
        for option in options
        if option.type in types and option.currency in (None, "", currency) and option.id not in taken
    ]
    for pattern in patterns:
        named = [option for option in fit if re.search(pattern, option.name.lower())]
        if named:
            return min(named, key=lambda option: (types.index(option.type), len(option.name), option.code, option.id))
    return None


def _party(options: Iterable[Option], kind: str, patterns: Iterable[str]) -> str:
    fit = [option for option in options if option.kind == kind and option.active]
    for pattern in patterns:
        for option in fit:
            if re.search(pattern, option.name.lower()):
                return option.id
    return ""


def _tax_codes(options: Iterable[Option], rates: Iterable[Rate]) -> tuple[TaxCode, ...]:
    """For each rate in use the only tax rate of the same height; where several have it, a person must choose."""
    heights: dict[int, list[str]] = {}
    for option in options:
        height = option.detail.get("rate_ppm")
        if option.kind == "tax_rate" and option.active and isinstance(height, int):
            heights.setdefault(height, []).append(option.id)
    found = []
    for rate in rates:
        same = heights.get(rate.ppm, []) if rate.ppm is not None else []
        if len(same) == 1:
            found.append(TaxCode(rate.tax, same[0]))
    return tuple(found)


def in_mode_of(book: Book, document_kinds: frozenset[str]) -> Book:
    """``book`` as journals, or as invoices where the accounting software takes no journals."""
    return book if "Journal" in document_kinds else structs.replace(book, mode="invoice")
