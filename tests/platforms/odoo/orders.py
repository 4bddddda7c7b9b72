"""Purchase orders in the fake: requests for quotation by `load`, their lines, and what Odoo insists on in a line."""

from __future__ import annotations

from typing import Any

from tests.platforms.odoo.orm import COMPANY, Orm, error

ORDER_FIELDS = {
    "name": "New", "state": "draft", "partner_id": False, "company_id": COMPANY, "currency_id": False, "origin": False,
    "date_order": False, "notes": False, "order_line": [],
}  # fmt: skip
LINE_FIELDS = {
    "order_id": False, "product_id": False, "name": "", "product_qty": 0, "product_uom": False, "price_unit": 0,
    "date_planned": False, "display_type": False,
}  # fmt: skip
LOADED = {"partner_id/.id": "res.partner", "company_id/.id": "res.company", "currency_id/.id": "res.currency"}
UNITS = 81
LIST_PRICE = 4.5  # what the supplier asks where the order does not say


class Orders:
    """The app Purchase; without it the models are not there."""

    def __init__(self, orm: Orm) -> None:
        self.orm = orm
        orm.fields |= {"purchase.order": ORDER_FIELDS, "purchase.order.line": LINE_FIELDS}
        orm.rows |= {"purchase.order": {}, "purchase.order.line": {}}

    def uninstall(self) -> None:
        """A merchant without the app."""
        for model in ("purchase.order", "purchase.order.line"):
            del self.orm.rows[model]

    def purchase_order__load(self, ids: Any, context: Any, fields: list[str], data: list[list[str]]) -> Any:
        [row] = data
        values = dict(zip(fields, row, strict=True))
        external = values.pop("id")
        for name, model in LOADED.items():
            value = int(values.pop(name))
            if value not in self.orm.rows[model]:
                words = f"No matching record found for database id '{value}' in field 'Vendor' ({model})"
                return {"ids": False, "messages": [{"type": "error", "message": words}], "nextrow": 0}
            values[name[:-4]] = value
        there = self.orm.xmlids.get(external)
        if there is None:
            there = self.orm.new("purchase.order")["id"]
            self.orm.xmlids[external] = there
            values["name"] = f"P{there:05d}"
        self.orm.row("purchase.order", there).update(values)
        return {"ids": [there], "messages": [], "nextrow": 0}

    def purchase_order__write(self, ids: list[int], context: Any, vals: dict[str, Any]) -> bool:
        lines = self.orm.rows["purchase.order.line"]
        for id in ids:
            for command in vals["order_line"]:
                if command[0] == 5:
                    for line in [line for line in lines.values() if line["order_id"] == id]:
                        del lines[line["id"]]
                    continue
                values = {"price_unit": LIST_PRICE, **command[2]}
                if values.get("display_type"):
                    values |= {"price_unit": 0}
                    if values.get("product_id") or values["product_qty"]:
                        raise error("ValidationError", "Forbidden values on non-accountable purchase order line")
                elif not all(values.get(name) for name in ("product_id", "product_uom", "date_planned")):
                    raise error("ValidationError", "Missing required fields on accountable purchase order line.")
                if not values.get("display_type"):
                    self.orm.row("product.product", values["product_id"])
                self.orm.new("purchase.order.line", order_id=id, **values)
            made = [line["id"] for line in lines.values() if line["order_id"] == id]
            self.orm.row("purchase.order", id)["order_line"] = made
        return True
