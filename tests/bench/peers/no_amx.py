"""Takes AMX from the calling process: the kernel's permission for tile state is refused by a seccomp filter.

A library may use AMX only after arch_prctl(ARCH_REQ_XCOMP_PERM); onnxruntime has no switch against it, but asks. The
filter answers EPERM to that one request and lets every other system call pass. Linux on x86-64 only; not to be undone.
"""

import ctypes
import errno
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
RETURN_ALLOW, RETURN_ERRNO = 0x7FFF0000, 0x00050000
AUDIT_ARCH_X86_64 = 0xC000003E
SYS_ARCH_PRCTL, ARCH_REQ_XCOMP_PERM = 158, 0x1023
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
OFFSET_NUMBER, OFFSET_ARCH, OFFSET_ARGUMENT_0 = 0, 4, 16

PROGRAM = [
    (LOAD, 0, 0, OFFSET_ARCH),
    (JUMP_IF_EQUAL, 0, 5, AUDIT_ARCH_X86_64),
    (LOAD, 0, 0, OFFSET_NUMBER),
    (JUMP_IF_EQUAL, 0, 3, SYS_ARCH_PRCTL),
    (LOAD, 0, 0, OFFSET_ARGUMENT_0),
    (JUMP_IF_EQUAL, 0, 1, ARCH_REQ_XCOMP_PERM),
    (RETURN, 0, 0, RETURN_ERRNO | errno.EPERM),
    (RETURN, 0, 0, RETURN_ALLOW),
]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def refuse_amx():
    """Returns whether the filter is in place."""
    if platform.machine() != "x86_64":
        return False
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in PROGRAM)
    program = _Program(len(PROGRAM), code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    return (
        prctl(PR_SET_NO_NEW_PRIVS, 1, None, 0, 0) == 0
        and prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0) == 0
    )
