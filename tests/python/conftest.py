"""Makes the module of the release build importable, or that of CAUSEWAY_PYTHON."""

import os
import pathlib
import sys

BUILT = pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "python"
sys.path.insert(0, os.environ.get("CAUSEWAY_PYTHON", str(BUILT)))
