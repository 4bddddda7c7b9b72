"""A message as it is sent: subject, text and HTML for a mail, or one text for Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from commerce_sync.branding import branding_of
from commerce_sync.contrast import contrast_of
from commerce_sync.flow.locales import LANGUAGES
from commerce_sync.flow.look import look_of
from health.alerts.items import Item, console_url
from ledger.models import Company, Partner

MOST_LISTED: Final = 20  # of each kind of news; the rest is a number, and in the console
LONGEST_SUBJECT: Final = 200
NEWS: Final = ("escalated", "opened", "recovered", "still")  # the order in a message
OURS: Final = "Commerce Sync"
OUR_COLOR: Final = "#1f4fd1"


class Brand(Struct, frozen=True):
    """Who a message comes from."""

    name: str = OURS
    color: str = OUR_COLOR
    logo: str = ""

    @property
    def ink(self) -> str:
        """The color of text on ``color``."""
        return contrast_of(self.color).text


class Message(Struct, frozen=True):
    """What is sent. ``what`` is the gravest of its news, "digest" for one of several, or "test"."""

    what: str
    sender: str
    subject: str
    text: str
    html: str = ""


def brand_of(partner: Partner) -> Brand:
    """The partner's brand, as merchants know it."""
    look, branding = look_of(partner), branding_of(partner)
    root = settings.COMMERCE_SYNC_PUBLIC_URL
    return Brand(look.name, branding.primary_color or OUR_COLOR, f"{root}{look.logo.url}" if root and look.logo else "")


def for_people(
    rule_name: str, items: Sequence[Item], totals: Mapping[str, int], *, is_digest: bool, test: bool = False
) -> Message:
    """A message to people of the console, in English. ``totals`` says how many there are of each news, of which
    ``items`` are the gravest."""
    context = {
        "groups": _groups(items, totals),
        "rule": rule_name,
        "brand": Brand(),
        "console": console_url("admin:console-findings"),
        "test": test,
    }
    what = "test" if test else "digest" if is_digest else _gravest(items)
    subject = _subject(items, totals, is_digest)
    return _rendered("mail/people", what, OURS, f"Test: {subject}" if test else subject, context)


def for_merchant(
    company: Company, items: Sequence[Item], totals: Mapping[str, int], locale: str, brand: Brand, *, is_digest: bool
) -> Message:
    """A message to the merchant, in the merchant's language and the partner's brand."""
    root = settings.COMMERCE_SYNC_PUBLIC_URL
    with translation.override(LANGUAGES[locale]):
        context = {
            "groups": _groups(items, totals),
            "company": company,
            "brand": brand,
            "language": LANGUAGES[locale],
            "link": f"{root}/link/{company.public_id}" if root else "",
        }
        what = "digest" if is_digest else _gravest(items)
        subject = f"{company.name}: {_merchant_subject(items, totals)}"
        return _rendered("mail/merchant", what, brand.name, subject, context)


def for_slack(message: Message, items: Sequence[Item], totals: Mapping[str, int]) -> Message:
    """The same as one text in Slack's own markup, which nothing in it can leave."""
    lines = [f"*{_plain(message.subject)}*"]
    for item in items:
        title = f"<{item.url}|{_plain(item.title)}>" if item.url else _plain(item.title)
        place = f" ({_plain(item.company)})" if item.company else ""
        lines.append(f"• {item.news}: {title}{place}: {_plain(item.sentence)}")
    if (more := sum(totals.values()) - len(items)) > 0:
        lines.append(f"and {more} more")
    return Message(message.what, "", message.subject, "\n".join(lines))


def _subject(items: Sequence[Item], totals: Mapping[str, int], is_digest: bool) -> str:
    if len(items) == 1 and not is_digest:
        [item] = items
        before = {"recovered": "Over: ", "escalated": "Escalated: "}.get(item.news, "")
        place = f" ({item.company})" if item.company else f" ({item.count} findings)" if item.count > 1 else ""
        return f"{before}{item.title}{place}"
    words = {"opened": "new", "recovered": "over", "escalated": "escalated", "still": "still open"}
    said = ", ".join(f"{totals[name]} {words[name]}" for name in NEWS if totals.get(name))
    return f"Findings: {said}"


def _merchant_subject(items: Sequence[Item], totals: Mapping[str, int]) -> str:
    lasting = [item for item in items if item.news != "recovered"]
    if not lasting:
        return _("all is well again")
    if len(lasting) == 1:
        return lasting[0].title
    count = sum(total for name, total in totals.items() if name != "recovered")
    return ngettext("%(count)s thing needs you", "%(count)s things need you", count) % {"count": count}


def _groups(items: Sequence[Item], totals: Mapping[str, int]) -> list[dict[str, Any]]:
    """What is shown, by news, and how many more there are of each."""
    found = []
    for name in NEWS:
        these = [item for item in items if item.news == name]
        if these:
            found.append({"news": name, "items": these, "more": max(totals.get(name, 0) - len(these), 0)})
    return found


def _gravest(items: Sequence[Item]) -> str:
    """What the message is: of several news the most urgent."""
    found = {item.news for item in items}
    return next((name for name in NEWS if name in found and name != "still"), "digest")


def _rendered(template: str, what: str, sender: str, subject: str, context: dict[str, Any]) -> Message:
    whole = " ".join(subject.split())[:LONGEST_SUBJECT]
    said = {**context, "subject": whole}
    text = render_to_string(f"{template}.txt", said)
    return Message(what, sender, whole, text.strip() + "\n", render_to_string(f"{template}.html", said))


def _plain(text: str) -> str:
    """Text that Slack shows as it is: the three signs that its markup begins with are written otherwise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
