"""The three merchants of the demo: what they sell, at which prices and taxes, and how their customers pay."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Rounding = Literal["half_even", "down"]


class TaxRate(Struct, frozen=True):
    """A component of tax; ``rate_ppm`` in millionths (20 % = 200000)."""

    id: str
    name: str
    rate_ppm: int


class Item(Struct, frozen=True):
    """Something on sale. ``price`` in minor units, with tax where the merchant's prices include it."""

    id: str
    name: str
    category: str
    price: int
    taxes: tuple[str, ...]
    is_gift_card: bool = False


class Merchant(Struct, frozen=True):
    """One merchant. ``weekday_orders`` are typical numbers of orders, Monday first; ``hour_weights`` begin at
    ``opens_at`` o'clock of the merchant's zone. Cash is rounded to ``cash_step`` minor units. ``service_ppm`` is the
    service charge of a table, ``fee_ppm`` and ``fee_fixed`` what the processor takes of a card payment."""

    key: str
    name: str
    currency: str
    country: str
    zone: str
    prices_include_tax: bool
    rounding: Rounding
    taxes: tuple[TaxRate, ...]
    locations: tuple[tuple[str, str], ...]
    items: tuple[Item, ...]
    customers: tuple[str, ...]
    weekday_orders: tuple[int, int, int, int, int, int, int]
    opens_at: int
    hour_weights: tuple[int, ...]
    cash_percent: int
    wallet: tuple[str, str]
    tip_percent: int
    service_ppm: int
    shipping: int
    shipping_taxes: tuple[str, ...]
    cash_step: int
    processor: str
    fee_ppm: int
    fee_fixed: int

    def rate(self, tax_id: str) -> TaxRate:
        """The tax component of this id."""
        return next(rate for rate in self.taxes if rate.id == tax_id)


def _items(
    merchant: str, *rows: tuple[str, str, int, tuple[str, ...]], gift_cards: tuple[int, ...]
) -> tuple[Item, ...]:
    goods = [
        Item(f"{merchant}-p{number:02d}", name, category, price, taxes)
        for number, (name, category, price, taxes) in enumerate(rows, 1)
    ]
    cards = [Item(f"{merchant}-gift{value}", "Gift card", "Gift cards", value, (), True) for value in gift_cards]
    return (*goods, *cards)


_VAT, _ZERO = ("vat-20",), ("vat-0",)
LONDON: Final = Merchant(
    key="london", name="Bell & Crumb, London", currency="GBP", country="GBR", zone="Europe/London",
    prices_include_tax=True, rounding="half_even",
    taxes=(TaxRate("vat-20", "VAT 20%", 200_000), TaxRate("vat-0", "VAT zero-rated", 0)),
    locations=(("lon-soho", "Soho"), ("lon-online", "Online shop")),
    items=_items(
        "lon",
        ("Flat white ☕", "Hot drinks", 360, _VAT), ("Earl Grey, pot for two", "Hot drinks", 520, _VAT),
        ("Sourdough loaf", "Bakery", 450, _ZERO), ("Cinnamon bun", "Bakery", 340, _ZERO),
        ("Croque-monsieur, grillé", "Kitchen", 895, _VAT), ("Soup of the day 🍲", "Kitchen", 725, _VAT),
        ("Eggs Benedict – “the usual”", "Kitchen", 1150, _VAT), ("House blend, 1 kg", "Retail", 2400, _ZERO),
        ("Stoneware mug", "Retail", 1499, _VAT), ("Cookbook (signed)", "Books", 2500, _ZERO),
        gift_cards=(2500, 5000),
    ),
    customers=("Zoë O’Connor", "A. Featherstonehaugh", "Søren Ångström", "Priya Natarajan 🎈"),
    weekday_orders=(52, 55, 58, 62, 84, 112, 96), opens_at=7, hour_weights=(5, 9, 8, 6, 6, 10, 10, 7, 5, 4, 3, 2),
    cash_percent=18, wallet=("Mobile", "Tap to pay"), tip_percent=8, service_ppm=125_000,
    shipping=495, shipping_taxes=_VAT, cash_step=1, processor="stripe", fee_ppm=15_000, fee_fixed=20,
)  # fmt: skip

_BOTH, _FREE = ("gst", "qst"), ()
MONTREAL: Final = Merchant(
    key="montreal", name="Librairie Déjà-Lu, Montréal", currency="CAD", country="CAN",
    zone="America/Toronto", prices_include_tax=False, rounding="half_even",
    taxes=(TaxRate("gst", "GST / TPS", 50_000), TaxRate("qst", "QST / TVQ", 99_750)),
    locations=(("mtl-plateau", "Le Plateau"), ("mtl-online", "Boutique en ligne")),
    items=_items(
        "mtl",
        ("Roman québécois", "Livres", 2695, ("gst",)), ("Bande dessinée « Tintin »", "Livres", 1995, ("gst",)),
        ("Carnet ligné", "Papeterie", 1299, _BOTH), ("Stylo-plume 🖋️", "Papeterie", 4550, _BOTH),
        ("Café filtre", "Café", 325, _BOTH), ("Crème brûlée", "Café", 795, _BOTH),
        ("Bagel au sésame (6)", "Épicerie", 840, _FREE), ("Sirop d’érable, 540 ml", "Épicerie", 1175, _FREE),
        ("Affiche encadrée", "Décoration", 8900, _BOTH), ("Jeu de société", "Jeux", 5999, _BOTH),
        gift_cards=(2000, 10000),
    ),
    customers=("Élodie Tremblay-Gagné", "Jean-François L’Heureux", "Nguyễn Thị Ánh", "Zo\u00eb \u2764\ufe0f"),
    weekday_orders=(40, 42, 45, 58, 76, 92, 61), opens_at=9, hour_weights=(3, 5, 7, 9, 8, 7, 7, 8, 6, 4, 2),
    cash_percent=22, wallet=("Paypal", "PayPal"), tip_percent=24, service_ppm=100_000,
    shipping=1200, shipping_taxes=_BOTH, cash_step=5, processor="moneris", fee_ppm=26_500, fee_fixed=10,
)  # fmt: skip

_TEN, _EIGHT = ("jct-10",), ("jct-8",)
TOKYO: Final = Merchant(
    key="tokyo", name="喫茶 月の庭 (Tsuki no Niwa), Tokyo", currency="JPY", country="JPN",
    zone="Asia/Tokyo", prices_include_tax=True, rounding="down",
    taxes=(TaxRate("jct-10", "消費税 10%", 100_000), TaxRate("jct-8", "軽減税率 8%", 80_000)),
    locations=(("tyo-yanaka", "谷中店"), ("tyo-online", "オンライン")),
    items=_items(
        "tyo",
        ("抹茶ラテ 🍵", "ドリンク", 680, _TEN), ("ブレンドコーヒー", "ドリンク", 550, _TEN),
        ("みたらし団子", "和菓子", 320, _EIGHT), ("どら焼き (10個)", "和菓子", 2160, _EIGHT),
        ("カレーライス 🍛", "食事", 1150, _TEN), ("日替わり定食", "食事", 1280, _TEN),
        ("煎茶 100g", "物販", 1080, _EIGHT), ("湯呑み", "物販", 3300, _TEN),
        ("手ぬぐい", "物販", 1430, _TEN), ("季節のケーキ", "スイーツ", 748, _TEN),
        gift_cards=(3000, 10000),
    ),
    customers=("佐藤 花子", "O’Brien, Siân", "高橋 一郎 様", "김민준"),
    weekday_orders=(61, 48, 64, 66, 83, 118, 109), opens_at=10, hour_weights=(4, 8, 12, 10, 8, 7, 6, 6, 5, 3),
    cash_percent=34, wallet=("Mobile", "PayPay"), tip_percent=0, service_ppm=100_000,
    shipping=880, shipping_taxes=_TEN, cash_step=1, processor="square", fee_ppm=32_500, fee_fixed=0,
)  # fmt: skip

MERCHANTS: Final = (LONDON, MONTREAL, TOKYO)
