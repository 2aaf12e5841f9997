"""Calls of SIPp through the daemon: an independent SIP implementation on either side of it."""

from processes import CALLEE, CALLER, free_ports, wait_for
from rtp import PACKET, AudioEnd
from sipp import finish


def only_record(gateway):
    (record,) = gateway.records()
    return record


def test_audio_crosses_bit_by_bit_both_ways(gateway, party, speech):
    """RFC 3550: the payload is relayed as it is; sequence numbers, timestamps and SSRC are the gateway's own,
    without gaps. The callee hangs up."""
    caller_port, callee_port = free_ports(CALLER, 2), free_ports(CALLEE, 2)
    audio = speech.pcmu[: 100 * PACKET]
    backwards = audio[::-1]
    caller_end, callee_end = AudioEnd(CALLER, caller_port), AudioEnd(CALLEE, callee_port)
    try:
        callee = party(gateway, "callee", audio_port=callee_port, duration=4000)
        caller = party(gateway, "caller", audio_port=caller_port)
        to_callee_leg = int(callee.logged(r"audio (\d+)"))
        to_caller_leg = int(caller.logged(r"audio (\d+)"))
        caller_end.play(audio, to=to_caller_leg, sequence=65500, ssrc=0x1111)  # wraps on the way
        callee_end.play(backwards, to=to_callee_leg, sequence=7, ssrc=0x2222)
        wait_for(lambda: len(callee_end.heard()) >= len(audio), "the caller's audio at the callee")
        wait_for(lambda: len(caller_end.heard()) >= len(audio), "the callee's audio at the caller")
        finish(caller, callee)
    finally:
        caller_end.close()
        callee_end.close()
    for end, expected, foreign_ssrc in ((callee_end, audio, 0x1111), (caller_end, backwards, 0x2222)):
        assert end.heard() == expected
        first_sequence, first_timestamp, ssrc, _ = end.received[0]
        assert ssrc != foreign_ssrc
        for n, (sequence, timestamp, packet_ssrc, _) in enumerate(end.received):
            assert sequence == (first_sequence + n) & 0xFFFF
            assert timestamp == (first_timestamp + n * PACKET) & 0xFFFFFFFF
            assert packet_ssrc == ssrc
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (200, "callee")


def test_streams_of_both_sides_are_counted_packet_by_packet(gateway, party, speech, tmp_path):
    """What the record says was received of one leg was sent on the other; nothing is lost or dropped."""
    (tmp_path / "speech.ul").write_bytes(speech.pcmu)
    callee = party(gateway, "callee_stream")
    caller = party(gateway, "caller_stream", duration=2500)
    finish(caller, callee)
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (200, "caller")
    legs = record["media"]
    for here, there in (("caller", "callee"), ("callee", "caller")):
        assert legs[here]["packets_received"] >= 2.5 * 50 * 0.8
        assert legs[here]["packets_sent"] == legs[there]["packets_received"]
        assert legs[here]["packets_lost"] == 0
        assert legs[here]["codec"] == "PCMU/8000"


def test_hold_and_other_changes_cross(gateway, party):
    """RFC 3264 section 8: what either side says in its re-INVITEs, 200s and ACKs is checked by the scenarios."""
    callee = party(gateway, "callee_changes")
    caller = party(gateway, "caller_changes")
    finish(caller, callee)
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (200, "caller")


def test_caller_gives_up_while_it_rings(gateway, party):
    """RFC 3261 section 9: CANCEL on one side becomes CANCEL on the other; the INVITE ends with 487."""
    callee = party(gateway, "callee_ringing")
    caller = party(gateway, "caller_cancel")
    finish(caller, callee)
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (487, "caller")


def test_busy_callee_is_told_to_the_caller(gateway, party):
    callee = party(gateway, "callee_busy")
    caller = party(gateway, "caller_refused")
    finish(caller, callee)
    assert caller.logged(r"status (\d+)") == "486"
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (486, "callee")


def test_call_that_nobody_answers_ends_with_408(make_gateway, party):
    """RFC 3261 section 16.6, timer C: the callee is cancelled and the caller told."""
    gateway = make_gateway(no_answer="1s")
    callee = party(gateway, "callee_ringing")
    caller = party(gateway, "caller_refused")
    finish(caller, callee)
    assert caller.logged(r"status (\d+)") == "408"
    record = only_record(gateway)
    assert (record["status"], record["ended_by"]) == (408, "gateway")


def test_options_is_answered_and_is_no_call(gateway, party):
    """RFC 3261 section 11."""
    finish(party(gateway, "options"))
    assert gateway.records() == []
