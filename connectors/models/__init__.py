"""The rows of the outside world."""

from __future__ import annotations

from connectors.models.bank_line import BankLine
from connectors.models.binding import Binding
from connectors.models.bookmark import Bookmark
from connectors.models.books_account import BooksAccount
from connectors.models.books_entry import BooksEntry
from connectors.models.books_line import BooksLine
from connectors.models.books_lock import BooksLock
from connectors.models.books_tax_rate import BooksTaxRate
from connectors.models.budget import BudgetLine
from connectors.models.call import Call
from connectors.models.connection import Connection
from connectors.models.credential import Credential
from connectors.models.incoming_webhook import IncomingWebhook
from connectors.models.ledger_look import LedgerLook
from connectors.models.option import Option
from connectors.models.page import Page
from connectors.models.purchase_order import PurchaseOrder
from connectors.models.push_item import PushItem
from connectors.models.reference import Reference
from connectors.models.stock_level import StockLevel
from connectors.models.stock_rule import StockRule
from connectors.models.their_balance import TheirBalance
from connectors.models.their_entry import TheirEntry
from connectors.models.watermark import Watermark

__all__ = [
    "BankLine",
    "Binding",
    "Bookmark",
    "BooksAccount",
    "BooksEntry",
    "BooksLine",
    "BooksLock",
    "BooksTaxRate",
    "BudgetLine",
    "Call",
    "Connection",
    "Credential",
    "LedgerLook",
    "Option",
    "Page",
    "PurchaseOrder",
    "PushItem",
    "Reference",
    "StockLevel",
    "StockRule",
    "TheirBalance",
    "TheirEntry",
    "Watermark",
    "IncomingWebhook",
]
