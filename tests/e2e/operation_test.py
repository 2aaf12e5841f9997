"""What an operator does to the daemon: check a configuration, stop it, lose it."""

import contextlib
import pathlib
import re
import signal
import sqlite3
import subprocess

import pytest
from daemon import CONTROL, DAEMON
from processes import wait_for
from sipp import finish

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_configuration_of_the_readme_is_valid(tmp_path):
    config = tmp_path / "causeway.toml"
    config.write_text(re.search(r"```toml\n(.*?)```", README.read_text(), re.DOTALL).group(1))
    subprocess.run([DAEMON, "-c", "-f", config], check=True, timeout=10)


@pytest.mark.parametrize("how", ["sigterm", "causewayctl"])
def test_drain_lets_calls_end_and_takes_no_new_ones(gateway, party, how):
    """New calls get 503 (RFC 3261 section 21.5.4); the daemon, and the command, end by themselves with the last call."""
    callee = party(gateway, "callee", duration=3000)
    caller = party(gateway, "caller")
    caller.logged(r"audio (\d+)")  # answered
    if how == "sigterm":
        command = gateway.process
        command.send_signal(signal.SIGTERM)
    else:
        command = subprocess.Popen([CONTROL, "--socket", gateway.socket, "drain"], stdout=subprocess.PIPE)
    wait_for(lambda: gateway.status()["draining"], "draining gateway")
    refused = party(gateway, "caller_refused")
    finish(refused)
    assert refused.logged(r"status (\d+)") == "503"
    assert gateway.running() and command.poll() is None and gateway.status()["calls"] == 1
    finish(caller, callee)
    assert gateway.wait() == 0
    assert command.wait(timeout=10) == 0
    if how == "causewayctl":
        assert command.communicate()[0] == b"draining: 1 calls left\n"
    assert sorted(record["status"] for record in gateway.records(attempts=2)) == [200, 503]


def test_record_of_a_running_call_outlives_a_killed_gateway(gateway, party):
    """The start of a record is in the journal before the INVITE leaves."""
    callee = party(gateway, "callee_ringing")
    party(gateway, "caller")
    wait_for(lambda: callee.messages.exists() and "INVITE" in callee.messages.read_text(), "INVITE at the callee")
    gateway.process.kill()
    gateway.exit_code = -signal.SIGKILL
    gateway.wait()
    saved = gateway.folder / "saved.sqlite"
    subprocess.run([CONTROL, "cdr", "import", gateway.journal, saved], check=True, timeout=10)
    with contextlib.closing(sqlite3.connect(saved)) as database:
        records = database.execute("SELECT caller, callee, state, end_time FROM cdr").fetchall()
    assert records == [("100", "200", "lost", None)]
