"""The taxes of one line: as the platform collected them, never recomputed."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Final

from connectors.commerce._partner_figures import Figure
from connectors.commerce._partner_reading import Unfit
from connectors.commerce._partner_values import Scale, minor, percent
from connectors.commerce._partner_wire import Amount, TaxAllocation
from connectors.session import MapContext
from ledger.commerce import Tax
from ledger.money import allocate

Taxes = tuple[Tax, ...]
_MANY: Final = 1_000_000  # percent; the largest that `percent` takes is more
_MILLIONTH: Final = Decimal("0.000001")
_WEIGHING: Final = Context(prec=24, traps=[InvalidOperation])


def taxes_of(
    components: list[TaxAllocation] | None,
    said: Amount | None,
    percentage: Amount | None,
    scale: Scale,
    context: MapContext,
    untaxed: bool,
) -> tuple[Taxes | None, int]:
    """The taxes of a line and the tax that its total contains; None when nothing tells how much tax there is.

    `said` is the tax of the whole line, `untaxed` whether the order says that there is no tax on it at all.
    """
    if not components:
        if type(said) is Figure and not said.units and type(percentage) is int and -_MANY < percentage < _MANY:
            return (), 0
        return _by_percentage(said, percentage, scale, untaxed)
    taxes: list[Tax] = []
    total = 0
    blank = False
    facts = context.references.get("tax_rate")
    for component in components:
        ref = component.tax_component_ref
        value = component.tax_amount
        if type(value) is Figure:
            amount = value.units
        else:
            amount = minor(value, scale)
            if value is None:
                blank = True
        total += amount
        key = name = rate = None
        if ref is not None:
            key, name = str(ref.id), ref.name
            if facts and (known := facts.get(key)):
                name, rate = name or known.get("name"), known.get("rate_ppm")
        if rate is None and percentage is not None and len(components) == 1:
            rate = percentage * 10_000 if type(percentage) is int and 0 <= percentage <= 100 else percent(percentage)[1]
        taxes.append(Tax(key or name or "tax", name or key or "Tax", amount, rate))
    if blank:
        return _with_blanks(components, taxes, total, said, scale)
    if type(said) is Figure:
        return tuple(taxes), said.units
    return tuple(taxes), total if said is None else minor(said, scale)


def _by_percentage(
    said: Amount | None, percentage: Amount | None, scale: Scale, untaxed: bool
) -> tuple[Taxes | None, int]:
    """One tax named by its percentage, for a line that lists no components."""
    rate = None if percentage is None else percent(percentage)
    if said is None:
        return ((), 0) if untaxed or (rate is not None and rate[1] == 0) else (None, 0)
    amount = minor(said, scale)
    if not amount:
        return (), 0
    if rate is None or not rate[1]:
        return (Tax("tax", "Tax", amount),), amount
    return (Tax(rate[0], rate[0], amount, rate[1]),), amount


def _with_blanks(
    components: list[TaxAllocation], taxes: list[Tax], total: int, said: Amount | None, scale: Scale
) -> tuple[Taxes | None, int]:
    """Components without amounts share what the line's tax leaves to them; without that, nothing is known."""
    if said is None:
        return None, 0
    whole = minor(said, scale)
    blank = [index for index, component in enumerate(components) if component.tax_amount is None]
    weights = [_weight(components[index].rate) for index in blank]
    if None in weights:
        weights = [taxes[index].rate_ppm for index in blank]
    shares = [abs(weight) for weight in weights if weight is not None]
    if len(shares) != len(blank):
        shares = [1] * len(blank)
    for index, part in zip(blank, allocate(whole - total, shares), strict=True):
        tax = taxes[index]
        taxes[index] = Tax(tax.key, tax.name, part, tax.rate_ppm)
    return tuple(taxes), whole


def _weight(rate: Amount | None) -> int | None:
    if rate is None:
        return None
    try:
        return abs(int(_WEIGHING.quantize(Decimal(rate), _MILLIONTH).scaleb(6)))
    except (ArithmeticError, ValueError):
        raise Unfit("out_of_range", rate, facts={"amount": str(Decimal(rate))[:40]}) from None
