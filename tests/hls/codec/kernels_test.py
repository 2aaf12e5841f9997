#!/usr/bin/python3
"""The codec and jitter kernels. usage: kernels_test.py FOLDER [MATERIAL [PROCESS...]]"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "jitter"))
import codec_kernels
import engine_kernel
import g711_kernel
import jitter_kernel
import step_kernels

if __name__ == "__main__":
    material = sys.argv[2] if len(sys.argv) > 2 else "/nowhere"
    kernels = g711_kernel.kernels() + step_kernels.kernels(material) + jitter_kernel.kernels() + engine_kernel.kernels(material)
    chosen = sys.argv[3:]
    kernels = [k for k in kernels if not chosen or k["process"] in chosen]
    sys.exit(0 if codec_kernels.check(kernels, pathlib.Path(sys.argv[1]).resolve()) else 1)
