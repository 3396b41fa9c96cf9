"""What each system does in its own way, chosen once: start a browser, watch it, end its tree, give its pid back."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from tuntas.browser.ending_windows import ExitWatch, kill_tree, let_go, wait_gone
    from tuntas.browser.spawn_windows import spawn_with_pipes
else:
    from tuntas.browser.ending import ExitWatch, kill_tree, wait_gone
    from tuntas.browser.ending import reap as let_go
    from tuntas.browser.spawn import spawn_with_pipes

__all__ = ["ExitWatch", "kill_tree", "let_go", "spawn_with_pipes", "wait_gone"]
