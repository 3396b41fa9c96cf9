"""Which figures are shown, in which order, and what they are called. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``is_compared``: a ratio says something."""

    figure: str
    words: str
    unit: str
    is_compared: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """What one measurement yields; ``name`` is the word for ``--only``."""

    name: str
    title: str
    rows: tuple[Row, ...]


GROUPS = (
    Group(
        "memory",
        "Memory and processor time of idle, working sessions",
        (
            Row("server_megabytes", "the server alone", "MB"),
            Row("server_growth_megabytes", "… more for each session", "MB"),
            Row("session_megabytes_1", "a session, of 1", "MB"),
            Row("session_megabytes_5", "a session, of 5", "MB"),
            Row("session_megabytes_20", "a session, of 20", "MB"),
            Row("page_megabytes_20", "… of that the page's own process", "MB"),
            Row("idle_cpu_percent", "a session's processor time, of 20, all together", "% of a core"),
            Row("idle_page_cpu_percent", "… of that the page's own process", "% of a core", is_compared=False),
            Row("idle_own_cpu_percent", "… of that all else", "% of a core", is_compared=False),
        ),
    ),
    Group(
        "life",
        "One session's life",
        (
            Row("start_to_qr_seconds", "start → QR", "s"),
            Row("scan_to_ready_seconds", "scan → ready", "s"),
            Row("restart_to_ready_seconds", "start of a paired session → ready", "s"),
            Row("settling_seconds", "… of that in each document: WA-JS waits for quiet", "s", is_compared=False),
            Row("stop_seconds", "stop → answered, no process left", "s"),
            Row("log_out_seconds", "logout → answered", "s"),
            Row("delete_gone_seconds", "delete → no process, no folder left", "s"),
            Row("delete_seconds", "delete → that, and answered", "s"),
        ),
    ),
    Group(
        "disk",
        "Disk of one session",
        (
            Row("disk_new_megabytes", "newly paired", "MB"),
            Row("disk_1000_megabytes", "after 1,000 messages", "MB"),
        ),
    ),
    Group(
        "cycles",
        "Left after sessions were created, paired and deleted, the server still running",
        (
            Row("left_processes", "processes", "", is_compared=False),
            Row("left_folders", "folders of sessions", "", is_compared=False),
            Row("left_files", "files in the temporary folder", "", is_compared=False),
            Row("left_memory_megabytes", "growth of the server's memory, each session", "MB", is_compared=False),
        ),
    ),
    Group(
        "killed",
        "SIGKILL of the server with 3 working sessions",
        (
            Row("survivors_1_seconds", "processes of browsers after 1 s", "", is_compared=False),
            Row("survivors_10_seconds", "… after 10 s", "", is_compared=False),
            Row("survivors_60_seconds", "… after 60 s", "", is_compared=False),
            Row("works_again_seconds", "server started again → all sessions ready", "s", is_compared=False),
            Row("works_again_by_hand_seconds", "… after a person has killed the browsers", "s", is_compared=False),
        ),
    ),
    Group(
        "recovery",
        "A browser's fault → the session tells of a message again, by itself",
        (
            Row("recovery_browser_killed_seconds", "SIGKILL of the browser", "s", is_compared=False),
            Row("recovery_renderer_crash_seconds", "the page's process crashes", "s", is_compared=False),
            Row("recovery_browser_stopped_seconds", "SIGSTOP of the browser", "s", is_compared=False),
            Row("recovery_page_hang_seconds", "the page hangs in a loop", "s", is_compared=False),
        ),
    ),
    Group(
        "traffic",
        "Messages: Tuntas over HTTP and webhooks, written down; whatsapp-web.js inside its own process",
        (
            Row("sends_per_second", "sends a second, 4 sessions at once", ""),
            Row("send_p50_seconds", "a send, half of them within", "s"),
            Row("send_p95_seconds", "… 95 of 100", "s"),
            Row("send_p99_seconds", "… 99 of 100", "s"),
            Row("send_cpu_seconds_per_1000", "processor time of 1,000 sends, browsers included", "s"),
            Row("events_per_second", "messages in and told of, a second, 4 sessions at once", ""),
            Row("event_after_burst_seconds", "a message in right behind those sends → told of", "s"),
            Row("event_p50_seconds", "a message in → told of, half of them within", "s"),
            Row("event_p95_seconds", "… 95 of 100", "s"),
            Row("event_p99_seconds", "… 99 of 100", "s"),
            Row("event_cpu_seconds_per_1000", "processor time of 1,000 such, browsers included", "s"),
        ),
    ),
    Group(
        "scale",
        "Many sessions on one server",
        (
            Row("scale_sessions", "sessions", "", is_compared=False),
            Row("scale_boot_seconds", "the server answers → all are WORKING", "s", is_compared=False),
            Row("scale_boot_cpu_percent", "… how busy the machine was meanwhile", "%", is_compared=False),
            Row("scale_megabytes", "memory of all, the server included", "MB", is_compared=False),
            Row("scale_server_megabytes", "… of that the server", "MB", is_compared=False),
            Row("scale_messages", "messages that came in, spread evenly over the time", "", is_compared=False),
            Row("scale_lost", "… of these not told of", "", is_compared=False),
            Row("scale_event_p50_seconds", "a message in → told of, half of them within", "s", is_compared=False),
            Row("scale_event_p99_seconds", "… 99 of 100", "s", is_compared=False),
            Row("scale_talk_cpu_percent", "a session's processor time meanwhile", "% of a core", is_compared=False),
            Row("scale_talk_machine_percent", "… how busy the machine was", "%", is_compared=False),
            Row("scale_delete_seconds", "all deleted by one request → answered, nothing left", "s", is_compared=False),
            Row("scale_left", "… processes and folders left", "", is_compared=False),
        ),
    ),
)
