"""One run of one adapter, from its start to its record."""
