"""The ledger's rows: one model per file, all imported here so that Django finds them."""

from ledger.models.audit import AuditEntry
from ledger.models.book import BookVersion
from ledger.models.company import Company
from ledger.models.document import Document
from ledger.models.document_line import DocumentLine
from ledger.models.home import Home
from ledger.models.partner import Partner
from ledger.models.posting import Posting
from ledger.models.problem import ProblemRow
from ledger.models.record import RecordRow
from ledger.models.source import Source
from ledger.models.standing import Standing

__all__ = [
    "AuditEntry",
    "BookVersion",
    "Company",
    "Document",
    "DocumentLine",
    "Home",
    "Partner",
    "Posting",
    "ProblemRow",
    "RecordRow",
    "Source",
    "Standing",
]
