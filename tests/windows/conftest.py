"""These tests need Windows semantics. On Windows they run as they are; on Linux ``tests/wine`` runs them under Wine."""

from __future__ import annotations

import sys

collect_ignore_glob = [] if sys.platform == "win32" else ["test_*.py"]
