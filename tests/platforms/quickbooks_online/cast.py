"""A week of sales with every case that makes a document of its own, kept in QuickBooks and in our own books."""

from __future__ import annotations

from datetime import timedelta

from connectors.models import PushItem
from ledger.book import Mode
from ledger.commerce import Dispute, Line, Record, Tender
from tests.ledger.builders import NOON, a_fee, a_line, a_payout, a_refund, an_order
from tests.platforms.quickbooks_online.fake import Fake
from tests.platforms.targets import Linked


def week() -> list[Record]:
    """Sales by card, cash and gift card, a tip, refunds with and without parts, fees, payouts, a dispute."""
    cash = (Tender("c2", "cash", 1_500, NOON), Tender("k2", "card", 500, NOON))
    tipped = (a_line(1_800), Line("tip", "Tip", 200, ()))
    card = (Line("gift_card", "Gift card", 2_500, ()),)
    later, disputed = NOON + timedelta(days=1), NOON + timedelta(days=3)
    return [
        an_order("o1"),
        an_order("o2", 2_000, lines=tipped, tenders=cash),
        an_order("o3", 2_500, lines=card),
        an_order("o4", 900, tenders=(Tender("g4", "gift_card", 900, NOON),)),
        an_order("o5", 3_333, at=later),
        a_refund("r1"),
        a_refund("r2", 1_200, of="o5", at=later, lines=(a_line(1_200),), tenders=(Tender("rc", "cash", 1_200, later),)),
        a_fee(),
        a_fee("f2", 77, at=later),
        a_payout("p1", 1_150),
        a_payout("p2", 4_000, at=NOON + timedelta(days=2)),
        Dispute("d1", "GBP", disputed, disputed, 1_000, "open", order_id="o5"),
    ]


def a_shop(fake: Fake, mode: Mode = "journal", *records: Record) -> Linked:
    """A merchant with these sales, posted and not delivered."""
    shop = Linked("quickbooks_online", fake, mode)
    shop.post(*(records or week()))
    return shop


def states(shop: Linked) -> list[str]:
    """Where each document stands."""
    rows = PushItem.objects.filter(company=shop.company).order_by("document_id")
    return list(rows.values_list("state", flat=True))


def sentences(shop: Linked) -> list[str]:
    """Why each document is not there."""
    return list(PushItem.objects.filter(company=shop.company).values_list("failure_sentence", flat=True))
