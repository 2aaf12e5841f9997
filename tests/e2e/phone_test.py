"""Two baresip phones through the daemon, one with SRTP and one without: what each hears is what the other said."""

import subprocess

import pytest
from phone import PORTS, Phone
from processes import CALLEE, CALLER, GATEWAY, free_ports, wait_for

SECONDS = 3
RATE = 8000


def alignment(said, heard):
    """Where in `said` the recording `heard` begins, by the best match of one second out of its middle; in
    samples, negative where the recording begins earlier."""
    middle = len(heard) // 2
    probe = heard[middle : middle + RATE : 16]

    def distance(start):
        return sum(abs(a - b) for a, b in zip(said[start : start + RATE : 16], probe))

    return min(range(len(said) - RATE), key=distance) - middle


def is_one_quantisation_of(said, heard):
    """Whether each sample is what one pass through PCMU leaves of the original: within a step of its segment
    (G.711: a step is at most 1/16 of the value)."""
    return abs(said - heard) <= 8 + abs(said) // 32


def check_heard(speaker, listener):
    said, heard = speaker.recording("enc"), listener.recording("dec")
    shift = alignment(said, heard)
    pairs = [(said[n + shift], heard[n]) for n in range(max(0, -shift), min(len(heard), len(said) - shift))]
    assert len(pairs) > (SECONDS - 1) * RATE
    loud = [abs(s) for s, _ in pairs]
    assert sum(loud) / len(loud) > 200, "silence proves nothing"
    wrong = sum(not is_one_quantisation_of(s, h) for s, h in pairs)
    assert wrong == 0, f"{wrong} of {len(pairs)} samples differ"


def talk(gateway, alice, bob):
    """One calls the other, through the gateway, for SECONDS."""
    alice.command("dial", f"sip:200@{GATEWAY}:{gateway.port}")
    alice.event("CALL_ESTABLISHED")
    bob.event("CALL_ESTABLISHED")

    def both_heard():
        media = [m for call in gateway.calls() for m in call["media"]]
        return len(media) == 2 and all(m["packets_received"] >= SECONDS * 50 for m in media)

    wait_for(both_heard, f"{SECONDS} s of audio both ways", seconds=20)
    alice.command("hangup")
    bob.event("CALL_CLOSED")


@pytest.mark.parametrize("caller_secure, callee_secure", [(True, False), (False, True), (True, True)])
def test_phones_hear_each_other_across_srtp_and_rtp(
    make_gateway, speech, tmp_path, caller_secure, callee_secure
):
    """RFC 3711, RFC 4568: SRTP ends at the gateway, each side as its trunk says."""
    mode = {True: "mandatory", False: "off"}
    # baresip sends media from an unbound socket: on loopback not from the address that it names.
    encryption = {True: "srtp-mand", False: None}
    gateway = make_gateway(
        caller_srtp=mode[caller_secure], callee_srtp=mode[callee_secure], learning="any", callee_ports=PORTS
    )
    ports = free_ports(CALLER, PORTS)
    phones = []
    try:
        bob = Phone("200", tmp_path / "bob", CALLEE, gateway.callee_port, speech.wav, encryption[callee_secure], "auto")
        phones.append(bob)
        alice = Phone("100", tmp_path / "alice", CALLER, ports, speech.reversed_wav, encryption[caller_secure])
        phones.append(alice)
        talk(gateway, alice, bob)
    finally:
        for phone in phones:
            phone.stop()
    check_heard(alice, bob)
    check_heard(bob, alice)
    (record,) = gateway.records()
    assert record["status"] == 200 and record["ended_by"] == "caller"


def correlation(said, heard):
    product = sum(s * h for s, h in zip(said, heard))
    powers = sum(s * s for s in said) * sum(h * h for h in heard)
    return product / max(1.0, powers) ** 0.5


def likeness(said, heard, wandering=3):
    """Correlation of two recordings at 8 kHz, by pieces of a quarter of a second, each where it fits best; 1 is the same
    voice. The median, for a jitter buffer may have left out or added a frame. `wandering`: samples that pieces may be off."""
    shift, length = alignment(said, heard), RATE // 4
    found = []
    for begin in range(max(0, -shift) + wandering, min(len(heard), len(said) - shift) - length - wandering, length):
        piece = heard[begin : begin + length]
        if sum(abs(h) for h in piece) < 200 * length:
            continue  # silence proves nothing
        starts = range(begin + shift - wandering, begin + shift + wandering + 1)
        start = max(starts, key=lambda s: correlation(said[s : s + length : 8], piece[::8]))
        found.append(correlation(said[start : start + length], piece))
    assert len(found) >= 4
    return sorted(found)[len(found) // 2]


@pytest.mark.parametrize(
    "caller, callee, playout",
    [
        ("PCMU", "PCMA", ""),
        ("PCMA", "G722", ""),
        ("G722", "PCMU", ""),
        ("PCMU", "G722", "jitter_buffer_ms = 120\npacket_ms = 30\n"),
        ("PCMA", "PCMA", "jitter_buffer_ms = 120\npacket_ms = 40\n"),
    ],
)
def test_phones_hear_each_other_through_other_codecs_and_packets(
    make_gateway, speech, tmp_path, caller, callee, playout
):
    """The callees' trunk is offered its own codec; speech is converted both ways, as it comes or played out."""
    gateway = make_gateway(
        learning="any",
        callee_ports=PORTS,
        callee_trunk='profile = "theirs"',
        more=f'[[profile]]\nname = "theirs"\ntranscode = ["{callee}"]\n{playout}',
    )

    def phone(user, address, ports, wav, codec, answer="manual"):
        if codec == "G722":
            wide = tmp_path / f"{user}.wav"
            subprocess.run(["sox", "-D", wav, "-r", "16000", wide, "rate"], check=True)
            wav = wide
        rate = 16000 if codec == "G722" else 8000
        return Phone(user, tmp_path / user, address, ports, wav, answer=answer, codec=f"{codec}/{rate}/1")

    phones = []
    try:
        phones.append(phone("200", CALLEE, gateway.callee_port, speech.wav, callee, "auto"))
        phones.append(phone("100", CALLER, free_ports(CALLER, PORTS), speech.reversed_wav, caller))
        bob, alice = phones
        talk(gateway, alice, bob)
    finally:
        for each in phones:
            each.stop()
    for speaker, codec, listener, other in ((alice, caller, bob, callee), (bob, callee, alice, caller)):
        said, heard = speaker.recording("enc"), listener.recording("dec")
        said, heard = said[:: 2 if codec == "G722" else 1], heard[:: 2 if other == "G722" else 1]
        assert len(heard) > (SECONDS - 1) * RATE
        assert likeness(said, heard, 500 if playout else 3) > 0.9
    (record,) = gateway.records()
    if playout:
        assert 0 < record["media"]["callee"]["playout_delay_us"] < 200_000
    assert [record["media"][leg]["codec"] for leg in ("caller", "callee")] == [f"{caller}/8000", f"{callee}/8000"]
