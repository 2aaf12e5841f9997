"""Many calls at the same time, by the scenarios that SIPp brings along and with audio in some of them."""

import pytest
from processes import CALLEE, CALLER, free_ports, wait_for
from sipp import finish

SILENT, WITH_AUDIO = 480, 20
ALL = SILENT + WITH_AUDIO


@pytest.mark.parametrize("media_threads", [0, 2])
def test_500_calls_at_a_time_20_of_them_with_audio(make_gateway, party, speech, tmp_path, media_threads):
    """All end as they should, each with one record; the voices of the twenty cross, and come back from the callee,
    which sends all that it hears back."""
    (tmp_path / "speech.ul").write_bytes(speech.pcmu)
    gateway = make_gateway(media_ports=5 * ALL, media_threads=media_threads)  # each shard has its part, and not exactly half of the calls
    echo, streams = free_ports(CALLEE, 4), free_ports(CALLER, 10 * WITH_AUDIO)
    callee = party(gateway, "uas", calls=ALL, more=["-rtp_echo", "-mp", echo])
    silent = party(gateway, "uac", calls=SILENT, rate=120, duration=12000)
    ports = ["-mp", streams]
    talking = party(gateway, "caller_stream", calls=WITH_AUDIO, rate=10, duration=12000, more=ports)

    def all_are_answered():
        status = gateway.status()
        assert status["failed"] == 0
        return status["answered"] == ALL

    wait_for(all_are_answered, f"{ALL} answered calls", seconds=30)
    assert gateway.status()["calls"] == ALL
    finish(silent, talking, callee)

    records = gateway.records()
    assert len(records) == ALL
    assert {(record["status"], record["ended_by"]) for record in records} == {(200, "caller")}
    assert len({record["call_id"] for record in records}) == ALL
    heard = [record["media"] for record in records if record["media"]["caller"]["packets_received"] > 0]
    assert len(heard) == WITH_AUDIO
    spoken = len(speech.pcmu) // 160
    for legs in heard:
        assert legs["caller"]["packets_received"] >= 0.8 * spoken
        assert legs["callee"]["packets_sent"] == legs["caller"]["packets_received"]
        assert legs["callee"]["packets_received"] >= 0.8 * spoken
        assert legs["caller"]["packets_sent"] == legs["callee"]["packets_received"]
