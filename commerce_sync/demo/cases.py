"""The cases of a shop's life: how each kind of sale is made. A case changes a plain sale, or says what comes later.

Each case is a function of the till and the sale in the making. What a sale becomes on a later day (an account that is
paid, a layby that is collected, a sale made void) is put into ``till.later``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from commerce_sync.demo.merchants import Item, Merchant
from commerce_sync.demo.pricing import MILLION, Priced, Sold, negative, price
from commerce_sync.demo.sales import Charge, Paid, Sale


class Till(Struct):
    """Where sales are made. ``later`` holds (days from now, the sale as it will be then), ``credit`` what customers may
    still spend of the credit they took for returns, in minor units."""

    merchant: Merchant
    rng: Random
    later: list[tuple[int, Sale]]
    credit: int = 0

    @property
    def goods(self) -> tuple[Item, ...]:
        """What is on the shelf."""
        return tuple(item for item in self.merchant.items if not item.is_gift_card)

    def pick(self, off_percent: int = 0) -> Sold:
        """Something bought, at so many percent off."""
        item = self.rng.choice(self.goods)
        quantity = self.rng.choice((1, 1, 1, 1, 2, 2, 3))
        listed = item.price * quantity
        return Sold(item, quantity, price(self.merchant, listed, item.taxes, listed * off_percent // 100))


def plain(till: Till, sale: Sale) -> None:
    """One to six things, an offer on one now and then; a tip on some cards."""
    rng = till.rng
    for _ in range(rng.choice((1, 1, 2, 2, 2, 3, 3, 4, 5, 6))):
        sale.lines.append(till.pick(rng.choice((10, 15, 20)) if rng.random() < 0.12 else 0))
    cash = rng.randrange(100) < till.merchant.cash_percent
    if not cash and rng.randrange(100) < till.merchant.tip_percent:
        sale.tip = sale.goods * rng.choice((10, 12, 15)) // 100
    if cash:
        pay_cash(till, sale)
    elif rng.random() < 0.12:
        kind, name = till.merchant.wallet
        sale.payments.append(_paid(sale, sale.total, kind, name))
    else:
        pay_card(till, sale, sale.total)


def order_discount(till: Till, sale: Sale) -> None:
    """A tenth off the whole order, which stands on no line; each tax rate has its share."""
    for _ in range(till.rng.randrange(2, 6)):
        sold = till.pick()
        listed = sold.item.price * sold.quantity
        off = price(till.merchant, listed, sold.item.taxes, listed // 10)
        sale.lines.append(Sold(sold.item, sold.quantity, Priced(off.net, 0, off.taxes), off.discount))
    pay_card(till, sale, sale.total)


def shipped(till: Till, sale: Sale) -> None:
    """Sold online, with shipping, which is taxed too."""
    sale.location = till.merchant.locations[-1]
    sale.lines += [till.pick(), till.pick()]
    charge = price(till.merchant, till.merchant.shipping, till.merchant.shipping_taxes)
    sale.charges.append(Charge("Standard delivery", "Shipping", charge))
    pay_card(till, sale, sale.total)


def served(till: Till, sale: Sale) -> None:
    """A table with a service charge."""
    sale.lines += [till.pick() for _ in range(4)]
    listed = sale.goods * till.merchant.service_ppm // MILLION
    sale.charges.append(Charge("Service", "Generic", price(till.merchant, listed, till.merchant.shipping_taxes)))
    pay_card(till, sale, sale.total)


def gift_card_sold(till: Till, sale: Sale) -> None:
    """A gift card beside something else: a liability, no sale, no tax."""
    card = till.rng.choice([item for item in till.merchant.items if item.is_gift_card])
    sale.lines += [Sold(card, 1, Priced(card.price, 0, ())), till.pick()]
    pay_card(till, sale, sale.total)


def gift_card_used(till: Till, sale: Sale) -> None:
    """Part of it with a gift card."""
    sale.lines += [till.pick(), till.pick(), till.pick()]
    part = min(sale.total, max(item.price for item in till.merchant.items if item.is_gift_card) // 4)
    sale.payments.append(_paid(sale, part, "Prepaid", "Gift card"))
    if sale.total > part:
        pay_card(till, sale, sale.total - part)


def returned_for_credit(till: Till, sale: Sale) -> None:
    """Something dear comes back, and the customer takes credit for it."""
    item = max(till.goods, key=lambda item: item.price)
    sale.lines.append(negative(Sold(item, 1, price(till.merchant, item.price, item.taxes))))
    sale.payments.append(_paid(sale, sale.total, "StoreCredit", "Store credit"))
    till.credit -= sale.total


def store_credit(till: Till, sale: Sale) -> None:
    """Paid with credit from an earlier return, as far as it goes."""
    sale.lines.append(till.pick())
    part = min(till.credit, sale.total)
    if part:
        sale.payments.append(_paid(sale, part, "StoreCredit", "Store credit"))
        till.credit -= part
    if sale.total > part:
        pay_card(till, sale, sale.total - part)


def split(till: Till, sale: Sale) -> None:
    """Two cards, after a third was declined."""
    sale.lines += [till.pick(), till.pick(), till.pick()]
    first = sale.total // 3
    sale.payments.append(replace(_paid(sale, first, "Card", "Card"), status="Failed"))
    pay_card(till, sale, first)
    pay_card(till, sale, sale.total - first)


def on_account(till: Till, sale: Sale) -> None:
    """Nothing paid yet; a bank transfer settles it nine days later."""
    sale.lines += [till.pick(), till.pick(), till.pick(), till.pick()]
    _owed(till, sale, paid=0, days=9)


def part_paid(till: Till, sale: Sale) -> None:
    """Two fifths now by card, the rest six days later."""
    sale.lines += [till.pick(), till.pick(), till.pick()]
    deposit = sale.total * 2 // 5
    pay_card(till, sale, deposit)
    _owed(till, sale, paid=deposit, days=6)


def layby(till: Till, sale: Sale) -> None:
    """Put aside with a deposit: nothing is sold until it is collected, five days later."""
    sale.lines += [till.pick(), till.pick()]
    deposit = sale.total // 4
    pay_card(till, sale, deposit)
    collected_at = sale.closed_at + timedelta(days=5)
    rest = replace(_paid(sale, sale.total - deposit, "Card", "Card", at=collected_at), provider=till.merchant.processor)
    collected = replace(
        sale, payments=[*sale.payments, rest], closed_at=collected_at, changed_at=collected_at, extensions={}
    )
    till.later.append((5, collected))
    sale.extensions = {"state": "open"}


def free(till: Till, sale: Sale) -> None:
    """On the house: the whole price is a discount."""
    sale.lines.append(till.pick(off_percent=100))


def exchange(till: Till, sale: Sale) -> None:
    """Something comes back, something dearer goes out; the difference is paid."""
    goods = sorted(till.goods, key=lambda item: item.price)
    cheap, dear = goods[0], goods[-1]
    sale.lines = [
        negative(Sold(cheap, 1, price(till.merchant, cheap.price, cheap.taxes))),
        Sold(dear, 1, price(till.merchant, dear.price, dear.taxes)),
    ]
    pay_card(till, sale, sale.total)


def returned(till: Till, sale: Sale) -> None:
    """A return without a receipt, out of the drawer."""
    item = min(till.goods, key=lambda item: item.price)
    sale.lines.append(negative(Sold(item, 1, price(till.merchant, item.price, item.taxes))))
    pay_cash(till, sale)


def voided(till: Till, sale: Sale) -> None:
    """Rung up and found to be a mistake the day after."""
    sale.lines.append(till.pick())
    pay_cash(till, sale)
    found_at = sale.closed_at + timedelta(days=1)
    till.later.append((1, replace(sale, changed_at=found_at, extensions={"voided": True})))


def cash(till: Till, sale: Sale) -> None:
    """Paid in cash, rounded to the coins that there are."""
    sale.lines += [till.pick(), till.pick()]
    pay_cash(till, sale)


# A day goes through these one after another, so that even a short run has every case in it.
SPECIAL: Final[tuple[Callable[[Till, Sale], None], ...]] = (
    *(order_discount, gift_card_sold, shipped, cash, gift_card_used, served, on_account, split),
    *(part_paid, free, layby, exchange, returned_for_credit, store_credit, returned, voided),
)


def pay_card(till: Till, sale: Sale, amount: int) -> None:
    """A card payment through the merchant's processor."""
    paid = _paid(sale, amount, "Card", "Card")
    sale.payments.append(replace(paid, provider=till.merchant.processor))


def pay_cash(till: Till, sale: Sale) -> None:
    """Cash; what the coins cannot give is a charge of its own, on which there is no tax."""
    step = till.merchant.cash_step
    rest = sale.total % step
    if rest:
        off = step - rest if rest * 2 >= step else -rest
        sale.charges.append(Charge("Cash rounding", "Generic", Priced(off, 0, ())))
    sale.payments.append(_paid(sale, sale.total, "Cash", "Cash"))


def _owed(till: Till, sale: Sale, *, paid: int, days: int) -> None:
    """What is left is on an invoice, which is paid ``days`` later."""
    owed = replace(_paid(sale, sale.total - paid, "Invoice", "Bank transfer"), status="Pending")
    settled_at = sale.closed_at + timedelta(days=days)
    settled = replace(owed, status="Paid", at=settled_at)
    till.later.append((days, replace(sale, payments=[*sale.payments, settled], changed_at=settled_at)))
    sale.payments.append(owed)


def _paid(sale: Sale, amount: int, kind: str, name: str, at: datetime | None = None) -> Paid:
    return Paid(f"{sale.id}-pay{len(sale.payments) + 1}", amount, at or sale.closed_at, kind, name)
