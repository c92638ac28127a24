"""The sweep: probe everything that `models/` lists, and write docs/models.md of it.

Run as ``python -m conformance.commands.models``; `nox -s models` does, in the
environments that the heads of the files in `models/` describe.
"""
