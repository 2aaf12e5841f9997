"""The daemon under a service manager: the unit, its user, what an installation holds, and the notifications of sd_notify(3)."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
from daemon import BUILD, DAEMON
from processes import wait_for
from sipp import finish

WATCHDOG = 0.4  # seconds within which the manager wants a sign of life


class Manager:
    """A service manager, as far as notifications go."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.messages = []  # (time, {variable: value})
        self.thread = threading.Thread(target=self._receive)
        self.thread.start()

    @property
    def environment(self):
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6))}

    def _receive(self):
        # A descriptor that comes along (BARRIER=1) is not taken, so the kernel closes it: the sender goes on.
        while text := self.socket.recv(4096).decode():
            self.messages.append((time.monotonic(), dict(line.split("=", 1) for line in text.splitlines())))

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(self.path))
        self.thread.join()
        self.socket.close()

    def heard(self, name, after=0):
        """The messages with that variable, from the one of number `after`."""
        return [values for _, values in self.messages[after:] if name in values]

    def wait(self, name, after=0):
        return wait_for(lambda: self.heard(name, after), f"{name} of the daemon")[0]

    def states(self, after=0):
        """What was said besides being alive, in order."""
        names = ("READY", "RELOADING", "STOPPING", "MAINPID")
        return [name for _, values in self.messages[after:] for name in names if name in values]


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def managed(make_gateway, manager):
    return make_gateway(environment=manager.environment)


def test_ready_is_said_once_it_listens_and_life_from_then_on(managed, manager):
    assert manager.wait("READY")["STATUS"] == "0 of 10000 calls"
    managed.status()  # it answers
    for signs in range(3):
        manager.wait("WATCHDOG", len(manager.messages))
    assert manager.states() == ["READY"]


def test_daemon_that_cannot_start_is_never_ready(managed, manager):
    manager.wait("READY")
    heard = len(manager.heard("READY"))
    config = managed.folder / "second.toml"
    config.write_text(managed.config.read_text().replace("/cdr", "/second").replace(".sock", ".second"))
    second = subprocess.run([DAEMON, "-f", config], env={**os.environ, **manager.environment}, timeout=10)
    assert second.returncode == 3, "the port is in use"
    assert len(manager.heard("READY")) == heard


@pytest.mark.parametrize("how", ["signal", "command", "wrong file"])
def test_reload_is_announced_and_over_when_it_is(managed, manager, how):
    manager.wait("READY")
    before = len(manager.messages)
    if how == "wrong file":
        managed.config.write_text(managed.config.read_text() + "[weather]\n")
    if how == "command":
        managed.control("reload")
    else:
        managed.process.send_signal(signal.SIGHUP)
    manager.wait("READY", before)
    assert manager.states(before) == ["RELOADING", "READY"]
    began = int(manager.heard("RELOADING", before)[0]["MONOTONIC_USEC"]) / 1e6
    assert 0 <= time.clock_gettime(time.CLOCK_MONOTONIC) - began < 60


@pytest.mark.parametrize("how", ["signal", "command"])
def test_stopping_is_said_while_the_last_call_goes_on(managed, manager, party, how):
    callee = party(managed, "callee", duration=2500)
    caller = party(managed, "caller")
    caller.logged(r"audio (\d+)")  # answered
    if how == "command":
        managed.control("drain", "--no-wait")
    else:
        managed.process.send_signal(signal.SIGTERM)
    stopping = manager.wait("STOPPING")
    assert int(stopping["EXTEND_TIMEOUT_USEC"]) > 600e6, "more than the ten minutes of gateway.drain_limit"
    at = len(manager.messages)
    assert manager.wait("WATCHDOG", at)["STATUS"] == "Ends with the last call: 1 of 10000 calls"
    finish(caller, callee)
    assert managed.wait() == 0
    assert manager.states() == ["READY", "STOPPING"]


def test_restart_names_the_new_main_process_which_is_alive_from_the_start(managed, manager, party):
    callee = party(managed, "callee", duration=1500)
    caller = party(managed, "caller")
    caller.logged(r"audio (\d+)")  # answered
    before = len(manager.messages)
    assert managed.restart() == {"calls": 1, "lost": 0}
    assert int(manager.wait("MAINPID", before)["MAINPID"]) == managed.status()["pid"]
    after = len(manager.messages)
    for signs in range(3):  # only the new one is left to give them
        manager.wait("WATCHDOG", len(manager.messages))
    assert manager.states(after) == []
    finish(caller, callee)
    assert sorted(manager.states(before)) == ["MAINPID", "READY"]


def test_restart_that_fails_changes_nothing_for_the_manager(managed, manager):
    manager.wait("READY")
    before = len(manager.messages)
    good = managed.config.read_text()
    managed.config.write_text(good + "[weather]\n")
    with pytest.raises(subprocess.CalledProcessError):
        managed.control("restart")
    managed.config.write_text(good)
    manager.wait("WATCHDOG", len(manager.messages))
    assert manager.states(before) == []


@contextlib.contextmanager
def standing_still(process, name):
    """The thread of that name of a process is stopped, and it alone."""
    attach, detach, of_threads = 16, 17, 0x40000000  # PTRACE_ATTACH, PTRACE_DETACH, __WALL
    threads = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
    (thread,) = [int(each.name) for each in threads if (each / "comm").read_text().strip() == name]
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    if ptrace(attach, thread, None, None) != 0:
        pytest.skip(f"ptrace is not allowed here: {os.strerror(ctypes.get_errno())}")
    os.waitpid(thread, of_threads)
    try:
        yield
    finally:
        ptrace(detach, thread, None, None)


def test_one_stuck_shard_ends_the_signs_of_life(managed, manager):
    manager.wait("WATCHDOG")

    def complaints():
        return managed.said().count("1 of 2 threads do not answer")

    with standing_still(managed.process, "shard 1"):
        wait_for(complaints, "complaint about the shard")
        at = len(manager.messages)
        wait_for(lambda: complaints() >= 5, "more complaints")
        assert manager.heard("WATCHDOG", at) == []
    manager.wait("WATCHDOG", at)


# ---- the unit


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installation below a folder of its own."""
    root = tmp_path_factory.mktemp("root")
    environment = {**os.environ, "DESTDIR": str(root)}
    for part in (".", "host/gateway", "tools/causewayctl"):
        script = BUILD / part / "cmake_install.cmake"
        options = ["-DCMAKE_INSTALL_LOCAL_ONLY=1", "-DCMAKE_INSTALL_DO_STRIP=1", "-P", script]
        subprocess.run(["cmake", *options], env=environment, check=True, capture_output=True)
    return root


def found(root, name):
    (path,) = [path for path in root.rglob(name) if path.is_file()]
    return path


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_installation_is_whole(installed):
    for program in ("causeway", "causewayctl"):
        subprocess.run([found(installed, program), "--version"], check=True, timeout=10)
    subprocess.run([found(installed, "causeway"), "-c", "-f", found(installed, "causeway.toml")], check=True, timeout=10)
    unit = found(installed, "causeway.service").read_text()
    for path in re.findall(r"^Exec\w+=(\S+)|^Documentation=file:(\S+)", unit, re.MULTILINE):
        assert (installed / (path[0] or path[1]).lstrip("/")).is_file(), path
    assert "@" not in re.sub(r"@(system-service|privileged|resources)\b", "", unit), "a path was not filled in"


@needs("systemd-analyze")
def test_unit_is_valid_and_little_exposed(installed, tmp_path):
    unit = tmp_path / "causeway.service"
    text = found(installed, "causeway.service").read_text()
    unit.write_text(re.sub(r"^(Exec\w+=)/", rf"\1{installed}/", text, flags=re.MULTILINE))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    complaints = [line for line in verified.stderr.splitlines() if "causeway" in line]
    assert (verified.returncode, complaints) == (0, []), verified.stderr
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit]
    security = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert security.returncode == 0, security.stdout + security.stderr


@needs("systemd-sysusers")
def test_user_of_the_unit_is_made(installed, tmp_path):
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", found(installed, "causeway.conf")], check=True, timeout=10)
    (entry,) = [line for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("causeway:")]
    assert entry.split(":")[5:] == ["/var/lib/causeway", "/usr/sbin/nologin"]
    groups = dict(line.split(":")[::3] for line in (tmp_path / "etc/group").read_text().splitlines())
    assert groups["render"] == "causeway"
