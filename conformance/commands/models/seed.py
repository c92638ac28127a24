"""Make the weights of a target the same in every sweep.

The files in `models/` make layers with whatever their framework draws. JAX has keys of
its own, and Keras asks Python's generator.
"""

from __future__ import annotations

import random
import sys


def seed_generators() -> None:
    """Seed the global generators of Python, NumPy and torch, where they are loaded."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
