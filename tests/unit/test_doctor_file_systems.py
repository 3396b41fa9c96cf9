"""What a mount means for a data folder: judged from the kernel's text, with no mount made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.processes.mounts import Mount, parse_mountinfo
from tuntas.server.doctor.file_systems import fstab_points, judge_kind, judge_place, mount_of
from tuntas.server.doctor.finding import Level

MOUNTINFO = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 0:45 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
30 27 8:1 /volumes/a /app/my\040data rw,relatime shared:2 - ext4 /dev/sda1 rw
31 27 8:1 /hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
32 27 0:50 / /read ro,nosuid - ext4 /dev/sdb1 rw
33 27 0:51 / /twice rw - ext4 /dev/sdc1 rw
34 33 0:52 / /twice rw - nfs4 server:/export rw
""".strip()
MOUNTED = parse_mountinfo(MOUNTINFO)


def test_mountinfo_is_read_with_spaces_and_optional_fields() -> None:
    assert Mount(Path("/app/my data"), "ext4", "/dev/sda1", read_only=False) in MOUNTED
    assert Mount(Path("/read"), "ext4", "/dev/sdb1", read_only=True) in MOUNTED


def test_a_path_lies_on_the_nearest_mount_above_it_and_on_the_last_one_there() -> None:
    def point(path: str) -> Path | None:
        mount = mount_of(Path(path), MOUNTED)
        return None if mount is None else mount.point

    assert point("/app/my data/profiles/x") == Path("/app/my data")
    assert point("/app/my database") == Path("/")
    twice = mount_of(Path("/twice/x"), MOUNTED)
    assert twice is not None
    assert twice.kind == "nfs4"
    assert mount_of(Path("/x"), []) is None


@pytest.mark.parametrize(
    ("kind", "level", "word"),
    [
        ("ext4", Level.FINE, "ext4"),
        ("btrfs", Level.FINE, "btrfs"),
        ("fuseblk", Level.FINE, "fuseblk"),
        ("nfs4", Level.WARNING, "network"),
        ("cifs", Level.WARNING, "network"),
        ("fuse.sshfs", Level.WARNING, "network"),
        ("fuse.mergerfs", Level.WARNING, "FUSE"),
        ("fuse", Level.WARNING, "FUSE"),
        ("overlay", Level.WARNING, "container's own layer"),
        ("tmpfs", Level.WARNING, "in memory"),
        ("vfat", Level.WARNING, "symbolic links"),
    ],
)
def test_each_kind_of_file_system_is_judged(kind: str, level: Level, word: str) -> None:
    finding = judge_kind(Mount(Path("/d"), kind, "x", read_only=False), free_of_container=False)
    assert finding.level is level
    assert word in finding.detail
    assert bool(finding.advice) is (level is not Level.FINE)


def test_a_read_only_file_system_is_broken() -> None:
    assert judge_kind(Mount(Path("/d"), "ext4", "x", read_only=True), free_of_container=True).level is Level.BROKEN


def test_a_data_folder_beside_its_volume_in_a_container_is_seen_and_the_volume_named() -> None:
    finding = judge_place(Path("/app/data"), MOUNTED, in_container=True, expected=[])
    assert finding.level is Level.WARNING
    assert "/app/my data" in finding.advice
    assert "/etc/hosts" not in finding.advice
    assert judge_place(Path("/app/my data"), MOUNTED, in_container=True, expected=[]).level is Level.FINE
    assert judge_place(Path("/app/my data/in"), MOUNTED, in_container=True, expected=[]).level is Level.FINE
    assert judge_place(Path("/app/data"), MOUNTED, in_container=False, expected=[]).level is Level.FINE


def test_a_volume_that_fstab_wants_and_nobody_mounted_is_broken() -> None:
    text = (
        "# <what> <where>\nUUID=1 / ext4 defaults 0 1\n/dev/sdz /srv\\040x ext4 defaults 0 2\n/dev/y /b ext4 noauto 0 0"
    )
    assert fstab_points(text) == [Path("/"), Path("/srv x")]
    finding = judge_place(Path("/srv x/data"), MOUNTED, in_container=False, expected=fstab_points(text))
    assert finding.level is Level.BROKEN
    assert "mount /srv x" in finding.advice
    assert judge_place(Path("/b/data"), MOUNTED, in_container=False, expected=fstab_points(text)).level is Level.FINE


def test_a_mount_inside_the_data_folder_is_a_warning() -> None:
    finding = judge_place(Path("/app"), MOUNTED, in_container=False, expected=[])
    assert finding.level is Level.WARNING
    assert "/app/my data is mounted inside" in finding.detail
