"""Two baresip phones through the daemon, one with SRTP and one without: what each hears is what the other said."""

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
        alice.command("dial", f"sip:200@{GATEWAY}:{gateway.port}")
        alice.event("CALL_ESTABLISHED")
        bob.event("CALL_ESTABLISHED")

        def both_heard():
            media = [m for call in gateway.calls() for m in call["media"]]
            return len(media) == 2 and all(m["packets_received"] >= SECONDS * 50 for m in media)

        wait_for(both_heard, f"{SECONDS} s of audio both ways", seconds=20)
        alice.command("hangup")
        bob.event("CALL_CLOSED")
    finally:
        for phone in phones:
            phone.stop()
    check_heard(alice, bob)
    check_heard(bob, alice)
    (record,) = gateway.records()
    assert record["status"] == 200 and record["ended_by"] == "caller"
