"""Messages that cross, are lost, come too late or must be refused, by SIPp on either side. What each side expects is in
its scenario; the record says what the call came to, and nothing of it may stay behind."""

import pytest
from sipp import finish

LOSES = {"more": ["-nr"]}  # a repeated message is one for the scenario, and not for SIPp itself

# caller, callee, status and who ended the call by the record
RACES = [
    ("caller_cancel", "callee_cancel_crosses", {}, 487, "caller"),
    ("caller_cancel_crosses", "callee_waits", {}, 200, "caller"),
    ("caller_early_bye", "callee_ringing", {}, 487, "caller"),
    ("caller_lost_ack", "callee_waits", LOSES, 200, "caller"),
    ("caller_repeats", "callee_waits", LOSES, 200, "caller"),
    ("caller_bye_crosses", "callee", {}, 200, "callee"),
    ("caller", "callee_lost_ack", LOSES, 200, "callee"),
    ("caller", "callee_forks", {}, 200, "callee"),
    ("caller", "callee_late_ringing", {}, 200, "callee"),
    ("caller_late_offer", "callee_late_offer", {}, 200, "caller"),
    ("caller_change_refused", "callee_refuses_change", {}, 200, "caller"),
    ("caller_change", "callee_glare", {}, 200, "caller"),
]


@pytest.mark.parametrize("caller, callee, options, status, ended_by", RACES, ids=lambda v: v if isinstance(v, str) else "")
def test_race_ends_as_its_rfc_says(gateway, party, caller, callee, options, status, ended_by):
    called = party(gateway, callee, **options)
    finish(party(gateway, caller, **options), called)
    (record,) = gateway.records()
    assert (record["status"], record["ended_by"]) == (status, ended_by)


def test_answer_that_is_never_acknowledged_ends_the_call(make_gateway, party):
    """RFC 3261 section 13.3.1.4: after 64 times T1 the gateway hangs up on both sides."""
    gateway = make_gateway(t1="20ms")
    callee = party(gateway, "callee_waits")
    finish(party(gateway, "caller_no_ack", **LOSES), callee)
    (record,) = gateway.records()
    assert (record["status"], record["ended_by"]) == (200, "gateway")


VALID = {"hops": 70, "header": "Subject: none", "type": "application/sdp"}


@pytest.mark.parametrize(
    "wrong, status",
    [({"hops": 0}, 483), ({"header": "Require: teleportation"}, 420), ({"type": "text/plain"}, 415)],
)
def test_invite_that_cannot_go_on_is_refused(gateway, party, wrong, status):
    """RFC 3261 sections 16.3 and 8.2: nobody is called, and the record says why."""
    caller = party(gateway, "caller_invalid", keys=VALID | wrong)
    finish(caller)
    assert int(caller.logged(r"status (\d+)")) == status
    (record,) = gateway.records()
    assert (record["status"], record["ended_by"]) == (status, "gateway")


@pytest.mark.parametrize("request_scenario", ["request_subscribe", "request_unknown", "request_bye"])
def test_request_that_starts_no_call_is_refused(gateway, party, request_scenario):
    """RFC 3261 sections 8.2.1 and 12.2.2. It is no attempt."""
    finish(party(gateway, request_scenario))
    assert gateway.records() == []
