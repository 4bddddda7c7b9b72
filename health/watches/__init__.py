"""The watches: each looks at companies, or at the whole installation, and says what it sees that should not be so."""
