"""seccomp: system calls that no learner's program needs are refused with EPERM, before the kernel acts on them.

Refused: looking into other processes, mounting, kernel keys and programs, new namespaces, shared memory between
processes, listening, and every socket that is not a TCP client: UDP, raw, netlink, and Unix sockets by path, since
Landlock does not see those and the course's supervisor listens on one. TCP Fast Open is refused because it connects
without asking Landlock. Tables for x86_64 and aarch64.

Landlock does not cover what changes a file's mode, owner and times either: those calls do nothing and answer that they
have done it, since ``shutil.copy`` takes no for a failure. Extended attributes are "not supported", which it forgives.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence

from autograder.grading import linux

__all__ = ["DENIED", "IGNORED", "UNSUPPORTED", "is_supported", "program", "restrict"]

DENIED: dict[str, tuple[int | None, int | None]] = {
    # name: number on x86_64, number on aarch64 (None: that processor has no such call)
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "iopl": (172, None),
    "ioperm": (173, None),
    "personality": (135, 92),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "listen": (50, 201),
    "file_setattr": (469, 469),
}
IGNORED: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
}
UNSUPPORTED: dict[str, tuple[int | None, int | None]] = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}
_SPECIAL = {
    "ioctl": (16, 29),
    "socket": (41, 198),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "clone": (56, 220),
    "clone3": (435, 435),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "pidfd_open": (434, 434),
}
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _EPERM, _ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_NOTHING_DONE, _ENOTSUP = 0x00050000, 0x0005005F
_SET_FILE_FLAGS = (0x40086602, 0x40046602, 0x401C5820)
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_NEW_NAMESPACE_BITS = 0x7E020000
_MSG_FASTOPEN = 0x20000000
_X32_CALLS = 0x40000000
_AF_INET, _AF_INET6, _SOCK_STREAM, _IPPROTO_TCP = 2, 10, 1, 6
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def is_supported(machine: str) -> bool:
    """Do we have this processor's table of system calls?"""
    return machine in _ARCHITECTURES


def _do(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value & 0xFFFFFFFF)


def _argument(index: int) -> bytes:
    """Load the low half of argument ``index``; both processors are little-endian."""
    return _do(_LOAD, 16 + 8 * index)


def _when(number: int, block: list[bytes]) -> list[bytes]:
    """Run ``block`` for this call only; a block that does not return goes on with an allowed call."""
    body = [*block, _do(_RETURN, _ALLOW)]
    return [_do(_EQUAL, number, 0, len(body)), *body]


def _refuse_bits(argument: int, bits: int) -> list[bytes]:
    return [_argument(argument), _do(_ANY_BIT, bits, 0, 1), _do(_RETURN, _EPERM)]


def _refuse_values(argument: int, values: Sequence[int]) -> list[bytes]:
    rules = [_argument(argument)]
    for value in values:
        rules += [_do(_EQUAL, value, 0, 1), _do(_RETURN, _EPERM)]
    return rules


def _tcp_clients_only() -> list[bytes]:
    refuse = _do(_RETURN, _EPERM)
    return [
        _argument(0),
        *[_do(_EQUAL, _AF_INET, 2, 0), _do(_EQUAL, _AF_INET6, 1, 0), refuse],
        _argument(1),
        *[_do(_AND, 0xF), _do(_EQUAL, _SOCK_STREAM, 1, 0), refuse],
        _argument(2),
        *[_do(_EQUAL, 0, 2, 0), _do(_EQUAL, _IPPROTO_TCP, 1, 0), refuse],
    ]


def _never_signal(processes: Sequence[int]) -> list[bytes]:
    """No signal to everybody (-1) nor to these processes: for kernels that cannot scope signals."""
    rules = [_argument(0)]
    for process in (-1, *processes):
        rules += [_do(_EQUAL, process, 0, 1), _do(_RETURN, _EPERM)]
        rules += [_do(_EQUAL, -process, 0, 1), _do(_RETURN, _EPERM)]
    return rules


def program(machine: str, *, never_signal: Sequence[int] = ()) -> bytes:
    """The filter for this processor, as the kernel wants it."""
    column, architecture = _ARCHITECTURES[machine]
    number = {name: numbers[column] for name, numbers in _SPECIAL.items()}
    rules = [_do(_LOAD, _ARCHITECTURE_AT), _do(_EQUAL, architecture, 1, 0), _do(_RETURN, _KILL)]
    rules += [_do(_LOAD, _NUMBER_AT)]
    if machine == "x86_64":
        rules += [_do(_AT_LEAST, _X32_CALLS, 0, 1), _do(_RETURN, _EPERM)]
    for table, answer in ((DENIED, _EPERM), (IGNORED, _NOTHING_DONE), (UNSUPPORTED, _ENOTSUP)):
        for numbers in table.values():
            if numbers[column] is not None:
                rules += [_do(_EQUAL, numbers[column], 0, 1), _do(_RETURN, answer)]
    # The C library falls back from clone3, whose flags a filter cannot read, to clone.
    rules += [_do(_EQUAL, number["clone3"], 0, 1), _do(_RETURN, _ENOSYS)]
    rules += _when(number["clone"], _refuse_bits(0, _NEW_NAMESPACE_BITS))
    rules += _when(number["ioctl"], _refuse_values(1, _SET_FILE_FLAGS))
    rules += _when(number["socket"], _tcp_clients_only())
    rules += _when(number["sendto"], _refuse_bits(3, _MSG_FASTOPEN))
    rules += _when(number["sendmsg"], _refuse_bits(2, _MSG_FASTOPEN))
    rules += _when(number["sendmmsg"], _refuse_bits(3, _MSG_FASTOPEN))
    if never_signal:
        for name in ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "pidfd_open"):
            rules += _when(number[name], _never_signal(never_signal))
    return b"".join([*rules, _do(_RETURN, _ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("rules", ctypes.c_void_p))


def restrict(code: bytes) -> None:
    """Put this process, and all it will start, under the filter for good; raises OSError when the kernel refuses."""
    buffer = ctypes.create_string_buffer(code, len(code))
    filters = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    linux.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(filters))
