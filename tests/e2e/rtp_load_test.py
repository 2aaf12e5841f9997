"""The load of tools/bench rtp, for a moment, so that it goes on working: every packet comes back, known again."""

import json
import subprocess

import pytest
from daemon import BUILD
from processes import CALLEE, CALLER, GATEWAY, free_ports

LOAD = BUILD / "tools" / "benchmarks" / "rtp_load"


@pytest.mark.parametrize("options", [[], ["--caller-srtp"], ["--callee-codec", "G722"]], ids=["plain", "srtp", "transcoded"])
def test_the_media_load_gets_its_packets_back(make_gateway, options):
    gateway = make_gateway(
        caller_srtp="optional",
        callee_trunk='profile = "theirs"',
        more='[[profile]]\nname = "theirs"\ntranscode = ["G722"]\n',
    )
    done = subprocess.run(
        [LOAD, "--server", f"{GATEWAY}:{gateway.port}", "--pid", str(gateway.process.pid), "--calls", "4"]
        + ["--caller", f"{CALLER}:{free_ports(CALLER, 2)}", "--callee", f"{CALLEE}:{gateway.callee_port}"]
        + ["--caller-media", f"{CALLER}:{free_ports(CALLER, 2)}", "--callee-media", f"{CALLEE}:{free_ports(CALLEE, 2)}"]
        + ["--rate", "400", "--seconds", "0.5", *options],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    load = json.loads(done.stdout)["load"]
    assert load["received"] == load["sent"] > 0
    assert load["unknown"] == 0
    assert gateway.status()["answered"] == 4
