"""Every setting, declared once: environment variables ``TUNTAS_*`` and ``tuntas.toml`` are read from here.

The order is: command-line option, environment, ``tuntas.toml`` in the current folder (or the file that
``TUNTAS_CONFIG`` names), default. The description of a field is its documentation; there is no second list.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import AnyHttpUrl, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from tuntas.foundation.advice import Advice


class ConfigurationError(Advice):
    """A setting is wrong; the message names the setting and says what it should be."""


class Settings(BaseSettings):
    """What a server may be told. Durations are in seconds."""

    model_config = SettingsConfigDict(env_prefix="TUNTAS_", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("data"), description="Folder of the profiles and the database.")
    database_url: str | None = Field(
        None, description="postgresql://user:password@host/database; default: SQLite, tuntas.db in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address to listen on. Loopback unless you know why not.")
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    api_key: SecretStr | None = Field(
        None, description="Key that clients send as X-Api-Key; without it one is made at the first start."
    )
    whatsapp_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://web.whatsapp.com/"), description="The page to open; a sandbox's address for tests."
    )
    browser: Path | None = Field(None, description="Browser executable; default: the first that `browser find` lists.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_json: bool = Field(default=False, description="Log JSON lines instead of readable ones.")

    boot_concurrency: int = Field(
        3, ge=1, description="How many sessions may be starting at one moment; one while the machine is at its limit."
    )
    launch_timeout_seconds: float = Field(30.0, gt=0, description="Browser launch, until it answers.")
    navigation_timeout_seconds: float = Field(45.0, gt=0, description="WhatsApp's page, until its document is there.")
    start_timeout_seconds: float = Field(60.0, gt=0, description="Page loaded, until a QR or a connection shows.")
    qr_timeout_seconds: float = Field(150.0, gt=0, description="A QR that is not renewed for so long: fresh start.")
    pairing_timeout_seconds: float = Field(180.0, gt=0, description="QR scanned, until messages can be sent.")
    reconnect_timeout_seconds: float = Field(
        120.0, gt=0, description="Connection lost, until the browser is restarted."
    )
    liveness_interval_seconds: float = Field(30.0, ge=1, description="How often a working page is asked for life.")
    liveness_timeout_seconds: float = Field(10.0, gt=0, description="How long it may take to answer.")
    logout_timeout_seconds: float = Field(10.0, gt=0, description="Logout at WhatsApp, before the browser is ended.")
    close_timeout_seconds: float = Field(5.0, gt=0, description="Browser's own exit, before it is killed.")
    kill_timeout_seconds: float = Field(10.0, gt=0, description="Wait for killed processes to be gone.")
    shutdown_timeout_seconds: float = Field(30.0, gt=0, description="Graceful end of all sessions, then by force.")
    call_timeout_seconds: float = Field(30.0, gt=0, description="A call into the page, such as sending a message.")

    cache_megabytes: int = Field(
        64, ge=1, description="What a profile may keep of what its page has loaded; more is thrown away."
    )
    recycle_megabytes: int = Field(
        1000,
        ge=0,
        description="A working session whose browser takes more (see `tuntas ps`) gets a fresh one; 0: never.",
    )
    recycle_pause_seconds: float = Field(
        3600.0, ge=0, description="The shortest time between two such changes of a session's browser."
    )

    restart_attempts: int = Field(8, ge=0, description="Restarts after faults in a row, before FAILED.")
    restart_first_seconds: float = Field(1.0, gt=0, description="Wait before the first such restart; then doubled.")
    restart_ceiling_seconds: float = Field(300.0, gt=0, description="The longest wait between restarts.")
    stable_run_seconds: float = Field(60.0, gt=0, description="WORKING for so long forgets earlier faults.")
    after_unlink: Literal["scan", "stop"] = Field(
        "scan", description="The phone removed the device: show a new QR, or stop the session."
    )

    removal_attempts: int = Field(3, ge=1, description="Attempts to remove a profile before the answer is given.")
    removal_delay_seconds: float = Field(2.0, ge=0, description="Wait between those attempts.")

    sends_per_minute: float = Field(60.0, ge=0, description="A session's steady pace of sending; 0: without a pace.")
    sends_at_once: int = Field(10, ge=1, description="Messages that may go out at once before that pace begins.")
    sends_waiting: int = Field(100, ge=1, description="Messages that may wait in a session's line; then 429.")
    send_wait_seconds: float = Field(
        60.0, gt=0, description="How long a message may wait for its turn, and for a session that comes up."
    )

    media_max_bytes: int = Field(64 * 1024 * 1024, ge=1, description="The largest file that is sent or downloaded.")
    media_timeout_seconds: float = Field(30.0, gt=0, description="A file's address, until all of it has come.")
    media_private_addresses: bool = Field(
        default=False, description="Fetch files from this machine and its own networks too."
    )
    media_lifetime_seconds: float = Field(3600.0, gt=0, description="How long downloaded files are kept.")

    sign_in_days: float = Field(14.0, gt=0, le=365, description="How long a sign-in on the dashboard is good.")

    webhook_url: AnyHttpUrl | None = Field(None, description="Receiver of all sessions' events, beside their own ones.")
    webhook_events: list[str] = Field(
        ["*"], description='Which events it gets, as JSON: ["message", "session.status"].'
    )
    webhook_hmac_key: SecretStr | None = Field(None, description="Key with which its deliveries are signed.")
    webhook_timeout_seconds: float = Field(10.0, gt=0, description="A receiver's answer to one delivery.")
    webhook_private_addresses: bool = Field(
        default=True, description="Deliver to receivers on this machine and its own networks too."
    )
    event_retention_days: float = Field(7.0, gt=0, description="How long delivered events and history are kept.")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        # Chromium writes the profile's path as it was given; identity checks compare absolute ones.
        return value.expanduser().absolute()

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'tuntas.db'}"

    @property
    def profiles_dir(self) -> Path:
        """The folder with one profile a session."""
        return self.data_dir / "profiles"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: options given in code, environment, then the file."""
        path = Path(os.environ.get("TUNTAS_CONFIG", "tuntas.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)


def load(**options: Any) -> Settings:
    """Read the settings; ``options`` that are not None come first.

    Raises:
        ConfigurationError: a value is wrong or a name in ``tuntas.toml`` is unknown; the message names it.
    """
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "TUNTAS_" + "_".join(str(part) for part in first["loc"]).upper()
        message = f"Setting {name}: {first['msg']}"
        raise ConfigurationError(message) from error
