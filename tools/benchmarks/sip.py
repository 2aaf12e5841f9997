"""Calls through the gateway and, in the same run, through Kamailio as a stateful proxy: CPU time a call, the highest
rate without a failed call or a retransmission, memory. Figures are printed; none is asserted. See tools/bench."""

import argparse
import json
import os
import pathlib
import platform
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "release"
DAEMON = BUILD / "host" / "gateway" / "causeway"
LOAD = BUILD / "tools" / "benchmarks" / "sip_load"
CORE_COST = BUILD / "tools" / "benchmarks" / "core_cost"

# The gateway tells trunks apart by address.
SERVER, CALLER, CALLEE = "127.0.0.1", "127.0.0.2", "127.0.0.3"

CAUSEWAY = """
[gateway]
max_calls = 1000000
[[listener]]
name = "sip"
address = "udp:{server}:{port}"
[[media]]
address = "{server}"
ports = "20000-{last_media}"
[[trunk]]
name = "callers"
sources = ["{caller}"]
[[trunk]]
name = "callees"
target = "{callee}:{callee_port}"
[[route]]
prefix = "2"
trunk = "callees"
[cdr]
directory = "{folder}/cdr"
database = "{folder}/cdr.sqlite"
[control]
socket = ""
[log]
level = "warning"
"""

KAMAILIO = """
debug=0
log_stderror=yes
children=1
auto_aliases=no
disable_tcp=yes
listen=udp:{server}:{port}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        if (!loose_route()) {{ sl_send_reply("404", "Not Here"); exit; }}
        t_relay();
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) t_relay();
        exit;
    }}
    if (!t_newtran()) exit;
    record_route();
    $du = "sip:{callee}:{callee_port}";
    t_relay();
}}
"""


class Interrupted(Exception):
    pass


def free_port(address):
    """Below those that the system chooses by itself, and below the media ports."""
    while True:
        port = random.randrange(5100, 20000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind((address, port))
                return port
            except OSError:
                continue


def family_of(pid):
    """The process and all that it has started."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [descendant for child in children for descendant in family_of(int(child))]


class Server:
    """One SIP server, alone on its core, in a folder of its own."""

    name = ""

    def __init__(self, core, prefix):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.core = core
        self.ports = {"port": free_port(SERVER), "caller_port": free_port(CALLER), "callee_port": free_port(CALLEE)}
        self.process = None

    def configure(self, text, name):
        # Every media port is a descriptor.
        last_media = min(65535, 20000 + resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1001) | 1
        addresses = {"last_media": last_media, "server": SERVER, "caller": CALLER, "callee": CALLEE}
        file = self.folder / name
        file.write_text(text.format(folder=self.folder, **addresses, **self.ports))
        return file

    def start(self, arguments):
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(self.core), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 10
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n" + self.said())
            time.sleep(0.02)

    def said(self):
        return (self.folder / "output").read_text(errors="replace")

    def __enter__(self):
        try:
            self.start(self.arguments())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            family = family_of(self.process.pid)
            self.process.terminate()
            try:
                self.process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                for pid in family:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, core, **options):
        """What sip_load prints."""
        arguments = ["taskset", "-c", str(core), str(LOAD)]
        for side, address in (("server", SERVER), ("caller", CALLER), ("callee", CALLEE)):
            port = self.ports["port" if side == "server" else side + "_port"]
            arguments += [f"--{side}", f"{address}:{port}"]
        for pid in family_of(self.process.pid):
            arguments += ["--pid", str(pid)]
        for name, value in options.items():
            name = "--" + name.replace("_", "-")
            arguments += [name] if value is True else [name, str(value)]
        load = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        try:
            output, _ = load.communicate(timeout=120)
        finally:
            if load.poll() is None:
                load.kill()
                load.wait()
        if load.returncode != 0:
            raise RuntimeError(f"sip_load ended with {load.returncode}")
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended:\n" + self.said())
        return json.loads(output)


class Causeway(Server):
    name = "Causeway"

    def __init__(self, core):
        super().__init__(core, "bench-causeway-")

    def arguments(self):
        return [DAEMON, "-f", self.configure(CAUSEWAY, "causeway.toml")]

    def ready(self):
        return listens(self.ports["port"])

    @staticmethod
    def version():
        return subprocess.run([DAEMON, "--version"], capture_output=True, text=True, check=True).stdout.strip()


class Kamailio(Server):
    name = "Kamailio"

    def __init__(self, core):
        super().__init__(core, "bench-kamailio-")

    def arguments(self):
        config = self.configure(KAMAILIO, "kamailio.cfg")
        memory = ["-x", "fm", "-X", "fm", "-m", "1024", "-M", "64"]
        files = ["-P", self.folder / "pid", "-Y", self.folder]
        return [self.program(), "-DD", "-E", *memory, *files, "-f", config]

    def ready(self):
        # The last of its processes have started a moment after the socket is there.
        return listens(self.ports["port"]) and len(family_of(self.process.pid)) >= 4

    @staticmethod
    def program():
        return shutil.which("kamailio", path=os.environ.get("PATH", "") + ":/usr/sbin")

    @classmethod
    def version(cls):
        said = subprocess.run([cls.program(), "-v"], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[0].replace("version: ", "")


def listens(port):
    wanted = f"{int.from_bytes(socket.inet_aton(SERVER), sys.byteorder):08X}:{port:04X}"
    return any(line.split()[1] == wanted for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:])


def highest_clean_rate(kind, options, cores):
    """By doubling, then by halving the distance. Each rate meets a fresh server."""

    def is_clean(rate):
        with kind(cores[0]) as server:
            run = server.load(
                cores[1], rate=rate, warm_up=1, seconds=options.seconds, hold=options.hold, only_while_clean=True
            )
        clean = run["clean"] and run["lag_ms"] < 100
        print(f"  {kind.name}: {rate:6.0f} calls/s {'clean' if clean else 'not clean'}", file=sys.stderr, flush=True)
        return clean

    good, bad = 0, None
    rate = options.rate
    while bad is None and rate <= 64000:
        if is_clean(rate):
            good, rate = rate, rate * 2
        else:
            bad = rate
    if bad is None:
        return good
    for _ in range(options.steps):
        rate = round((good + bad) / 2, -1)
        if is_clean(rate):
            good = rate
        else:
            bad = rate
    return good


def measure(kind, options, cores):
    """All figures of one server, and of the load while it ran."""
    figures = {}
    with kind(cores[0]) as server:
        figures["load"] = server.load(
            cores[1], rate=options.rate, warm_up=2, seconds=2 * options.seconds, hold=options.hold
        )
    # All established at the same time, for a moment; then gone again, with their transactions lingering.
    setup = options.calls / options.rate
    with kind(cores[0]) as server:
        run = server.load(cores[1], rate=options.rate, count=options.calls, hold=setup + 0.5)
    if "memory_established" in run:
        figures["established"] = (run["memory_established"] - run["memory_before"]) / options.calls
    with kind(cores[0]) as server:
        run = server.load(cores[1], rate=options.rate, count=options.calls, hold=0)
    figures["ended"] = (run["memory_after"] - run["memory_before"]) / options.calls
    figures["rate"] = highest_clean_rate(kind, options, cores)
    return figures


def table(rows, heads):
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for row in (heads, *rows):
        print("  ".join(row[0:1] and [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]))


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def compare(ours, theirs):
    def row(name, get, digits=0):
        values = [get(f) if f else None for f in (ours, theirs)]
        ratio = values[0] / values[1] if all(values) else None
        return [name, *(number(v, digits) for v in values), number(ratio, 2)]

    table(
        [
            row("CPU a call, us", lambda f: f["load"]["user_us"] + f["load"]["system_us"]),
            row("  of it in user space", lambda f: f["load"]["user_us"]),
            row("  of it in the kernel", lambda f: f["load"]["system_us"]),
            row("share of the core at this rate, %", lambda f: f["load"]["busy"] * 100),
            row("setup, median, ms", lambda f: f["load"]["setup_ms"]["median"], 2),
            row("setup, 99 of 100 within, ms", lambda f: f["load"]["setup_ms"]["p99"], 2),
            row("failed calls", lambda f: f["load"]["failed"]),
            row("retransmissions", lambda f: f["load"]["retransmissions"]),
            row("highest clean calls/s", lambda f: f["rate"]),
            row("octets an established call", lambda f: f.get("established")),
            row("octets an ended call, lingering", lambda f: f["ended"]),
        ],
        ["", "Causeway", "Kamailio", "ratio"],
    )


def where_the_time_goes(ours, cost):
    user, system = ours["load"]["user_us"], ours["load"]["system_us"]
    pieces = [
        ("in the kernel (sockets, files)", system),
        ("in the core: transactions, dialogs, calls, media ports", cost["core_us"]),
        ("  of it parsing SIP, each message received once", cost["parse_sip_us"]),
        ("  of it parsing SDP", cost["parse_sdp_us"]),
        ("  of it writing SDP", cost["write_sdp_us"]),
        ("records: encoded and written to the journal", cost["cdr_us"]),
        ("the rest in user space: event loop, media sockets, database", max(0, user - cost["core_us"])),
    ]
    print("\nWhere Causeway's time goes, us a call (core and records are timed alone by core_cost, so parts overlap")
    print("and do not add up; the records' part is spent in user space and in the kernel)")
    table([[name, number(us, 1)] for name, us in pieces], ["", "us"])
    print("\nOctets allocated by the core alone (no sockets, no records):")
    table(
        [
            ["an established call, its transactions gone", number(cost["established_call"])],
            ["a lingering transaction (a call has four)", number(cost["lingering_transaction"])],
        ],
        ["", "octets"],
    )


def main():
    parser = argparse.ArgumentParser(prog="tools/bench sip", description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="calls/s of the CPU figure, and where the search begins")
    parser.add_argument("--seconds", type=float, default=3, help="measured at each rate of the search; twice that for CPU")
    parser.add_argument("--calls", type=int, default=4000, help="calls that memory is measured with")
    parser.add_argument("--hold", type=float, default=0.1, help="seconds from ACK to BYE")
    parser.add_argument("--steps", type=int, default=4, help="of the search after the first rate that is not clean")
    options = parser.parse_args()
    if options.rate < 10 or options.seconds <= 0 or not 100 <= options.calls <= 15000 or options.hold < 0:
        parser.error("at least 10 calls/s, more than 0 seconds, 100 to 15000 calls, no negative hold")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("tools/bench: this needs two cores: one for the server, one for the load")

    def interrupt(*_):
        raise Interrupted

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    with_kamailio = Kamailio.program() is not None
    model = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"{time.strftime('%Y-%m-%d')}: {len(cores)} cores{', ' + model[0].split(': ')[1] if model else ''}, Linux "
          f"{platform.release()}, load average {os.getloadavg()[0]:.1f} at the start")
    print(f"{Causeway.version()}: B2BUA, media ports bound, no media, call records on, one shard on core {cores[0]}")
    if with_kamailio:
        print(f"{Kamailio.version()}: stateful proxy, -x fm -X fm, one UDP worker, all its processes on core {cores[0]}")
    else:
        print("Kamailio is not installed (tools/setup kamailio): no comparison")
    print(f"sip_load: on core {cores[1]}; {options.rate} calls/s, {options.hold} s from ACK to BYE\n", flush=True)
    try:
        ours = measure(Causeway, options, cores)
        theirs = measure(Kamailio, options, cores) if with_kamailio else None
        done = subprocess.run(
            ["taskset", "-c", str(cores[0]), CORE_COST, "--rate", "300", "--calls", "5000"],
            capture_output=True,
            text=True,
            check=True,
        )
    except Interrupted:
        sys.exit(130)
    compare(ours, theirs)
    where_the_time_goes(ours, json.loads(done.stdout))
    print(f"\ntook {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
