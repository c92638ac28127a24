"""One folder for each operation; a folder put here is an operation.

``__init__`` is the specification and imports no NumPy, so that listing and planning are
quick and work anywhere. ``oracle`` is the exact answer, its error bound and derivative
in float64, ``exact`` the independent second oracle, ``laws`` the operation's own laws,
``mutants`` implementations made wrong on purpose.
"""
