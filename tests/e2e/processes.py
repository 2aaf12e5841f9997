"""Programs that a test runs beside itself, and waiting for what they do. Loopback only."""

import ctypes
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

# Trunks are told apart by address, so each party has its own of the loopback network.
GATEWAY = "127.0.0.1"
CALLER = "127.0.0.2"
CALLEE = "127.0.0.3"


def wait_for(condition, what, seconds=10.0):
    """Returns the first true value of condition(); fails by the name of what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {seconds} s")
        time.sleep(0.01)  # between two looks at the condition


handed_out = set()  # (address, port): two that ask before they bind must not get the same


def free_ports(address, count):
    """The first of `count` consecutive ports, even, that UDP and TCP can bind now: below the range from
    which the kernel hands out ports by itself. Many have a range of their own, which the few leave in one piece."""
    low, high = (10000, 20000) if count > 500 else (20000, 32000)
    for _ in range(100):
        first = random.randrange(low, high - count, 2)
        wanted = {(address, port) for port in range(first, first + count)}
        if wanted & handed_out:
            continue
        sockets = []
        try:
            for port in range(first, first + count):
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    sockets.append(socket.socket(socket.AF_INET, kind))
                    sockets[-1].bind((address, port))
            handed_out.update(wanted)
            return first
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise OSError(f"no {count} free ports in a row")


def udp_is_bound(address, port):
    """Whether some socket is bound to the UDP port of the address."""
    wanted = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1] == wanted for line in list(table)[1:])


def adopt_orphans():
    """Programs whose parent has ended become children of this one."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


class Orphan:
    """A child that another program has started, as subprocess.Popen has its own."""

    def __init__(self, pid):
        self.pid = pid
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=30.0):
        wait_for(lambda: self.poll() is not None, f"end of process {self.pid}", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


class Process:
    """A program in a folder of its own; what it prints is kept there, and shown where a test fails."""

    def __init__(self, arguments, folder, name, environment=None):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.output = self.folder / f"{name}.out"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                arguments,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )

    def said(self):
        return self.output.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def wait(self, seconds=30.0):
        """The exit code, once it ends by itself."""
        return self.process.wait(timeout=seconds)

    def stop(self, seconds=10.0):
        """Asks it to end (SIGTERM), then ends it; the exit code."""
        if self.running():
            self.process.terminate()
            try:
                self.process.wait(timeout=seconds)
            except (subprocess.TimeoutExpired, TimeoutError):
                self.process.kill()
                self.process.wait()
        return self.process.returncode
