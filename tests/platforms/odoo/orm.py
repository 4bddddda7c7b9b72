"""The part of an ORM that the fake needs: rows by model, domains, reads, and references as Odoo shows them."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from connectors.general_ledger.chart import DEFAULT_CHART

COMPANY, CUSTOMER, SUPPLIER, VAT20, VAT5 = 1, 31, 32, 51, 52
STATE, CITY, BOTH = 53, 54, 55
GBP, EUR, USD, JPY = 1, 2, 3, 4
TYPES = {
    "bank": "asset_cash",
    "cash": "asset_cash",
    "receivable": "asset_receivable",
    "payable": "liability_payable",
    "fixed_asset": "asset_fixed",
}
BY_TYPE = {
    "asset": "asset_current",
    "liability": "liability_current",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
}
# field → the model that it refers to
REFERENCES = {
    "account_id": "account.account",
    "partner_id": "res.partner",
    "journal_id": "account.journal",
    "company_id": "res.company",
    "currency_id": "res.currency",
    "move_id": "account.move",
    "tax_line_id": "account.tax",
    "group_tax_id": "account.tax",
    "reversed_entry_id": "account.move",
    "plan_id": "account.analytic.plan",
    "order_id": "purchase.order",
    "product_id": "product.product",
    "uom_id": "uom.uom",
    "uom_po_id": "uom.uom",
    "product_uom": "uom.uom",
    "default_account_id": "account.account",
}
LINES = {"account.move": ("account.move.line", "move_id"), "purchase.order": ("purchase.order.line", "order_id")}
MOVE_FIELDS = {
    "move_type": "entry", "ref": False, "date": False, "invoice_date": False, "journal_id": False,
    "company_id": COMPANY, "partner_id": False, "state": "draft", "name": "/", "narration": False,
    "currency_id": False, "posted_before": False, "write_date": "2026-01-01 00:00:00",
    "reversed_entry_id": False, "line_ids": [], "invoice_line_ids": [],
}  # fmt: skip
LINE_FIELDS = {
    "move_id": False, "account_id": False, "name": "", "debit": Decimal(0), "credit": Decimal(0), "balance": Decimal(0),
    "amount_currency": Decimal(0), "tax_ids": [], "tax_line_id": False, "display_type": "product", "partner_id": False,
    "group_tax_id": False,
    "reconciled": False, "matched_debit_ids": [], "matched_credit_ids": [], "price_unit": Decimal(0),
    "quantity": Decimal(1), "analytic_distribution": False, "currency_id": GBP,
    "date": False, "parent_state": "draft", "company_id": COMPANY, "ref": False,
}  # fmt: skip


OF_MOVE = {"date": "date", "parent_state": "state", "company_id": "company_id", "ref": "ref"}


class OdooError(Exception):
    """An exception of Odoo, by its name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


def error(name: str, message: str) -> OdooError:
    return OdooError(name if "." in name else f"odoo.exceptions.{name}", message)


class Orm:
    """Rows by model and id. References are kept as ids and shown as [id, name]."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, dict[str, Any]]] = {}
        self.xmlids: dict[str, int] = {}
        self.forbidden: set[str] = set()
        self.fields: dict[str, dict[str, Any]] = {"account.move": MOVE_FIELDS, "account.move.line": LINE_FIELDS}
        self.rows |= {"account.move": {}, "account.move.line": {}, "account.move.reversal": {}}
        kinds = ("fiscalyear", "hard", "tax", "sale", "purchase")
        locks = dict.fromkeys((f"{kind}_lock_date" for kind in kinds), False)
        for id, (name, is_active) in enumerate((("GBP", True), ("EUR", True), ("USD", True), ("JPY", False)), GBP):
            self.seed("res.currency", id, name=name, decimal_places=2, active=is_active, rate=Decimal(1))
        for number, (day, rate) in enumerate((("2026-01-01", "1.25"), ("2026-03-03", "1.17")), 1):
            self.seed("res.currency.rate", number, name=day, currency_id=EUR, rate=Decimal(rate))
        self.seed("res.company", COMPANY, name="Rose & Crown Ltd", currency_id=1, **locks)
        self.seed("res.users", 7, name="Bot", login="bot@example.com", company_id=COMPANY)
        for id, (code, type) in enumerate(
            (("MISC", "general"), ("INV", "sale"), ("BILL", "purchase"), ("BNK", "bank")), 1
        ):
            account = 1000 if type == "bank" else False
            self.seed(
                "account.journal", id, code=code, type=type, company_id=COMPANY, name=code, default_account_id=account
            )
        self.rows["account.bank.statement.line"] = {}
        self.fields["account.bank.statement.line"] = {
            "id": 0, "date": False, "amount": Decimal(0), "payment_ref": False, "journal_id": False,
            "company_id": COMPANY, "currency_id": GBP,
        }  # fmt: skip
        for account in DEFAULT_CHART:
            kind = TYPES.get(account.subtype) or BY_TYPE[account.type]
            self.seed(
                "account.account", int(account.code), code=account.code, name=account.name, account_type=kind,
                company_ids=[COMPANY], active=True, currency_id=False,
            )  # fmt: skip
        for id, rate, account in ((VAT20, 20, 2200), (VAT5, 5, 2200)):
            self.seed(
                "account.tax", id, name=f"VAT {rate} %", amount=Decimal(rate), amount_type="percent", active=True,
                type_tax_use="sale", price_include=False, company_id=COMPANY, account=account, children_tax_ids=[],
            )  # fmt: skip
        for id, name, rate, account in ((STATE, "State", "6.25", 2200), (CITY, "City", "1.5", 2150)):
            self.seed(
                "account.tax", id, name=name, amount=Decimal(rate), amount_type="percent", active=True,
                type_tax_use="none", price_include=False, company_id=COMPANY, account=account, children_tax_ids=[],
            )  # fmt: skip
        self.seed(
            "account.tax", BOTH, name="State and city", amount=Decimal(0), amount_type="group", active=True,
            type_tax_use="sale", price_include=False, company_id=COMPANY, account=0, children_tax_ids=[STATE, CITY],
        )  # fmt: skip
        for id, name, ranks in ((CUSTOMER, "Daily sales", (1, 0)), (SUPPLIER, "Payment processors", (0, 1))):
            self.seed(
                "res.partner", id, name=name, customer_rank=ranks[0], supplier_rank=ranks[1], active=True,
                receivable=1200, payable=2000,
            )  # fmt: skip
        self.seed("uom.uom", 81, name="Units")
        for id, code in ((61, "TEA"), (62, "POT")):
            self.seed(
                "product.product", id, name=code.title(), default_code=code, sale_ok=True, active=True, uom_id=81,
                uom_po_id=81,
            )  # fmt: skip
        self.seed("account.analytic.plan", 75, name="Places")
        self.seed("account.analytic.account", 71, name="Shop", code="S1", active=True, plan_id=75)

    @property
    def company(self) -> dict[str, Any]:
        return self.rows["res.company"][COMPANY]

    def seed(self, model: str, id: int, **values: Any) -> dict[str, Any]:
        self.fields.setdefault(model, {"id": 0, **values})
        return self.rows.setdefault(model, {}).setdefault(id, {"id": id, **values})

    def has(self, model: str) -> bool:
        return model in self.rows

    def copy(self) -> tuple[Any, Any]:
        return deepcopy(self.rows), dict(self.xmlids)

    def restore(self, before: tuple[Any, Any]) -> None:
        self.rows, self.xmlids = before

    def new(self, model: str, **values: Any) -> dict[str, Any]:
        id = max(self.rows[model], default=100) + 1
        self.rows[model][id] = {"id": id, **deepcopy(self.fields.get(model, {})), **values}
        self.rows[model][id]["id"] = id
        return self.rows[model][id]

    def row(self, model: str, id: int) -> dict[str, Any]:
        if id not in self.rows[model]:
            said = f"Record does not exist or has been deleted.\n(Record: {model}({id},), User: 7)"
            raise error("MissingError", said)
        return self.rows[model][id]

    # What every model has.

    def context_get(self, model: str, ids: Any, context: Any) -> dict[str, Any]:
        return {"lang": "en_GB", "tz": "Europe/London", "uid": 7}

    def fields_get(
        self, model: str, ids: Any, context: Any, allfields: Any = None, attributes: Any = None
    ) -> dict[str, Any]:
        found = {}
        for name, default in {"id": 0, **self.fields[model]}.items():
            is_list = name.endswith("line_ids") or name == "order_line"
            kind = "many2one" if name in REFERENCES else "one2many" if is_list else _type(default)
            found[name] = {"type": kind, "string": name, "readonly": False, "required": False}
            if kind == "many2one":
                found[name]["relation"] = REFERENCES[name]
            if kind == "one2many":
                found[name] |= dict(zip(("relation", "relation_field"), LINES[model], strict=True))
        return found

    def search(
        self, model: str, ids: Any, context: Any, domain: Any, offset: int = 0, limit: Any = None, order: str = "id"
    ) -> list[int]:
        active = context.get("active_test", True)
        named = {each[0] for each in domain}
        found = [
            row["id"]
            for row in self.rows[model].values()
            if all(self._fits(model, row, *each) for each in domain)
            and (row.get("active", True) or not active or "active" in named)
        ]
        return sorted(found)[offset:][: limit or None]

    def search_read(self, model: str, ids: Any, context: Any, domain: Any, fields: Any, **paging: Any) -> Any:
        return self.read(model, self.search(model, None, context, domain, **paging), context, fields)

    def read(self, model: str, ids: list[int], context: Any, fields: Any = None, load: str = "") -> Any:
        unknown = set(fields or ()) - {"id", *self.fields[model]}
        if unknown:
            raise error("builtins.ValueError", f"Invalid field {sorted(unknown)[0]!r} on model {model!r}")
        rows = [self._shown(model, self.row(model, id), fields, load) for id in ids]
        if model == "res.currency":
            rows = [row | {"rate": self.rate(row["id"], context.get("date", "9999-12-31"))} for row in rows]
        return rows

    def rate(self, currency: int, day: str) -> Decimal:
        """Units of a currency for one of the company's: the last rate of the day, else the first, else one."""
        rates = [row for row in self.rows["res.currency.rate"].values() if row["currency_id"] == currency]
        rates.sort(key=lambda row: str(row["name"]))
        known = [row["rate"] for row in rates if row["name"] <= day] or [row["rate"] for row in rates[:1]]
        return Decimal(known[-1] if known else 1)

    def grouped(self, domain: Any, context: Any) -> dict[tuple[int, int], Decimal]:
        """(account, currency) → the sum of the items."""
        sums: dict[tuple[int, int], Decimal] = {}
        for id in self.search("account.move.line", None, context, domain):
            row = self.rows["account.move.line"][id]
            if row["account_id"]:
                key = (row["account_id"], row["currency_id"] or GBP)
                sums[key] = sums.get(key, Decimal(0)) + Decimal(row["amount_currency"])
        return sums

    def _group(self, account: int, currency: int) -> dict[str, Any]:
        names = self.rows["account.account"][account]["name"], self.rows["res.currency"][currency]["name"]
        return {"account_id": [account, names[0]], "currency_id": [currency, names[1]]}

    def read_group(
        self, model: str, ids: Any, context: Any, domain: Any, fields: Any, groupby: Any, lazy: bool = True
    ) -> Any:
        """As versions before 19 answer it."""
        assert (fields, groupby, lazy) == (["amount_currency:sum"], ["account_id", "currency_id"], False)
        return [
            {**self._group(*key), "amount_currency": amount, "__count": 1, "__domain": domain}
            for key, amount in self.grouped(domain, context).items()
        ]

    def formatted_read_group(
        self, model: str, ids: Any, context: Any, domain: Any, groupby: Any, aggregates: Any
    ) -> Any:
        """As version 19 answers it."""
        assert (aggregates, groupby) == (["amount_currency:sum"], ["account_id", "currency_id"])
        return [
            {**self._group(*key), "amount_currency:sum": amount, "__extra_domain": domain}
            for key, amount in self.grouped(domain, context).items()
        ]

    def search_count(self, model: str, ids: Any, context: Any, domain: Any) -> int:
        return len(self.search(model, ids, context, domain))

    def create(self, model: str, ids: Any, context: Any, vals_list: Any) -> Any:
        made = []
        for values in vals_list if isinstance(vals_list, list) else [vals_list]:
            code = values.get("code")
            if model == "account.account" and any(row["code"] == code for row in self.rows[model].values()):
                raise error("ValidationError", "Account codes must be unique. You can't create accounts with these.")
            row = self.new(model, **values)
            if model == "account.account":
                row |= {"active": True, "currency_id": False, "company_ids": [COMPANY]}
            made.append(row["id"])
        return made if isinstance(vals_list, list) else made[0]

    def value(self, model: str, row: dict[str, Any], field: str) -> Any:
        """What a field shows; some of an item's are those of its move."""
        if model == "account.move.line" and field in OF_MOVE:
            return self.rows["account.move"][row["move_id"]][OF_MOVE[field]]
        return row.get(field, self.fields[model].get(field))

    def _fits(self, model: str, row: dict[str, Any], field: str, operator: str, value: Any) -> bool:
        if field != "id" and field not in self.fields[model]:
            raise error("builtins.ValueError", f"Invalid field {model}.{field} in leaf")
        own = self.value(model, row, field)
        match operator:
            case "=":
                return bool(own == value)
            case "!=":
                return bool(own != value)
            case ">=":
                return bool(own >= value)
            case "<=":
                return bool(own <= value)
            case ">":
                return bool(own > value)
            case "in":
                return bool(set(own) & set(value)) if isinstance(own, list) else own in value
        raise error("builtins.ValueError", f"unknown operator {operator}")

    def _shown(self, model: str, row: dict[str, Any], fields: Any, load: str) -> dict[str, Any]:
        found: dict[str, Any] = {"id": row["id"]}
        for name in fields or self.fields[model]:
            value = self.value(model, row, name)
            if model == "account.move" and name.endswith("line_ids"):
                lines = self.rows["account.move.line"].values()
                value = [line["id"] for line in lines if line["move_id"] == row["id"]]
            if name in REFERENCES and value and load != "_classic_write":
                other = self.row(REFERENCES[name], value)
                value = [value, other.get("name") or str(value)]
            found[name] = value
        return found


def _type(value: Any) -> str:
    match value:
        case bool():
            return "char"
        case int():
            return "integer"
        case Decimal():
            return "float"
        case list():
            return "many2many"
    return "char"
