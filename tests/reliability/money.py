"""Money, text, time."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Money, text, time"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "E01",
        "Currencies with no, three or four decimals, and a platform that always sends two",
        "One table of exponents, whole minor units inside; what does not fit the currency is refused, not rounded",
    ),
    Case(
        "E02",
        "An amount in JSON comes through a binary fraction (19.99 as 19.98999…)",
        "Amounts are read from their digits; binary fractions come nowhere near money",
    ),
    Case(
        "E03",
        "The platform adds up tax by document, the accounting software by line",
        "Lines and their tax are sent as the sale had them; a difference has its own account and a limit",
    ),
    Case(
        "E04",
        "Tax is taken out of prices that include it, and a penny is left over",
        "It goes to the largest remainder: the parts are exactly the whole",
    ),
    Case(
        "E05",
        "A unit price of four decimals times a third of a piece",
        "The total of the line counts; the price is told where it is exact",
    ),
    Case(
        "E06",
        "An order of nothing (a gift, a discount of 100 %)",
        "Counted, in the books, without a document",
    ),
    Case(
        "E07",
        "All that a day brought cancels out",
        "No document; the day is done, and agrees at zero",
    ),
    Case(
        "E08",
        "More was given back than sold",
        "A credit note, or the sides of the journal change places; no negative document",
    ),
    Case(
        "E09",
        "Negative lines: a discount, an exchange, a fee that is given back",
        "Each platform gets them in the form that it takes, and the sum stays",
    ),
    Case(
        "E10",
        "Tips, gift cards, deposits, store credit, cash rounding, duties",
        "Each on its own account; what is sold and what is paid add up, or the record waits",
    ),
    Case(
        "E11",
        "Two currencies on one day",
        "A document for each; nothing is added across them",
    ),
    Case(
        "E12",
        "The customer pays in another currency than the shop keeps",
        "The shop's currency is booked; an amount in a currency that was not meant is refused",
    ),
    Case(
        "E13",
        "Amounts beyond 32 bits, up to 10^15 minor units",
        "Kept to the unit on every step; beyond that refused in words",
    ),
    Case(
        "E14",
        "Emoji, text that runs the other way, NUL, half a surrogate, ]]>, =cmd",
        "Text arrives as it was sent; what is no text is refused alone; no cell of a file begins a formula",
    ),
    Case(
        "E15",
        "Names that are equal but for case or composition",
        "Two ids that only look alike are two records; none is merged, none is lost",
    ),
    Case(
        "E16",
        "Days of 23 and of 25 hours",
        "A day lasts from its first instant to that of the next, by the zone",
    ),
    Case(
        "E17",
        "A midnight that does not exist, or comes twice",
        "Days neither overlap nor leave a gap",
    ),
    Case(
        "E18",
        "Clocks that change by half an hour or by two",
        "The same",
    ),
    Case(
        "E19",
        "The zone changes, or the hour at which the day begins",
        "From a day on: no order is on two days, or on none",
    ),
    Case(
        "E20",
        "The time zone database changes after a day was posted",
        "It changes with a release, on all hosts alike; what is posted stays on its day, and totals stay exact",
    ),
    Case(
        "E21",
        "A local time without offset in the hour that comes twice",
        "The platform's own UTC where it sends one, else the first pass, always the same",
    ),
    Case(
        "E22",
        "Sold a moment before midnight, captured a moment after",
        "One rule for each platform says which instant counts; the payment goes with its sale",
    ),
    Case(
        "E23",
        "A leap day, the last day of a year, a year of 53 weeks",
        "Days are dates: a sale is on its own",
        "Fiscal years are the accounting software's; the built-in books close by calendar year.",
    ),
    Case(
        "E24",
        "A host's clock is off, or steps back",
        "Leases and claims go by the database's clock, deadlines by one that only runs forward; a difference is told",
    ),
)
