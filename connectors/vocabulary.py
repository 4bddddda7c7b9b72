"""The words of a platform, and of the settings of a connection to it: each is known, or a problem of its row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.errors import MappingProblem

LONGEST_WORD: Final = 60  # characters of a strange word that are told


def word(table: Mapping[str, Any], said: str, path: str, field: str) -> Any:
    """What `said` means; raises `MappingProblem` for a word that we do not know."""
    try:
        return table[said]
    except KeyError:
        raise unknown(said, path, field) from None


def choice(settings: Mapping[str, Any], name: str, choices: Sequence[str]) -> str:
    """A setting of the connection, by default the first of `choices`; raises `MappingProblem` for any other."""
    said = settings.get(name, choices[0])
    if said not in choices:
        raise unknown(str(said), "$", name)
    return str(said)


def unknown(said: str, path: str, field: str) -> MappingProblem:
    """The problem of a word that we do not know."""
    return MappingProblem("unknown_word", path, facts={"word": said[:LONGEST_WORD], "field": field})
