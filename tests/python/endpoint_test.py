"""Endpoints that call each other directly, over loopback."""

import gc
import random
import subprocess
import sys
import threading
import weakref

import causeway
import pytest

VOICE = random.Random(1).randbytes(8000)  # one second
BACK = random.Random(2).randbytes(8000)


@pytest.fixture
def make():
    made = []

    def endpoint(user, **options):
        made.append(causeway.Endpoint(user=user, **options))
        return made[-1]

    yield endpoint
    for one in made:
        one.close()


def pair(make, **options):
    return make("alice", **options), make("bob", **options)


def connected(alice, bob):
    call = alice.call(bob.uri)
    call.wait_answered()
    other = bob.wait_incoming()
    other.wait_answered()
    return call, other


@pytest.mark.parametrize("srtp, profile", [("off", "RTP/AVP"), ("optional", "RTP/AVP"), ("mandatory", "RTP/SAVP")])
def test_call_carries_voice_both_ways(make, srtp, profile):
    alice, bob = pair(make, srtp=srtp)
    call, other = connected(alice, bob)
    call.play(VOICE)
    other.play(BACK)
    assert other.wait_recorded(len(VOICE)) == VOICE
    assert call.wait_recorded(len(BACK)) == BACK
    offer = causeway.Session.parse(causeway.Message.parse(alice.trace()[0].text).body).media[0]
    assert offer.protocol == profile
    assert any(name == "crypto" for name, _ in offer.attributes) == (srtp != "off")
    call.hang_up()
    assert [e.kind for e in (call.wait_ended(), other.wait_ended())] == ["ended", "ended"]
    assert call.figures()["sent"] == other.figures()["received"] == 50
    assert call.figures()["refused"] == other.figures()["lost"] == 0


def test_late_offer_and_headers(make):
    alice = make("alice", late_offer=True, headers={"X-Test": "yes"}, display_name="Al")
    bob = make("bob")
    call, _ = connected(alice, bob)
    invite = causeway.Message.parse(alice.trace()[0].text)
    assert invite.body == "" and invite.first("X-Test") == "yes" and invite.first("From").startswith('"Al"')
    assert call.call_id == invite.call_id


def test_progress_by_hand_with_early_media_then_answer(make):
    alice, bob = pair(make)
    bob.manual()
    call = alice.call(bob.uri)
    other = bob.wait_incoming()
    assert other.ring(183)
    assert call.wait("progress").status == 183
    other.play(BACK[:1600])
    assert call.wait_recorded(1600) == BACK[:1600]
    assert not call.confirmed
    assert other.answer()
    call.wait_answered()
    assert call.confirmed
    assert not other.answer(), "answered already"


@pytest.mark.parametrize("status", [486, 603])
def test_rejected_call(make, status):
    alice, bob = pair(make)
    bob.policy(ring=0, status=status)
    call = alice.call(bob.uri)
    with pytest.raises(causeway.CallError, match=str(status)):
        call.wait_answered()
    assert call.wait("failed").status == status
    call.wait_ended()
    assert not call.hang_up()


def test_cancelled_call_rfc3261_9(make):
    alice, bob = pair(make)
    bob.policy(status=0)
    call = alice.call(bob.uri)
    assert call.wait("progress").status == 180
    other = bob.wait_incoming()
    call.hang_up()
    assert other.wait("failed").status == 487
    call.wait_ended()
    other.wait_ended()
    assert any(t.way == "received" and t.text.startswith("CANCEL ") for t in bob.trace())


def test_hold_and_resume(make):
    alice, bob = pair(make)
    call, other = connected(alice, bob)
    assert call.hold()
    assert call.wait("changed").text == "sendonly"
    assert other.wait("changed").text == "recvonly"
    assert call.resume()
    assert call.wait("changed").text == other.wait("changed").text == "sendrecv"
    other.play(BACK[:800])
    assert call.wait_recorded(800) == BACK[:800]


def test_refused_hold_leaves_the_call_alone(make):
    alice, bob = make("alice"), make("bob", accept_changes=False)
    call, other = connected(alice, bob)
    call.hold()
    assert call.wait("refused").status == 488
    call.play(VOICE[:800])
    assert other.wait_recorded(800) == VOICE[:800]


def test_digits_come_one_by_one_rfc4733(make):
    alice, bob = pair(make)
    call, other = connected(alice, bob)
    call.send_digits("12#")
    assert [other.wait("digit").text for _ in range(3)] == ["1", "2", "#"]
    call.wait_played()


def test_wav_files(make, tmp_path):
    alice, bob = pair(make)
    call, other = connected(alice, bob)
    causeway.write_wav(tmp_path / "said.wav", VOICE[:4000])
    call.play_wav(tmp_path / "said.wav")
    call.wait_played()
    other.wait_recorded(4000)
    other.record_wav(tmp_path / "heard.wav")
    assert (tmp_path / "heard.wav").read_bytes() == (tmp_path / "said.wav").read_bytes()


# ---- callbacks
def test_callback_runs_the_far_end(make):
    def on_event(event):
        if event.kind == "incoming":
            event.call.ring()
            event.call.answer()
        elif event.kind == "digit":
            event.call.hang_up()

    alice, bob = make("alice"), make("bob", on_event=on_event)
    bob.manual()
    call = alice.call(bob.uri)
    call.wait_answered()
    call.send_digits("5")
    bob.wait_incoming().wait_ended()  # when its BYE is answered: after ours
    assert [e.kind for e in bob.events()] == ["incoming", "answered", "digit", "ended"]


def test_callback_that_raises_is_reported_and_the_next_event_still_comes(make, monkeypatch):
    reported, ended = [], threading.Event()
    monkeypatch.setattr(sys, "unraisablehook", reported.append)

    def on_event(event):
        if event.kind == "ended":
            ended.set()
        raise RuntimeError(f"no use for {event.kind}")

    alice, bob = make("alice"), make("bob", on_event=on_event)
    call = alice.call(bob.uri)
    call.wait_answered()
    call.hang_up()
    assert ended.wait(10)
    bob.close()
    assert [str(r.exc_value) for r in reported] == [f"no use for {e.kind}" for e in bob.events()]
    assert all(r.exc_type is RuntimeError and r.exc_traceback is not None for r in reported)


def test_callback_may_close_its_own_endpoint(make):
    closed = threading.Event()

    def on_event(event):
        event.call.endpoint.close()
        closed.set()

    alice, bob = make("alice"), make("bob", on_event=on_event)
    alice.call(bob.uri)
    assert closed.wait(10)
    with pytest.raises(causeway.CallError, match="closed"):
        bob.wait_incoming() and bob.wait_incoming()


# ---- the end
def test_wait_times_out_and_closing_wakes_waiters(make):
    alice, bob = pair(make)
    bob.policy(status=0)
    call = alice.call(bob.uri)
    with pytest.raises(TimeoutError):
        call.wait_answered(timeout=0.05)
    errors = []

    def waits():
        try:
            call.wait_answered(timeout=60)
        except causeway.CallError as error:
            errors.append(str(error))

    waiter = threading.Thread(target=waits)
    waiter.start()
    alice.close()
    waiter.join(10)
    assert not waiter.is_alive() and "closed" in errors[0]
    assert not call.hang_up() and call.call_id, "readable, no more than that"


def test_end_of_a_call_wakes_who_waits_for_its_voice(make):
    alice, bob = pair(make)
    call, other = connected(alice, bob)
    call.play(VOICE * 60)
    call.hang_up()
    with pytest.raises(causeway.CallError, match="over"):
        other.wait_recorded(60 * len(VOICE))
    with pytest.raises(causeway.CallError, match="over"):
        call.wait_played()


def test_forgotten_endpoint_is_freed_and_its_port_too():
    endpoint = causeway.Endpoint(user="x", on_event=print)
    port, pump, gone = int(endpoint.address.split(":")[1]), endpoint._pump, weakref.ref(endpoint)
    del endpoint
    gc.collect()
    pump.join(10)
    assert gone() is None and not pump.is_alive()
    with causeway.Endpoint(user="y", port=port) as other:
        assert other.address.endswith(f":{port}")
        with pytest.raises(OSError, match="in use"):
            causeway.Endpoint(user="z", port=port)


def test_program_that_closes_nothing_ends_by_itself():
    script = (
        f"import sys; sys.path[:0] = {sys.path!r}; import causeway\n"
        "bob = causeway.Endpoint(user='bob', on_event=lambda e: None)\n"
        "alice = causeway.Endpoint(user='alice')\n"
        "call = alice.call(bob.uri); call.wait_answered(); call.play(bytes(80000))\n"
        "print('done')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_options_that_cannot_be():
    for wrong in ({"srtp": "perhaps"}, {"suites": ["ROT13"]}, {"address": "somewhere"}):
        with pytest.raises(ValueError):
            causeway.Endpoint(user="x", **wrong)
