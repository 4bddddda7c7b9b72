"""Webhooks to partners: what happened becomes events, and events reach the endpoints that want them, at least once."""
