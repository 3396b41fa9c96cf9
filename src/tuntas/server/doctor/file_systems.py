"""What is mounted where, and what that means for a data folder. Judges; what is mounted it is told."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tuntas.processes.mounts import Mount, unescaped
from tuntas.server.doctor.finding import Finding, broken, fine, warning

_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.glusterfs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs"),
    *("nfs", "nfs4", "orangefs", "smb3", "smbfs"),
}
_IN_MEMORY = {"ramfs", "tmpfs"}
_NO_LINKS = {"exfat", "msdos", "vfat"}
_LAYERS = {"aufs", "overlay"}
# Kernel interfaces and what a container runtime mounts by itself: none of them is a volume that somebody gave.
_NO_VOLUMES = {
    *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl"),
    *("hugetlbfs", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs", "securityfs", "sysfs", "tmpfs", "tracefs"),
    *("squashfs",),
}
_RUNTIME_FILES = ("/etc/", "/proc/", "/sys/", "/dev/", "/run/", "/boot")


def mount_of(path: Path, mounted: Iterable[Mount]) -> Mount | None:
    """Return the file system that ``path`` (absolute, resolved) lies on, whether it exists yet or not."""
    holding = [one for one in mounted if one.point == path or one.point in path.parents]
    # max gives the first of equals, but the last mounted on a point is the one that is seen.
    return max(reversed(holding), key=lambda one: len(one.point.parts), default=None)


def judge_kind(mount: Mount, free_of_container: bool) -> Finding:
    """Judge a file system as the home of profiles and of an SQLite database."""
    check = "file system"
    detail = f"{mount.kind} on {mount.point}"
    if mount.read_only:
        return broken(check, f"{detail}, read-only", "Mount it writable, or choose another --data-dir.")
    if mount.kind in _NETWORK:
        advice = "Use a local disk: on network file systems locks lie, and deleted open files come back as .nfs names."
        return warning(check, f"{detail}: a network file system", advice)
    if mount.kind in _IN_MEMORY:
        advice = "Choose a --data-dir on a disk: after a reboot every session would have to be scanned again."
        return warning(check, f"{detail}: in memory only", advice)
    if mount.kind in _NO_LINKS:
        return warning(check, f"{detail}: it knows no symbolic links and no owners", "Use ext4, xfs, btrfs or NTFS.")
    if mount.kind in _LAYERS:
        what = "layers of a union" if free_of_container else "a container's own layer"
        advice = "Mount a volume there: what is in the layer goes with the container, and old folders are hard to move."
        return warning(check, f"{detail}: {what}", advice)
    if mount.kind.startswith("fuse") and mount.kind != "fuseblk":
        advice = "Use a local disk: with FUSE an open file can keep a folder from being removed (EBUSY)."
        return warning(check, f"{detail}: FUSE", advice)
    return fine(check, detail)


def judge_place(data_dir: Path, mounted: list[Mount], *, in_container: bool, expected: Iterable[Path]) -> Finding:
    """Judge whether the folder lies where somebody meant it to: "volume mounted, sessions gone".

    ``expected`` are the mount points of /etc/fstab.
    """
    check = "mount"
    mount = mount_of(data_dir, mounted)
    points = {one.point for one in mounted}
    missing = [point for point in expected if point not in points and (point == data_dir or point in data_dir.parents)]
    if missing:
        advice = f"Stop the server, then: mount {missing[0]}. Sessions made meanwhile would be hidden below it."
        return broken(check, f"/etc/fstab has a volume for {missing[0]}, but it is not mounted", advice)
    inner = sorted(point for point in points if data_dir in point.parents)
    if inner:
        detail = f"{inner[0]} is mounted inside the data folder"
        advice = f"Mount the volume on {data_dir} itself: a profile moves into the trash only within one volume."
        return warning(check, detail, advice)
    if mount is None:
        return fine(check, "no list of mounts on this system")
    if mount.point == data_dir:
        return fine(check, f"the data folder is a volume of its own ({mount.source})")
    if in_container and mount.point == Path("/"):
        volumes = _volumes(mounted)
        hint = f" The volumes here: {', '.join(volumes)}." if volumes else ""
        detail = "the data folder lies in the container's own layer, which goes when the container is made anew"
        return warning(check, detail, f"Mount a volume on {data_dir}, or set TUNTAS_DATA_DIR to one.{hint}")
    return fine(check, f"on {mount.point} ({mount.source})")


def fstab_points(text: str) -> list[Path]:
    """Return the mount points that fstab(5) wants mounted at boot."""
    found = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#") and "noauto" not in fields[3].split(","):
            point = unescaped(fields[1])
            if point.startswith("/"):
                found.append(Path(point))
    return found


def in_container() -> bool:
    """Whether this process lives in a container, as far as containers tell."""
    # systemd's container interface: whoever makes a container sets the variable, in small letters.
    if "container" in os.environ or Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return True
    try:
        groups = Path("/proc/1/cgroup").read_text()
    except OSError:
        return False
    return any(word in groups for word in ("docker", "kubepods", "containerd", "libpod", "lxc"))


def _volumes(mounted: Iterable[Mount]) -> list[str]:
    return sorted(
        {
            str(one.point)
            for one in mounted
            if one.kind not in _NO_VOLUMES
            and one.point != Path("/")
            and not one.read_only
            and not str(one.point).startswith(_RUNTIME_FILES)
        }
    )
