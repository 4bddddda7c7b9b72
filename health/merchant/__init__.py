"""The merchant's pages that belong to health: where the merchant is told of what only the merchant can mend."""
