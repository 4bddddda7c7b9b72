"""Money: whole minor units, exact or refused, and never a unit lost in sharing out."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import (
    EXPONENTS,
    LIMIT,
    NotANumber,
    NotExact,
    OutOfRange,
    UnknownCurrency,
    allocate,
    exponent,
    format_minor,
    format_money,
    round_half_even,
    to_decimal,
    to_minor,
)

amounts = st.integers(-LIMIT + 1, LIMIT - 1)
currencies = st.sampled_from(sorted(EXPONENTS))
weight_lists = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("currency", "places"),
    [
        ("GBP", 2),
        ("CAD", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("KWD", 3),
        ("CLF", 4),
        ("MGA", 2),
        ("XCG", 2),
        ("ZWG", 2),
    ],
)
@pytest.mark.case("E01")
def test_a_currency_has_the_decimals_of_the_standard(currency: str, places: int) -> None:
    assert exponent(currency) == places


def test_the_table_holds_each_currency_of_the_standard_once() -> None:
    by_places = [sum(places == wanted for places in EXPONENTS.values()) for wanted in range(5)]
    assert by_places == [17, 0, 139, 7, 2]
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in EXPONENTS)


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "BGN", "HRK", "ZZZ", "", "£", "GBPGBP", "gbp", " GBP"])
def test_a_code_without_a_minor_unit_is_unknown_to_every_function(code: str) -> None:
    calls = (
        lambda: exponent(code),
        lambda: to_minor(Decimal(1), code),
        lambda: to_decimal(1, code),
        lambda: format_minor(1, code),
        lambda: format_money(1, code),
        lambda: round_half_even(Decimal(1), code),
    )
    for call in calls:
        with pytest.raises(UnknownCurrency):
            call()


def test_a_lower_case_code_is_refused_with_the_code_that_was_meant() -> None:
    with pytest.raises(UnknownCurrency, match="did you mean GBP"):
        exponent("gbp")


@given(amounts, currencies)
def test_what_is_written_is_read_back_in_every_currency(minor: int, currency: str) -> None:
    assert to_minor(to_decimal(minor, currency), currency) == minor
    assert to_minor(str(to_decimal(minor, currency)), currency) == minor
    assert to_minor(format_minor(minor, currency).replace(",", ""), currency) == minor


@given(amounts, currencies)
def test_reading_multiplies_by_the_power_of_ten_and_nothing_else(minor: int, currency: str) -> None:
    assert Fraction(to_decimal(minor, currency)) == Fraction(minor, 10 ** exponent(currency))


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("-12.5", "GBP", -1250),
        ("+12.", "GBP", 1200),
        (".05", "GBP", 5),
        ("0012.50", "GBP", 1250),
        ("1E+2", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("12.5000000000000000000000000000", "GBP", 1250),
        ("0E-999999", "GBP", 0),
        ("-0.00", "GBP", 0),
        (12, "GBP", 1200),
        (-12, "JPY", -12),
        (Decimal("1E+2"), "GBP", 10000),
        (Decimal("9999999999999.99"), "GBP", LIMIT - 1),
    ],
)
def test_an_exact_amount_is_read(value: Decimal | str | int, currency: str, minor: int) -> None:
    assert to_minor(value, currency) == minor
    assert type(to_minor(value, currency)) is int


@pytest.mark.parametrize(
    ("value", "currency"),
    [("0.005", "GBP"), ("0.5", "JPY"), ("1E-999999", "GBP"), ("1.2345", "KWD"), ("9999999999999.999", "GBP")],
)
@pytest.mark.case("E01")
def test_a_fraction_of_a_minor_unit_is_refused_not_rounded(value: str, currency: str) -> None:
    for form in (value, Decimal(value)):
        with pytest.raises(NotExact):
            to_minor(form, currency)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-inf", "1E+13", "1E+999999", "-10000000000000.00"])
@pytest.mark.case("E13")
def test_what_is_not_finite_or_absurdly_large_is_out_of_range(value: str) -> None:
    for form in (value, Decimal(value)):
        with pytest.raises(OutOfRange):
            to_minor(form, "GBP")
    with pytest.raises(OutOfRange):
        round_half_even(Decimal(value), "GBP")


def test_an_integer_of_ten_thousand_digits_is_refused_briefly() -> None:
    with pytest.raises(OutOfRange) as refusal:
        to_minor(10**10_000, "GBP")
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "12,50",
        "1,234.50",
        "1_000",
        " 1",
        "1\n",
        "£1",
        "0x10",
        "1.2.3",
        "--1",
        "٣",
        "1e",
        "abc",
        "\ud800",
    ],
)
def test_text_that_is_not_a_plain_number_is_refused(text: str) -> None:
    with pytest.raises(NotANumber):
        to_minor(text, "GBP")


@pytest.mark.parametrize("value", [1.0, True, None, b"1", Fraction(1, 2), [1]])
@pytest.mark.case("E02")
def test_what_is_not_exact_by_nature_is_refused_by_type(value: object) -> None:
    with pytest.raises(TypeError):
        to_minor(value, "GBP")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        round_half_even(value, "GBP")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.0, True, "1", Decimal(1)])
def test_minor_units_that_are_not_integers_are_not_shown(value: object) -> None:
    with pytest.raises(TypeError):
        to_decimal(value, "GBP")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        format_minor(value, "GBP")  # type: ignore[arg-type]


def test_the_decimal_context_of_the_caller_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 2
        assert to_minor(Decimal("1234567.89"), "GBP") == 123456789
        assert to_minor(1234567, "GBP") == 123456700
        assert to_decimal(123456789, "GBP") == Decimal("1234567.89")
        assert round_half_even(Decimal("1234567.895"), "GBP") == 123456790


def test_a_subclass_of_decimal_is_a_decimal() -> None:
    class Price(Decimal):
        pass

    assert to_minor(Price("12.50"), "GBP") == 1250


@pytest.mark.parametrize(
    ("value", "currency", "minor"),
    [
        ("0.125", "GBP", 12),
        ("0.135", "GBP", 14),
        ("-0.125", "GBP", -12),
        ("0.1250001", "GBP", 13),
        ("2.5", "JPY", 2),
        ("12.50", "GBP", 1250),
        ("0.00249999999999999999999999999", "GBP", 0),
    ],
)
def test_rounding_goes_to_the_even_neighbor_at_a_half(value: str, currency: str, minor: int) -> None:
    assert round_half_even(Decimal(value), currency) == minor


@given(st.decimals(-(10**9), 10**9, places=6), currencies)
def test_rounding_stays_within_half_a_unit(value: Decimal, currency: str) -> None:
    exact = Fraction(value) * 10 ** exponent(currency)
    assert abs(round_half_even(value, currency) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "GBP", "GBP 1,234.50"),
        (-5, "GBP", "GBP -0.05"),
        (0, "GBP", "GBP 0.00"),
        (1234, "JPY", "JPY 1,234"),
        (-1234567, "JPY", "JPY -1,234,567"),
        (1000, "KWD", "KWD 1.000"),
        (10**18, "GBP", "GBP 10,000,000,000,000,000.00"),
    ],
)
def test_an_amount_is_shown_with_all_its_decimals(minor: int, currency: str, text: str) -> None:
    assert format_money(minor, currency) == text


@given(st.integers(-(10**15), 10**15), weight_lists)
@pytest.mark.case("E04")
def test_parts_sum_to_the_total_exactly(total: int, weights: list[int]) -> None:
    assert sum(allocate(total, weights)) == total


@given(st.integers(-(10**15), 10**15), weight_lists)
def test_each_part_is_within_one_unit_of_its_exact_share(total: int, weights: list[int]) -> None:
    shares = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(allocate(total, weights), shares, strict=True):
        assert abs(part - Fraction(total * weight, sum(shares))) < 1


@given(st.integers(-(10**15), 10**15), weight_lists)
def test_a_negative_total_is_shared_like_its_opposite(total: int, weights: list[int]) -> None:
    assert allocate(-total, weights) == [-part for part in allocate(total, weights)]


@given(st.integers(-1000, 1000), st.lists(st.integers(0, 3), min_size=1, max_size=12).filter(any))
def test_a_zero_weight_receives_nothing(total: int, weights: list[int]) -> None:
    assert all(part == 0 for part, weight in zip(allocate(total, weights), weights, strict=True) if weight == 0)


@given(st.integers(0, 1000), st.lists(st.integers(0, 20), min_size=1, max_size=12))
def test_a_heavier_weight_never_receives_less(total: int, weights: list[int]) -> None:
    shared = sorted(zip(weights, allocate(total, weights), strict=True))
    assert [part for _, part in shared] == sorted(part for _, part in shared)


@pytest.mark.case("E04")
def test_a_left_over_unit_goes_to_the_largest_remainder_and_then_to_the_earliest() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 4]) == [1, 3, 6]  # shares 1.43, 2.86, 5.71: the last two are rounded up
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(2, [1, 0, 1, 1]) == [1, 0, 1, 0]


def test_weights_that_are_all_zero_count_as_equal() -> None:
    assert allocate(100, [0, 0, 0]) == [34, 33, 33]


def test_nothing_is_shared_over_nobody_and_something_cannot_be() -> None:
    assert allocate(0, []) == []
    with pytest.raises(ValueError, match="no weights"):
        allocate(1, [])


def test_a_negative_weight_is_refused_even_when_the_sum_hides_it() -> None:
    with pytest.raises(ValueError, match="negative: -1"):
        allocate(100, [-1, 3])
    with pytest.raises(ValueError, match="negative: -1"):
        allocate(100, [-1, 1])


@pytest.mark.parametrize(("total", "weights"), [(1.0, [1]), (1, [0.5, 0.5]), (1, [Decimal(1)]), (Decimal(1), [1])])
def test_only_integers_are_shared(total: object, weights: object) -> None:
    with pytest.raises(TypeError):
        allocate(total, weights)  # type: ignore[arg-type]
