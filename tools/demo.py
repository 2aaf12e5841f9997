"""The call of tools/demo. Run that: it builds what this needs."""

import collections
import json
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import causeway

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build" / "release"
DAEMON = BUILD / "host" / "gateway" / "causeway"
CONTROL = BUILD / "tools" / "causewayctl" / "causewayctl"
# Trunks are told apart by address, so each party has its own of the loopback network.
GATEWAY, CALLER, CALLEE = "127.0.0.1", "127.0.0.2", "127.0.0.3"
NUMBER = "2000"

CONFIG = """
[gateway]
drain_limit = "1s"

[[listener]]
name = "sip"
address = "udp:{gateway}:0"

[[media]]
address = "{gateway}"
ports = "{first}-{last}"

[[trunk]]
name = "secured"
sources = ["{caller}"]
srtp = "mandatory"

[[trunk]]
name = "plain"
target = "{target}"
srtp = "off"

[[route]]
prefix = "2"
trunk = "plain"

[cdr]
directory = "{folder}/cdr"
database = "{folder}/cdr.sqlite"

[control]
socket = "{folder}/control.sock"
"""


class Failure(Exception):
    """Why the demonstration did not succeed."""


def free_media_ports(count):
    """The first of so many free ports in a row, even."""
    for _ in range(100):
        first = random.randrange(20000, 30000, 2)
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        try:
            for port, one in enumerate(sockets, first):
                one.bind((GATEWAY, port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise Failure(f"no {count} free ports in a row on {GATEWAY}")


def speak(folder, name, text):
    """A spoken sentence as mu-law octets, whole frames of 20 ms."""
    spoken, narrow = folder / f"{name}-spoken.wav", folder / f"{name}.wav"
    subprocess.run(["espeak-ng", "-v", "en", "-w", spoken, text], check=True)
    subprocess.run(["sox", "-D", spoken, "-r", "8000", "-c", "1", "-b", "16", narrow, "rate"], check=True)
    voice = causeway.read_wav(narrow)
    return voice + b"\xff" * (-len(voice) % 160)


class Daemon:
    """The gateway in a process of its own."""

    def __init__(self, folder, target):
        first = free_media_ports(8)
        config = folder / "causeway.toml"
        config.write_text(
            CONFIG.format(gateway=GATEWAY, caller=CALLER, target=target, folder=folder, first=first, last=first + 7)
        )
        self.socket = folder / "control.sock"
        self.log = collections.deque(maxlen=200)
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            [DAEMON, "-E", "-f", config], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.log.append(line)
            if " ready: " in line:
                self.ready.set()
        self.ready.set()  # it ended

    def address(self):
        """Of its listener, once it is ready."""
        if not self.ready.wait(30) or self.process.poll() is not None:
            raise Failure("the gateway did not start")
        said = subprocess.run([CONTROL, "-s", self.socket, "--json", "status"], capture_output=True, check=True)
        return json.loads(said.stdout)["listeners"][0]["local"]

    def stop(self):
        """Lets it drain and end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join()
        return code


def message_name(text):
    """The start line in short, with a mark where SDP goes along."""
    first = text.split("\r\n", 1)[0]
    if first.startswith("SIP/2.0 "):
        name = first[8:]
    else:
        name = first.split(" ", 1)[0]
    return name + (" (SDP)" if "application/sdp" in text else "")


def arrow(name, rightwards, width=32):
    line = f" {name} ".center(width - 1, "-")
    return line + ">" if rightwards else "<" + line


def print_ladder(caller, callee, caller_opened, callee_opened):
    steps = []
    for trace, opened, left in ((caller.trace(), caller_opened, True), (callee.trace(), callee_opened, False)):
        for message in trace:
            rightwards = (message.way == "sent") == left
            steps.append((opened + message.at, left, arrow(message_name(message.text), rightwards)))
    steps.sort(key=lambda step: step[0])
    print(f"\n{'ms':>7}  {'A caller (SRTP)':<29}{'gateway':^9}{'B callee (RTP)':>29}")
    for at, left, drawn in steps:
        first, second = (drawn, "") if left else ("", drawn)
        print(f"{1000 * (at - steps[0][0]):7.1f}  |{first:32}|{second:32}|")


def clock(milliseconds):
    if milliseconds is None:
        return "-"
    return time.strftime("%H:%M:%S", time.gmtime(milliseconds / 1000)) + f".{milliseconds % 1000:03d}"


def print_records(database):
    """The call detail record and the figures of each media context, from the gateway's own database."""
    rows = sqlite3.connect(database)
    rows.row_factory = sqlite3.Row
    records = rows.execute("SELECT * FROM cdr").fetchall()
    if len(records) != 1:
        raise Failure(f"{len(records)} call detail records, one wanted")
    (record,) = records
    print("\ncall detail record")
    for key in ("call_id", "caller", "callee", "source_trunk", "target_trunk", "target_call_id"):
        print(f"  {key:<16}{record[key]}")
    for key in ("start_time", "ring_time", "answer_time", "end_time"):
        print(f"  {key:<16}{clock(record[key])}")
    print(f"  {'duration':<16}{record['duration_ms']} ms, {record['billable_ms']} ms answered")
    print(f"  {'result':<16}{record['status']} {record['reason']}, ended by the {record['ended_by']}")

    print("\nmedia contexts")
    head = ("leg", "packets in", "out", "lost", "jitter ms", "codec", "cipher", "engine")
    form = "  {:<8}{:>11}{:>8}{:>6}{:>11}  {:<11}{:<25}{}"
    print(form.format(*head))
    contexts = rows.execute("SELECT * FROM cdr_media ORDER BY line").fetchall()
    for m in contexts:
        jitter = f"{m['jitter_us'] / 1000:.2f}"
        print(
            form.format(
                m["leg"], m["packets_received"], m["packets_sent"], m["packets_lost"], jitter, m["codec"], m["suite"],
                m["engine"],
            )
        )
    if len(contexts) != 2:
        raise Failure(f"{len(contexts)} media contexts, two wanted")


def compare(way, sent, heard):
    if heard == sent:
        print(f"audio {way}: {len(sent)} octets, identical")
        return True
    same = next((i for i, (a, b) in enumerate(zip(sent, heard)) if a != b), min(len(sent), len(heard)))
    print(f"audio {way}: {len(sent)} octets sent, {len(heard)} received, DIFFERENT from octet {same} on")
    return False


def talk(caller, callee, address, there, back):
    """One call from its first message to its last; the octets that arrived at the callee and at the caller."""
    print(f"== call: alice, {caller.address}, calls {NUMBER} through {address}", flush=True)
    callee.policy(ring=180, status=200, after=0.3)
    call = caller.call(f"sip:{NUMBER}@{address}")
    call.wait_answered()  # first: where the gateway refuses the call, this says with what status
    answered = callee.wait_incoming()
    answered.wait_answered()
    print(f"== voice: {len(there) / 8000:.1f} s there, {len(back) / 8000:.1f} s back", flush=True)
    call.play(there)
    answered.play(back)
    call.wait_played()
    answered.wait_played()
    answered.wait_recorded(len(there), timeout=5)
    call.wait_recorded(len(back), timeout=5)
    call.hang_up()
    call.wait_ended()
    answered.wait_ended()
    return answered.recorded(), call.recorded()  # now, so that what came too much counts as well


def demonstrate(folder):
    print("== speech", flush=True)
    there = speak(folder, "caller", "Good morning. This call is encrypted on my side of the gateway.")
    back = speak(folder, "callee", "Good morning. On my side it is plain, and nothing of yours is shown to me.")

    caller_opened = time.monotonic()
    with causeway.Endpoint(user="alice", display_name="Alice", address=CALLER, srtp="mandatory") as caller:
        callee_opened = time.monotonic()
        with causeway.Endpoint(user="bob", address=CALLEE) as callee:
            daemon = Daemon(folder, callee.address)
            try:
                heard_there, heard_back = talk(caller, callee, daemon.address(), there, back)
                code = daemon.stop()
                print_ladder(caller, callee, caller_opened, callee_opened)
                if code != 0:
                    raise Failure(f"the gateway ended with {code}")
                print_records(folder / "cdr.sqlite")
                print()
                same = [compare("A->B", there, heard_there), compare("B->A", back, heard_back)]
                if not all(same):
                    raise Failure("what arrived is not what was sent")
            except BaseException:  # an interrupt too: nothing that was started is left running
                daemon.stop()
                sys.stdout.flush()
                print("\nlog of the gateway:", "".join(daemon.log), sep="\n", file=sys.stderr)
                raise


def main():
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))  # by way of all that cleans up
    with tempfile.TemporaryDirectory(prefix="causeway-") as folder:
        try:
            demonstrate(pathlib.Path(folder))
        except (Failure, causeway.CallError, TimeoutError, OSError, subprocess.CalledProcessError) as error:
            print(f"\ndemo: FAILED: {error}", file=sys.stderr)
            return 1
    print("\ndemo: the call came about, and every octet of voice arrived as it was sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
