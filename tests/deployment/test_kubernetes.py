"""The manifests: valid by Kubernetes' own schemas, and in step with the image and the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tuntas.api.app import ROUTERS

ROOT = Path(__file__).parents[2]
VERSIONS = ("1.29", "1.33")


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "deploy/kubernetes/tuntas.yaml").read_text(encoding="utf-8")))


@pytest.fixture
def pod(documents: list[dict[str, Any]]) -> dict[str, Any]:
    (stateful_set,) = (one for one in documents if one["kind"] == "StatefulSet")
    spec: dict[str, Any] = stateful_set["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifests_are_valid_and_have_nothing_unknown(documents: list[dict[str, Any]], version: str) -> None:
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_a_field_that_is_unknown_would_be_noticed(documents: list[dict[str, Any]]) -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(documents[0] | {"specs": {}}, VERSIONS[0], strict=True)


def test_the_pod_is_closed_and_is_the_image_s_user(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert f"USER {pod['securityContext']['runAsUser']}:" in (ROOT / "Dockerfile").read_text()
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod["terminationGracePeriodSeconds"] > 30
    # A service named tuntas would be told to it as TUNTAS_PORT=tcp://…, which is no port.
    assert pod["enableServiceLinks"] is False
    assert {one["mountPath"] for one in container["volumeMounts"]} == {"/data", "/tmp", "/run/secrets/tuntas"}


def test_its_probes_ask_what_there_is(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    paths = {str(getattr(route, "path", "")) for router, _ in ROUTERS for route in router.routes}
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    assert [one["path"] for one in probes] == ["/healthz", "/healthz", "/readyz"]
    assert {one["path"] for one in probes} <= paths
