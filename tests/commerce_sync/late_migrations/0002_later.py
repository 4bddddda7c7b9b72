"""Waits for everybody who uses the table."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL("COMMENT ON TABLE django_session IS 'first'", "COMMENT ON TABLE django_session IS NULL"),
        migrations.RunSQL(
            "ALTER TABLE django_session ADD late_at timestamptz", "ALTER TABLE django_session DROP late_at"
        ),
    ]
