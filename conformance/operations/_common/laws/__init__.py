"""The common laws, as functions; their table is in `conformance.specification.laws`.

A law takes a ``Subject`` (what is under test) and a ``Sample`` (a batch and its exact
answer) and yields one verdict for each call that it judges.
"""
