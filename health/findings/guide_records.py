"""What to do about problems of records that are findings as well. Pure."""

from __future__ import annotations

from typing import Final

from health.findings.advice import Advice

_RECORD: Final = "The record's page: its raw row beside what was made of it."
_MAPPING: Final = "The mapping of the company, and the records that the finding names."
_STOCK: Final = "The stock of the company: levels and rules."
_SENT_AGAIN: Final = (
    "The partner sends the row again, corrected; it is posted with the next sync and the finding closes. Nothing is"
    " edited here: our records are what the source says."
)

GUIDE: Final[dict[str, Advice]] = {
    "malformed": Advice(
        "A row does not have the shape that was agreed. It alone was refused; its neighbors were kept.",
        "The message names the field; the page that it came in has the row.",
        _SENT_AGAIN,
    ),
    "unknown_word": Advice(
        "A platform uses a value that our mapping does not know, for instance a new kind of payment. We do not guess.",
        _RECORD,
        "An engineer adds the value to the platform's file. Rows that came meanwhile are read again then.",
    ),
    "unknown_currency": Advice("The currency of a record is none that there is.", _RECORD, _SENT_AGAIN),
    "not_exact": Advice(
        "An amount has more decimals than its currency. Rounding it would lose money that nobody would find again.",
        _RECORD,
        _SENT_AGAIN,
    ),
    "out_of_range": Advice(
        "An amount is larger than any that is booked: usually minor units were sent as major ones.",
        _RECORD,
        _SENT_AGAIN,
    ),
    "bad_time": Advice("A time cannot be read, so the business day is not known.", _RECORD, _SENT_AGAIN),
    "lines_do_not_add_up": Advice(
        "The lines of an order are another sum than the total that the platform states.",
        _RECORD,
        "Look for what the total has and the lines lack: a surcharge, a discount, a tax, shipping. " + _SENT_AGAIN,
    ),
    "tenders_do_not_add_up": Advice(
        "The payments of an order are another sum than what was owed: one is missing, or counted twice.",
        _RECORD,
        "An order that was not paid in full yet is not this problem. " + _SENT_AGAIN,
    ),
    "items_do_not_add_up": Advice(
        "What a payout is said to consist of is another sum than what was paid out.",
        "The payout's record with its items.",
        "Fetch the payouts again. If the difference stays, the payment platform left something out: ask them with"
        " the payout's id; the payout waits meanwhile.",
    ),
    "taxes_unknown": Advice(
        "The platform did not say what tax is on a line, and the book does not say that the product has none.",
        _RECORD,
        "Either the partner sends the taxes, or the merchant says that the product is tax-free.",
    ),
    "negative_tender": Advice(
        "A payment below zero: money going back is a refund, which is booked on its own day.", _RECORD, _SENT_AGAIN
    ),
    "negative_amount": Advice("An amount below zero where there can be none.", _RECORD, _SENT_AGAIN),
    "another_sale": Advice(
        "A shop that was set up anew and counts its orders from 1 again: the former sale stays in the books.",
        _RECORD,
        "Connect the shop as a new connection, which keeps ids of its own, and unlink the former one.",
    ),
    "refund_exceeds_original": Advice(
        "More was given back than was sold.",
        "The refund's record and the order's.",
        "The merchant looks at the refund: a gesture of goodwill needs to be recorded as such at the platform.",
    ),
    "unmapped_role": Advice(
        "Something was sold or paid with for which no account is chosen, and the book keeps such days back.",
        _MAPPING,
        "The merchant chooses an account in the settings, or you in the mapping editor; then sync.",
    ),
    "posted_to_suspense": Advice(
        "Something was sold or paid with for which no account is chosen. It is in the books, on the suspense"
        " account, so that the day is whole.",
        _MAPPING,
        "Choose an account: with the next sync the amounts are moved there by themselves.",
    ),
    "wrong_currency": Advice(
        "A sale is in a currency for which the book has no accounts.",
        _MAPPING,
        "The merchant adds clearing accounts of that currency, or excludes the source.",
    ),
    "rounding_over_cap": Advice(
        "What is left over in a day is too much for rounding: something else is missing.",
        "The records of the day, the largest leftover first.",
        "Find the record whose parts do not fit. Raise the cap only when the merchant really rounds so (cash without"
        " small coins).",
    ),
    "no_tax_code": Advice(
        "A tax of the sales has no tax code in the accounting software on that day.",
        _MAPPING,
        "Choose a tax code in the settings; which one is a question for the accountant. Then sync.",
    ),
    "original_unknown": Advice(
        "A refund came whose order was never seen, so its tax is not known; it was posted without.",
        _RECORD,
        "If the order exists, the partner sends it: the tax part is moved then. If it is older than our first day,"
        " ignore the finding.",
    ),
    "cost_unknown": Advice(
        "A product was sold whose cost is not known: the sale is booked, its cost is not.",
        _STOCK,
        "The merchant enters the cost at the sales system; it is booked with the next sync.",
    ),
    "stock_low": Advice(
        "A product is below the level at which it is to be bought again.",
        _STOCK,
        "The merchant buys more, or changes the level. It is over by itself.",
    ),
    "supplier_unknown": Advice(
        "A product runs out and should be ordered by itself, but nobody said from whom.",
        _STOCK,
        "Choose a supplier in the rules of stock.",
    ),
    "order_refused": Advice(
        "The accounting software did not take a draft of a purchase order. The books are not concerned.",
        "The purchase order, with the platform's sentence.",
        "Follow the remedy, then send it again.",
    ),
}
