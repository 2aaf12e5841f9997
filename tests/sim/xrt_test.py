"""Debian's XRT with the simulated card below it: batches come back right whatever memory does, and a card that dies is
neither a hang nor a crash."""

import pathlib

import pytest
from card import PROBE, XCLBIN, needs_card, run

pytestmark = needs_card


@pytest.mark.parametrize("knobs", [
    {},
    {"latency": "0-0", "stall": 0},
    {"latency": "1-300", "stall": 60, "seed": 7},
    {"latency": "100-100", "stall": 0},
])
def test_batches_come_back_right(knobs):
    status, output = run(PROBE, XCLBIN, 40, **knobs)
    assert status == 0 and "right" in output, output


@pytest.mark.parametrize("fault", ["lost-writes@5", "model-dies@5", "card-dies@5"])
def test_a_card_that_is_lost_shows_in_the_completion_headers(fault):
    status, output = run(PROBE, XCLBIN, 20, fault=fault)
    assert status == 1 and "no completion header" in output, output


def test_waveforms_are_written_on_demand(tmp_path):
    status, output = run(PROBE, XCLBIN, 8, trace=tmp_path / "waves")
    assert status == 0, output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["waves.media_1.fst", "waves.media_2.fst"]
    assert all(path.stat().st_size > 1000 for path in tmp_path.iterdir())


def test_a_knob_that_cannot_be_read_is_an_error():
    status, output = run(PROBE, XCLBIN, 1, latency="soon", timeout=20)
    assert status == 1 and "CAUSEWAY_CARD_LATENCY" in output, output


def test_the_program_leaves_no_log_beside_itself():
    run(PROBE, XCLBIN, 1)
    assert not (pathlib.Path(PROBE).parent / "emulation_debug.log").exists()
