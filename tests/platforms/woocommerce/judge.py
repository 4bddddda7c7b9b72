"""WooCommerce's own tables of its interface, as judges of what we ask and of what our pages and our fake answer.

The index of routes has their methods and parameters, the property tables the names and types of fields, and the
examples what the tables forgot or have wrong (a `price` is a number). All are of 2024: what the plugin's published
source (10.0, and 10.3 for the one list of all variations) has beyond them is in `NEWER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from tests.platforms.exchanges import Json
from tests.platforms.folders import SPECIFICATIONS

FOLDER: Final = SPECIFICATIONS / "commerce" / "woocommerce"
ABOVE: Final = "/wp-json"
# The end of a route → the part of the documentation that has the fields of its rows, and its parameters.
PARTS: Final = {
    "/orders": "orders", "/refunds": "order-refunds", "/products": "products", "/variations": "product-variations",
    "/categories": "product-categories", "/taxes": "taxes", "/payment_gateways": "payment-gateways",
    "/webhooks": "webhooks",
}  # fmt: skip
# The fields in which rows have rows.
ROWS_IN: Final = {
    *(("orders", f"{name}_lines") for name in ("tax", "shipping", "fee", "coupon")),
    ("orders", "line_items"), ("orders", "refunds"),
    ("order-refunds", "line_items"), ("products", "categories"),
}  # fmt: skip
OF_WORDPRESS: Final = {"_fields"}
NEWER: Final = frozenset(
    {
        "GET /wc/v3/variations", "orderby=modified", "status=trash",
        "orders.tax_lines.rate_percent",
        *(f"order-refunds.{name}" for name in ("parent_id", "shipping_lines", "fee_lines", "tax_lines")),
        "products.low_stock_amount", "products.cost_of_goods_sold",
        *(f"product-variations.{name}" for name in ("name", "parent_id", "low_stock_amount", "cost_of_goods_sold")),
        "product-variations.manage_stock",  # "parent" where the product counts
    }
)  # fmt: skip


def is_at_hand() -> bool:
    """Whether the vendor's tables are here."""
    return FOLDER.is_dir()


def faults_of(exchange: Json) -> list[str]:
    """What the vendor's tables have against a question and its answer."""
    asked, answered = exchange["request"], exchange["response"]
    path = asked["path"].removeprefix(ABOVE)
    rows = answered if isinstance(answered, list) else [answered]
    part = next((part for end, part in PARTS.items() if re.search(rf"{end}(/\d+)?$", path)), "")
    if not part:
        return [f"{path}: no part of the documentation"]
    return [*_of_question(asked["method"], path, asked.get("query", {}), part), *_of_rows(rows, part)]


@cache
def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def _of_question(method: str, path: str, query: Json, part: str) -> Iterator[str]:
    routes = _read("wc-v3-route-index.json")["routes"]
    known = next((route for name, route in routes.items() if re.fullmatch(name, path)), None)
    if known is None or method not in known["methods"]:
        if f"{method} {path}" not in NEWER:
            yield f"{method} {path}: no such route"
        known = {"endpoints": [{"methods": [method], "args": {}}]}
    takes = next(each["args"] for each in known["endpoints"] if method in each["methods"])
    of_part = _read("wc-v3-fields.json")["fields"]["products" if f"{path}?".endswith("/variations?") else part]
    takes = {**of_part.get("Available parameters ####", {}), **takes}
    for name, value in query.items():
        if name in OF_WORDPRESS or f"{name}={value}" in NEWER:
            continue
        if name not in takes:
            yield f"{method} {path}: no parameter {name!r}"
        elif not _may_be(value, takes[name]):
            yield f"{method} {path}: {name}={value!r} is none of {takes[name]}"


def _may_be(text: str, argument: Json) -> bool:
    """Whether a text of a query is a value of the parameter."""
    match argument.get("type"):
        case "integer":
            return text.isdigit()
        case "boolean":
            return text in ("true", "false")
        case _:
            return not argument.get("enum") or text in argument["enum"]


def _of_rows(rows: list[Any], part: str, table: str = "") -> Iterator[str]:
    """What is wrong with rows of a part, or with those of a field of its rows.

    A type that only the examples have is one, too; but for instants, which are any text there.
    """
    fields, shown = _table(part, table), _shown(part, table)
    for row in rows:
        for name, value in row.items():
            place = ".".join(filter(None, (part, table, name)))
            if place in NEWER:
                continue
            if name not in fields and name not in shown:
                yield f"{place}: no such field"
            elif not _is_a(value, type_ := fields.get(name, {}).get("type", "")) and (
                type_ == "date-time" or type(value) not in shown.get(name, ())
            ):
                yield f"{place}: {value!r} is no {type_}"
            elif (part, name) in ROWS_IN and not table:
                yield from _of_rows(value, part, name)


@cache
def _table(part: str, table: str) -> dict[str, Json]:
    """The fields of a part's rows, or of the rows in one of their fields; none where the documentation has no table."""
    tables = _read("wc-v3-fields.json")["fields"][part]
    if not table:
        return dict(next(iter(tables.values())))
    title = table.replace("_", " ").capitalize()
    return dict(next((fields for name, fields in tables.items() if f" - {title} properties" in name), {}))


@cache
def _shown(part: str, table: str) -> dict[str, set[type]]:
    """The fields of such rows in the documentation's examples, and the types that they have there."""
    found: dict[str, set[type]] = {}
    for example in _read("wc-v3-examples.json")["examples"]:
        answered = example["response"] if example["doc"] == part else []
        for row in answered if isinstance(answered, list) else [answered]:
            for each in row.get(table) or [] if table else [row]:
                for name, value in each.items():
                    found.setdefault(name, set()).update(
                        (int, float) if type(value) in (int, float) else (type(value),)
                    )
    return found


def _is_a(value: Any, type_: str) -> bool:
    """Whether a value is of a type of the tables, in which everything may be null."""
    known: dict[str, tuple[type, ...]] = {
        "integer": (int,), "string": (str,), "boolean": (bool,), "array": (list,), "object": (dict,),
        "number": (int, float), "date-time": (str,),
    }  # fmt: skip
    if type_ == "date-time" and value is not None:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", str(value)))
    return value is None or type(value) in known.get(type_, ())
