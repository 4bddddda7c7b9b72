"""The partner API: the published contract and what we offer beyond it. Only here do the published words live."""
