"""What each system does in its own way, chosen once: watch a process, end a tree, give its pid back.

``ExitWatch`` is one thing in two ways of writing: by pidfd here, by handle on Windows.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from tuntas.processes.ending_windows import ExitWatch, kill_tree, let_go, wait_gone
else:
    from tuntas.processes.ending import ExitWatch, kill_tree, wait_gone
    from tuntas.processes.ending import reap as let_go

__all__ = ["ExitWatch", "kill_tree", "let_go", "wait_gone"]
