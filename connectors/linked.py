"""What happens once a connection is linked: accounting software brings its options, our own books their chart."""

from __future__ import annotations

import logging

from connectors import registry
from connectors.accounting.books import Books
from connectors.errors import Failure
from connectors.general_ledger.accounts import install_chart
from connectors.models import Connection
from connectors.options import refresh_options

logger = logging.getLogger(__name__)


def after_linking(connection: Connection) -> None:
    """Get what the set-up needs of a connection that has just been linked. Doing it twice changes nothing.

    What the accounting software does not give now is fetched when it is needed: the connection stays linked. Not to be
    called inside a transaction, unless the platform is local.
    """
    if connection.kind != Connection.Kind.ACCOUNTING:
        return
    if connection.platform == Books.key:
        install_chart(connection_id=connection.pk)
    try:
        refresh_options(connection)
    except Failure as failure:
        name = registry.accounting(connection.platform).name
        logger.warning("the options of connection %s at %s are fetched later: %s", connection.pk, name, failure)
