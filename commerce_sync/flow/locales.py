"""The three languages of the merchant's pages: which one a browser gets, and how they write amounts."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant, trans_real

COOKIE: Final = "flow_language"
KEPT_SECONDS: Final = 365 * 24 * 3600
LANGUAGES: Final = {"en-us": "en", "fr-fr": "fr", "fr-ca": "fr-ca"}
"""Our locales, as the published texts name them, and what Django calls each."""
NAMES: Final = {"en-us": "English (US)", "fr-fr": "Français (France)", "fr-ca": "Français (Canada)"}
DEFAULT: Final = "en-us"
_LOCALES: Final = {language: locale for locale, language in LANGUAGES.items()}
_LONGEST_HEADER: Final = 500


def locale_of(request: HttpRequest) -> str:
    """The merchant's own choice; else the first of the browser's languages that we speak; else English."""
    chosen = request.COOKIES.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    header = request.headers.get("Accept-Language", "")[:_LONGEST_HEADER]
    for language, _ in trans_real.parse_accept_lang_header(header):
        try:
            return _LOCALES[get_supported_language_variant(language)]
        except LookupError:
            continue
    return DEFAULT
