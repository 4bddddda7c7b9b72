"""Markup that a partner, a merchant, a platform or a customer has put somewhere is text on every page and in mails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.urls import reverse

from commerce_sync.flow_settings import change_texts
from commerce_sync.flow_texts import KEYS
from connectors.models import Connection
from health.models import AlertRule, Finding
from tests.api.cast import an_order
from tests.attackers.addresses import Everybody, every_address, everybody
from tests.attackers.markup import LONG, MARK, SHORT, put_everywhere, read
from tests.commerce_sync.demo_cast import LAST_DAY, settle
from tests.test_architecture import PROJECT, modules, name_of, tree_of

# What is hit at the least: a column of another name, or one that is no longer written, is noticed.
HIT: Final[dict[str, tuple[str, ...]]] = {
    "ledger.Partner": ("name",),
    "ledger.Company": (
        "name",
        "description",
    ),
    "ledger.AuditEntry": (
        "subject",
        "actor",
        "detail",
    ),
    "ledger.BookVersion": ("reason",),
    "ledger.Document": ("narration",),
    "ledger.Posting": ("label",),
    "ledger.RecordRow": ("external_id",),
    "ledger.ProblemRow": ("subject",),
    "connectors.BooksAccount": ("name",),
    "connectors.BooksEntry": ("narration",),
    "connectors.BooksLine": ("description",),
    "connectors.Connection": ("name",),
    "connectors.Reference": ("name",),
    "commerce_sync.Branding": ("display_name",),
    "commerce_sync.FlowText": ("text",),
    "commerce_sync.ApiKey": ("name",),
    "commerce_sync.Undo": ("actor",),
    "health.Finding": (
        "subject",
        "params",
    ),
    "health.AlertRule": ("name",),
    "auth.User": ("username",),
}


def a_marked_world() -> Everybody:
    """Somebody's company, in which every text is markup: also in the rows that were pushed, before they were read."""
    found = everybody()
    shop = Connection.objects.get(company=found.company, kind="commerce").public_id
    named = {"id": "x1", "name": LONG}
    order = an_order(900, day=LAST_DAY, orderNumber=SHORT, customerRef={"id": SHORT, "companyName": LONG},
                     locationRef=named, note=LONG)  # fmt: skip
    order["orderLineItems"][0]["productRef"] = named
    order["payments"][0]["paymentMethodRef"] = {"id": "card", "name": LONG}
    wrong = an_order(901, day=LAST_DAY, orderNumber=SHORT, totalAmount=1)
    pushed = found.browser.put(
        f"/companies/{found.company.public_id}/connections/{shop}/data/commerce-orders",
        [order, wrong],
        content_type="application/json",
    )
    assert pushed.status_code == 200, pushed.content
    settle(found.company, LAST_DAY)
    change_texts(partner=found.partner, locale="en-us", changes=dict.fromkeys(KEYS, LONG), actor="test")
    Finding.objects.update(params={"sentence": "a b", "name": "c d", "remedy": "e f"})
    AlertRule.objects.create(partner=found.partner, name="of merchants", audience="merchant", channel="email")
    return found


def pages_of(world: Everybody) -> Iterator[tuple[str, str]]:
    """Every page that opens, with its address."""
    mails = [
        reverse("admin:console-alert-mail", args=(rule,))
        for rule in AlertRule.objects.values_list("public_id", flat=True)
    ]
    for path in [*(each.path for each in every_address(world.ids) if "logout" not in each.path), *mails]:
        answer = world.browser.get(path)
        assert answer.status_code < 500, path
        if answer.status_code == 200 and "html" in answer.get("Content-Type", ""):
            yield path, answer.content.decode()


@pytest.mark.case("S12")
@pytest.mark.slow
@pytest.mark.django_db
def test_markup_in_every_column_is_text_on_every_page_and_in_mails() -> None:
    world = a_marked_world()
    hit = put_everywhere()
    assert {f"{model}.{name}" for model, names in HIT.items() for name in names} - hit == set()
    wrong: list[str] = []
    shown = 0
    leading_on = []
    for path, page in pages_of(world):
        found = read(page)
        wrong += [f"{path}: {said}" for said in found.wrong]
        shown += found.seen
        leading_on += [path] if "evil.example" in page else []
    put_everywhere(addresses=True)
    assert len(leading_on) > 3, "addresses of others are on some pages"
    for path in leading_on:
        wrong += [f"{path}: {said}" for said in read(world.browser.get(path).content.decode()).wrong]
    assert wrong == [], "\n".join(wrong)
    assert shown > 100, "the markup is on the pages that are read"


@pytest.mark.case("S12")
def test_the_reader_of_pages_finds_what_is_not_escaped() -> None:
    pages = (
        *(f"<p>{SHORT}</p>", f'<a title="{SHORT}">', f"<script>var x = '{MARK}'</script>", f"<title>{LONG}</title>"),
        *(f'<a href="javascript:{MARK}">', f'<div x-data="{MARK}">', f"<style>.a{{color:{MARK}}}</style>"),
    )
    for page in pages:
        assert read(page).wrong, page
    assert read(f'<p title="{MARK}">&lt;{MARK} on{MARK}&gt;</p>').wrong == []


@pytest.mark.case("S12", "S32")
def test_nothing_turns_escaping_off_and_formats_of_markup_are_constants() -> None:
    loose = re.compile(r"\|\s*safe\b|safeseq|autoescape\s+off|escapejs")
    found = [
        name_of(path)
        for path in (PROJECT / "templates").rglob("*")
        if path.is_file() and loose.search(path.read_text())
    ]
    assert sorted(found) == ["templates/mail/merchant.txt", "templates/mail/people.txt"]  # plain text
    declared = re.compile("format_html|SafeString|SafeText|mark_safe")
    for path in (each for each in modules() if declared.search(each.read_text())):
        of_module = constants_of(tree_of(path).body)
        for scope in ast.walk(tree_of(path)):
            if isinstance(scope, ast.FunctionDef):
                known = of_module | constants_of(list(ast.walk(scope)))
                assert list(formats_that_vary(scope, known)) == [], f"{name_of(path)}:{scope.lineno}"


def formats_that_vary(scope: ast.FunctionDef, known: set[str]) -> Iterator[str]:
    """Where text is declared to be markup that is not a constant of the code."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("SafeString", "SafeText", "mark_safe"):
                yield ast.unparse(node)
            if name in ("format_html", "format_html_join"):
                written = node.args[name == "format_html_join"]
                if not isinstance(written, ast.Constant) and ast.unparse(written) not in known:
                    yield ast.unparse(node)


def constants_of(nodes: list[Any]) -> set[str]:
    """The names that are given to texts, and to nothing else."""
    said: dict[str, list[bool]] = {}
    for node in nodes:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        if isinstance(node, ast.Assign | ast.AnnAssign):
            for target in targets:
                said.setdefault(ast.unparse(target), []).append(is_constant(node.value))
    return {name for name, all_constant in said.items() if all(all_constant)}


def is_constant(value: ast.expr | None) -> bool:
    """A text of the code, or one repeated or put together of such."""
    if isinstance(value, ast.BinOp):
        return is_constant(value.left) and (isinstance(value.op, ast.Mult) or is_constant(value.right))
    return isinstance(value, ast.Constant)


def test_a_format_of_markup_that_varies_is_found() -> None:
    planted = ast.parse(
        "def view(said):\n x = '<p>' + said\n return format_html(x) + mark_safe(said) + format_html('')"
    )
    scope = planted.body[0]
    assert isinstance(scope, ast.FunctionDef)
    assert len(list(formats_that_vary(scope, constants_of(list(ast.walk(scope)))))) == 2
