"""SIPp, an independent SIP implementation, as caller and callee. Its scenarios are in scenarios/."""

import pathlib
import re

from processes import GATEWAY, Process, udp_is_bound, wait_for

SCENARIOS = pathlib.Path(__file__).parent / "scenarios"
BUILT_IN = ("uac", "uas")  # SIPp's own


class Sipp(Process):
    """Calls of one scenario: one, or `calls` of them, `rate` of them a second, with `more` arguments of SIPp. A caller is
    given where to call (`number` at the gateway's port `to`), a callee is not. `audio_port` is what its SDP names where the
    scenario leaves the audio to the test; `keys` are others of its own; `duration` is the time its scenario holds the call, in
    milliseconds."""

    def __init__(
        self,
        scenario,
        folder,
        address,
        port,
        to=None,
        number="200",
        audio_port=4000,
        duration=0,
        calls=1,
        rate=10,
        keys=None,
        more=(),
    ):
        self.log = pathlib.Path(folder) / f"{scenario}.log"
        self.messages = pathlib.Path(folder) / f"{scenario}.messages"
        arguments = ["sipp", "-sn", scenario] if scenario in BUILT_IN else ["sipp", "-sf", SCENARIOS / f"{scenario}.xml"]
        arguments += ["-m", str(calls), "-l", str(calls), "-r", str(rate), "-nostdin"]
        arguments += ["-i", address, "-mi", address, "-p", str(port)]
        arguments += ["-timeout", "40", "-timeout_error", "-d", str(duration)]
        for key, value in {"audio_port": audio_port, **(keys or {})}.items():
            arguments += ["-key", key, str(value)]
        arguments += ["-trace_logs", "-log_file", self.log]
        arguments += ["-trace_err", "-error_file", pathlib.Path(folder) / f"{scenario}.errors"]
        if calls == 1:
            arguments += ["-trace_msg", "-message_file", self.messages]
        if to is not None:
            arguments += ["-s", number, f"{GATEWAY}:{to}"]
        super().__init__([*arguments, *map(str, more)], folder, scenario)
        wait_for(lambda: udp_is_bound(address, port) or not self.running(), f"SIPp on {address}:{port}")

    def logged(self, pattern):
        """What a <log> of the scenario said: the first group of the pattern."""

        def found():
            return self.log.exists() and re.search(pattern, self.log.read_text())

        return wait_for(found, f"'{pattern}' in the log of {self.name}").group(1)

    def traces(self):
        """Messages and errors, for the reader of a failed test."""
        errors = self.messages.with_suffix(".errors")
        return "".join(f"---- {p.name}\n{p.read_text()}" for p in (self.messages, errors) if p.exists())


def finish(*parties):
    """Every scenario went to its end as written."""
    for sipp in parties:
        assert sipp.wait() == 0, f"{sipp.name} failed"
