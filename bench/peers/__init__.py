"""Tuntas and whatsapp-web.js, the same work on the same sandbox in the same run: ``python -m bench.peers``.

Each contestant is used as its own documents say, with its defaults, on browsers of one build. What is measured is
looked at from outside, in the process table and on the disk. Nothing of a run is left when it ends.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
