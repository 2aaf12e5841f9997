"""The gateway's core on a virtual clock, both peers played by the test."""

import causeway
import pytest

CONFIG = {
    "listener": [{"name": "sip", "address": "udp:198.51.100.1:5060"}],
    "media": [{"address": "198.51.100.9", "ports": "20000-20009"}],
    "trunk": [
        {"name": "left", "sources": ["192.0.2.10"], "target": "192.0.2.10:5060", "learning": "off"},
        {"name": "right", "target": "203.0.113.20:5060", "learning": "off"},
    ],
    "route": [{"prefix": "+49", "trunk": "right"}],
    "cdr": {"directory": ""},
    "control": {"socket": ""},
}
LEFT, RIGHT = "192.0.2.10:5060", "203.0.113.20:5060"


def sdp(address, port):
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )


def request(method, cseq=1, to_tag="", branch="one", uri="sip:+4930200@198.51.100.1", body=""):
    return causeway.Message.request(
        method,
        uri,
        headers=[
            ("Via", f"SIP/2.0/UDP {LEFT};branch=z9hG4bK{branch}"),
            ("Max-Forwards", "70"),
            ("From", "<sip:100@192.0.2.10>;tag=left"),
            ("To", "<sip:+4930200@198.51.100.1>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", "call-of-left"),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:100@{LEFT}>"),
        ],
        body=body,
    ).text


def taken(core, to):
    return [causeway.Message.parse(text) for where, text in core.take_sip() if where == to]


def establish(core):
    """A call from left to right; the 200 that left got and the INVITE that right got."""
    core.receive_sip(request("INVITE", body=sdp("192.0.2.11", 30000)), source=LEFT)
    (invite,) = [m for m in taken(core, RIGHT) if m.method == "INVITE"]
    answer = invite.reply(200, to_tag="right", headers=[("Contact", f"<sip:r@{RIGHT}>")], body=sdp("203.0.113.21", 40000))
    core.receive_sip(answer.text, source=RIGHT)
    (ok,) = [m for m in taken(core, LEFT) if m.status == 200]
    core.receive_sip(request("ACK", to_tag=ok.to_tag, branch="two"), source=LEFT)
    return ok, invite


def media_of(message):
    session = causeway.Session.parse(message.body)
    return f"{session.connection_of(session.media[0])}:{session.media[0].port}"


def test_call_with_voice_and_its_record():
    core = causeway.Core(CONFIG)
    ok, invite = establish(core)
    assert core.status()["calls"] == 1 and core.calls()[0]["state"] == "answered"
    voice = b"\x80\x00\x00\x01\x00\x00\x00\xa0\x01\x02\x03\x04" + bytes(range(160))
    core.receive_media(media_of(ok), "192.0.2.11:30000", voice)
    sent = [(local, to, data) for local, to, data in core.take_media() if data[1] == 0]
    assert [(local, to, data[12:]) for local, to, data in sent] == [
        (media_of(invite), "203.0.113.21:40000", voice[12:])
    ]
    core.advance(10)
    core.receive_sip(request("BYE", cseq=2, to_tag=ok.to_tag, branch="three"), source=LEFT)
    bye = taken(core, RIGHT)[-1]
    assert bye.method == "BYE"
    core.receive_sip(bye.reply(200).text, source=RIGHT)
    (record,) = core.cdrs
    assert (record["caller"], record["callee"], record["status"], record["ended_by"]) == ("100", "+4930200", 200, "caller")
    assert record["ended"] - record["answered"] == pytest.approx(10)
    assert [m["packets_received"] for m in record["media"] if m["leg"] == "caller"] == [1]


def test_everything_is_given_back_after_a_call():
    core = causeway.Core(CONFIG)
    establish(core)
    assert core.hangup(core.calls()[0]["id"])
    core.advance(600)
    status = core.status()
    assert [status[k] for k in ("calls", "legs", "transactions")] == [0, 0, 0]
    assert status["media"]["ports_in_use"] == status["media"]["contexts"] == 0
    assert core.next_timer is None


def test_timers_fire_at_their_own_deadlines_rfc3261_17_1_1_2():
    core = causeway.Core(CONFIG)
    core.receive_sip(request("INVITE", body=sdp("192.0.2.11", 30000)), source=LEFT)
    core.take_sip()
    times = []
    while core.now < 40:
        core.advance(core.next_timer - core.now if core.next_timer is not None else 40)
        times += [core.now for m in taken(core, RIGHT) if m.method == "INVITE"]
    assert times == pytest.approx([0.5, 1.5, 3.5, 7.5, 15.5, 31.5])
    assert core.cdrs[0]["status"] in (408, 503, 504)


def test_runs_from_one_seed_are_equal_to_the_octet():
    def run(seed):
        core = causeway.Core(CONFIG, seed=seed)
        core.receive_sip(request("INVITE", body=sdp("192.0.2.11", 30000)), source=LEFT)
        return core.take_sip()

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_stranger_and_draining():
    core = causeway.Core(CONFIG)
    core.receive_sip(request("INVITE", body=sdp("192.0.2.11", 30000)), source="192.0.2.77:5060")
    assert [m.status for m in taken(core, "192.0.2.77:5060")][-1] == 403
    core.drain()
    core.receive_sip(request("INVITE", body=sdp("192.0.2.11", 30000)).replace("z9hG4bKone", "z9hG4bKx"), source=LEFT)
    assert [m.status for m in taken(core, LEFT)][-1] == 503


def test_mistakes_are_value_errors():
    with pytest.raises(ValueError, match="listener"):
        causeway.Core('[[trunk]]\nname = "x"\n')
    core = causeway.Core(CONFIG)
    with pytest.raises(ValueError):
        core.receive_sip("x", source="nowhere")
    with pytest.raises(ValueError):
        core.advance(-1)
    core.receive_sip(b"\x00\xff no SIP", source=LEFT)
    assert core.status()["malformed"] == 1
