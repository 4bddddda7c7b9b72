"""Stripe: card and other payments of one account, taken by shops, apps, invoices and terminals.

API: https://docs.stripe.com/api (version below). Money is whole numbers, of the smallest unit of its currency but for
ISK, UGX (two decimals) and MGA (none); currencies are in small letters, instants are seconds since 1970. Rules, and
why:

* **A payment is not a sale.** A charge knows no goods and no tax; a Checkout session or an invoice behind it does
  (``lines_from``). Beside a shop Stripe tells of fees, payouts and disputes, and the shop of sales and refunds, whose
  tenders wait in the same clearing role (`tender:card:stripe`): nothing is booked twice. Who sells by Stripe alone lets
  charges be sales (``sales_from``).
* **The ledger** (`balance_transactions`) is only added to; a kind of row that is new is told and not passed over. Fees
  come from it, each on its own day, and charges as they became money: captured, in the currency that settles. What the
  customer paid in is kept beside it.
* **A refund** counts when it left the balance. One that fails days later was none, and its money comes back.
* **A failed debit** (`payment_failure_refund`) takes its sale back.
* **Payouts** of the automatic kind list their rows once they are reconciled, which the pull fetches beside them;
  those made by hand, also instant ones, list none: where all are, what only payouts tell of (reserves, transfers,
  advances, adjustments) is told by the ledger (``movements_from``). One that failed
  brought nothing, but its rows are in no other; one that takes money from the bank is negative. What stays at Stripe
  as a minimum balance stays in clearing.
* **Disputes** go by the money that moved: inquiries move none; `won` is believed when the money is back. Their fee is
  a fee of the row that took the money. When one was lost only its event tells, for thirty days; later it counts as
  lost on the day on which it was opened. Where another amount came back than was taken, a person has to look.
  Early fraud warnings move no money, and are not read.
* **There is no filter for changes.** What changes after it was made (refunds, payouts, disputes) is found by its
  events; when these no longer reach back far enough, half a year is read again.
* **The rate** is a hundred calls a second, twenty-five in a sandbox, and less for some lists: we keep to twenty-five.
* **Access** is by Connect's consent where the operator has an app (its tokens end only when the merchant ends them), or
  by a restricted key that may read balance, charges, refunds, payouts, disputes, events (and payment intents for
  tips), or by that of a Connect platform, with the account in the setting ``stripe_account``.
* **Webhooks** go to the address of a connection, or for all accounts of a Connect platform to `/webhooks/stripe` (the
  account is in the event, the secret among the `webhook_secrets` of the client that is configured for `stripe`).

Settings of a connection (the first is the default): ``sales_from``: elsewhere | charges | charges_without_order
(those whose metadata has none of ``order_keys``, a list with commas, by default order_id,order_number,order_no);
``refunds_from``: sales (from where the sales are) | stripe (though the sales are told elsewhere);
``lines_from``: charges | documents (up to four calls for each charge; one that does not come to the charge is none);
``taxes_of_charges``: unknown (such a sale waits for a person) | none (the merchant charges none); ``tips_from``:
nothing | payment_intents (a call for each charge); ``movements_from``: payouts | ledger (for accounts that pay out by
hand only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from msgspec import Raw

from connectors.commerce import _stripe_parts as parts
from connectors.commerce import _stripe_wire as wire
from connectors.commerce._stripe_money import dispute_records, payout_records, transaction_records
from connectors.commerce._stripe_names import KINDS, named, no_record
from connectors.commerce._stripe_pages import NewestFirst, pages
from connectors.commerce._stripe_sales import refund_records
from connectors.declare import GET, ApiKey, Asked, Budget, Hosts, OAuth2, Rate, Stated, Stream
from connectors.errors import Failure, NotAuthorized, Refused
from connectors.named import Thing
from connectors.paging import Page
from connectors.place import Place
from connectors.platform import CommercePlatform
from connectors.session import Session
from connectors.webhooks import Deliveries, TimedHmacSha256
from connectors.wire import Response
from ledger.commerce import RecordKind

ACCOUNT: Final = "stripe_account"
VERSION: Final = "2026-10-28.endive"
_PAGES: Final = NewestFirst()
_SINCE: Final = "query:created[gte]"
_ACCOUNT: Final = re.compile(r"acct_[A-Za-z0-9]{1,60}")
_NOT_FOR_US: Final = (400, 403, 404)  # a right that the key has not, a product of Stripe's that is not sold there
_SHUT_OUT: Final = (b"account_invalid", b"api_key_expired", b"platform_api_key_expired")
_IS_FEE: Final = "reporting_category=fee|network_cost|tax"  # a row that is nothing but a fee
_SHARED: Final = "fee_details[].type=application_fee"  # a fee that is two records


def _stated(kind: RecordKind, *plus: str, **more: Any) -> Stated:
    """A total as Stripe counts it."""
    return Stated((kind,), plus, in_minor=True, decimals=parts.DECIMALS, **{"currency": "currency", **more})


class Stripe(CommercePlatform):
    """The facts."""

    key = "stripe"
    published_key = "strp"
    name = "Stripe"
    hosts = Hosts(live="https://api.stripe.com", also=("https://connect.stripe.com",))
    headers = (("Stripe-Version", VERSION),)
    auth = OAuth2(
        authorize="https://connect.stripe.com/oauth/authorize",
        token="https://connect.stripe.com/oauth/token",  # noqa: S106
        scopes=("read_only",),
        client="form",
        endless=True,
        revoke="https://connect.stripe.com/oauth/deauthorize",
        revoke_account="stripe_user_id",
        account="stripe_user_id",
        key=ApiKey(
            account=("Stripe-Account", ACCOUNT),
            asks=Asked(
                "Restricted key (rk_…)",
                "In Stripe: Developers, API keys, Create restricted key. Allow reading of balance, charges, refunds, "
                "payouts, disputes and events, and of products, tax rates and terminal locations for their names.",
            ),
        ),
    )
    budget = Budget((Rate(calls=25, seconds=1, burst=2),))
    setting_fields = MappingProxyType(
        {ACCOUNT: "the connected account (acct_…), if the key is a Connect platform's", **parts.MEANINGS}
    )
    met = frozenset({"tender"})
    webhooks = TimedHmacSha256(
        header="stripe-signature",
        facts=Deliveries(
            revoked=("account.application.deauthorized",), account="body:account", account_setting=ACCOUNT
        ),
    )

    products = Stream(
        to=no_record, wire=wire.Named, kinds=(), rows="data", paging=_PAGES, updated=None,
        endpoint=GET("/v1/products", limit="100"),
    )  # fmt: skip
    tax_rates = Stream(
        to=no_record, wire=wire.Named, kinds=(), rows="data", paging=_PAGES, updated=None,
        endpoint=GET("/v1/tax_rates", limit="100"),
    )  # fmt: skip
    locations = Stream(
        to=no_record, wire=wire.Named, kinds=(), rows="data", paging=_PAGES, updated=None,
        endpoint=GET("/v1/terminal/locations", limit="100"),
    )  # fmt: skip
    transactions = Stream(
        to=transaction_records, wire=wire.Transaction, kinds=("order", "fee", "payout"), rows="data", paging=_PAGES,
        since=_SINCE, updated="created", lookback=timedelta(hours=3),
        endpoint=GET("/v1/balance_transactions", limit="100", **{"expand[0]": "data.source"}),
        stated=(
            _stated("order", "amount", id="source.id", names=("{id}", "{id}:{row}")),
            _stated("fee", "fee", unless=(_SHARED, _IS_FEE)),
            _stated("fee", "fee", minus=("amount",), unless=(_SHARED,), when=(_IS_FEE,)),
        ),
        untold={"payout": "of movements within the balance, which come to nothing"},
    )  # fmt: skip
    refunds = Stream(
        to=refund_records, wire=wire.Refund, kinds=("refund",), rows="data", paging=_PAGES,
        since=_SINCE, updated="created", lookback=timedelta(days=1),
        endpoint=GET(
            "/v1/refunds", limit="100",
            **{
                "expand[0]": "data.balance_transaction", "expand[1]": "data.failure_balance_transaction",
                "expand[2]": "data.charge",
            },
        ),
        stated=(_stated("refund", minus=("balance_transaction.amount",), currency="balance_transaction.currency"),),
    )  # fmt: skip
    payouts = Stream(
        to=payout_records, wire=wire.Payout, kinds=("payout",), rows="data", paging=_PAGES,
        since=_SINCE, updated="created", lookback=timedelta(days=1),
        endpoint=GET("/v1/payouts", limit="100", **{"expand[0]": "data.failure_balance_transaction"}),
        stated=(_stated("payout", "amount", unless=("status=failed|canceled",)),),
    )  # fmt: skip
    disputes = Stream(
        to=dispute_records, wire=wire.Dispute, kinds=("dispute",), rows="data", paging=_PAGES,
        since=_SINCE, updated="created", lookback=timedelta(days=1),
        endpoint=GET("/v1/disputes", limit="100"),
        untold={"dispute": "what was taken is told by its movements, which may be of another currency"},
    )  # fmt: skip

    def setting_problem(self, name: str, value: str) -> str:
        """An account is named as Stripe names it; the others are one of few words."""
        choices = parts.CHOICES.get(name)
        if choices is not None and value not in choices:
            return f"It is one of: {', '.join(choices)}."
        if name == ACCOUNT and not _ACCOUNT.fullmatch(value):
            return "It begins with acct_ and has only letters and digits after it."
        return ""

    def refusal(self, response: Response) -> Failure | None:
        """An account that has shut the platform out answers 403, as one does that only forbids a list."""
        if response.status == 403 and any(word in response.body for word in _SHUT_OUT):
            return NotAuthorized(response.sample, status=response.status)
        return None

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a stream, then what of older things has changed; none of names that the key may not read.

        Raises a `Failure`.
        """
        try:
            yield from pages(session, dataset, self.stream(dataset), since, at)
        except Refused as refusal:
            if at is not None or dataset not in KINDS or refusal.status not in _NOT_FOR_US:
                raise

    def reference(self, dataset: str, row: bytes | Raw) -> Thing | None:
        """What a product, a rate of tax or a location is called."""
        return named(dataset, row)
