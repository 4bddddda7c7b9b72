"""Takes the queue's own tables out of the admin site.

django-q2 runs any dotted path that a Schedule names, so who may edit its rows may run any code; and its
rows are bells, not work: editing them changes nothing that matters. Work is watched in our own tables.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django_q.models import Failure, OrmQ, Schedule, Success

for model in (Schedule, OrmQ, Success, Failure):
    try:
        admin.site.unregister(model)
    except NotRegistered:
        # OrmQ is registered only with the database broker.
        continue
