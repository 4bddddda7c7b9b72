"""Moves in the fake: drafts by `load`, computed taxes and terms, posting, locks, cancellation, reversal, matching."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectors.general_ledger.chart import SUSPENSE
from tests.platforms.odoo.orm import Orm, error

CENT = Decimal("0.01")
BALANCING = "Automatic Balancing Line"
SIGNS = {"out_invoice": -1, "out_refund": 1, "in_invoice": 1, "in_refund": -1}
MIRRORS = {"out_invoice": "out_refund", "out_refund": "out_invoice", "in_invoice": "in_refund", "entry": "entry"}
JOURNALS = {"entry": "general", "out_invoice": "sale", "out_refund": "sale", "in_invoice": "purchase"}


def rounded(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


class Moves:
    """Methods are named `<model>__<method>`; `keeps_taxes` says whether a tax item keeps what is written to it."""

    def __init__(self, orm: Orm) -> None:
        self.orm = orm
        self.is_sealed = False
        self.keeps_taxes = True
        self.late_lock = ""  # a lock that comes between our look and our posting

    def lines(self, move: int) -> list[dict[str, Any]]:
        return [line for line in self.orm.rows["account.move.line"].values() if line["move_id"] == move]

    def account_move__load(self, ids: Any, context: Any, fields: list[str], data: list[list[str]]) -> Any:
        """Upsert by external id; what cannot be is told in messages, and then nothing is made."""
        made = []
        for row in data:
            values = dict(zip(fields, row, strict=True))
            external = values.pop("id")
            for name in [name for name in values if name.endswith("/.id")]:
                value, field = int(values.pop(name)), name[:-4]
                model = {"journal_id": "account.journal", "company_id": "res.company", "partner_id": "res.partner",
                         "currency_id": "res.currency"}  # fmt: skip
                if value not in self.orm.rows[model[field]]:
                    words = f"No matching record found for database id '{value}' in field 'Partner'"
                    return {"ids": False, "messages": [{"type": "error", "message": words}], "nextrow": 0}
                values[field] = value
            journal = self.orm.row("account.journal", values["journal_id"])
            if journal["type"] != JOURNALS[values["move_type"]]:
                words = f"Journal {journal['code']} does not take moves of the type {values['move_type']}"
                return {"ids": False, "messages": [{"type": "error", "message": words}], "nextrow": 0}
            there = self.orm.xmlids.get(external)
            if there is None:
                there = self.orm.xmlids[external] = self.orm.new("account.move", **values)["id"]
            elif self._is_fixed(self.orm.row("account.move", there), values):
                words = "You cannot modify a posted entry of this journal."
                return {"ids": False, "messages": [{"type": "error", "message": words}], "nextrow": 0}
            self.orm.row("account.move", there).update(values)
            made.append(there)
        return {"ids": made, "messages": [], "nextrow": 0}

    @staticmethod
    def _is_fixed(move: dict[str, Any], values: dict[str, Any]) -> bool:
        """Whether these values change more of a posted move than its reference."""
        return move["state"] != "draft" and any(move[name] != each for name, each in values.items() if name != "ref")

    def account_move__write(self, ids: list[int], context: Any, vals: dict[str, Any]) -> bool:
        for id in ids:
            move = self.orm.row("account.move", id)
            commands = {name: vals[name] for name in ("line_ids", "invoice_line_ids") if name in vals}
            if commands and move["state"] != "draft":
                raise error("UserError", "You cannot modify a posted entry of this journal.")
            move.update({name: value for name, value in vals.items() if name not in commands})
            for name, given in commands.items():
                for command in given:
                    self._command(move, name, command)
            if move["move_type"] in SIGNS or any(line["tax_ids"] for line in self.lines(id)):
                self._compute(move, taxes=self._is_new(commands) or not self.keeps_taxes)
            if sum(line["balance"] for line in self.lines(id)):
                raise error("UserError", "The entry is not balanced.")
        return True

    def _command(self, move: dict[str, Any], name: str, command: list[Any]) -> None:
        rows = self.orm.rows["account.move.line"]
        if command[0] == 5:
            for line in self.lines(move["id"]):
                if name == "line_ids" or line["display_type"] == "product":
                    del rows[line["id"]]
        elif command[0] == 1:
            line = self.orm.row("account.move.line", command[1])
            given = self._values(command[2])
            if line["currency_id"] == self.own:
                given |= {"balance": given["amount_currency"]} if "amount_currency" in given else {}
            line.update(given)
        elif command[0] == 0:
            values = self._values(command[2])
            if move["move_type"] in SIGNS:
                values["currency_id"] = move["currency_id"] or self.own
                amount = SIGNS[move["move_type"]] * rounded(values["price_unit"] * values.get("quantity", 1))
                values |= {"amount_currency": amount, "balance": self._booked(move, amount)}
            else:
                values["balance"] = values.get("debit", Decimal(0)) - values.get("credit", Decimal(0))
                values.setdefault("currency_id", self.own)
                account = self.orm.row("account.account", values["account_id"])
                values.setdefault("tax_ids", account.get("tax_ids", []))  # as some versions do
                if values["currency_id"] == self.own:
                    values["amount_currency"] = values["balance"]
                if values["amount_currency"] * values["balance"] < 0:
                    raise error("ValidationError", "The amount expressed in the secondary currency must be positive …")
            self.orm.new("account.move.line", move_id=move["id"], **values)

    @property
    def own(self) -> int:
        return int(self.orm.company["currency_id"])

    def _booked(self, move: dict[str, Any], amount: Decimal) -> Decimal:
        """An amount of the move's currency in the company's own."""
        return rounded(amount / self.orm.rate(move["currency_id"] or self.own, move["date"]))

    def _values(self, given: dict[str, Any]) -> dict[str, Any]:
        values = dict(given)
        for name in ("debit", "credit", "price_unit", "amount_currency", "balance", "quantity"):
            if name in values:
                values[name] = Decimal(str(values[name]))
        if "tax_ids" in values:
            values["tax_ids"] = [id for command in values["tax_ids"] for id in command[2]]
            for id in values["tax_ids"]:
                self.orm.row("account.tax", id)
        if values.get("account_id"):
            self.orm.row("account.account", values["account_id"])
        return values

    @staticmethod
    def _is_new(commands: dict[str, Any]) -> bool:
        """Whether lines were given, not only items corrected."""
        return any(command[0] == 0 for given in commands.values() for command in given)

    def _compute(self, move: dict[str, Any], *, taxes: bool) -> None:
        """Tax items, each line rounded by itself, and the item of the payment term, or what balances an entry."""
        rows = self.orm.rows["account.move.line"]
        if taxes:
            for line in self.lines(move["id"]):
                if line["display_type"] == "tax":
                    del rows[line["id"]]
            self._compute_taxes(move)
        kind = "payment_term" if move["move_type"] in SIGNS else "product"
        closing = next((each for each in self.lines(move["id"]) if each["name"] == BALANCING), None)
        if kind == "payment_term":
            closing = next((each for each in self.lines(move["id"]) if each["display_type"] == kind), None)
        others = [line for line in self.lines(move["id"]) if line is not closing]
        rest = -sum((line["amount_currency"] for line in others), Decimal(0))
        booked = -sum((line["balance"] for line in others), Decimal(0))
        if closing is not None:
            closing |= {"balance": booked, "amount_currency": rest}
        elif kind == "payment_term":
            partner = self.orm.row("res.partner", move["partner_id"])
            account = partner["receivable" if move["move_type"].startswith("out") else "payable"]
            self._computed(move, kind, account, rest, balance=booked)
        elif rest:
            self._computed(move, kind, int(SUSPENSE), rest, balance=booked, name=BALANCING)

    def _compute_taxes(self, move: dict[str, Any]) -> None:
        """By tax, group and side: a sale that is given back meets the tax's distribution of refunds."""
        amounts: dict[tuple[int, int, bool], Decimal] = {}
        for line in self.lines(move["id"]):
            for id in line["tax_ids"]:
                tax = self.orm.row("account.tax", id)
                is_side = move["move_type"] == "entry" and line["amount_currency"] > 0
                for part in tax.get("children_tax_ids") or [id]:
                    amount = rounded(line["amount_currency"] * self.orm.row("account.tax", part)["amount"] / 100)
                    key = (part, id if tax.get("children_tax_ids") else 0, is_side)
                    amounts[key] = amounts.get(key, Decimal(0)) + amount
        for (id, group, _), amount in amounts.items():
            account = self.orm.row("account.tax", id)["account"]
            self._computed(move, "tax", account, amount, tax_line_id=id, group_tax_id=group or False)

    def _computed(self, move: dict[str, Any], kind: str, account: int, amount: Decimal, **more: Any) -> None:
        values = {"display_type": kind, "account_id": account, "amount_currency": amount}
        values |= {"currency_id": move["currency_id"] or self.own, "balance": self._booked(move, amount)} | more
        self.orm.new("account.move.line", move_id=move["id"], partner_id=move["partner_id"], **values)

    def account_move__action_post(self, ids: list[int], context: Any) -> bool:
        for id in ids:
            move = self.orm.row("account.move", id)
            if move["state"] != "draft":
                raise error("UserError", f"The entry {move['name']} (id {id}) must be in draft.")
            if not self.lines(id):
                raise error("UserError", "You need to add a line before posting.")
            for line in self.lines(id):
                account = self.orm.row("account.account", line["account_id"])
                if not account["active"]:
                    raise error("UserError", "A line of this move is using an archived account, you cannot post it.")
            for until in sorted([*self._locks(move), *([self.late_lock] if self.late_lock else [])]):
                if move["date"] <= until:
                    move["date"] = (date.fromisoformat(until) + timedelta(days=1)).isoformat()
            move |= {"state": "posted", "name": f"{move['move_type'].upper()}/{id}", "posted_before": True}
        return False

    def _locks(self, move: dict[str, Any], *, is_posted: bool = False) -> list[str]:
        """The lock dates that concern a move, in their order. Posting into a locked period re-dates the move."""
        kinds = ["fiscalyear", "hard"]
        journal = self.orm.row("account.journal", move["journal_id"])["type"]
        kinds += [journal] if journal in ("sale", "purchase") else []
        kinds += ["tax"] if any(line["tax_ids"] or line["tax_line_id"] for line in self.lines(move["id"])) else []
        found = [self.orm.company[f"{kind}_lock_date"] for kind in kinds if not (is_posted and kind == "tax")]
        return sorted(until for until in found if until)

    def _check_lock(self, move: dict[str, Any]) -> None:
        if any(move["date"] <= until for until in self._locks(move, is_posted=True)):
            raise error("UserError", "You cannot add/modify entries prior to and inclusive of: Global Lock Date (…).")

    def account_move__button_draft(self, ids: list[int], context: Any) -> None:
        for id in ids:
            move = self.orm.row("account.move", id)
            if move["state"] not in ("posted", "cancel"):
                raise error("UserError", "Only posted/cancelled journal entries can be reset to draft.")
            if self.is_sealed:
                raise error("UserError", "You can't reset to draft those journal entries.")
            self._check_lock(move)
            for line in self.lines(id):
                self._unmatch(line)
            move["state"] = "draft"

    def account_move__button_cancel(self, ids: list[int], context: Any) -> None:
        for id in ids:
            move = self.orm.row("account.move", id)
            if move["state"] != "draft":
                raise error("UserError", "Only draft journal entries can be cancelled.")
            move["state"] = "cancel"

    def account_move__unlink(self, ids: list[int], context: Any) -> bool:
        for id in ids:
            if self.orm.row("account.move", id)["state"] == "posted":
                raise error("UserError", "You cannot delete a posted entry.")
            for line in self.lines(id):
                del self.orm.rows["account.move.line"][line["id"]]
            del self.orm.rows["account.move"][id]
            self.orm.xmlids = {name: each for name, each in self.orm.xmlids.items() if each != id}
        return True

    def account_move_line__reconcile(self, ids: list[int], context: Any) -> None:
        lines = [self.orm.row("account.move.line", id) for id in ids]
        if len({line["account_id"] for line in lines}) != 1:
            raise error("UserError", "Entries are not from the same account.")
        if any(self.orm.row("account.move", line["move_id"])["state"] != "posted" for line in lines):
            raise error("UserError", "You can only reconcile posted entries.")
        if any(line["reconciled"] for line in lines):
            raise error("UserError", "You are trying to reconcile some entries that are already reconciled.")
        for debit in (line for line in lines if line["balance"] > 0):
            for credit in (line for line in lines if line["balance"] < 0):
                debit["matched_credit_ids"] = [*debit["matched_credit_ids"], credit["id"]]
                credit["matched_debit_ids"] = [*credit["matched_debit_ids"], debit["id"]]
        for line in lines:
            line["reconciled"] = self._residual(line) == 0

    def _residual(self, line: dict[str, Any]) -> Decimal:
        others = [
            self.orm.row("account.move.line", id) for id in line["matched_debit_ids"] + line["matched_credit_ids"]
        ]
        met = min(sum((abs(other["balance"]) for other in others), Decimal(0)), abs(line["balance"]))
        return Decimal(abs(line["balance"]) - met)

    def _unmatch(self, line: dict[str, Any]) -> None:
        for id in line["matched_debit_ids"] + line["matched_credit_ids"]:
            other = self.orm.row("account.move.line", id)
            for name in ("matched_debit_ids", "matched_credit_ids"):
                other[name] = [each for each in other[name] if each != line["id"]]
            other["reconciled"] = False
        line |= {"matched_debit_ids": [], "matched_credit_ids": [], "reconciled": False}

    def account_move_reversal__refund_moves(self, ids: list[int], context: Any) -> dict[str, Any]:
        wizard = self.orm.row("account.move.reversal", ids[0])
        for id in wizard["move_ids"][0][2]:
            move = self.orm.row("account.move", id)
            kept = {name: move[name] for name in ("journal_id", "company_id", "partner_id")}
            mirror = self.orm.new(
                "account.move", move_type=MIRRORS[move["move_type"]], date=wizard["date"], reversed_entry_id=id,
                ref=f"Reversal of: {move['name']}", **kept,
            )  # fmt: skip
            for line in self.lines(id):
                names = ("account_id", "display_type", "partner_id", "tax_line_id", "currency_id")
                amounts = {name: -line[name] for name in ("balance", "amount_currency")}
                self.orm.new(
                    "account.move.line", move_id=mirror["id"], **amounts,
                    **{name: line[name] for name in names},
                )  # fmt: skip
            if move["move_type"] == "entry":
                self.account_move__action_post([mirror["id"]], context)
        return {"type": "ir.actions.act_window"}
