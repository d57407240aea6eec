"""The filter that keeps AMX from a process, tried in a process of its own."""

import errno
import platform
import subprocess
import sys
import unittest

import package

CHILD = f"""
import ctypes, sys
sys.path.insert(0, {str(package.ROOT / "tests" / "bench")!r})
from peers import no_amx

syscall = ctypes.CDLL(None, use_errno=True).syscall
TILE_DATA, ARCH_GET_FS = 18, 0x1003
placed = no_amx.refuse_amx()
asked = syscall(no_amx.SYS_ARCH_PRCTL, no_amx.ARCH_REQ_XCOMP_PERM, TILE_DATA)
asked_errno = ctypes.get_errno()
base = ctypes.c_uint64()
other = syscall(no_amx.SYS_ARCH_PRCTL, ARCH_GET_FS, ctypes.byref(base))
print(placed, asked, asked_errno, other)
"""


@unittest.skipUnless(platform.machine() == "x86_64" and sys.platform == "linux", "AMX is of x86-64, the filter Linux's")
class NoAmx(unittest.TestCase):
    def test_the_request_for_tiles_is_refused_and_others_of_its_kind_pass(self):
        done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(), ["True", "-1", str(errno.EPERM), "0"])


if __name__ == "__main__":
    unittest.main()
