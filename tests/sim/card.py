"""Where the simulated card lies, and programs that run on it: each in a folder, a process group and a time of its own, and
nothing of it is left when it has ended."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("CAUSEWAY_BUILD", "build/release")
SIM = BUILD / "sim"
XCLBIN = SIM / "media.hw_emu.xclbin"
PROBE = BUILD / "tests" / "sim" / "xrt_probe"

needs_card = pytest.mark.skipif(not XCLBIN.exists(), reason="the simulated card is not built")


@contextlib.contextmanager
def run_folder():
    """A folder below /tmp, which also takes the sockets that XRT makes in /tmp/$USER."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-card-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def environment(folder, **knobs):
    """What XRT needs in order to find the simulated card; `knobs` are those of sim/card/knobs.hpp."""
    return {
        **os.environ,
        "XCL_EMULATION_MODE": "hw_emu",
        "XILINX_XRT": str(SIM / "xrt"),
        "XRT_INI_PATH": str(SIM / "xrt.ini"),
        "EMCONFIG_PATH": str(SIM),
        "SDACCEL_EM_RUN_DIR": str(folder),
        "USER": folder.name,
        **{f"CAUSEWAY_CARD_{name.upper()}": str(value) for name, value in knobs.items()},
    }


def processes_of(folder):
    """Process numbers of all that has `folder` in its environment: XRT's process, the card's and the model's."""
    found = []
    mark = f"SDACCEL_EM_RUN_DIR={folder}".encode()
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def wait_until_gone(folder, seconds=5):
    """The processes of `folder` that are still there after that time."""
    end = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < end:
        time.sleep(0.01)
    return left


def run(*command, timeout=60, **knobs):
    """Runs a program on a card of its own. Returns its exit status and output; fails where a process outlives it."""
    with run_folder() as folder:
        process = subprocess.Popen([str(word) for word in command], env=environment(folder, **knobs), cwd=folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=timeout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            left = wait_until_gone(folder)
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert not left, f"processes outlived {command}: {output}"
        return process.returncode, output
