"""``tuntas demo`` does what it says, and an independent look agrees."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from support.running import TUNTAS, browsers_of, environment, run


def test_demo_goes_through_a_whole_life_and_leaves_nothing(tmp_path: Path) -> None:
    done = run("demo", "--json", "--data-dir", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["ok"] is True
    assert result["reached"] == "WORKING"
    assert result["messages_sent"] >= 1
    assert result["messages_received"] >= 1
    assert result["webhooks_delivered"] >= 4
    assert (result["processes_left"], result["folders_left"]) == (0, 0)
    assert set(result["seconds"]) == {"start_to_qr", "scan_to_working", "delete", "total"}
    assert browsers_of(tmp_path / "demo") == []
    profiles = tmp_path / "demo" / "profiles"
    assert [entry.name for entry in profiles.iterdir()] == [".trash"]
    assert list((profiles / ".trash").iterdir()) == []


def test_demo_refuses_a_folder_with_sessions_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "profiles" / "mine"
    own.mkdir(parents=True)
    done = run("demo", "--json", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False
    assert "sessions of its own" in done.stderr
    assert list(tmp_path.rglob("*")) == [tmp_path / "profiles", own]


def test_demo_stays_until_it_is_told_to_go_and_then_leaves_nothing(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [*TUNTAS, "demo", "--stay", "--json"],
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    for line in demo.stderr:
        if "Running until Ctrl-C" in line:
            break
    assert list(tmp_path.iterdir())
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert json.loads(output.splitlines()[-1])["ok"] is True
    assert list(tmp_path.iterdir()) == []


def test_demo_tells_its_story_with_the_qr_in_a_screenful(tmp_path: Path) -> None:
    done = run("demo", TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if " s  " in line]
    assert 8 <= len(told) <= 14
    assert "█" in done.stdout
    assert "0 processes and 0 folders left" in told[-1]
    assert list(tmp_path.iterdir()) == []


def test_demo_heeds_no_setting_of_a_real_server(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "tuntas.toml").write_text('database_url = "postgresql://nobody@127.0.0.1:1/real"\n')
    more = {"TUNTAS_DATA_DIR": str(real / "data"), "WHATSAPP_HOOK_URL": "http://127.0.0.1:9/", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [*TUNTAS, "demo", "--json"],
        cwd=real,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert [one.name for one in real.iterdir()] == ["tuntas.toml"]
