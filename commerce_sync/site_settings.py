"""How gunicorn runs the site: `gunicorn --config python:commerce_sync.site_settings commerce_sync.wsgi`.

On SIGTERM each worker ends the request in hand, for at most `graceful_timeout`, and takes no other; what waits to be
accepted then is refused, and the proxy asks another host. Whatever is cut off all the same is one transaction or none,
and a partner repeats it under its Idempotency-Key.
"""

from __future__ import annotations

from pathlib import Path

graceful_timeout = 30  # seconds for the requests in hand
timeout = 60  # seconds until a worker that hangs is ended: longer than the largest push takes
keepalive = 5
max_requests, max_requests_jitter = 5_000, 500  # then a worker is replaced, in peace: what leaks stays small
# The heartbeat of the workers: on a disk that stands still, all of them would be ended.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True  # nothing of ours speaks to it, and whoever does could stop the site
limit_request_line, limit_request_fields, limit_request_field_size = 8_190, 64, 8_190
