"""Media through the gateway and, in the same run, through rtpengine in userspace and through loops that do nothing but
send back: packets/s a core, the highest rate without loss, added delay, memory. Figures are printed; none is asserted.
See tools/bench."""

import argparse
import collections
import json
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from sip import BUILD, CALLEE, CALLER, DAEMON, SERVER, Causeway, Interrupted, Server, listens, number, table

LOAD = BUILD / "tools" / "benchmarks" / "rtp_load"
LOOP = BUILD / "tools" / "benchmarks" / "bare_loop"
FIRST_PORT = 20000
MOST_LOST = 0.001  # share
LOOP_PORTS = 1000

CAUSEWAY = """
[gateway]
max_calls = 1000000
media_sockets = "{media_sockets}"
[[listener]]
name = "sip"
address = "udp:{server}:{port}"
[[media]]
address = "{server}"
ports = "{first}-{last}"
[[profile]]
name = "theirs"
transcode = ["PCMA", "G722"]
[[trunk]]
name = "callers"
sources = ["{caller}"]
srtp = "optional"
learning = "off"
[[trunk]]
name = "callees"
target = "{callee}:{callee_port}"
learning = "off"
profile = "theirs"
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

# Name, options of rtp_load, the aim in packets/s a core, and what rtpengine was measured at when it was set.
CASES = [
    ("relay", [], 120000, 64000),
    ("SRTP/RTP", ["--caller-srtp"], 90000, 41000),
    ("PCMU/PCMA", ["--callee-codec", "PCMA"], 90000, 26000),
    ("PCMU/G.722", ["--callee-codec", "G722"], 40000, 14000),
]


def media_ports(calls):
    """First and last of those that so many calls take."""
    return FIRST_PORT, FIRST_PORT + 4 * calls + 199


class Gateway(Causeway):
    def __init__(self, core, calls, media_sockets):
        super().__init__(core)
        self.first, self.last = media_ports(calls)
        self.media_sockets = media_sockets

    def arguments(self):
        text = CAUSEWAY.replace("{first}", str(self.first)).replace("{last}", str(self.last))
        text = text.replace("{media_sockets}", self.media_sockets)
        return [DAEMON, "-f", self.configure(text, "causeway.toml")]

    def setup_options(self):
        return ["--callee", f"{CALLEE}:{self.ports['callee_port']}"]


class Rtpengine(Server):
    name = "rtpengine"

    def __init__(self, core, calls, _):
        super().__init__(core, "bench-rtpengine-")
        self.first, self.last = media_ports(calls)

    def arguments(self):
        return [
            self.program(),
            "--config-file=none",
            "--foreground",
            "--log-stderr",
            "--log-level=3",
            "--table=-1",
            "--num-threads=1",
            "--media-num-threads=1",
            f"--interface={SERVER}",
            f"--listen-ng={SERVER}:{self.ports['port']}",
            f"--port-min={self.first}",
            f"--port-max={self.last}",
            "--endpoint-learning=off",
            "--timeout=3600",
            "--silent-timeout=3600",
        ]

    def ready(self):
        return listens(self.ports["port"])

    def setup_options(self):
        return ["--ng"]

    @staticmethod
    def program():
        return shutil.which("rtpengine", path=os.environ.get("PATH", "") + ":/usr/sbin")

    @classmethod
    def version(cls):
        said = subprocess.run([cls.program(), "--version"], capture_output=True, text=True, check=True)
        return (said.stdout + said.stderr).strip().replace("Version: ", "rtpengine ")


class Loop(Server):
    """Nothing but the system calls."""

    def __init__(self, core, backend):
        super().__init__(core, "bench-loop-")
        self.name = backend
        self.backend = backend

    def arguments(self):
        ports = ["--first-port", str(FIRST_PORT), "--ports", str(LOOP_PORTS)]
        return [LOOP, "--address", SERVER, "--backend", self.backend, *ports]

    def ready(self):
        return "ready" in self.said()  # by range no port is bound

    def setup_options(self):
        return ["--loop", str(FIRST_PORT)]


def drive(server, core, calls, rate, seconds, more, profile=False):
    """What rtp_load prints, and where perf saw the time go."""
    arguments = ["taskset", "-c", str(core), str(LOAD), "--server", f"{SERVER}:{server.ports['port']}"]
    arguments += ["--caller", f"{CALLER}:{server.ports['caller_port']}", *server.setup_options()]
    arguments += ["--caller-media", f"{CALLER}:16000", "--callee-media", f"{CALLEE}:16000"]
    arguments += ["--calls", str(calls), "--rate", str(rate), "--seconds", str(seconds)]
    arguments += ["--pid", str(server.process.pid)]
    perf = shutil.which("perf") if profile else None
    if perf:
        arguments += ["--profile", "3"]
    recorded = server.folder / "perf.data"
    load = subprocess.Popen([*arguments, *more], stdout=subprocess.PIPE, text=True)
    result, samples = None, None
    try:
        for line in load.stdout:
            if line == "profile\n":
                samples = subprocess.run(
                    [perf, "record", "-q", "-F", "999", "-o", recorded, "-p", str(server.process.pid), "--", "sleep", "2"],
                    capture_output=True,
                )
            else:
                result = json.loads(line)
        load.wait(timeout=10)
    finally:
        if load.poll() is None:
            load.kill()
            load.wait()
    if load.returncode != 0 or result is None:
        raise RuntimeError(f"rtp_load ended with {load.returncode}\n{server.said()}")
    if server.process.poll() is not None:
        raise RuntimeError(f"{server.name} ended:\n" + server.said())
    if samples is not None and samples.returncode == 0:
        result["profile"] = where(perf, recorded)
    return result


def where(perf, recorded):
    """Shares of the samples by what they were in."""
    said = subprocess.run(
        [perf, "report", "-i", recorded, "--stdio", "--no-children", "-q", "-g", "none", "--sort", "dso,symbol", "-F",
         "overhead,dso,symbol", "-t", "|"],
        capture_output=True,
        text=True,
    ).stdout
    shares = collections.Counter()
    symbols = []
    for line in said.splitlines():
        fields = [f.strip() for f in line.split("|")]
        if len(fields) < 3 or not fields[0].rstrip("%").replace(".", "", 1).isdigit():
            continue
        share, place = float(fields[0].rstrip("%")), fields[1]
        symbol = re.sub(r"^\[[.k]\] ", "", fields[2])
        kind = "kernel" if place.startswith("[") else place
        shares[kind] += share
        if kind != "kernel":
            symbols.append((share, symbol))
    return {"shares": shares.most_common(6), "symbols": sorted(symbols, reverse=True)[:6]}


def progress(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def is_clean(run):
    """The load kept its pace, and next to nothing is missing."""
    return run["load"]["lost"] < MOST_LOST and kept_pace(run)


def kept_pace(run):
    return run["load"]["reached"] > 0.98 * run["load"]["rate"] and run["load"]["own_drops"] == 0


def measure(make, options, cores, calls, more):
    """The figures at 80 % of the highest clean rate, with that as "highest"; None where there are none: the reason has
    been said. Each rate meets a fresh server (rtpengine gives up sockets that were flooded), and a second one where it
    was not clean, for others use the machine."""
    driver_limited = False

    def attempts(rate, most, **how):
        for _ in range(most):
            with make() as server:
                run = drive(server, cores[1], calls, rate, more=more, **how)
            name = " ".join([server.name, *more])
            progress(f"{name}: {rate:7,.0f} packets/s, {100 * run['load']['lost']:.2f} % lost"
                     f"{'' if kept_pace(run) else ', the load fell behind'}")
            if is_clean(run):
                break
        return run

    try:
        good, bad, rate = 0, None, options.start
        for _ in range(10):
            run = attempts(rate, 2, seconds=options.seconds)
            if is_clean(run):
                good, rate = rate, rate * 2
            else:
                driver_limited = not kept_pace(run)
                bad, rate = rate, rate / 2
            if bad is not None and good > 0:
                break
        for _ in range(options.steps if good > 0 else 0):
            run = attempts((good + bad) / 2, 2, seconds=options.seconds)
            if is_clean(run):
                good = run["load"]["rate"]
            else:
                driver_limited = not kept_pace(run)
                bad = run["load"]["rate"]
        if good == 0:
            progress("no rate was clean")
            return None
        run = attempts(0.8 * good, 3, seconds=2 * options.seconds, profile=options.profile)
    except RuntimeError as error:
        progress(str(error))
        return None
    return {**run, "highest": good, "driver_limited": driver_limited}


def cost(run):
    return run["load"]["user_us"] + run["load"]["system_us"] if run else None


def per_core(run):
    return 1e6 / cost(run) if cost(run) else None


def octets(run):
    return (run["memory_established"] - run["memory_before"]) / run["streams"] if run else None


def compare(name, ours, theirs, aim, before):
    def row(text, get, digits=0):
        values = [get(r) if r else None for r in (ours, theirs)]
        ratio = values[0] / values[1] if all(values) else None
        return [text, *(number(v, digits) for v in values), number(ratio, 2)]

    heads = [name, "Causeway", "rtpengine", "ratio"]
    table(
        [
            row("packets/s a core, by CPU time at 80 % load", per_core),
            row("CPU a packet, us", cost, 2),
            row("  of it in user space", lambda r: r["load"]["user_us"], 2),
            row("  of it in the kernel", lambda r: r["load"]["system_us"], 2),
            row("highest rate without loss, packets/s", lambda r: r["highest"]),
            row("delay at 80 % of it, median, us", lambda r: r["load"].get("delay_us", {}).get("p50")),
            row("delay at 80 % of it, 99 of 100 within, us", lambda r: r["load"].get("delay_us", {}).get("p99")),
            row("lost then, %", lambda r: r["load"]["lost"] * 100, 3),
            row("waited for its core, % of the time", lambda r: r["load"]["waiting"] * 100),
            row("octets a port", octets),
        ],
        heads,
    )
    if per_core(ours):
        share = f"{per_core(ours) / aim:.2f} of the aim, {aim:,}"
        print(f"{share}; rtpengine had {before:,} where the aim was set")
    for run, who in ((ours, "Causeway"), (theirs, "rtpengine")):
        if run and run["driver_limited"]:
            print(f"{who}: the highest rate was the load's limit at last, not the server's")
    if ours and "profile" in ours:
        print("where Causeway's time goes: " + ", ".join(f"{n} {s:.0f} %" for n, s in ours["profile"]["shares"] if s >= 1))
        print("  in user space most: " + ", ".join(f"{n[:60]} {s:.1f} %" for s, n in ours["profile"]["symbols"]))
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(prog="tools/bench rtp", description=__doc__)
    parser.add_argument("--ports", type=int, default=3000, help="of media, two a call")
    parser.add_argument("--seconds", type=float, default=2, help="measured at each rate of the search; twice that for CPU")
    parser.add_argument("--start", type=float, default=32000, help="packets/s that the search begins with")
    parser.add_argument("--steps", type=int, default=3, help="of the search after the first rate that is not clean")
    parser.add_argument("--case", action="append", choices=[c[0] for c in CASES], help="only this; several times for several")
    parser.add_argument("--media-sockets", default="auto", choices=["auto", "epoll", "io_uring", "range"], help="of the gateway")
    loops = parser.add_mutually_exclusive_group()
    loops.add_argument("--no-loops", action="store_true", help="without the bare loops")
    loops.add_argument("--only-loops", action="store_true", help="nothing but the bare loops")
    parser.add_argument("--no-profile", dest="profile", action="store_false", help="without perf")
    options = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = min(files - 500, 65535 - FIRST_PORT) // 2 - 200
    if not 2 <= options.ports <= most or options.seconds <= 0 or options.start <= 0:
        parser.error(f"2 to {most} ports (of {files} files that may be open), more than 0 seconds and packets/s")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("tools/bench: this needs two cores: one for the server, one for the load")

    def interrupt(*_):
        raise Interrupted

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    calls = options.ports // 2
    with_rtpengine = Rtpengine.program() is not None
    model = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    print(f"{time.strftime('%Y-%m-%d')}: {len(cores)} cores{', ' + model[0].split(': ')[1] if model else ''}, Linux "
          f"{platform.release()}, load average {os.getloadavg()[0]:.1f} at the start")
    print(f"{Causeway.version()}: one shard, media sockets {options.media_sockets}, all its threads on core {cores[0]}")
    if with_rtpengine:
        print(f"{Rtpengine.version()}: userspace (--table=-1), one worker, all its threads on core {cores[0]}")
    else:
        print("rtpengine is not installed (tools/setup rtpengine-daemon): no comparison")
    print(f"rtp_load: on core {cores[1]}; {options.ports} ports, packets of 20 ms, 50/s a port\n", flush=True)
    try:
        for name, more, aim, before in CASES:
            if options.only_loops or (options.case and name not in options.case):
                continue
            ours = measure(lambda: Gateway(cores[0], calls, options.media_sockets), options, cores, calls, more)
            theirs = None
            if with_rtpengine:
                theirs = measure(lambda: Rtpengine(cores[0], calls, None), options, cores, calls, more)
            compare(name, ours, theirs, aim, before)
        if not options.no_loops:
            options.profile = False
            rows = []
            for backend, before in (("epoll", 130000), ("io_uring", 150000), ("range", 175000)):
                run = measure(lambda: Loop(cores[0], backend), options, cores, LOOP_PORTS, [])
                delay = run["load"]["delay_us"] if run else {}
                rows.append([backend, number(per_core(run)), number(run and run["highest"]), number(delay.get("p50")),
                             number(delay.get("p99")), number(before)])
            heads = [f"bare loops, {LOOP_PORTS} sockets", "packets/s a core", "highest rate", "median, us", "p99, us",
                     "measured before"]
            table(rows, heads)
    except Interrupted:
        sys.exit(130)
    print(f"\nload average {os.getloadavg()[0]:.1f} at the end; took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
