"""The tax rates that a configuration asks for, in either of the two ways in which they can be said. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, structs

from commerce_sync.api.configuration import shapes
from commerce_sync.configuration.changing import with_tax_code
from commerce_sync.configuration.fields import is_name
from commerce_sync.configuration.known import Known, rate_keys, treatment_of
from ledger.book import Book

_NO_CHOICE: Final = "What is not taxed goes without a tax rate here: leave it out."
_BOTH_SAID: Final = "taxRates and newTaxRates say different things of this. Change one and leave the other as it was."


def with_tax_codes(sales: shapes.SalesConfiguration, book: Book, known: Known, problems: list[tuple[str, str]]) -> Book:
    """``book`` with the tax rates that ``sales`` asks for, from now on and for what is posted anew."""
    asked: dict[str, list[tuple[str, str]]] = {}
    _read_by_rate(sales, known, asked, problems)
    _read_by_component(sales, asked, problems)
    for tax, said in asked.items():
        shown = known.book.tax_code(tax, known.today)
        changes = list(dict.fromkeys(code for _, code in said if code != shown))
        if len(changes) > 1:
            problems.extend((path, _BOTH_SAID) for path, _ in said)
        elif changes:
            book = structs.replace(book, tax_codes=with_tax_code(book.tax_codes, tax, changes[0], known.today))
    return book


def _read_by_rate(
    sales: shapes.SalesConfiguration,
    known: Known,
    asked: dict[str, list[tuple[str, str]]],
    problems: list[tuple[str, str]],
) -> None:
    rates = sales.tax_rates
    if rates is UNSET or rates is None:
        return
    taxes = rate_keys(known.all_rates())
    for key, entry in rates.items():
        path = f"configuration.sales.taxRates.{key[:100]}.selectedTaxRateId"
        if entry.selected_tax_rate_id is UNSET:
            continue
        if not is_name(key):
            problems.append((path, "This is not the name of a rate."))
            continue
        # A rate that no sale has had yet may be chosen for: "12.5" is the rate that the sales call "12.5%".
        tax = taxes.get(key) or (f"{key}%" if key.replace(".", "", 1).isdigit() else key)
        asked.setdefault(tax, []).append((path, entry.selected_tax_rate_id or ""))


def _read_by_component(
    sales: shapes.SalesConfiguration, asked: dict[str, list[tuple[str, str]]], problems: list[tuple[str, str]]
) -> None:
    new = sales.new_tax_rates
    if new is UNSET or new is None:
        return
    base = "configuration.sales.newTaxRates"
    if new.selected_default_zero_tax_rate_id is not UNSET and new.selected_default_zero_tax_rate_id:
        problems.append((f"{base}.selectedDefaultZeroTaxRateId", _NO_CHOICE))
    mappings = new.tax_rate_mappings
    for index, mapping in enumerate(() if mappings is UNSET or mappings is None else mappings):
        path = f"{base}.taxRateMappings[{index}].selectedAccountingTaxRateId"
        ids = mapping.selected_commerce_tax_rate_ids
        chosen = mapping.selected_accounting_tax_rate_id
        tax = "" if ids is UNSET or ids is None else treatment_of(dict.fromkeys(ids))
        if not is_name(tax):
            where = f"{base}.taxRateMappings[{index}].selectedCommerceTaxRateIds"
            problems.append((where, "Name the tax components that this tax rate is for."))
        elif chosen is not UNSET:
            asked.setdefault(tax, []).append((path, chosen or ""))
