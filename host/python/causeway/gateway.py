"""The gateway: its core on a virtual clock, or a whole one with sockets on a thread of its own."""

import json
import os
import pathlib

from . import _core


def to_toml(configuration):
    """A configuration given as dicts and lists, as TOML: {"gateway": {...}, "listener": [{...}], ...}."""
    lines = []
    for table, content in configuration.items():
        for entry in content if isinstance(content, list) else [content]:
            lines.append(f"[[{table}]]" if isinstance(content, list) else f"[{table}]")
            # What JSON writes of strings, numbers, booleans and lists of these, TOML reads.
            lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    return "\n".join(lines) + "\n"


def _text_of(configuration):
    if isinstance(configuration, dict):
        return to_toml(configuration)
    if isinstance(configuration, os.PathLike):
        return pathlib.Path(configuration).read_text(encoding="utf-8")
    return configuration


class Core(_core.Core):
    """The gateway's core on a virtual clock, without sockets.

    `config` is TOML as in config/causeway.toml, a path of such a file, or dicts (see to_toml). ValueError names
    every mistake. Runs from the same `seed` are the same to the octet; keys made here protect nothing.

    receive_sip(text, source, listener=0)   a datagram for a listener, by its place in the configuration
    receive_media(local, source, data)      a datagram for a media port
    advance(seconds)                        lets time pass; each timer fires at its own deadline
    now, next_timer                         seconds since the core was made
    take_sip()                              [(to, text)] sent since taken last
    take_media()                            [(local, to, bytes)]
    status(), calls(), cdrs                 dicts of figures; a record has `ended` None while its call lasts
    hangup(id), drain()                     as causewayctl does
    """

    def __init__(self, config, seed=1):
        super().__init__(_text_of(config), seed)


class Gateway:
    """A whole gateway in this process, running from here on until stop() or the end of a `with`.

    `config` as of Core. Listeners with port 0 get a free port: see `listeners`. Give [cdr] directory = "" and
    [control] socket = "" for a gateway that leaves nothing behind. OSError says what cannot be had.
    """

    def __init__(self, config):
        self._core = _core.Gateway(_text_of(config))

    @property
    def listeners(self):
        """["ADDRESS:PORT"] as bound, in the order of the configuration."""
        return self._core.listeners()

    @property
    def address(self):
        """The first listener."""
        return self.listeners[0]

    def status(self):
        """Counters and gauges as a dict."""
        return self._core.status()

    def calls(self):
        """The calls of now, a dict each; `started` in seconds since 1970."""
        return self._core.calls()

    def hangup(self, call):
        """Ends the call of that id; False where there is none."""
        return self._core.hangup(call)

    def drain(self):
        """New calls get 503 from here on."""
        self._core.drain()

    def stop(self):
        """Hangs up all calls and returns when the peers have answered, or after 2 s."""
        self._core.stop()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()
