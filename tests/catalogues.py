"""The catalogues of the merchant's pages: what is to be translated, and whether it is.

``python -m tests.catalogues`` brings `commerce_sync/locale` up to date with the sources: new texts come in without a
translation, texts that are gone go out, and the compiled files are written anew. No gettext tools are needed: Python is
read by its own parser, templates by Django's.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import polib

PROJECT: Final = Path(__file__).parents[1]
APPS: Final = ("ledger", "connectors", "commerce_sync", "health")
LOCALES: Final = ("fr", "fr_CA")
OURS: Final = frozenset({"partner", "partner_pull", "books"})  # platforms that are called what they are
# Which argument of a call is what: message, plural, context.
_PLACES: Final = {
    "gettext": (0, None, None),
    "ngettext": (0, 1, None),
    "pgettext": (1, None, 0),
    "npgettext": (1, 2, 0),
}
_IN_TEMPLATE: Final = re.compile(
    r"\b(_|gettext|ngettext|pgettext|npgettext)\(((?:\s*u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\s*,?)+)"
)
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[a-z]|%[sd]")


class Text(NamedTuple):
    """A text to be translated: its English, its English plural ("": it has none), and its context ("": none)."""

    message: str
    plural: str = ""
    context: str = ""

    @property
    def placeholders(self) -> set[str]:
        """What is filled in."""
        return placeholders(self.message) | placeholders(self.plural)


def placeholders(text: str) -> set[str]:
    """The places of ``text`` where something is filled in."""
    return {match[0] for match in _PLACEHOLDER.finditer(text.replace("%%", ""))}


def texts() -> dict[Text, set[str]]:
    """Every text of the sources, with the files that have it."""
    found: dict[Text, set[str]] = {}
    for app in APPS:
        for path in sorted((PROJECT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                _add(found, path, in_python(path.read_text()))
    folders = [PROJECT / "templates", *(PROJECT / app / "templates" for app in APPS)]
    for path in (path for folder in folders for path in sorted(folder.rglob("*.html"))):
        _add(found, path, in_template(path.read_text()))
    for path, message in declared():
        _add(found, path, iter([Text(message)]))
    return found


def declared() -> Iterator[tuple[Path, str]]:
    """What the platforms' files say of the access that merchants type in: they know nothing of languages."""
    from connectors import registry
    from connectors.authorization import secret_fields, setting_names

    for platform in registry.platforms():
        path = Path(inspect.getfile(type(platform)))
        names = setting_names(platform)
        needed = () if platform.local else platform.hosts.settings_needed
        asked = [words for each in secret_fields(platform.auth).values() for words in (each.label, each.where)]
        own = [platform.name] if platform.key in OURS else []  # others have names, ours are called what they are
        yield from ((path, words) for words in (*own, *asked, *(names[name] for name in needed)) if words)


def in_python(source: str) -> Iterator[Text]:
    """The texts of a module: the literal arguments of the functions that it has of `django.utils.translation`."""
    tree = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: re.sub("_(lazy|noop)$", "", alias.name) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = names.get(node.func.id, "")
            if function in _PLACES:
                values = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
                yield from _said(function, values)


def in_template(source: str) -> Iterator[Text]:
    """The texts of a template."""
    from django.utils.translation.template import templatize

    for match in _IN_TEMPLATE.finditer(templatize(source)):
        function = "gettext" if match[1] == "_" else match[1]
        yield from _said(function, list(ast.literal_eval(f"({match[2].rstrip(', ')},)")))


def _said(function: str, values: list[object]) -> Iterator[Text]:
    def at(place: int | None) -> object:
        return "" if place is None else (values[place] if place < len(values) else None)

    message, plural, context = (at(place) for place in _PLACES[function])
    if isinstance(message, str) and isinstance(plural, str) and isinstance(context, str) and message:
        yield Text(message, plural, context)


def _add(found: dict[Text, set[str]], path: Path, said: Iterator[Text]) -> None:
    for text in said:
        found.setdefault(text, set()).add(path.relative_to(PROJECT).as_posix())


def path_of(locale: str) -> Path:
    """Where the catalogue of a locale is."""
    return PROJECT / "commerce_sync" / "locale" / locale / "LC_MESSAGES" / "django.po"


def catalogue(locale: str) -> polib.POFile:
    """The catalogue of a locale."""
    return polib.pofile(str(path_of(locale)), wrapwidth=0)


def text_of(entry: polib.POEntry) -> Text:
    """What an entry translates."""
    return Text(entry.msgid, entry.msgid_plural, entry.msgctxt or "")


def update(locale: str) -> polib.POFile:
    """Bring the catalogue of a locale up to date with the sources; texts in the order of the alphabet."""
    path = path_of(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = {text_of(entry): entry for entry in catalogue(locale) if not entry.obsolete} if path.exists() else {}
    written = polib.POFile(wrapwidth=0)
    written.metadata = {
        "Project-Id-Version": "commerce-sync",
        "Language": locale,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n > 1);",
    }
    for text, files in sorted(texts().items()):
        entry = polib.POEntry(msgid=text.message, msgctxt=text.context or None, msgid_plural=text.plural)
        entry.occurrences = [(name, "") for name in sorted(files)]
        old = before.get(text)
        if text.plural:
            entry.msgstr_plural = dict(old.msgstr_plural) if old else {0: "", 1: ""}
        else:
            entry.msgstr = old.msgstr if old else ""
        if text.placeholders:
            entry.flags = ["python-format"]
        written.append(entry)
    written.save(str(path))
    # From the file as anybody reads it, so that the compiled one is always the same.
    path.with_suffix(".mo").write_bytes(catalogue(locale).to_binary())
    return catalogue(locale)


def main() -> None:
    """Update both catalogues, and say what has to be translated."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    import django

    django.setup()
    for locale in LOCALES:
        for entry in update(locale).untranslated_entries():
            print(f"{locale}: {entry.msgid}")


if __name__ == "__main__":
    main()
