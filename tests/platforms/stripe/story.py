"""A month at an account with every case that Stripe knows, told to a fake."""

from __future__ import annotations

from datetime import date

from connectors.auth import Secrets
from tests.platforms.stripe.fake import FakeStripe

CURRENCY, ZONE, THROUGH = "USD", "America/New_York", date(2026, 4, 30)
SECRETS = Secrets(api_key="rk_test_stripe")
NO_GOODS = "a charge is an amount: of what was sold, of tax and of prices it says nothing"
ONE_WAY = "a charge is paid by one means, and goes back by the same"
CANNOT = {
    **dict.fromkeys(("two taxes", "inclusive prices", "exclusive prices", "an order discount"), NO_GOODS),
    **dict.fromkeys(("a gift card sold", "a gift card used"), NO_GOODS),
    **dict.fromkeys(("mixed tenders", "a part refunded to another tender"), ONE_WAY),
    "an order edited": "what was captured stays as it is: less is a refund, and more another charge",
}
SETTINGS = {"sales_from": "charges", "taxes_of_charges": "none", "tips_from": "payment_intents"}


def month(fake: FakeStripe) -> None:
    """March 2026."""
    sales(fake)
    returns(fake)
    money_matters(fake)
    ends(fake)


def sales(fake: FakeStripe) -> None:
    """Cards, a tip, another currency, a debit, an authorization that is captured later and one that never is."""
    fake.pay(2_280, 300, description="Lunch", customer="cus_1")
    fake.pay(12_345, description="Order 1001", metadata={"order_id": "1001"}, receipt_number="1234-5678")
    fake.capture(fake.authorize(10_000, 1_000, currency="eur", description="Guide"), rate=(11, 10))
    fake.capture(fake.authorize(50_00), ("tax", 35), ("application_fee", 120))
    fake.pay(30_000, method="us_bank_account", description="Machine")
    fake.later(hours=5)
    later = fake.authorize(7_777, description="Room")
    fake.authorize(1_111, description="Never captured")
    fake.later(days=3)
    fake.capture(later)


def returns(fake: FakeStripe) -> None:
    """Parts and the whole, one that will fail, one with no money yet, a debit that the bank takes back."""
    lamp = fake.pay(5_000, description="Lamp")
    fake.arrive(fake.pay_out(date(2026, 3, 9)))
    fake.later(days=1)
    fake.refund(lamp, 1_234)
    chair = fake.pay(8_000, description="Chair")
    fake.later(days=1)
    fake.refund(chair, 8_000)
    fake.refund(lamp, 1_000)
    fake.refund(lamp, 500, status="requires_action")
    fake.later(days=2)
    fake.bounce(next(row for row in fake.all("charges") if row["payment_method_details"]["type"] != "card"))
    # More was given back than taken: the account's bank pays.
    fake.pay_out(date(2026, 3, 12))


def money_matters(fake: FakeStripe) -> None:
    """What fails later, disputes, Stripe's own fees, a reserve, a payout that will fail."""
    fake.arrive(fake.all("payouts")[-1])
    fake.later(days=1)
    fake.fail_refund(next(row for row in fake.all("refunds") if row["amount"] == 1_000))
    fake.dispute(fake.pay(5_000, description="Phone"))
    fake.dispute(fake.pay(7_000, description="Watch"))
    fake.dispute(fake.pay(900, description="Book"), "warning_needs_response")
    fake.pay(20_000, description="Bicycle")
    fake.move("stripe_fee", "fee", -250)
    fake.move("tax_fee", "tax", -50)
    fake.move("reserve_transaction", "risk_reserved_funds", -2_000)
    fake.later(days=1)
    fake.pay_out(date(2026, 3, 18))


def ends(fake: FakeStripe) -> None:
    """The end of all that; paid out in the next month; a last sale stays; a payout by hand."""
    fake.fail_payout(fake.all("payouts")[-1])
    fake.later(days=6)
    lost, won, _ = fake.all("disputes")
    fake.close(won, "won")
    fake.close(lost, "lost")
    fake.move("reserve_transaction", "risk_reserved_funds", 1_500)
    fake.later(days=6)
    fake.pay(4_400, 400, description="Dinner")
    last = fake.pay_out(date(2026, 4, 1))
    fake.later(days=2)
    fake.arrive(last)
    fake.pay(6_000, description="Clock")
    fake.arrive(fake.pay_out(date(2026, 4, 4), 2_500))


def opened() -> FakeStripe:
    """The account before the month."""
    return FakeStripe(page=7)


def prices(fake: FakeStripe) -> set[str]:
    """None: see `CANNOT`."""
    return set()


PARTS = (sales, returns, money_matters, ends)
