"""The minute's bell: without it nobody would ring for what has become due."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def ring_each_minute(apps: Any, schema_editor: Any) -> None:
    """As `commerce_sync.tasks.ensure_schedules` keeps it."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name="commerce_sync tick",
        defaults={"func": "commerce_sync.tasks.tick", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("commerce_sync", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(ring_each_minute, migrations.RunPython.noop)]
