"""What gunicorn serves for `measure_api`: our site and the views of the floor, in the database that is named to it."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.DATABASES["default"]["NAME"] = os.environ["BENCHMARK_DATABASE"]
settings.ROOT_URLCONF = "tests.benchmarks.api_urls"
settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 10_000_000  # so many calls are the point here
application = get_wsgi_application()
