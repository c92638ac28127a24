"""Mistakes from public reports, written after the diagnosis' parts were frozen."""
