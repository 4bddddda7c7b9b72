"""The texts of the merchant's pages in French. Pure.

What is not here is the same in every language. Spaces before % are those that each country's typography asks for:
narrow in France, full in Canada; neither breaks.
"""

from __future__ import annotations

from typing import Final

FRANCE: Final[dict[str, str]] = {
    "configure-setupSidebar-title": "Configurez votre comptabilité",
    "configure-setupSidebar-checkboxes-connectToCommerce": "Connectez votre système de vente",
    "configure-setupSidebar-checkboxes-connectToAccounting": "Connectez votre logiciel de comptabilité",
    "configure-setupSidebar-checkboxes-sales": "Ventes",
    "configure-setupSidebar-checkboxes-fees": "Frais",
    "configure-setupSidebar-checkboxes-payments": "Paiements",
    "configure-setupSidebar=checkboxes-syncSchedule": "Calendrier",
    "configure-misc-previousButton": "Retour",
    "configure-misc-nextButton": "Continuer",
    "configure-required-indicator": "Obligatoire",
    "configure-content-sales-title": "Ventes",
    "configure-content-sales-description": (
        "Indiquez où vos ventes, vos remboursements et vos taxes sont enregistrés dans votre comptabilité."
    ),
    "configure-content-fees-title": "Frais",
    "configure-content-fees-description": (
        "Indiquez où les frais d’encaissement sont enregistrés dans votre comptabilité."
    ),
    "configure-content-payments-title": "Paiements",
    "configure-content-payments-description": (
        "Indiquez le compte de chaque moyen de paiement et le compte bancaire sur lequel vous êtes payé."
    ),
    "configure-content-sales-accounts-title": "Comptes de ventes",
    "configure-content-sales-accounts-description": "Choisissez un compte pour chaque type de vente.",
    "configure-content-sales-taxRates-title": "Taux de TVA",
    "configure-content-sales-taxRates-description": (
        "Associez chaque taux de TVA de vos ventes à un taux de votre logiciel de comptabilité."
    ),
    "configure-content-sales-other-title": "Autres réglages des ventes",
    "configure-content-sales-other-description": (
        "Choisissez comment vos ventes sont regroupées et sous quel statut elles sont transmises."
    ),
    "configure-content-fees-accounts-title": "Comptes de frais",
    "configure-content-fees-accounts-description": "Choisissez un compte pour chaque type de frais.",
    "configure-content-payments-accounts-title": "Comptes de paiements",
    "configure-content-payments-accounts-description": (
        "Choisissez un compte pour chaque moyen de paiement de vos clients."
    ),
    "configure-content-sales-accounts-entries-sales": "Ventes",
    "configure-content-sales-accounts-entries-refund": "Remboursements",
    "configure-content-sales-accounts-entries-gratuity": "Pourboires",
    "configure-content-sales-accounts-entries-prepaid": "Cartes cadeaux et ventes prépayées",
    "configure-content-sales-accounts-entries-sales-other": "Autres ventes",
    "configure-content-sales-accounts-entries-shipping": "Frais de livraison facturés aux clients",
    "configure-content-sales-accounts-entries-discount": "Remises",
    "configure-content-sales-accounts-entries-serviceCharge": "Frais de service",
    "configure-content-sales-accounts-entries-donation": "Dons",
    "configure-content-sales-accounts-entries-rounding": "Arrondis",
    "configure-content-sales-accounts-taxRates-entries-0": "Ventes à 0\u202f% de TVA",
    "configure-content-sales-accounts-taxRates-entries-10": "Ventes à 10\u202f% de TVA",
    "configure-content-sales-accounts-taxRates-entries-15": "Ventes à 15\u202f% de TVA",
    "configure-content-sales-accounts-taxRates-entries-20": "Ventes à 20\u202f% de TVA",
    "configure-content-sales-other-entries-invoiceStatus": "Statut des factures",
    "configure-content-sales-other-entries-groupingPeriod": "Ventes regroupées par",
    "configure-content-fees-accounts-entries-paymentFee": "Frais de paiement",
    "configure-content-fees-accounts-entries-paymentFeeRefund": "Frais de paiement remboursés",
    "configure-content-fees-accounts-entries-loan": "Prêts reçus",
    "configure-content-fees-accounts-entries-loanPayment": "Remboursements de prêt",
    "configure-content-fees-accounts-entries-loanFee": "Frais de prêt",
    "configure-content-fees-accounts-entries-cashback": "Cashback",
    "configure-content-fees-accounts-entries-dispute": "Paiements contestés",
    "configure-content-fees-accounts-entries-reserve": "Sommes mises en réserve",
    "configure-content-payments-accounts-entries-card": "Carte bancaire",
    "configure-content-payments-accounts-entries-cash": "Espèces",
    "configure-content-payments-accounts-entries-invoice": "Facture",
    "configure-content-payments-accounts-entries-onlineCard": "Carte bancaire en ligne",
    "configure-content-payments-accounts-entries-payout": "Compte bancaire des versements",
    "configure-content-payments-accounts-entries-custom": "Vos propres moyens de paiement",
    "configure-content-payments-accounts-entries-storeCredit": "Avoir client",
    "configure-content-payments-accounts-entries-paypalQr": "QR code PayPal",
    "configure-content-payments-accounts-entries-mobile": "Paiement mobile",
    "configure-content-payments-accounts-entries-prepaidPayment": "Carte cadeau ou paiement d’avance",
    "configure-content-payments-accounts-entries-manual": "Saisi à la main",
    "configure-content-payments-accounts-entries-overShort": "Écarts de caisse",
}

# Where Canada says it otherwise than France.
CANADA: Final[dict[str, str]] = {
    "configure-setupSidebar-checkboxes-connectToAccounting": "Connectez votre logiciel comptable",
    "configure-setupSidebar=checkboxes-syncSchedule": "Horaire",
    "configure-content-payments-description": (
        "Indiquez le compte de chaque mode de paiement et le compte bancaire dans lequel vous êtes payé."
    ),
    "configure-content-sales-taxRates-title": "Taux de taxe",
    "configure-content-sales-taxRates-description": (
        "Associez chaque taux de taxe de vos ventes à un taux de votre logiciel comptable."
    ),
    "configure-content-sales-other-description": (
        "Choisissez comment vos ventes sont regroupées et avec quel statut elles sont transmises."
    ),
    "configure-content-payments-accounts-description": (
        "Choisissez un compte pour chaque mode de paiement de vos clients."
    ),
    "configure-content-sales-accounts-entries-prepaid": "Cartes-cadeaux et ventes prépayées",
    "configure-content-sales-accounts-entries-discount": "Rabais",
    "configure-content-sales-accounts-taxRates-entries-0": "Ventes taxées à 0\u00a0%",
    "configure-content-sales-accounts-taxRates-entries-10": "Ventes taxées à 10\u00a0%",
    "configure-content-sales-accounts-taxRates-entries-15": "Ventes taxées à 15\u00a0%",
    "configure-content-sales-accounts-taxRates-entries-20": "Ventes taxées à 20\u00a0%",
    "configure-content-fees-accounts-entries-cashback": "Remises en argent",
    "configure-content-payments-accounts-entries-card": "Carte",
    "configure-content-payments-accounts-entries-cash": "Argent comptant",
    "configure-content-payments-accounts-entries-onlineCard": "Carte en ligne",
    "configure-content-payments-accounts-entries-payout": "Compte bancaire des dépôts",
    "configure-content-payments-accounts-entries-custom": "Vos propres modes de paiement",
    "configure-content-payments-accounts-entries-storeCredit": "Crédit en magasin",
    "configure-content-payments-accounts-entries-paypalQr": "Code QR PayPal",
    "configure-content-payments-accounts-entries-prepaidPayment": "Carte-cadeau ou paiement d’avance",
}
