"""The tables of the floor, in a schema of their own, and the SQL that turns what is in them into daily documents."""

from __future__ import annotations

from typing import Final

SCHEMA: Final = "floor"

TABLES: Final = """
DROP SCHEMA IF EXISTS floor CASCADE;
CREATE SCHEMA floor;
CREATE SEQUENCE floor.order_id;
CREATE TABLE floor.orders (
    id bigint PRIMARY KEY, source int NOT NULL, external_id text NOT NULL, number text NOT NULL,
    currency char(3) NOT NULL, closed_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    total bigint NOT NULL, tip bigint NOT NULL, location text NOT NULL, UNIQUE (source, external_id));
CREATE INDEX ON floor.orders (source, closed_at);
CREATE TABLE floor.lines (
    order_id bigint NOT NULL, position smallint NOT NULL, category text NOT NULL, label text NOT NULL,
    quantity text NOT NULL, net bigint NOT NULL, discount bigint NOT NULL, PRIMARY KEY (order_id, position));
CREATE TABLE floor.taxes (
    order_id bigint NOT NULL, position smallint NOT NULL, component text NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (order_id, position, component));
CREATE TABLE floor.tenders (
    order_id bigint NOT NULL, external_id text NOT NULL, method text NOT NULL, provider text NOT NULL,
    amount bigint NOT NULL, captured_at timestamptz NOT NULL, PRIMARY KEY (order_id, external_id));
CREATE TABLE floor.refunds (
    source int NOT NULL, external_id text NOT NULL, order_external_id text NOT NULL, provider text NOT NULL,
    amount bigint NOT NULL, refunded_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (source, external_id));
CREATE TABLE floor.documents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source int NOT NULL, day date NOT NULL,
    revision int NOT NULL, UNIQUE (source, day, revision));
CREATE TABLE floor.document_lines (
    document_id bigint NOT NULL, account text NOT NULL, debit bigint, credit bigint,
    PRIMARY KEY (document_id, account), CHECK (num_nonnulls(debit, credit) = 1));
CREATE TABLE floor.order_links (order_id bigint PRIMARY KEY, document_id bigint NOT NULL);
CREATE TABLE floor.refund_links (
    source int, external_id text, document_id bigint NOT NULL, PRIMARY KEY (source, external_id));

CREATE UNLOGGED TABLE floor.staged_orders (LIKE floor.orders);
CREATE UNLOGGED TABLE floor.staged_lines (LIKE floor.lines);
CREATE UNLOGGED TABLE floor.staged_taxes (LIKE floor.taxes);
CREATE UNLOGGED TABLE floor.staged_tenders (LIKE floor.tenders);
CREATE UNLOGGED TABLE floor.staged_refunds (LIKE floor.refunds);
"""
STAGING: Final = tuple(f"staged_{name}" for name in ("orders", "lines", "taxes", "tenders", "refunds"))

UPSERT_ORDERS: Final = """
    INSERT INTO floor.orders SELECT * FROM floor.staged_orders
    ON CONFLICT (source, external_id) DO UPDATE SET number = excluded.number, closed_at = excluded.closed_at,
        updated_at = excluded.updated_at, total = excluded.total, tip = excluded.tip, location = excluded.location
    WHERE orders.updated_at < excluded.updated_at
    RETURNING id, external_id"""
UPSERT_REFUNDS: Final = """
    INSERT INTO floor.refunds SELECT * FROM floor.staged_refunds
    ON CONFLICT (source, external_id) DO UPDATE SET amount = excluded.amount, updated_at = excluded.updated_at
    WHERE refunds.updated_at < excluded.updated_at"""
INSERT_CHILDREN: Final = tuple(
    f"INSERT INTO floor.{name} SELECT * FROM floor.staged_{name}"  # noqa: S608
    for name in ("lines", "taxes", "tenders")
)
# Some orders were there already: only the parts of those that are new or newer, under the id that holds.
REPLACE_CHILDREN: Final = tuple(
    statement
    for name, columns in (
        ("lines", "position, part.category, part.label, part.quantity, part.net, part.discount"),
        ("taxes", "position, part.component, part.amount"),
        ("tenders", "external_id, part.method, part.provider, part.amount, part.captured_at"),
    )
    for statement in (
        f"DELETE FROM floor.{name} WHERE order_id = ANY(%(touched)s)",  # noqa: S608
        f"""INSERT INTO floor.{name} SELECT kept.id, part.{columns}
            FROM floor.staged_orders staged
            JOIN floor.orders kept ON kept.source = staged.source AND kept.external_id = staged.external_id
            JOIN floor.staged_{name} part ON part.order_id = staged.id
            WHERE kept.id = ANY(%(touched)s)""",  # noqa: S608
    )
)

# What is not linked to a document yet, by business day.
DUE: Final = """
    CREATE TEMP TABLE due ON COMMIT DROP AS
    SELECT o.id AS order_id, NULL::text AS refund, (o.closed_at AT TIME ZONE %(zone)s)::date AS day, 1 AS sign,
        0::bigint AS document_id
    FROM floor.orders o
    WHERE o.source = %(source)s AND NOT EXISTS (SELECT FROM floor.order_links l WHERE l.order_id = o.id)
    UNION ALL
    SELECT o.id, r.external_id, (r.refunded_at AT TIME ZONE %(zone)s)::date, -1, 0
    FROM floor.refunds r JOIN floor.orders o ON o.source = r.source AND o.external_id = r.order_external_id
    WHERE r.source = %(source)s AND NOT EXISTS (
        SELECT FROM floor.refund_links l WHERE l.source = r.source AND l.external_id = r.external_id)"""
DOCUMENTS: Final = """
    INSERT INTO floor.documents (source, day, revision)
    SELECT %(source)s, day, coalesce((SELECT max(revision) + 1 FROM floor.documents d
        WHERE d.source = %(source)s AND d.day = due.day), 0)
    FROM due GROUP BY day
    RETURNING id, day"""
# A refund here is of a whole order, so its parts are the order's, the other way round.
LINES: Final = """
    WITH made AS MATERIALIZED (
        SELECT due.order_id, due.sign, d.id AS document_id, due.refund
        FROM due JOIN floor.documents d ON d.source = %(source)s AND d.day = due.day AND d.id >= %(first)s
    ), legs AS (
        SELECT document_id, CASE sign WHEN 1 THEN 'sales:' ELSE 'refunds:' END || category AS account,
            -sign * sum(net + discount) AS amount, sign * sum(discount) AS discount
        FROM made JOIN floor.lines USING (order_id) GROUP BY document_id, sign, category
    ), entries AS (
        SELECT document_id, account, amount FROM legs
        UNION ALL SELECT document_id, 'discount', discount FROM legs
        UNION ALL SELECT document_id, 'tax:' || component, -sum(sign * amount)
            FROM made JOIN floor.taxes USING (order_id) GROUP BY document_id, component
        UNION ALL SELECT document_id, 'tender:' || method || ':' || provider, sum(sign * amount)
            FROM made JOIN floor.tenders USING (order_id) GROUP BY document_id, method, provider
        UNION ALL SELECT document_id, 'tip', -sum(sign * tip)
            FROM made JOIN floor.orders ON id = order_id GROUP BY document_id
    ), linked AS (
        INSERT INTO floor.order_links SELECT order_id, document_id FROM made WHERE refund IS NULL
    ), refunds_linked AS (
        INSERT INTO floor.refund_links SELECT %(source)s, refund, document_id FROM made WHERE refund IS NOT NULL
    )
    INSERT INTO floor.document_lines
    SELECT document_id, account, CASE WHEN sum(amount) > 0 THEN sum(amount) END,
        CASE WHEN sum(amount) < 0 THEN -sum(amount) END
    FROM entries GROUP BY document_id, account HAVING sum(amount) <> 0"""
TOTALS: Final = """
    SELECT d.day, l.account, sum(coalesce(l.debit, 0) - coalesce(l.credit, 0))::bigint
    FROM floor.documents d JOIN floor.document_lines l ON l.document_id = d.id
    WHERE d.source = %s GROUP BY 1, 2 ORDER BY 1, 2"""
