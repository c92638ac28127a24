"""``python -m conformance.cases check|write [FOLDER]``."""

from __future__ import annotations

import sys

from conformance.cases.write import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
