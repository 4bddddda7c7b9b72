"""What proves the books: previews, documents with their sources, evidence, reconciliation, mapping, problems."""
