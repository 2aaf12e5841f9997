"""Builds a program with a planted bug: a patch to one file of the tree. Used by what shows that tests find bugs."""

import json
import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def why(patch):
    """The first line of a patch says what is wrong."""
    return patch.read_text().splitlines()[0]


def build(folder, patch, build_folder, target):
    """`target` with the patch applied to a copy, in `folder`: only the patched file is compiled, and the program linked
    with it in front of the libraries, whose own is then not taken."""
    subprocess.run(["ninja", target], cwd=build_folder, check=True, capture_output=True)
    (file,) = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.M)
    copy = folder / file
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text((ROOT / file).read_text())  # again where another program is built
    subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=folder, check=True)
    database = json.loads(subprocess.run(["ninja", "-t", "compdb"], cwd=build_folder, check=True, capture_output=True).stdout)
    (compile_it,) = [c["command"] for c in database if c["file"].endswith("/" + file) and " -c " in c["command"]]
    words = shlex.split(compile_it)
    words[words.index("-o") + 1] = str(folder / "patched.o")
    words[words.index("-c") + 1] = str(copy)
    subprocess.run([*words, "-w"], cwd=build_folder, check=True)
    commands = subprocess.run(["ninja", "-t", "commands", target], cwd=build_folder, check=True, capture_output=True, text=True).stdout
    link = shlex.split(commands.splitlines()[-1].split("&&")[1])
    program = folder / pathlib.Path(target).name
    link[link.index("-o") + 1] = str(program)
    link.insert(next(i for i, word in enumerate(link) if word.endswith(".o")), str(folder / "patched.o"))
    subprocess.run(link, cwd=build_folder, check=True)
    return program
