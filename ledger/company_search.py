"""Finding merchants by what somebody says on the telephone: the id, or the beginnings of words of the name."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from ledger.models import Company

_WORD: Final = re.compile(r"\w+")
MOST_WORDS: Final = 8


def companies_said(said: str, among: QuerySet[Company]) -> QuerySet[Company]:
    """Those of ``among`` with this id, or whose names have words that begin with each of these, in any order.

    Served by indexes (`company_by_words`), whatever is said. "" finds none.
    """
    said = said.replace("\0", "").strip()
    try:
        return among.filter(public_id=UUID(said))
    except ValueError:
        pass
    words = _WORD.findall(said.lower())[:MOST_WORDS]
    if not words:
        return among.none()
    asked = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    return among.annotate(words=SearchVector("name", config="simple")).filter(words=asked)
