"""A telephone that a script drives: SIP and RTP over real UDP, on a thread of its own that never waits for Python."""

import sys
import threading
import typing
import weakref

from . import _core
from .audio import read_wav, write_wav


class CallError(Exception):
    """The call ended, or the endpoint closed, before what was waited for."""


class Event(typing.NamedTuple):
    """What happened to a call.

    kind: "incoming" (text: user called), "progress" (status), "answered", "failed" (status: final response to our
    INVITE, or 487 where the caller gave up), "changed" (text: the new direction as seen from here), "refused" (our
    re-INVITE; status), "digit" (text), "ended" (the last of a call).
    """

    at: float  # seconds since the endpoint was opened
    call: "Call"
    kind: str
    status: int
    text: str


class Trace(typing.NamedTuple):
    """A SIP message as it was sent or received."""

    at: float  # seconds since the endpoint was opened
    way: str  # "sent" or "received"
    remote: str
    text: str


class Endpoint:
    """A telephone on a UDP port.

    address: where to bind; port 0 takes a free one. srtp: "off", "optional" or "mandatory". suites: SRTP suites in
    order of preference. headers: added to INVITE, a dict or (name, value) pairs. late_offer: INVITE without SDP.
    accept_changes: False refuses re-INVITE with 488. domain: host of From, instead of the address.
    on_event: called with each Event, in order, on a thread of its own; what it raises goes to sys.unraisablehook.

    Calls that come in are answered at once with 180 and 200, unless `policy` or a script does otherwise. Close it, or
    use it in a `with`.
    """

    def __init__(
        self,
        user="endpoint",
        display_name="",
        address="127.0.0.1",
        port=0,
        srtp="off",
        suites=(),
        headers=(),
        late_offer=False,
        accept_changes=True,
        domain="",
        on_event=None,
    ):
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        self._core = _core.Endpoint(
            user, display_name, domain, address, port, srtp, list(suites), pairs, late_offer, accept_changes
        )
        self.user = user
        self.on_event = on_event
        self._calls = weakref.WeakValueDictionary()  # by number: one object a call
        self._calls_lock = threading.Lock()
        self._incoming = 0  # number of the next event to look for a call in
        self._incoming_lock = threading.Lock()
        # Also at the end of the program, while the interpreter is still whole.
        self._finalizer = weakref.finalize(self, self._core.close)
        self._pump = threading.Thread(target=_pump, args=(weakref.ref(self), self._core), name=f"events of {user}")
        if on_event is not None:
            self._pump.start()

    @property
    def address(self):
        """"ADDRESS:PORT" of SIP."""
        return self._core.address

    @property
    def uri(self):
        return f"sip:{self.user}@{self.address}"

    def call(self, uri, via=None):
        """Calls `uri`, through "ADDRESS:PORT" `via` where given, else where the URI says."""
        if via is None:
            target = _core.Uri.parse(uri)
            via = f"{target.host}:{target.port or 5060}"
        number = self._core.call(uri, via)
        if number is None:
            raise CallError("closed" if self._core.closed else f"{uri} cannot be called: no URI, or no media port")
        return self._call(number)

    def policy(self, ring=180, status=200, after=0.0):
        """What calls that come in get: the provisional response `ring` at once (183 with early media, 0 none), the
        final one `after` seconds later (0: never)."""
        self._core.set_policy(ring, status, after)

    def manual(self):
        """Calls that come in get what the script sends: see Call.ring, answer, reject."""
        self._core.clear_policy()

    def wait_incoming(self, timeout=10.0):
        """The next call that came in, each once, in order."""
        with self._incoming_lock:
            found = self._core.wait_event(self._incoming, None, ["incoming"], timeout)
            if found is None:
                raise _nothing(self._core, "a call", timeout)
            self._incoming = found[0] + 1
        return self._call(found[2])

    def events(self):
        """All that has happened so far."""
        out = []
        while (found := self._core.wait_event(len(out), None, [], 0.0)) is not None:
            out.append(self._event(found))
        return out

    def trace(self):
        """Every SIP message so far."""
        return [Trace(*t) for t in self._core.trace()]

    @property
    def live_calls(self):
        return self._core.live_calls()

    @property
    def transactions(self):
        """SIP transactions that are not over; they end some time after their calls."""
        return self._core.transactions()

    def close(self):
        """Closes all sockets at once, whatever calls there are. What has happened stays readable."""
        self._finalizer()
        if self._pump.ident is not None and self._pump is not threading.current_thread():
            self._pump.join()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _call(self, number):
        with self._calls_lock:
            call = self._calls.get(number)
            if call is None:
                call = self._calls[number] = Call(self, number)
            return call

    def _event(self, found):
        _, at, number, kind, status, text = found
        return Event(at, self._call(number), kind, status, text)


def _nothing(core, what, timeout):
    return CallError(f"closed while waiting for {what}") if core.closed else TimeoutError(f"no {what} in {timeout} s")


def _pump(owner, core):
    """Hands events to Endpoint.on_event until the endpoint is closed or forgotten, or the program ends."""
    position = 0
    while threading.main_thread().is_alive():
        found = core.wait_event(position, None, [], 0.2)
        endpoint = owner()
        if endpoint is None or (found is None and core.closed):
            return
        if found is not None:
            position = found[0] + 1
            callback = endpoint.on_event
            try:
                if callback is not None:
                    callback(endpoint._event(found))
            except BaseException as error:  # the script's mistake is not the telephone's end
                _report(error, callback)
        del endpoint


class _Unraisable(typing.NamedTuple):
    exc_type: type
    exc_value: BaseException
    exc_traceback: object
    err_msg: str
    object: object


def _report(error, callback):
    message = "Exception ignored in on_event"
    sys.unraisablehook(_Unraisable(type(error), error, error.__traceback__, message, callback))


class Call:
    """One call of an endpoint. Readable after its end. Functions that act give False where the call is over or not in
    the state for it."""

    def __init__(self, endpoint, number):
        self.endpoint = endpoint
        self._core = endpoint._core
        self._number = number
        self._seen = {}  # by kind: number of the next event to wait for

    def __repr__(self):
        return f"<Call {self.call_id} of {self.endpoint.user}>"

    @property
    def call_id(self):
        """The SIP Call-ID."""
        return self._core.call_id(self._number)

    @property
    def confirmed(self):
        """Answered, and not over."""
        return self._core.confirmed(self._number)

    # ---- waiting. TimeoutError after `timeout` seconds, CallError where it cannot come any more.
    def wait(self, kind, timeout=10.0):
        """The next event of a kind: each is returned once, so that wait("digit") gives one digit after the other."""
        found = self._first(self._seen.get(kind, 0), kind, timeout)
        self._seen[kind] = found[0] + 1
        return self.endpoint._event(found)

    def wait_answered(self, timeout=10.0):
        return self.endpoint._event(self._first(0, "answered", timeout))

    def wait_ended(self, timeout=10.0):
        return self.endpoint._event(self._first(0, "ended", timeout))

    def wait_played(self, timeout=30.0):
        """Until all that was to be played, and all digits, have been sent."""
        self._waited(self._core.wait_played(self._number, timeout), "end of what is played", timeout)

    def wait_recorded(self, octets, timeout=30.0):
        """Until so many octets of voice have come; all that came."""
        self._waited(self._core.wait_recorded(self._number, octets, timeout), f"{octets} octets", timeout)
        return self.recorded()

    def events(self):
        """All that has happened to this call so far."""
        return [event for event in self.endpoint.events() if event.call is self]

    def _waited(self, done, what, timeout):
        if done is None:
            raise TimeoutError(f"no {what} in {timeout} s; {len(self.recorded())} octets received")
        if not done:
            raise CallError(f"over while waiting for {what}; {len(self.recorded())} octets received")

    def _first(self, begin, kind, timeout):
        found = self._core.wait_event(begin, self._number, [kind, "ended"], timeout)
        if found is None:
            raise _nothing(self._core, kind, timeout)
        if found[3] != kind:
            failed = self._core.wait_event(0, self._number, ["failed"], 0.0)
            raise CallError(f"ended{f' ({failed[4]})' if failed else ''} while waiting for {kind}")
        return found

    # ---- signalling
    def ring(self, status=180):
        """A provisional response: 183 brings early media."""
        return self._core.ring(self._number, status)

    def answer(self):
        return self._core.answer(self._number)

    def reject(self, status=486):
        return self._core.reject(self._number, status)

    def hang_up(self):
        """CANCEL, a final response or BYE, as the state demands."""
        return self._core.hang_up(self._number)

    def hold(self, direction="sendonly"):
        """By re-INVITE; "changed" or "refused" follows. "inactive" silences both sides."""
        return self._core.change_direction(self._number, direction)

    def resume(self):
        return self._core.change_direction(self._number, "sendrecv")

    # ---- voice: octets of the codec agreed, PCMU
    def play(self, coded):
        """Plays octets, 8000 a second, behind what is still to be played."""
        return self._core.play(self._number, bytes(coded))

    def play_wav(self, path):
        """Plays a WAV file of 8 kHz, mono, 16 bit."""
        return self.play(read_wav(path))

    def send_digits(self, digits):
        """Telephone events (RFC 4733): 0-9 * # A-D."""
        return self._core.send_digits(self._number, digits)

    def recorded(self):
        """Octets received so far, in order of sequence numbers; what was lost is not there."""
        return self._core.recorded(self._number)

    def record_wav(self, path):
        """Writes what has been received so far."""
        write_wav(path, self.recorded())

    def forget(self):
        """Frees the recording and the figures of a call that is over; for endpoints that live long."""
        self._core.forget(self._number)

    def figures(self):
        """Packets sent, received, lost, duplicates, reordered, refused, rtcp_received."""
        return self._core.figures(self._number)
