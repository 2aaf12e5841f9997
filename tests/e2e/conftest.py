"""The fixtures of the system tests: speech, and a gateway that must have given everything back when a test ends."""

import dataclasses
import pathlib
import subprocess
import wave

import pytest
from daemon import Gateway
from processes import CALLEE, CALLER, free_ports
from sipp import Sipp


@dataclasses.dataclass
class Speech:
    wav: pathlib.Path  # 16 bit, 8 kHz
    reversed_wav: pathlib.Path
    pcmu: bytes


@pytest.fixture(scope="session")
def speech(tmp_path_factory):
    """Some seconds of a voice, so that no part of it is like another."""
    folder = tmp_path_factory.mktemp("speech")
    text = "Causeway carries this sentence from one side of the call to the other: one, two, three, four, five."
    subprocess.run(["espeak-ng", "-v", "en", "-w", folder / "spoken.wav", text], check=True)
    phone_rate = ["-r", "8000", "-c", "1", "-b", "16"]
    subprocess.run(["sox", "-D", folder / "spoken.wav", *phone_rate, folder / "speech.wav", "rate"], check=True)
    subprocess.run(["sox", folder / "speech.wav", folder / "reversed.wav", "reverse"], check=True)
    pcmu = ["-t", "raw", "-e", "mu-law", "-b", "8", folder / "speech.ul"]
    subprocess.run(["sox", "-D", folder / "speech.wav", *pcmu], check=True)
    with wave.open(str(folder / "speech.wav")) as sound:
        assert sound.getnframes() > 4 * 8000, "too short to be a test"
    return Speech(folder / "speech.wav", folder / "reversed.wav", (folder / "speech.ul").read_bytes())


@pytest.fixture
def make_gateway(tmp_path):
    """Starts a gateway; options as of Gateway, and `callee_ports`, how many ports in a row the callee takes."""
    started = []

    def make(callee_ports=2, **options):
        gateway = Gateway(tmp_path / "gateway", free_ports(CALLEE, callee_ports), **options)
        started.append(gateway)
        return gateway

    yield make
    for gateway in started:
        try:
            if gateway.running():
                gateway.check_nothing_is_left()
        finally:
            exit_code = gateway.stop()
            print(gateway.said())  # pytest shows it where the test failed
        assert exit_code == gateway.exit_code
        assert not gateway.sanitizer_reports()


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()


@pytest.fixture
def talk():
    """Starts talks; one caller and one callee for all of them."""
    from talk import Talk, causeway  # only where it is used: a module built under sanitizers cannot be loaded

    endpoints = {}

    def start(gateway, seed, seconds=4, srtp="off"):
        if not endpoints:
            endpoints["caller"] = causeway.Endpoint("caller", address=CALLER, srtp=srtp)
            endpoints["callee"] = causeway.Endpoint("callee", address=CALLEE, port=gateway.callee_port, srtp=srtp)
        return Talk(endpoints["caller"], endpoints["callee"], gateway, seed, seconds)

    yield start
    for endpoint in endpoints.values():
        endpoint.close()


@pytest.fixture
def party(tmp_path):
    """Starts callers and callees by scenario; ends what a failed test leaves running."""
    started = []

    def start(gateway, scenario, **options):
        if scenario.startswith("callee") or scenario == "uas":
            sipp = Sipp(scenario, tmp_path, CALLEE, gateway.callee_port, **options)
        else:
            sipp = Sipp(scenario, tmp_path, CALLER, free_ports(CALLER, 2), to=gateway.port, **options)
        started.append(sipp)
        return sipp

    yield start
    for sipp in started:
        sipp.stop()
        print(sipp.traces())  # pytest shows them where the test failed
