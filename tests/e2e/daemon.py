"""The daemon under test, with a configuration of its own. CAUSEWAY_BUILD in the environment names the build folder that it is
taken from; the release preset's where it says nothing."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import tempfile

from processes import CALLEE, CALLER, GATEWAY, Orphan, Process, adopt_orphans, free_ports, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("CAUSEWAY_BUILD", "build/release")
DAEMON = BUILD / "host" / "gateway" / "causeway"
CONTROL = BUILD / "tools" / "causewayctl" / "causewayctl"

CONFIG = """
[gateway]
shards = {shards}
media_sockets = "{media_sockets}"
media_threads = {media_threads}
no_answer = "{no_answer}"
[timers]
t1 = "{t1}"
[[listener]]
name = "sip"
address = "udp:{address}:{port}"
[[media]]
address = "{address}"
ports = "{first_media}-{last_media}"
[[trunk]]
name = "callers"
sources = ["{caller}"]
srtp = "{caller_srtp}"
learning = "{learning}"
[[trunk]]
name = "callees"
target = "{callee}:{callee_port}"
srtp = "{callee_srtp}"
learning = "{learning}"
{callee_trunk}
[[route]]
prefix = "2"
trunk = "callees"
[cdr]
directory = "{folder}/cdr"
database = "{folder}/cdr.sqlite"
import_interval = "100ms"
reserve = "{reserve}"
[control]
socket = "{socket}"
[log]
level = "debug"
{more}
"""
MEDIA_PORTS = 40


class Gateway(Process):
    """Calls from the trunk "callers" (any port of CALLER) to numbers that start with 2 go to the trunk
    "callees", at port `callee_port` of CALLEE. `more` is added to the configuration, `callee_trunk` to that trunk's."""

    def __init__(
        self,
        folder,
        callee_port,
        caller_srtp="off",
        callee_srtp="off",
        learning="off",
        no_answer="60s",
        t1="500ms",
        media_ports=MEDIA_PORTS,
        shards=2,
        media_sockets="auto",
        media_threads=0,
        reserve="256MiB",
        callee_trunk="",
        more="",
        program=DAEMON,
        environment=None,
    ):
        folder.mkdir()
        self.callee_port = callee_port
        first = free_ports(GATEWAY, 2 + media_ports)
        self.port = first
        self.journal = folder / "cdr"
        self.database = folder / "cdr.sqlite"
        # A socket's path has 107 octets at most.
        self.run = tempfile.TemporaryDirectory(prefix="causeway-")
        self.socket = pathlib.Path(self.run.name) / "control.sock"
        self.config = folder / "causeway.toml"
        self.config.write_text(
            CONFIG.format(
                no_answer=no_answer,
                t1=t1,
                address=GATEWAY,
                port=self.port,
                first_media=first + 2,
                last_media=first + 1 + media_ports,
                caller=CALLER,
                caller_srtp=caller_srtp,
                callee=CALLEE,
                callee_port=callee_port,
                callee_srtp=callee_srtp,
                learning=learning,
                folder=folder,
                shards=shards,
                media_sockets=media_sockets,
                media_threads=media_threads,
                reserve=reserve,
                callee_trunk=callee_trunk,
                more=more,
                socket=self.socket,
            )
        )
        self.exit_code = 0  # that its end shall have
        self.unrecorded = 0  # attempts refused for want of a place for their records
        super().__init__([program, "-f", self.config], folder, "causeway", environment)
        wait_for(lambda: "ready:" in self.said() or not self.running(), "ready causeway")
        assert self.running(), self.said()

    def restart(self):
        """The daemon again, by causewayctl: what that says. The process before must end well."""
        adopt_orphans()
        answer = self.control("restart")
        assert self.wait(5) == 0
        self.process = Orphan(self.status()["pid"])
        return answer

    def control(self, *command, seconds=10.0):
        """What causewayctl prints with --json."""
        done = subprocess.run(
            [CONTROL, "--socket", self.socket, "--json", *command], check=True, capture_output=True, timeout=seconds
        )
        return json.loads(done.stdout)

    def status(self):
        return self.control("status")

    def calls(self):
        return self.control("calls")

    def _rows(self, query, *values):
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(query, values)]
        finally:
            database.close()

    def records(self, attempts=None):
        """The call records of every attempt so far, with their media by leg, once all have ended. How many
        that are need only be said where the gateway has ended itself."""
        attempts = self.status()["attempts"] - self.unrecorded if attempts is None else attempts

        def all_ended():
            rows = self._rows("SELECT * FROM cdr ORDER BY attempt")
            ended = sum(row["end_time"] is not None for row in rows)
            return (rows,) if len(rows) >= attempts and ended == len(rows) else None

        (rows,) = wait_for(all_ended, f"{attempts} ended call records")
        for row in rows:
            lines = self._rows("SELECT * FROM cdr_media WHERE attempt = ?", row["attempt"])
            row["media"] = {line["leg"]: line for line in lines}
        return rows

    def sanitizer_reports(self):
        """What a build under sanitizers has found, line by line; the first ends the daemon."""
        return re.findall(r".*(?:Sanitizer:|runtime error:).*", self.said())

    def check_nothing_is_left(self):
        """Every call has given back what it took, and every attempt has its one record."""

        def idle():
            status = self.status()
            media = status["media"]
            figures = (status["calls"], status["legs"], media["ports_in_use"])
            return not any(figures + (media["ingresses"], media["egresses"], media["paths"]))

        wait_for(idle, "idle gateway")
        records = self.records()
        assert len(records) == self.status()["attempts"] - self.unrecorded
        assert len({record["attempt"] for record in records}) == len(records)

    def stop(self, seconds=10.0):
        try:
            return super().stop(seconds)
        finally:
            self.run.cleanup()
