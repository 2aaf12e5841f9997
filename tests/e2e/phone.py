"""baresip, an independent SIP phone with SRTP, driven over its control port (JSON in netstrings)."""

import array
import json
import socket
import wave

from processes import Process, wait_for

CONFIG = """
sip_listen {address}:{port}
net_interface {address}
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module srtp.so
module aufile.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:{control}
audio_source aufile,{speaks}
audio_player aubridge,ear
audio_alert aubridge,bell
audio_level no
rtp_ports {rtp}-{last_rtp}
snd_path {folder}
"""
ACCOUNT = "<sip:{user}@{address}:{port};transport=udp>;regint=0;answermode={answer};audio_codecs={codec};ptime=20"
PORTS = 40  # that a phone takes, from the first on


class Phone(Process):
    """A phone that says the WAV file `speaks` and records what it hears. media_encryption: None (RTP/AVP) or a
    name of baresip's, "srtp-mand" (RTP/SAVP, keys by SDES). codec: the only one that it speaks, "PCMA/8000/1"."""

    def __init__(
        self,
        user,
        folder,
        address,
        first_port,
        speaks,
        media_encryption=None,
        answer="manual",
        codec="PCMU/8000/1",
    ):
        folder.mkdir()
        self.port = first_port
        control = first_port + 10  # baresip listens on port + 1 for TLS by itself
        values = {"address": address, "port": self.port, "control": control, "speaks": speaks}
        values |= {"rtp": first_port + 12, "last_rtp": first_port + PORTS - 1, "folder": folder}
        (folder / "config").write_text(CONFIG.format(**values))
        account = ACCOUNT.format(user=user, address=address, port=self.port, answer=answer, codec=codec)
        if media_encryption:
            account += f";mediaenc={media_encryption}"
        (folder / "accounts").write_text(account + "\n")
        (folder / "contacts").write_text("")
        super().__init__(["baresip", "-f", folder, "-v"], folder, user)
        wait_for(lambda: "baresip is ready" in self.said() or not self.running(), f"baresip of {user}")
        self.socket = socket.create_connection((address, control))
        self.socket.settimeout(0.1)
        self.buffer = b""
        self.events = []

    def stop(self, seconds=10.0):
        self.socket.close()
        return super().stop(seconds)

    def command(self, name, parameters=""):
        text = json.dumps({"command": name, "params": parameters}).encode()
        self.socket.sendall(b"%d:%s," % (len(text), text))

    def _read(self):
        try:
            self.buffer += self.socket.recv(65536)
        except TimeoutError:
            pass
        while b":" in self.buffer:
            length, rest = self.buffer.split(b":", 1)
            if len(rest) <= int(length):
                return
            self.events.append(json.loads(rest[: int(length)]))
            self.buffer = rest[int(length) + 1 :]

    def event(self, kind):
        """Waits for an event, e.g. "CALL_ESTABLISHED"."""

        def found():
            self._read()
            return next((e for e in self.events if e.get("type") == kind), None)

        return wait_for(found, f"{kind} at {self.name}")

    def recording(self, direction):
        """What its codec was given ("enc") or what it decoded ("dec"), as 16-bit samples at the codec's rate."""
        (path,) = self.folder.glob(f"dump-*-{direction}.wav")
        with wave.open(str(path)) as sound:
            return array.array("h", sound.readframes(sound.getnframes()))
