"""Causeway from Python: SIP messages, the gateway's core on a virtual clock, endpoints and whole gateways.

    from causeway import Endpoint, Gateway

    with Endpoint(user="alice") as alice, Endpoint(user="bob") as bob:
        call = alice.call(bob.uri)
        call.wait_answered(timeout=5)
        call.play(b"\\xff" * 8000)
        call.hang_up()

Message, Uri, Session   read and build what goes over the wire
Core                    the gateway without I/O: datagrams and time in, datagrams and records out
Endpoint, Call          a telephone over real UDP, with SRTP, that a script drives
Gateway                 a whole gateway in this process
"""

from ._core import (
    Codec,
    Media,
    Message,
    ParseError,
    Session,
    Uri,
    __version__,
    alaw_decode,
    alaw_encode,
    mulaw_decode,
    mulaw_encode,
)
from .audio import read_wav, write_wav
from .endpoint import Call, CallError, Endpoint, Event, Trace
from .gateway import Core, Gateway, to_toml

__all__ = [
    "Call",
    "CallError",
    "Codec",
    "Core",
    "Endpoint",
    "Event",
    "Gateway",
    "Media",
    "Message",
    "ParseError",
    "Session",
    "Trace",
    "Uri",
    "__version__",
    "alaw_decode",
    "alaw_encode",
    "mulaw_decode",
    "mulaw_encode",
    "read_wav",
    "to_toml",
    "write_wav",
]
