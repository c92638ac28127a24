"""A long random search: chunks of fresh inputs, spread over processes by Dask."""

from __future__ import annotations

from conformance.commands.soak.search import Search, soak

__all__ = ["Search", "soak"]
