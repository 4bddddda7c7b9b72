"""Markup in every text that anybody can put, and how it is told in a page that it came through as more than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, Concat, Left

MARK: Final = "xssmark"
SHORT: Final = f"\"'><{MARK} on{MARK}=1>"
LONG: Final = f"</script></style></title></textarea>{SHORT}<script>alert('{MARK}')</script><img src=x onerror=alert(1)>"
ADDRESS: Final = f"javascript:alert('{MARK}')//"
# Words of ours (codes, keys, units) and what is read by programs: with anything else in it the row means nothing.
OF_OURS: Final = re.compile(
    r"currency|zone|locale|.*platform|dataset|stage|kind|type|key_id|sealed_key|prefix|sha256|digest|state|turn|slot|watch"
    r"|failure_code|failure_turn|code|codename|app_label|model|password|cron|func|hook|severity|.*_color|session_.*|task"
    r"|delivery_id|cluster|payload|args|kwargs|intended_date_kwarg|channel|document_key|key|method"
)
OURS: Final = frozenset(
    {
        "auth.Permission.name",
        "commerce_sync.Schedule.frequency",
        "health.Round.name",
        "contenttypes.ContentType.model",
        "commerce_sync.Sync.correlation",
        "health.Alarm.root",
    }
)
TEXTS: Final = re.compile("name|title|sentence|remedy|why|reason|text|note|label|words|description|asked")

_RESTS: Final = 'ALTER TABLE "{}" {} TRIGGER USER'


def text_columns() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    """Every column of texts that are not words of ours."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
            if is_text and not OF_OURS.fullmatch(field.name) and f"{model._meta.label}.{field.name}" not in OURS:
                yield model, field


def put_everywhere(*, addresses: bool = False) -> set[str]:
    """Markup in every column of texts, in every row, where PostgreSQL lets it; the names of those columns.

    The triggers that keep booked rows as they are rest meanwhile; constraints do not. With ``addresses``, what is a web
    address becomes a script.
    """
    done = set()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model, field in text_columns():
            longest = field.max_length or 10_000
            if longest < len(SHORT) + 11:
                continue
            said = LONG if longest >= len(LONG) + 11 else SHORT
            if field.name.endswith("url") or field.name == "origin":
                said = ADDRESS if addresses else "https://evil.example/" + SHORT
            # The row's own number keeps apart what has to differ.
            cursor.execute(_RESTS.format(model._meta.db_table, "DISABLE"))
            apart = Left(Cast(F("pk"), models.CharField()), 11)
            try:
                with transaction.atomic():
                    count = model._default_manager.update(**{field.name: Concat(Value(said[: longest - 11]), apart)})
            except IntegrityError:
                count = 0
            cursor.execute(_RESTS.format(model._meta.db_table, "ENABLE"))
            if count:
                done.add(f"{model._meta.label}.{field.name}")
    return done | _in_documents()


def _in_documents() -> set[str]:
    """The same in the texts inside of JSON: what has a space in it, or a name that says that it is a text."""
    done = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.JSONField):
                for row in model._default_manager.all():
                    value = getattr(row, field.attname)
                    changed = _marked(value)
                    if changed != value:
                        done.add(f"{model._meta.label}.{field.name}")
                        with connection.cursor() as cursor:
                            cursor.execute(_RESTS.format(model._meta.db_table, "DISABLE"))
                            model._default_manager.filter(pk=row.pk).update(**{field.attname: changed})
                            cursor.execute(_RESTS.format(model._meta.db_table, "ENABLE"))
    return done


def _marked(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _marked(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, name) for inner in value]
    return LONG if isinstance(value, str) and (" " in value or TEXTS.fullmatch(name)) else value


class Reader(HTMLParser):
    """Reads a page the way a browser takes it apart; ``wrong``: what came of the markup, ``seen``: whether it is there
    as text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.seen = False
        self._raw = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._raw = tag if tag in ("script", "style") and dict(attrs).get("type") != "application/json" else ""
        if MARK in tag:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            if MARK in name or (name == "onerror"):
                self.wrong.append(f"<{tag} {name}>")
            acts = name.startswith((":", "@", "x-", "hx-", "on", "style", "srcdoc"))
            leads = name in ("href", "src", "action", "formaction", "data") and not _is_web(value or "")
            if MARK in (value or "") and (acts or leads):
                self.wrong.append(f"<{tag} {name}={value}>")

    def handle_endtag(self, tag: str) -> None:
        self._raw = ""

    def handle_data(self, data: str) -> None:
        if MARK in data:
            self.seen = True
            if self._raw:
                self.wrong.append(f"in <{self._raw}>: {data[:80]}")


def _is_web(address: str) -> bool:
    return address.strip().lower().startswith(("/", "?", "#", "http://", "https://", "mailto:"))


def read(page: str) -> Reader:
    """The page, read to its end."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader
