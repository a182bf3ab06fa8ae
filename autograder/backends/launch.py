"""Become another program, with less power and tied to the life of whoever started it.

Run by path with a bare interpreter (``python -I -S launch.py MODE SIGNAL PARENT PROGRAM ...``): a ``preexec_fn`` would
run Python between fork and exec, which is unsafe in a process with threads. Nothing of ours is imported here.
MODE is ``plain``, ``namespace`` (root becomes uid 1000 of a user namespace: Postgres refuses root, and no user has to
be made and no folder opened) or ``setuid`` (root becomes nobody). SIGNAL is what the program gets when PARENT dies; 0
means nothing.
"""

from __future__ import annotations

import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def enter_namespace() -> None:
    """Map ourselves to uid 1000 of a new user namespace."""
    import ctypes

    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"1000 {user} 1"), ("gid_map", f"1000 {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def become_nobody() -> None:
    """Give up root for good."""
    import pwd

    entry = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def tie_to(parent: int, number: int) -> None:
    """Get this signal when the parent dies. A change of user clears the tie, so this comes last."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(1)


def main() -> None:
    """Do what the module says."""
    mode, number, parent, *program = sys.argv[1:]
    if sys.platform == "linux":
        # Now: as nobody we may not be able to read Python's own library any more.
        import ctypes  # noqa: F401
    if mode == "namespace":
        enter_namespace()
    elif mode == "setuid":
        become_nobody()
    if int(number) and sys.platform == "linux":
        tie_to(int(parent), int(number))
    # Python ignores SIGPIPE, and what is ignored stays ignored across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execv(program[0], program)
    except OSError as error:
        sys.exit(f"cannot run {program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
