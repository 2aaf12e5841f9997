"""A gateway in this process between two endpoints: what one says, the other hears to the bit."""

import random

import causeway
import pytest

VOICE = random.Random(3).randbytes(8000)
BACK = random.Random(4).randbytes(8000)


@pytest.fixture
def media_ports():
    first = random.randrange(5000, 9000, 50)  # below those of endpoints
    return f"{first}-{first + 49}"


@pytest.fixture
def phones():
    with causeway.Endpoint(user="alice", srtp="mandatory", address="127.0.0.2") as alice:
        with causeway.Endpoint(user="bob", address="127.0.0.3") as bob:
            yield alice, bob


@pytest.fixture
def gateway(phones, media_ports):
    _, bob = phones
    config = {
        "listener": [{"name": "sip", "address": "udp:127.0.0.1:0"}],
        "media": [{"address": "127.0.0.1", "ports": media_ports}],
        "trunk": [
            {"name": "left", "sources": ["127.0.0.2"], "srtp": "mandatory"},
            {"name": "right", "target": bob.address},
        ],
        "route": [{"prefix": "2", "trunk": "right"}],
        "cdr": {"directory": ""},
        "control": {"socket": ""},
    }
    with causeway.Gateway(config) as running:
        yield running


def connect(gateway, phones):
    alice, bob = phones
    call = alice.call(f"sip:2000@{gateway.address}")
    call.wait_answered()
    other = bob.wait_incoming()
    other.wait_answered()
    return call, other


def test_voice_crosses_from_srtp_to_rtp_and_back_bit_for_bit(gateway, phones):
    call, other = connect(gateway, phones)
    call.play(VOICE)
    other.play(BACK)
    assert other.wait_recorded(len(VOICE)) == VOICE
    assert call.wait_recorded(len(BACK)) == BACK
    (seen,) = gateway.calls()
    assert (seen["state"], seen["caller"], seen["callee"]) == ("answered", "alice", "2000")
    assert {m["leg"]: m["suite"] for m in seen["media"]} == {"caller": "AES_CM_128_HMAC_SHA1_80", "callee": "none"}
    call.hang_up()
    other.wait_ended()
    call.wait_ended()
    # What bob says next is read behind its answer to the BYE.
    assert phones[1].call(f"sip:9@{gateway.address}").wait("failed").status == 404
    status = gateway.status()
    assert status["calls"] == status["media"]["ports_in_use"] == status["media"]["contexts"] == 0


def test_hold_and_digits_cross_the_gateway(gateway, phones):
    call, other = connect(gateway, phones)
    call.hold()
    assert call.wait("changed").text == "sendonly"
    assert other.wait("changed").text == "recvonly"
    call.resume()
    assert call.wait("changed").text == other.wait("changed").text == "sendrecv"
    other.send_digits("7*")
    assert [call.wait("digit").text for _ in range(2)] == ["7", "*"]


def test_rejection_and_unknown_numbers_come_back(gateway, phones):
    alice, bob = phones
    bob.policy(status=486)
    call = alice.call(f"sip:2000@{gateway.address}")
    assert call.wait("failed").status == 486
    call = alice.call(f"sip:9@{gateway.address}")
    assert call.wait("failed").status == 404


def test_caller_who_gives_up_is_heard_on_the_far_side(gateway, phones):
    alice, bob = phones
    bob.policy(status=0)
    call = alice.call(f"sip:2000@{gateway.address}")
    call.wait("progress")
    call.hang_up()
    assert bob.wait_incoming().wait("failed").status == 487
    call.wait_ended()


def test_operator_hangs_up_and_stop_ends_calls(gateway, phones):
    call, other = connect(gateway, phones)
    assert gateway.hangup(gateway.calls()[0]["id"])
    call.wait_ended()
    other.wait_ended()
    call, other = connect(gateway, phones)
    gateway.stop()
    call.wait_ended()
    other.wait_ended()
    assert gateway.status()["stopping"]
    gateway.stop()


def test_port_taken_is_an_os_error(gateway, media_ports):
    config = {
        "listener": [{"name": "sip", "address": f"udp:{gateway.address}"}],
        "media": [{"address": "127.0.0.1", "ports": media_ports}],
        "trunk": [{"name": "left", "sources": ["127.0.0.2"]}],
        "cdr": {"directory": ""},
        "control": {"socket": ""},
    }
    with pytest.raises(OSError, match="in use"):
        causeway.Gateway(config)


def test_file_is_read(tmp_path):
    with pytest.raises(OSError):
        causeway.Gateway(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[gateway]\ncolour = 1\n")
    with pytest.raises(ValueError, match="colour"):
        causeway.Gateway(tmp_path / "bad.toml")
