"""Messages, URIs and session descriptions as Python values."""

import array

import causeway
import pytest

INVITE = (
    "INVITE sip:bob@192.0.2.2 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa, SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb\r\n"
    "f: Alice <sip:alice@192.0.2.1>;tag=1\r\n"
    "To: <sip:bob@192.0.2.2>\r\n"
    "Call-ID: one@192.0.2.1\r\n"
    "CSeq: 7 INVITE\r\n"
    "X-Note: two\r\n  lines\r\n"
    "Content-Type: text/plain\r\n"
    "Content-Length: 5\r\n\r\nhello"
)


def test_parsed_message_shows_its_parts():
    m = causeway.Message.parse(INVITE)
    assert m.is_request and m.method == "INVITE" and m.status == 0
    assert (m.call_id, m.cseq, m.request_uri, m.body) == ("one@192.0.2.1", 7, "sip:bob@192.0.2.2", "hello")
    assert (m.from_uri.user, m.from_tag, m.to_tag) == ("alice", "1", "")
    assert [v.split("=")[1] for v in m.values("Via")] == ["z9hG4bKa", "z9hG4bKb"]


def test_compact_and_folded_fields_are_found_rfc3261_7_3():
    m = causeway.Message.parse(INVITE.encode())
    assert m.first("From") == m.first("f") == "Alice <sip:alice@192.0.2.1>;tag=1"
    assert m.first("x-note") == "two lines"
    assert m.first("X-None") is None
    assert ("f", "Alice <sip:alice@192.0.2.1>;tag=1") in m.fields


@pytest.mark.parametrize(
    "change, status",
    [(("SIP/2.0\r\n", "SIP/7.0\r\n"), 505), (("CSeq: 7 INVITE\r\n", ""), 400), (("Length: 5", "Length: 6"), 400)],
)
def test_refused_message_says_why_and_what_to_answer(change, status):
    with pytest.raises(ValueError) as refused:
        causeway.Message.parse(INVITE.replace(*change, 1))
    assert isinstance(refused.value, causeway.ParseError)
    assert refused.value.status == status
    assert refused.value.reason and refused.value.reason in str(refused.value)


def test_octets_that_are_no_utf8_survive():
    m = causeway.Message.parse(INVITE.encode().replace(b"hello", b"\xff\xfe\x00\x01z"))
    assert m.body.encode("utf-8", "surrogateescape") == b"\xff\xfe\x00\x01z"


def test_built_request_and_reply_are_valid_and_related():
    fields = [(n, v) for n, v in causeway.Message.parse(INVITE).fields if n != "Content-Length"]
    built = causeway.Message.request("INVITE", "sip:bob@192.0.2.2", headers=fields, body="v=0")
    again = causeway.Message.parse(built.text)
    assert again.body == "v=0" and again.first("Content-Length") == "3"
    reply = again.reply(486, to_tag="z")
    assert (reply.status, reply.reason, reply.to_tag) == (486, "Busy Here", "z")
    assert (reply.call_id, reply.cseq, reply.method) == (built.call_id, 7, "INVITE")


def test_header_values_cannot_start_fields_of_their_own():
    built = causeway.Message.request("OPTIONS", "sip:a@192.0.2.2", headers=[("Subject", "x\r\nRoute: <sip:evil>")])
    assert [name for name, _ in built.fields].count("Route") == 0


def test_uri():
    u = causeway.Uri.parse("sips:al%69ce:pw@[2001:db8::1]:5061;transport=tcp;lr?Subject=x")
    assert (u.scheme, u.user, u.password, u.host, u.port) == ("sips", "alice", "pw", "[2001:db8::1]", 5061)
    assert u.params == {"transport": "tcp", "lr": None} and u.headers == "Subject=x"
    assert u.equivalent(causeway.Uri.parse(str(u)))
    with pytest.raises(ValueError):
        causeway.Uri.parse("sip:")


def test_description_is_read_and_written_to_the_octet():
    sdp = (
        "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        "a=ptime:20\r\na=sendonly\r\n"
    )
    s = causeway.Session.parse(sdp)
    line = s.media[0]
    assert (line.type, line.port, line.protocol, line.ptime_ms) == ("audio", 4000, "RTP/AVP", 20)
    assert [(c.payload_type, c.name, c.fmtp) for c in line.codecs] == [(0, "PCMU", ""), (101, "telephone-event", "0-15")]
    assert s.direction(line) == "sendonly" and s.connection_of(line) == "192.0.2.1"
    assert s.to_string() == sdp
    with pytest.raises(ValueError, match="2"):
        causeway.Session.parse("v=0\r\nx=y\r\n")


def test_g711_keeps_every_code_and_wav_files_pass(tmp_path):
    codes = bytes(range(256))
    # Both codes of zero are one sample, so one of them comes back as the other.
    assert causeway.alaw_encode(causeway.alaw_decode(codes)) == codes
    assert causeway.mulaw_encode(causeway.mulaw_decode(codes)) == codes.replace(b"\x7f", b"\xff")
    assert list(array.array("h", causeway.mulaw_decode(b"\x80\x00"))) == [32124, -32124]
    causeway.write_wav(tmp_path / "a.wav", codes[:127])
    assert causeway.read_wav(tmp_path / "a.wav") == codes[:127]
    with pytest.raises(ValueError):
        causeway.mulaw_encode(b"odd")
