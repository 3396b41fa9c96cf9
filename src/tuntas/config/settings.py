"""Every setting, declared once. The description of a field is its documentation; there is no second list."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from tuntas.config import values
from tuntas.foundation.proxy import Proxy, read_proxy


class Settings(BaseModel):
    """What a server may be told. Durations are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    data_dir: Path = Field(Path("data"), description="Folder of the profiles and the database.")
    database_url: str | None = Field(
        None, description="postgresql://user:password@host/database; default: SQLite, tuntas.db in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address to listen on. Loopback unless you know why not.")
    port: int = Field(3000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    api_key: SecretStr | None = Field(
        None,
        description="Key that clients send as X-Api-Key, or sha512: and its SHA-512 in hex; without it one is made at "
        "the first start.",
    )
    start_sessions: str = Field(
        "", description="Sessions, with commas between them, that are made and started at a start if there are none."
    )
    whatsapp_url: AnyHttpUrl = Field(
        AnyHttpUrl("https://web.whatsapp.com/"), description="The page to open; a sandbox's address for tests."
    )
    whatsapp_page: Path | None = Field(
        None,
        description="A file with WhatsApp's page as `tuntas canary --save` keeps it: all sessions use that build until "
        "WhatsApp refuses it. Default: the page as it is given out.",
    )
    browser: Path | None = Field(None, description="Browser executable; default: the first that `browser find` lists.")
    browser_user: str = Field(
        "",
        description="Name or number of the user that browsers run as where the server runs as root, so that they have "
        "their own sandbox; empty: as the server.",
    )
    browser_presence: Literal["plain", "as-is"] = Field(
        "plain",
        description="What pages see of being driven by a program: nothing by Chromium's own switch, or "
        "`navigator.webdriver` as it is. Nothing else is made to look different.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_json: bool = Field(default=False, description="Log JSON lines instead of readable ones.")

    proxy_username: str | None = Field(None, description="Who the proxy is for, where it asks.")
    proxy_password: SecretStr | None = Field(None, description="The password for it.")
    proxy_server: str | None = Field(
        None,
        validate_default=True,
        description="Proxy that sessions without one of their own go through, and nothing past it: "
        "http://host:port or socks5://host:port.",
    )
    proxy_retry_seconds: float = Field(
        60.0, gt=0, description="A session whose proxy refuses its username or password is tried again after so long."
    )

    boot_concurrency: int = Field(
        3, ge=1, description="How many sessions may be starting at one moment; one while the machine is at its limit."
    )
    launch_timeout_seconds: float = Field(30.0, gt=0, description="Browser launch, until it answers.")
    navigation_timeout_seconds: float = Field(45.0, gt=0, description="WhatsApp's page, until its document is there.")
    start_timeout_seconds: float = Field(60.0, gt=0, description="Page loaded, until a QR or a connection shows.")
    qr_timeout_seconds: float = Field(150.0, gt=0, description="A QR that is not renewed for so long: fresh start.")
    qr_rest_seconds: float = Field(
        1800.0,
        ge=0,
        description="A QR that nobody asks for and nobody scans for so long: the session stops, and starts again when "
        "its QR is asked for; 0: never.",
    )
    pairing_timeout_seconds: float = Field(180.0, gt=0, description="QR scanned, until messages can be sent.")
    passkey_timeout_seconds: float = Field(
        600.0, gt=0, description="WhatsApp asks for the account's passkey, until it is answered; then a new QR."
    )
    reconnect_timeout_seconds: float = Field(
        120.0, gt=0, description="Connection lost, until the browser is restarted."
    )
    liveness_interval_seconds: float = Field(5.0, ge=1, description="How often a working page is asked for life.")
    liveness_timeout_seconds: float = Field(7.0, gt=0, description="How long it may take to answer.")
    logout_timeout_seconds: float = Field(10.0, gt=0, description="Logout at WhatsApp, before the browser is ended.")
    close_timeout_seconds: float = Field(5.0, gt=0, description="Browser's own exit, before it is killed.")
    kill_timeout_seconds: float = Field(10.0, gt=0, description="Wait for killed processes to be gone.")
    shutdown_timeout_seconds: float = Field(30.0, gt=0, description="Graceful end of all sessions, then by force.")
    call_timeout_seconds: float = Field(30.0, gt=0, description="A call into the page, such as sending a message.")

    cache_megabytes: int = Field(
        64, ge=1, description="What a profile may keep of what its page has loaded; more is thrown away."
    )
    merge_memory: bool = Field(
        False,
        description=(
            "Keep equal memory of all browsers once (Linux 6.4, a running ksmd), at the price of"
            " processor time and of sessions that could time each other."
        ),
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
    after_replacement: Literal["ask", "wait", "take_over"] = Field(
        "ask",
        description="Another login took this one's place: `ask` waits for a start by a person, `wait` leaves it alone "
        "for TUNTAS_FAILED_RETRY_SECONDS, `take_over` replaces it in turn at once.",
    )
    failed_retry_seconds: float = Field(
        86_400.0, ge=0, description="A session that is FAILED is tried again after so long; 0: only when a person asks."
    )
    page_interval_seconds: float = Field(
        300.0,
        gt=0,
        description="While a session has failed because of WhatsApp's page: how often it is looked whether there is "
        "another one, with which it is tried again at once.",
    )
    canary_hours: float = Field(
        24.0,
        ge=0,
        le=8760,
        description="How often the server looks, without an account, whether WhatsApp's page has what sessions need; "
        "0: never.",
    )
    network_interval_seconds: float = Field(
        3.0, gt=0, description="While a connection is lost: how often it is looked whether WhatsApp can be reached."
    )
    network_back_seconds: float = Field(
        8.0, gt=0, description="Network back, until a page that has not connected by itself is restarted."
    )
    echo_interval_seconds: float = Field(
        0.0,
        ge=0,
        description="How often a working session writes a message to itself, to find out whether it still hears; 0: "
        "never.",
    )
    echo_timeout_seconds: float = Field(
        20.0, gt=0, description="A message to itself, until its receipt has come; else the page is deaf."
    )
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

    approval_seconds: float = Field(
        86_400.0,
        gt=0,
        description="How long a message may wait for approval and for going out; at most TUNTAS_EVENT_RETENTION_DAYS.",
    )

    ignore_status: bool = Field(
        default=False,
        description="Tell and keep nothing of status posts, where a session's `config.ignore` says nothing.",
    )
    ignore_groups: bool = Field(default=False, description="The same for groups.")
    ignore_channels: bool = Field(default=False, description="The same for channels.")
    ignore_broadcast: bool = Field(default=False, description="The same for broadcast lists.")

    media_max_bytes: int = Field(64 * 1024 * 1024, ge=1, description="The largest file that is sent or downloaded.")
    media_timeout_seconds: float = Field(30.0, gt=0, description="A file's address, until all of it has come.")
    media_private_addresses: bool = Field(
        default=False, description="Fetch files from this machine and its own networks too."
    )
    media_through_proxy: bool = Field(
        default=False,
        description="Fetch the files that a session with a proxy sends by their address through that proxy, and in no "
        "other way.",
    )
    media_download: bool = Field(
        default=False,
        description="Fetch files as their messages arrive, so that `media.url` is in the event; a session's "
        "`config.media.download` says otherwise.",
    )
    media_lifetime_seconds: float = Field(
        3600.0, gt=0, description="How long downloaded files are kept, also behind the last delivery that names one."
    )

    convert_at_once: int = Field(1, ge=1, le=4, description="Files that may be converted at one moment.")
    convert_timeout_seconds: float = Field(
        120.0, gt=0, le=3600, description="A conversion, and the wait for its turn before it."
    )
    convert_megabytes: int = Field(
        1024, ge=512, le=16_384, description="Memory that a conversion may take; its address space, on Linux and macOS."
    )
    convert_media_seconds: float = Field(
        900.0, gt=0, le=86_400, description="How long a recording may be that is converted."
    )

    sign_in_days: float = Field(14.0, gt=0, le=365, description="How long a sign-in on the dashboard is good.")
    ticket_seconds: float = Field(
        60.0, gt=0, le=3600, description="How long a ticket is good that a browser opens a stream of events with."
    )

    webhook_url: AnyHttpUrl | None = Field(None, description="Receiver of all sessions' events, beside their own ones.")
    webhook_events: list[str] = Field(
        ["*"], description="Which events it gets: message,session.status or the same as a list in JSON."
    )
    webhook_hmac_key: SecretStr | None = Field(None, description="Key with which its deliveries are signed.")
    webhook_custom_headers: SecretStr | None = Field(
        None, description="Headers of its deliveries: X-One:value;X-Two:value."
    )
    webhook_retries_policy: Literal["constant", "linear", "exponential"] = Field(
        "constant", description="How the wait between attempts to deliver to it grows."
    )
    webhook_retries_delay_seconds: float = Field(2.0, ge=0, le=3600, description="The first such wait.")
    webhook_retries_attempts: int = Field(15, ge=1, le=100, description="Attempts before a delivery to it is dead.")
    webhook_timeout_seconds: float = Field(10.0, gt=0, description="A receiver's answer to one delivery.")
    webhook_private_addresses: bool = Field(
        default=True, description="Deliver to receivers on this machine and its own networks too."
    )
    webhook_concurrency: int = Field(
        128,
        ge=4,
        le=1024,
        description="Attempts to deliver at one moment; a session gets a quarter at most, failing receivers half.",
    )
    webhook_stuck_seconds: float = Field(
        300.0,
        gt=0,
        description="A receiver that has taken nothing for so long, though something waits, is called stuck.",
    )
    public_url: AnyHttpUrl | None = Field(
        None,
        description="Where clients reach this server, such as `https://example.com/whatsapp/` behind a proxy: the "
        "beginning of all addresses that it tells. Its name is among those that the server answers to; its path is in "
        "front of all of ours, stripped by the proxy or not.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks, with commas between them, of proxies whose `X-Forwarded-Proto`, `-Host` "
        "and `-Prefix` are believed.",
    )
    allowed_hosts: str = Field(
        "",
        description="Names, with commas between them, that a server on loopback answers to beside loopback's own: "
        "those that a proxy in front of it is asked for. `*`: every name.",
    )
    max_body_bytes: int = Field(
        1024 * 1024,
        ge=16 * 1024,
        description="The largest body of a request; with a file, TUNTAS_MEDIA_MAX_BYTES as base64 beside it.",
    )
    body_timeout_seconds: float = Field(
        30.0, gt=0, description="A request's body, until it has come; a second more for each 64 KB of it."
    )
    head_timeout_seconds: float = Field(
        15.0, gt=0, description="A connection, until the head of a request has come over it."
    )
    max_connections: int = Field(
        1000,
        ge=16,
        description="Connections at one moment, at most half of the open files that the system allows; where there are "
        "more, the longest idle one is closed.",
    )
    max_sessions: int = Field(1000, ge=1, description="How many sessions there may be.")
    max_keys: int = Field(1000, ge=1, description="How many API keys there may be.")
    max_approvals: int = Field(
        100,
        ge=1,
        description="How many messages of one key may wait for approval; together they may have one file's size.",
    )
    max_webhooks: int = Field(20, ge=0, description="How many webhooks a session may have.")
    max_webhook_headers: int = Field(20, ge=0, description="How many custom headers a webhook may have.")
    max_config_bytes: int = Field(65536, ge=1024, description="The largest configuration of a session, as JSON.")
    backup_target: str = Field(
        "",
        description="Where backups go: a folder, or s3://bucket/folder with the AWS_… variables that all tools read.",
    )
    backup_key: SecretStr | None = Field(
        None,
        description="What backups are encrypted with, and what alone opens them: keep it elsewhere too. "
        "Unset: they are not encrypted.",
    )
    alert_webhook_url: AnyHttpUrl | None = Field(
        None, description="Receiver of what needs somebody: events `alert` and `alert.resolved`."
    )
    alert_webhook_hmac_key: SecretStr | None = Field(None, description="Key with which they are signed.")
    alert_smtp_url: SecretStr | None = Field(
        None,
        description="Mail server for alerts: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465.",
    )
    alert_email_to: str = Field("", description="Who gets alerts by mail; addresses with commas between them.")
    alert_email_from: str = Field("", description="Sender of those mails; default: the first of alert_email_to.")
    alert_whatsapp: str = Field(
        "", description="Who gets alerts on WhatsApp, and through which session, as in shop:628123456789."
    )
    alert_after_seconds: float = Field(
        60.0, ge=0, description="How long something must be wrong before it is told, and be well again before that is."
    )
    alert_language: str = Field("en", description="Language of alerts: one of the dashboard's, such as en or id.")
    event_retention_days: float = Field(7.0, gt=0, description="How long delivered events and history are kept.")

    _data_dir = field_validator("data_dir")(values.absolute_path)
    _api_key = field_validator("api_key")(values.key_that_cannot_be_guessed)
    _backup_key = field_validator("backup_key")(values.key_of_backups)
    _webhook_events = field_validator("webhook_events", mode="before")(values.names_in_a_list)
    _allowed_hosts = field_validator("allowed_hosts")(values.names_of_hosts)
    _public_url = field_validator("public_url")(values.public_address)
    _alert_whatsapp = field_validator("alert_whatsapp")(values.session_and_number)
    _trusted_proxies = field_validator("trusted_proxies")(values.networks)

    @field_validator("proxy_server")
    @classmethod
    def _proxy(cls, value: str | None, given: ValidationInfo) -> str | None:
        username, password = given.data.get("proxy_username"), given.data.get("proxy_password")
        if value is not None:
            read_proxy(value, username, password.get_secret_value() if password else None)
        elif username or password:
            message = "it is missing, though a username or password for a proxy is given"
            raise ValueError(message)
        return value

    @property
    def database(self) -> str | Path:
        """The database: its URL, or SQLite's file. A path is never put into a URL's text, which ``?`` and ``#`` end."""
        return self.database_url or self.data_dir / "tuntas.db"

    @property
    def proxy(self) -> Proxy | None:
        """The proxy of sessions that have none of their own."""
        if self.proxy_server is None:
            return None
        password = self.proxy_password.get_secret_value() if self.proxy_password else None
        return read_proxy(self.proxy_server, self.proxy_username, password)

    @property
    def profiles_dir(self) -> Path:
        """The folder with one profile a session."""
        return self.data_dir / "profiles"
