"""causeway-card on the simulated card: what is there, whether it works, and that whatever is lost is a clear error within
its deadline, with nothing left of it."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest
from card import BUILD, ROOT, SIM, XCLBIN, needs_card

pytestmark = needs_card

TOOL = BUILD / "bin" / "causeway-card"
NO_CARD = 2


def descendants(pid):
    """Process numbers of all that a process has started and that runs, by name."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                name, rest = (entry / "stat").read_text().split(" (", 1)[1].rsplit(") ", 1)
                state, parent = rest.split()[:2]
                if state != "Z":
                    children.setdefault(int(parent), []).append((int(entry.name), name))
    found, next_ones = {}, [pid]
    while next_ones:
        for child, name in children.get(next_ones.pop(), []):
            found[name] = child
            next_ones.append(child)
    return found


def runs(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    return False


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.005)
    return result


class Tool:
    """A running causeway-card."""

    def __init__(self, *words, **knobs):
        variables = {f"CAUSEWAY_CARD_{name.upper()}": str(value) for name, value in knobs.items()}
        self.process = subprocess.Popen([str(TOOL), *map(str, words)], env={**os.environ, **variables}, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.started = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        left = [pid for pid in self.started.values() if not wait_for(lambda pid=pid: not runs(pid), 5)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        folders = list(pathlib.Path("/tmp").glob(f"causeway-card-{self.process.pid}-*"))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        assert not left, f"processes outlived causeway-card: {left}"
        assert not folders, f"folders outlived causeway-card: {folders}"

    def wait_until_busy(self):
        """Until the model works on batches."""
        def all_there():
            self.started = descendants(self.process.pid)
            return "causeway-model" in self.started
        assert wait_for(all_there), self.started
        assert wait_for(lambda: any(unit["batches"] for card in counters() for unit in card["units"]
                                    if card["process"] in self.started.values()))

    def end(self, timeout=30):
        output, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, errors


def run(*words, timeout=30, **knobs):
    with Tool(*words, **knobs) as tool:
        return tool.end(timeout)


def counters():
    return json.loads(subprocess.run([TOOL, "top", "--once", "--json"], capture_output=True, check=True, timeout=10).stdout)


def test_examine_says_what_is_there():
    status, output, errors = run("examine", "--json", "-x", XCLBIN)
    assert status == 0, errors
    there = json.loads(output)
    assert there["emulated"] and there["compute_units"] == 2 and there["kernel"] == "media"
    assert there["device"] == "causeway_simulated_card"
    status, output, errors = run("examine", "-x", XCLBIN)
    assert status == 0 and "2 compute units" in output, errors


@pytest.mark.parametrize("knobs", [{}, {"latency": "0-0", "stall": 0}, {"latency": "1-200", "stall": 50, "seed": 3}])
def test_validate_tries_every_function_on_every_unit(knobs):
    status, output, errors = run("validate", "--json", "-n", 150, "-x", XCLBIN, **knobs)
    assert status == 0, errors
    result = json.loads(output)
    assert result["right"]
    verdicts = {(trial["function"], trial["unit"]): trial["verdict"] for trial in result["trials"]}
    functions = {"loopback": "right", "context": "right", "packet": "right", "tick": "unsupported"}
    assert verdicts == {(function, unit): verdict for function, verdict in functions.items() for unit in (0, 1)}


def test_waveforms_are_written_on_demand(tmp_path):
    status, _, errors = run("validate", "-n", 5, "-x", XCLBIN, "--trace", tmp_path / "waves")
    assert status == 0, errors
    assert (tmp_path / "waves.media_1.fst").stat().st_size > 1000


@pytest.mark.parametrize("units", [1, 4])
def test_a_card_has_as_many_units_as_its_xclbin_says(units, tmp_path):
    text = (ROOT / "kernels" / "media.toml").read_text()
    (tmp_path / "media.toml").write_text(re.sub(r"compute_units = \d+", f"compute_units = {units}", text))
    xclbin = tmp_path / "media.xclbin"
    subprocess.run([SIM / "xclbin" / "causeway-xclbin", tmp_path / "media.toml", SIM / "card" / "causeway-simulated-card", xclbin],
                   check=True, timeout=10)
    for name in "xrt", "xrt.ini", "emconfig.json":
        (tmp_path / name).symlink_to(SIM / name)
    status, output, errors = run("validate", "--json", "-n", 40, "-x", xclbin)
    assert status == 0, errors
    trials = json.loads(output)["trials"]
    assert {trial["unit"] for trial in trials if trial["verdict"] == "right"} == set(range(units))


def test_the_clock_stands_still_while_nothing_is_done():
    """The user is stopped; when the batches that it had handed over are done, the model uses no time any more."""
    with Tool("validate", "-n", 100000, "-x", XCLBIN) as tool:
        tool.wait_until_busy()
        os.kill(tool.process.pid, signal.SIGSTOP)

        def used():
            return sum(map(int, pathlib.Path(f"/proc/{tool.started['causeway-model']}/stat").read_text().split()[13:15]))

        def idle():
            before = used()
            time.sleep(0.3)
            return used() - before <= 1  # of 30 ticks
        assert used() > 0
        assert wait_for(idle)
        tool.process.send_signal(signal.SIGCONT)


def test_top_shows_what_another_program_does():
    with Tool("validate", "-n", 100000, "-x", XCLBIN) as tool:
        tool.wait_until_busy()
        card = next(card for card in counters() if card["process"] in tool.started.values())
        assert card["state"] == "ready" and len(card["units"]) == 2
        busy = card["units"][0]
        assert busy["packets"] > 0 and busy["octets_in"] >= busy["octets_out"] > 0 and busy["cycles"] > 0


@pytest.mark.parametrize("fault, deadline, told", [
    ("hang@4", 500, "a run has not ended within 500 ms"),
    ("ones@1", 500, "a run has not ended within 500 ms"),
    ("lost-writes@4", 10000, "without a completion header"),
    ("stale@4", 10000, "came back as batch"),
    ("model-dies@4", 10000, "without a completion header"),
    ("card-dies@4", 10000, "without a completion header"),
])
def test_a_lost_card_is_a_clear_error(fault, deadline, told):
    status, _, errors = run("validate", "-n", 2000, "--run-deadline", deadline, "-x", XCLBIN, timeout=20, fault=fault)
    assert status == NO_CARD, errors
    assert errors.count("\n") == 1 and told in errors


@pytest.mark.parametrize("victim, told", [
    ("causeway-model", "completion header"),
    ("causeway-sim", "completion header"),
    ("causeway-card-e", "process killed by signal 9"),
])
def test_a_process_that_is_killed_in_mid_run_is_a_clear_error(victim, told):
    with Tool("validate", "-n", 100000, "-x", XCLBIN) as tool:
        tool.wait_until_busy()
        os.kill(tool.started[victim], signal.SIGKILL)
        status, _, errors = tool.end(timeout=15)
        assert status == NO_CARD and told in errors, errors


def test_a_process_that_hangs_is_a_clear_error():
    with Tool("validate", "-n", 100000, "-x", XCLBIN) as tool:
        tool.wait_until_busy()
        os.kill(tool.started["causeway-card-e"], signal.SIGSTOP)
        status, _, errors = tool.end(timeout=15)
        assert status == NO_CARD and "hangs" in errors, errors


def test_nothing_is_left_of_a_user_that_is_killed():
    with Tool("validate", "-n", 100000, "-x", XCLBIN) as tool:
        tool.wait_until_busy()
        tool.process.kill()  # the rest is asserted when the tool is left
        folder = pathlib.Path(f"/tmp/causeway-card-{tool.process.pid}-")
        assert wait_for(lambda: not list(folder.parent.glob(folder.name + "*")), 5)


def test_a_card_that_does_not_open_is_a_clear_error():
    """Its memory takes 5 million cycles to answer."""
    with Tool("examine", "--start-deadline", 700, "-x", XCLBIN, latency="5000000-5000000") as tool:
        status, _, errors = tool.end(timeout=15)
        assert status == NO_CARD and "did not open within 700 ms" in errors, errors


def for_a_card(folder):
    """An xclbin that is not for hw_emu."""
    octets = bytearray(XCLBIN.read_bytes())
    octets[332] = 0  # m_mode of its header
    path = folder / "card.xclbin"
    path.write_bytes(octets)
    return path


def with_another_kernel(folder):
    """An xclbin whose simulated card is there, but which has no kernel media."""
    path = folder / "other.xclbin"
    path.write_bytes(XCLBIN.read_bytes().replace(b'kernel name="media"', b'kernel name="adiem"')
                     .replace(b"media:media_", b"adiem:media_"))
    (folder / "xrt").symlink_to(XCLBIN.parent / "xrt")
    shutil.copy(XCLBIN.parent / "emconfig.json", folder)
    shutil.copy(XCLBIN.parent / "xrt.ini", folder)
    return path


def cut_short(folder):
    path = folder / "short.xclbin"
    path.write_bytes(XCLBIN.read_bytes()[:1000])
    return path


def of_another_format(folder):
    path = folder / "text.xclbin"
    path.write_text("hello\n" * 100)
    return path


def without_its_card(folder):
    return shutil.copy(XCLBIN, folder / "alone.xclbin")


@pytest.mark.parametrize("make, told", [
    (for_a_card, "there is no card 0"),
    (with_another_kernel, 'has no kernel "media"'),
    (cut_short, "is cut short"),
    (of_another_format, "is no xclbin"),
    (without_its_card, "libxrt_hwemu.so.2 is not there"),
    (lambda folder: folder, "is a folder"),
    (lambda folder: folder / "none.xclbin", "No such file or directory"),
])
def test_a_wrong_xclbin_is_a_clear_error(make, told, tmp_path):
    status, _, errors = run("examine", "-x", make(tmp_path))
    assert status == NO_CARD and told in errors, errors


@pytest.mark.parametrize("device, told", [("7", "there is no card 7"), ("0000:65:00.1", "card 0000:65:00.1 cannot be opened")])
def test_a_card_that_is_not_there_is_a_clear_error(device, told):
    status, _, errors = run("examine", "-x", XCLBIN, "-d", device)
    assert status == NO_CARD and told in errors, errors


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_no_permission_is_a_clear_error(tmp_path):
    path = pathlib.Path("/tmp") / f"causeway-test-{os.getpid()}.xclbin"
    tool = pathlib.Path("/tmp") / f"causeway-test-{os.getpid()}"
    try:
        shutil.copy(TOOL, tool)
        path.touch(mode=0o600)
        done = subprocess.run([tool, "examine", "-x", path, "--engine", "/bin/true"], user=65534, group=65534, extra_groups=[],
                              capture_output=True, text=True, timeout=10)
    finally:
        path.unlink(missing_ok=True)
        tool.unlink(missing_ok=True)
    assert done.returncode == NO_CARD and "Permission denied" in done.stderr, done.stderr


def test_the_command_line_is_checked():
    assert run("examine")[0] == 3
    assert run("dance")[0] == 3
