#!/usr/bin/python3
"""The codec kernels. usage: kernels_test.py FOLDER"""

import pathlib
import sys

import codec_kernels
import g711_kernel

if __name__ == "__main__":
    sys.exit(0 if codec_kernels.check(g711_kernel.kernels(), pathlib.Path(sys.argv[1]).resolve()) else 1)
