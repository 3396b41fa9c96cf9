"""A WAHA user's `.env` starts a configured server; what is in force can be seen, and no secret with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from support.running import KEY, Sandbox, Server, run

ENV = f"""\
# WAHA, as its users write it
WAHA_API_KEY=sha512:{hashlib.sha512(KEY.encode()).hexdigest()}
WAHA_DASHBOARD_USERNAME=admin
WAHA_DASHBOARD_PASSWORD=secret-of-the-dashboard
WHATSAPP_DEFAULT_ENGINE=WEBJS
WHATSAPP_HOOK_URL=http://127.0.0.1:9/hook
WHATSAPP_HOOK_EVENTS=session.status,message,engine.event
WHATSAPP_HOOK_HMAC_KEY=secret-of-the-signature
WHATSAPP_HOOK_RETRIES_POLICY=linear
WHATSAPP_START_SESSION=default
WHATSAPP_RESTART_ALL_SESSIONS=True
WHATSAPP_FILES_LIFETIME=180
WHATSAPP_DOWNLOAD_MEDIA=True
WAHA_BASE_URL=https://waha.example.com
WAHA_LOG_FORMAT=JSON
WAHA_LOG_LEVEL=info
WAHA_MEDIA_STORAGE=LOCAL
WHATSAPP_PROXY_SERVER=
WAHA_SESSION_CONFIG_IGNORE_STATUS=True
WAHA_SESSION_CONFIG_IGNORE_GROUPS=True
WAHA_SESSION_CONFIG_IGNORE_CHANNELS=False
WAHA_PRINT_QR=False
"""


def _read(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_a_waha_user_s_env_starts_a_configured_server(sandbox: Sandbox, tmp_path: Path) -> None:
    data, variables = tmp_path / "data", _read(ENV)
    server = Server(data, sandbox.url, 0, TUNTAS_API_KEY=variables.pop("WAHA_API_KEY"), **variables)
    try:
        assert server.http.get("/api/sessions").status_code == 200
        assert server.http.get("/api/sessions", headers={"X-Api-Key": KEY + "x"}).status_code == 401
        server.wait_status("default", "SCAN_QR_CODE")
        log = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    finally:
        server.http.close()
        assert server.stop() == 0
    taken = {line["variable"] for line in log if line["event"] == "setting_taken_from_waha"}
    assert {"WHATSAPP_HOOK_URL", "WHATSAPP_START_SESSION", "WAHA_LOG_FORMAT"} <= taken
    assert {"WAHA_BASE_URL", "WHATSAPP_DOWNLOAD_MEDIA"} <= taken
    without = {line["variable"] for line in log if line["event"] == "setting_of_waha_without_effect"}
    assert {"WHATSAPP_DEFAULT_ENGINE", "WAHA_MEDIA_STORAGE"} <= without
    assert [line["events"] for line in log if line["event"] == "events_never_happen_here"] == [["engine.event"]]
    assert "WHATSAPP_PROXY_SERVER" not in taken | without


def test_what_is_in_force_is_shown_with_its_source_and_without_secrets(tmp_path: Path) -> None:
    more = _read(ENV) | {"TUNTAS_DATABASE_URL": "postgresql://me:secret-of-the-database@host/tuntas"}
    for arguments in (("config", "show"), ("config", "show", "--json")):
        done = run(*arguments, "--data-dir", str(tmp_path), timeout_seconds=60.0, **more)
        assert done.returncode == 0, done.stderr
        assert "secret" not in done.stdout
        assert "sha512" not in done.stdout
    rows = {row["setting"]: row for row in json.loads(done.stdout)["settings"]}
    assert rows["TUNTAS_API_KEY"] == {"setting": "TUNTAS_API_KEY", "value": "***", "source": "WAHA_API_KEY"}
    assert rows["TUNTAS_DATABASE_URL"]["value"] == "postgresql://***@host/tuntas"
    assert rows["TUNTAS_DATA_DIR"]["source"] == "--data-dir"
    assert rows["TUNTAS_HOST"]["source"] == "default"


def test_a_misspelt_name_ends_a_start_in_one_line_and_changes_nothing(tmp_path: Path) -> None:
    done = run("serve", "--data-dir", str(tmp_path / "data"), TUNTAS_WEBHOOK_EVENT="message")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "TUNTAS_WEBHOOK_EVENTS" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_may_have_any_name(sandbox: Sandbox, tmp_path: Path) -> None:
    data = tmp_path / "50% of #1? data & café 資料 بيانات"
    server = Server(data, sandbox.url)
    try:
        server.pair(sandbox, "shop", "628110000771")
        listed = run("sessions", "list", "--json", "--data-dir", str(data))
        assert [one["name"] for one in json.loads(listed.stdout)] == ["shop"]
        assert server.http.delete("/api/sessions/shop").status_code == 200
    finally:
        server.http.close()
        assert server.stop() == 0
    assert (data / "tuntas.db").is_file()
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == [data.name]
    for arguments in (("cleanup", "--dry-run", "--json"), ("ps", "--json"), ("doctor", "--json"), ("config", "show")):
        done = run(*arguments, "--data-dir", str(data))
        assert "Traceback" not in done.stderr, arguments
        assert done.returncode == 0 or arguments[0] == "doctor", (arguments, done.stderr)
    assert "cannot be read" not in run("doctor", "--json", "--data-dir", str(data)).stdout
