"""What is pre-selected in the set-up: told from the names of accounts, in English and in French."""

from __future__ import annotations

import pytest

from commerce_sync.configuration.suggest import suggest
from connectors.session import Option

FRANCE = [
    ("411", "Clients", "asset"),
    ("467", "Cartes bancaires à encaisser", "asset"),
    ("471", "Comptes d’attente", "asset"),
    ("512", "Banque populaire", "bank"),
    ("530", "Caisse", "asset"),
    ("4191", "Clients - avances et acomptes reçus", "liability"),
    ("4457", "TVA collectée", "liability"),
    ("4198", "Cartes cadeaux vendues", "liability"),
    ("627", "Commissions sur cartes bancaires", "expense"),
    ("658", "Écarts de caisse", "expense"),
    ("707", "Ventes de marchandises", "income"),
    ("7085", "Ports et frais accessoires facturés", "income"),
    ("7097", "Rabais, remises et ristournes accordés", "income"),
]


def options(rows: list[tuple[str, str, str]]) -> list[Option]:
    return [Option("account", code, name, code, kind) for code, name, kind in rows]


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("sales", "707"),
        ("tax", "4457"),
        ("gift_card", "4198"),
        ("discount", "7097"),
        ("shipping", "7085"),
        ("deposit", "4191"),
        ("tender:card", "467"),
        ("tender:cash", "530"),
        ("bank", "512"),
        ("receivable", "411"),
        ("fee", "627"),
        ("cash_over_short", "658"),
    ],
)
def test_a_french_chart_is_understood(role: str, code: str) -> None:
    found = suggest(options(FRANCE), (), currency="EUR", zone="Europe/Paris")
    assert found.book.accounts.get(role) == code
    assert found.reasons[role].name == {row[0]: row[1] for row in FRANCE}[code]


def test_the_suspense_account_is_found_too() -> None:
    assert suggest(options(FRANCE), (), currency="EUR", zone="Europe/Paris").book.suspense == "471"


def test_what_is_called_nothing_like_it_is_suggested_for_nothing() -> None:
    found = suggest(options([("1", "Véhicules", "asset"), ("2", "Loyers", "expense")]), (), currency="EUR", zone="UTC")
    assert found.book.accounts == {}
