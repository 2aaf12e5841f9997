"""kernels/Makefile: what it says where Vitis is absent, and that every link file is in order."""

import os
import pathlib
import re
import subprocess

import pytest
from card import ROOT

KERNELS = ROOT / "kernels"


def make(*words):
    return subprocess.run(["make", "-C", KERNELS, *words], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PATH": "/usr/bin:/bin"})


@pytest.mark.skipif(pathlib.Path("/usr/bin/v++").exists(), reason="Vitis is there")
def test_without_vitis_it_says_what_is_missing_and_what_can_be_done():
    done = make("TARGET=hw", "PLATFORM=u250")
    assert done.returncode != 0
    assert "v++ and vivado are not on PATH" in done.stderr and "TARGET=hw_emu" in done.stderr


def test_platforms_and_targets_that_it_does_not_know_are_named():
    done = make("TARGET=hw", "PLATFORM=u9000")
    assert done.returncode != 0 and "there are: u200 u250 u50 u55c" in done.stderr
    done = make("TARGET=sw")
    assert done.returncode != 0 and "there are: hw hw_emu" in done.stderr


@pytest.mark.parametrize("path", sorted((KERNELS / "link").glob("*.cfg")), ids=lambda path: path.stem)
def test_every_unit_has_its_region_and_memory(path):
    text = path.read_text()
    count, names = re.search(r"^nk=media:(\d+):(\S+)$", text, re.M).groups()
    units = [f"media_{i + 1}" for i in range(int(count))]
    assert names.split(".") == units
    assert re.findall(r"^slr=(\w+):SLR\d$", text, re.M) == units
    memories = re.findall(r"^sp=(\w+)\.m_axi_gmem:((?:HBM|DDR)\[\d+\])$", text, re.M)
    assert [unit for unit, _ in memories] == units
    assert len({memory for _, memory in memories}) == len(units)


def test_the_list_of_sources_names_what_is_there():
    assert all((KERNELS / name).exists() for name in (KERNELS / "media.f").read_text().split())
