#!/usr/bin/python3
"""The codec and jitter kernels. usage: kernels_test.py FOLDER [MATERIAL [PROCESS...]]"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "jitter"))
import codec_kernels
import conceal_kernel
import engine_kernel
import g711_kernel
import jitter_kernel
import playout_kernel
import step_kernels

if __name__ == "__main__":
    material = sys.argv[2] if len(sys.argv) > 2 else "/nowhere"
    chosen = sys.argv[3:]
    folder = pathlib.Path(sys.argv[1]).resolve()
    # Concealment takes many more cycles than the others, and playout has the same processes again: they have models of their own.
    models = [g711_kernel.kernels() + step_kernels.kernels(material) + jitter_kernel.kernels() + engine_kernel.kernels(material),
              conceal_kernel.kernels(), playout_kernel.kernels(material)]
    good = True
    for number, model in enumerate(models):
        kernels = [k for k in model if not chosen or k["process"] in chosen]
        good = (not kernels or codec_kernels.check(kernels, folder / str(number))) and good
    sys.exit(0 if good else 1)
