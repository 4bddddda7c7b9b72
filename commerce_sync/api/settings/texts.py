"""The texts of the merchant's pages, per locale."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiParameter
from msgspec import UNSET, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer
from commerce_sync.flow_settings import BadTexts, change_texts, texts_of
from commerce_sync.flow_texts import LOCALES, REQUIRED


class Localization(Shape):
    """A text as merchants read it. ``required``: it names something that must be filled in."""

    text: str
    required: bool


class LocalizationChange(Input):
    """A text that is to change: "" shows nothing, null restores the default, absent leaves it. At most 2,000 letters.

    ``required`` is ours to say: it may be sent, as it was answered, and changes nothing.
    """

    text: str | None | UnsetType = UNSET
    required: bool | None | UnsetType = UNSET


_LOCALE: Final = OpenApiParameter(
    "locale", {"type": "string", "enum": list(LOCALES)}, OpenApiParameter.QUERY, required=True,
    description="Whose words: English (US), French (France) or, beyond the contract, French (Canada).",
)  # fmt: skip


class FlowTexts(ApiView):
    """All texts in one locale."""

    @operation("get-config-text-sync-flow", "Get preferences for text fields", tag="Sync flow settings",
               answers=dict[str, Localization], query=(_LOCALE,))  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Every text of the merchant's pages, by key: yours where you have set one, else ours."""
        return self._shown(_locale(request))

    @operation("update-config-text-sync-flow", "Update preferences for text fields", tag="Sync flow settings",
               answers=dict[str, Localization], body=dict[str, LocalizationChange], query=(_LOCALE,))  # fmt: skip
    def patch(self, request: Request) -> HttpResponse:
        """Set texts by key; those that you do not name stay. All are set, or none. Answers as the GET does.

        A string sets a text, `""` shows nothing in its place, `null` restores the default. Texts are shown as they are
        written: markup has no effect.
        """
        locale = _locale(request)
        said = self.body(dict[str, LocalizationChange])
        changes = {key: each.text for key, each in said.items() if not isinstance(each.text, UnsetType)}
        try:
            change_texts(partner=self.partner, locale=locale, changes=changes, actor=self.actor)
        except BadTexts as error:
            items = [(key[:200], sentence) for key, sentence in error.items[:100]]
            raise invalid("These texts cannot be set, so none was; GET this address for all keys.", *items) from None
        return self._shown(locale)

    def _shown(self, locale: str) -> HttpResponse:
        found = texts_of(self.partner, locale)
        return answer({key: Localization(text=text, required=key in REQUIRED) for key, text in found.items()})


def _locale(request: Request) -> str:
    said = request.query_params.get("locale")
    if said not in LOCALES:
        shown = "it is missing" if said is None else f"{said[:40]!r} is not one of them"
        raise invalid(f"locale must be one of: {', '.join(LOCALES)}.", ("locale", shown))
    return said


urlpatterns = [path("sync/commerce/config/ui/text", FlowTexts.as_view())]
