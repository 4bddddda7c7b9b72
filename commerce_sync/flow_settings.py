"""What a partner has the merchant's pages say and show. Each call is one transaction, and audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from commerce_sync import account_keys, flow_texts
from commerce_sync.models import FlowText, VisibleAccounts
from ledger.models import Partner
from ledger.services import audit


class BadTexts(ValueError):
    """Some texts cannot be set; ``items`` are (key, sentence)."""

    def __init__(self, items: Sequence[tuple[str, str]]) -> None:
        self.items = list(items)
        super().__init__("; ".join(f"{key}: {sentence}" for key, sentence in self.items))


class UnknownKeys(ValueError):
    """No field of the pages has these ``keys``."""

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        super().__init__(", ".join(self.keys))


def visible_keys(partner: Partner, platform_key: str) -> frozenset[str] | None:
    """The account keys that the pages show for a platform (its own ``key``), the required ones among them.

    None: the partner has not chosen, and every field is shown.
    """
    row = VisibleAccounts.objects.filter(partner=partner, platform=platform_key).first()
    return None if row is None else frozenset(account_keys.shown(row.keys))


@transaction.atomic
def choose_visible_keys(
    *, partner: Partner, platform_key: str, keys: Sequence[str] | None, actor: str, why: str = ""
) -> None:
    """Show only ``keys`` and the required ones for a platform; None: all again. Raises `UnknownKeys`."""
    unknown = account_keys.unknown(keys or ())
    if unknown:
        raise UnknownKeys(unknown)
    if keys is None:
        VisibleAccounts.objects.filter(partner=partner, platform=platform_key).delete()
    else:
        wanted = set(keys)
        chosen = [key for key in account_keys.ALL if key in wanted]
        VisibleAccounts.objects.update_or_create(partner=partner, platform=platform_key, defaults={"keys": chosen})
    audit(
        code="visible_accounts.changed", actor=actor, partner=partner, subject=platform_key,
        detail={"keys": None if keys is None else chosen}, why=why,
    )  # fmt: skip


def texts_of(partner: Partner, locale: str) -> dict[str, str]:
    """Every text of the pages in ``locale``, as this partner's merchants read it, in the order of the pages."""
    own = dict(FlowText.objects.filter(partner=partner, locale=locale).values_list("key", "text"))
    return {key: own.get(key, text) for key, text in flow_texts.defaults(locale).items()}


@transaction.atomic
def change_texts(
    *, partner: Partner, locale: str, changes: Mapping[str, str | None], actor: str, why: str = ""
) -> None:
    """Set texts in one locale: "" shows nothing, None restores the default. Raises `BadTexts`."""
    items = [(key, found) for key, text in changes.items() if (found := _problem(key, text))]
    if items:
        raise BadTexts(items)
    if not changes:
        return
    restored = [key for key, text in changes.items() if text is None]
    FlowText.objects.filter(partner=partner, locale=locale, key__in=restored).delete()
    FlowText.objects.bulk_create(
        [
            FlowText(partner=partner, locale=locale, key=key, text=text)
            for key, text in sorted(changes.items())  # in one order: two at once never wait for each other in a ring
            if text is not None
        ],
        update_conflicts=True,
        unique_fields=["partner", "locale", "key"],
        update_fields=["text"],
    )
    audit(
        code="flow_texts.changed", actor=actor, partner=partner, subject=locale,
        detail={"set": sorted(set(changes) - set(restored)), "restored": sorted(restored)}, why=why,
    )  # fmt: skip


def _problem(key: str, text: str | None) -> str:
    if key not in flow_texts.KEYS:
        return "There is no such text."
    return flow_texts.problem(text or "")
