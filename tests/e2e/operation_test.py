"""What an operator does to the daemon: check a configuration, stop it, lose it."""

import contextlib
import pathlib
import re
import signal
import sqlite3
import subprocess

from daemon import CONTROL, DAEMON
from processes import wait_for
from sipp import finish

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_configuration_of_the_readme_is_valid(tmp_path):
    config = tmp_path / "causeway.toml"
    config.write_text(re.search(r"```toml\n(.*?)```", README.read_text(), re.DOTALL).group(1))
    subprocess.run([DAEMON, "-c", "-f", config], check=True, timeout=10)


def test_sigterm_lets_calls_end_and_takes_no_new_ones(gateway, party):
    """New calls get 503 (RFC 3261 section 21.5.4); the daemon ends by itself with the last call."""
    callee = party(gateway, "callee", duration=2000)
    caller = party(gateway, "caller")
    caller.logged(r"audio (\d+)")  # answered
    gateway.process.send_signal(signal.SIGTERM)
    wait_for(lambda: gateway.status()["draining"], "draining gateway")
    refused = party(gateway, "caller_refused")
    finish(refused, caller, callee)
    assert refused.logged(r"status (\d+)") == "503"
    assert gateway.wait() == 0
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
