#!/usr/bin/python3
"""bench.py NAME FOLDER [KERNELS]: lints and verilates NAME.sv with the blocks of kernels/, runs NAME.cpp against it."""
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BLOCKS = {
    "axi_bench": ["causeway_fifo", "causeway_axi_bursts", "causeway_axi_read", "causeway_axi_write", "causeway_axi_checker"],
    "stream_bench": ["causeway_skid", "causeway_fifo", "causeway_arbiter", "causeway_merge"],
}


def main():
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    kernels = pathlib.Path(sys.argv[3]).resolve() if len(sys.argv) > 3 else HERE.parents[1] / "kernels"
    folder.mkdir(parents=True, exist_ok=True)
    sources = [*[kernels / f"{block}.sv" for block in BLOCKS[name]], HERE / f"{name}.sv"]
    subprocess.run(["verilator", "--cc", "--exe", "--build", "-j", "2", "-Wall", "--assert", "-O3", "--top-module", name, "-Mdir", folder,
                    "-CFLAGS", f"-std=c++20 -O1 -I{HERE}", "-MAKEFLAGS", "OPT_FAST=-O1 OPT_SLOW=-O0 --silent", *sources, HERE / f"{name}.cpp"],
                   check=True, stdout=subprocess.DEVNULL)
    return subprocess.run([folder / f"V{name}"]).returncode


if __name__ == "__main__":
    sys.exit(main())
