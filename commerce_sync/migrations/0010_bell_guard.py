"""The minute's bell is all that django-q2 may be scheduled to run: a row there names any function, and calls it."""

from __future__ import annotations

from django.db import migrations

GUARD = """
    DELETE FROM django_q_schedule WHERE func <> 'commerce_sync.tasks.tick'
        OR coalesce(hook, '') <> '' OR coalesce(args, '') <> '' OR coalesce(kwargs, '') NOT IN ('', '{}');
    ALTER TABLE django_q_schedule ADD CONSTRAINT queue_rings_our_bell_only CHECK (
        func = 'commerce_sync.tasks.tick'
        AND coalesce(hook, '') = '' AND coalesce(args, '') = '' AND coalesce(kwargs, '') IN ('', '{}')
    );
"""
UNGUARD = "ALTER TABLE django_q_schedule DROP CONSTRAINT queue_rings_our_bell_only"


class Migration(migrations.Migration):
    dependencies = [
        ("commerce_sync", "0009_console_lists"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
