"""What all addresses of commerce data have in common: a commerce connection, its lists, its pushes."""

from __future__ import annotations

from typing import Any, ClassVar, Final, NamedTuple

from django.db import OperationalError
from django.http import HttpResponse
from rest_framework.request import Request

from commerce_sync.api.bodies import raw_body
from commerce_sync.api.commerce.pushing import pushed
from commerce_sync.api.errors import conflict, invalid, missing
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.outage import is_lock_timeout
from commerce_sync.services import receive_sales
from connectors.models import Connection
from connectors.receive import MAX_ROWS, BadPage
from connectors.services import NotPushed
from ledger import sql

MOST_PUSHED_BYTES: Final = 32 * 1024 * 1024
"""Of one push: 5,000 orders of 6 kB. The process holds it once, and its rows as places in it."""


class Shop(NamedTuple):
    """What reading needs of a commerce connection."""

    id: int
    source_id: int
    names_version: int


_SHOP: Final = """
    SELECT connection.id, connection.source_id, connection.references_version
    FROM connectors_connection connection JOIN ledger_company company ON company.id = connection.company_id
    WHERE connection.public_id = %s AND company.public_id = %s AND company.partner_id = %s
        AND connection.kind = 'commerce'
"""


class CommerceView(ApiView):
    """An address below ``/data/commerce-…`` of a commerce connection."""

    most_bytes: ClassVar[int] = MOST_PUSHED_BYTES

    def shop(self, company_id: str, connection_id: str) -> Connection:
        """The commerce connection; raises `ApiError` 404, also for one to accounting software."""
        found = self.connection(company_id, connection_id)
        if found.kind != Connection.Kind.COMMERCE:
            raise missing("commerce data connection", connection_id)
        return found

    def shop_to_read(self, company_id: str, connection_id: str) -> Shop:
        """As `shop`, by one plain statement: every list begins with it."""
        ids = as_uuid(connection_id, "data connection"), as_uuid(company_id, "company")
        for row in sql.rows(_SHOP, (*ids, self.partner.pk), keep_plan=True):
            return Shop(*row)
        self.shop(company_id, connection_id)
        raise missing("commerce data connection", connection_id)

    def push(self, request: Request, company_id: str, connection_id: str, dataset: str) -> HttpResponse:
        """Store a batch of rows and say what became of each.

        Raises `ApiError`: 400 for a body that is no array of rows, 409 for a connection that takes no pushes, or none
        now because its records are being stored by somebody else for longer than a lock is waited for.
        """
        shop = self.shop(company_id, connection_id)
        if shop.status != Connection.Status.LINKED:
            raise conflict(
                f"This connection is {shop.status}: nothing is taken through it until it is Linked again. "
                "Authorize it, then send the same rows."
            )
        body = raw_body(request._request, self.most_bytes)
        try:
            return answer(pushed(receive_sales(connection=shop, dataset=dataset, body=body)))
        except BadPage as error:
            raise invalid(
                f"Nothing was stored: {error}.", ("$", f"not an array of at most {MAX_ROWS:,} rows")
            ) from None
        except OperationalError as error:
            if not is_lock_timeout(error):
                raise
            raise conflict(
                "Another push or a sync of this connection is being stored. Nothing of this one was; send it again.",
                retry=True,
            ) from None
        except NotPushed as error:
            raise conflict(f"{error}. Its records come with each sync; there is nothing to send.") from None


def array_of(noun: str) -> Any:
    """What a push sends, for the description of the operation: rows as the same address lists them, of which only the
    id is demanded by all. `connectors.commerce.partner` says what is read of a row."""
    words = f"{noun}, as it is listed at this address; what you do not know may be absent."
    row = {"type": "object", "description": words, "required": ["id"], "additionalProperties": True,
           "properties": {"id": {"type": "string", "minLength": 1, "maxLength": 200}}}  # fmt: skip
    return {"application/json": {"type": "array", "maxItems": MAX_ROWS, "items": row}}


def text_of(request: Request, name: str) -> str:
    """A query parameter, "" when it is absent or blank."""
    value: Any = request.query_params.get(name, "")
    return str(value).strip()
