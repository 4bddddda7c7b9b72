from __future__ import annotations

from django.db import migrations

# What people changed is little beside what syncs did. `health.console.changes.OF_PEOPLE` is the same condition: without
# it word for word PostgreSQL uses none of these.
_OF_PEOPLE = (
    "code NOT LIKE 'document.%' AND code NOT LIKE 'posting.%' AND code NOT LIKE 'setup_link.%'"
    " AND code NOT LIKE 'login.%' AND code NOT LIKE 'session.%' AND code NOT LIKE 'finding.%'"
    " AND code <> 'sync.succeeded' AND code <> 'sync.failed'"
)
_INDEXES = {
    "audit_changes": f"ledger_auditentry (id) WHERE {_OF_PEOPLE}",
    "audit_changes_of_partner": f"ledger_auditentry (partner_id, id) WHERE {_OF_PEOPLE}",
    "audit_changes_of_company": f"ledger_auditentry (company_id, id) WHERE {_OF_PEOPLE}",
}


class Migration(migrations.Migration):
    dependencies = [("commerce_sync", "0007_brand_pictures"), ("ledger", "0006_explaining")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {what}", f"DROP INDEX {name}") for name, what in _INDEXES.items()
    ]
