"""The bill of materials: what Tuntas is made of and runs with, as CycloneDX says it, from the lock files alone."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from deploy.image.locked import blocks_of, part_of, wanted_by
from packageurl import PackageURL

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
_IN_WHEEL = "node_modules/"


def bill_of_materials(source: Path, version: str, revision: str, moment: int) -> str:
    """Return the document for the sources in ``source``, the same one for the same ``revision``."""
    ours = Component(
        type=ComponentType.APPLICATION,
        name="tuntas",
        version=version,
        bom_ref="tuntas",
        purl=PackageURL("pypi", name="tuntas", version=version),
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
        properties=[Property(name="tuntas:revision", value=revision)],
    )
    lock = part_of((source / "requirements.lock").read_text(encoding="utf-8"), {"tuntas"})
    python = {component.name.lower(): component for component in _python_packages(lock)}
    bundled = list(_bundled_packages(json.loads((source / "frontend" / "package-lock.json").read_text("utf-8"))))
    bom = Bom(
        components=[*python.values(), *bundled], serial_number=uuid5(NAMESPACE_URL, f"tuntas/{version}/{revision}")
    )
    bom.metadata.timestamp = datetime.fromtimestamp(moment, UTC)
    bom.metadata.component = ours
    for name, block in blocks_of(lock).items():
        for dependant in wanted_by(block):
            if dependant == "tuntas" or dependant in python:
                bom.register_dependency(ours if dependant == "tuntas" else python[dependant], [python[name]])
    bom.register_dependency(ours, bundled)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _python_packages(lock: str) -> Iterator[Component]:
    for name, block in blocks_of(lock).items():
        match = _PINNED.match(block)
        if match is None:
            message = f"the lock's lines for {name} are not understood"
            raise ValueError(message)
        _, version, marker = match.groups()
        yield Component(
            name=name,
            version=version,
            bom_ref=f"pypi:{name}",
            purl=PackageURL("pypi", name=name, version=version),
            # Of a package's files one is installed; which one, and whether at all, is the machine's to say.
            scope=ComponentScope.OPTIONAL if marker else ComponentScope.REQUIRED,
            properties=[Property(name="tuntas:marker", value=marker)] if marker else [],
        )


def _bundled_packages(lock: dict[str, Any]) -> Iterator[Component]:
    """Return the packages whose files are in the wheel: those that ours names, and no other is installed with it."""
    wanted = lock["packages"][""]["dependencies"]
    for name in sorted(wanted):
        about = lock["packages"][_IN_WHEEL + name]
        group, _, short = name.rpartition("/")
        algorithm, _, digest = about["integrity"].partition("-")
        yield Component(
            name=short,
            group=group or None,
            version=about["version"],
            bom_ref=f"npm:{name}",
            purl=PackageURL("npm", namespace=group or None, name=short, version=about["version"]),
            licenses=[LicenseFactory().make_from_string(about["license"])] if "license" in about else [],
            hashes=[HashType(alg=_ALGORITHMS[algorithm], content=base64.b64decode(digest).hex())],
        )


_ALGORITHMS = {"sha512": HashAlgorithm.SHA_512, "sha256": HashAlgorithm.SHA_256}
