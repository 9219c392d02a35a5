"""Plays scenes in a directory and tells what a program sees: play.py TOP BENEATH [SCENE...]

TOP is where a mount shows the directory BENEATH; both are the same where there is none."""

import importlib
import os
import sys
import time
import traceback

from scenes import place

PARTS = ["flags", "programs", "locks", "nameless", "maps", "transfer", "names", "rights"]


def play(act, top, beneath):
    def say(what, *seen):
        print(f"{act.__name__}: {what}: {' '.join(map(repr, seen))}", flush=True)

    began = time.monotonic()
    try:
        act(place.Place(top, beneath, act.__name__), say)
    except Exception as error:
        lines = [line for line in traceback.format_exc().splitlines() if "line " in line]
        print(f"{act.__name__}: RAISED {error!r} {lines[-1].split(', ', 1)[1]}")
    print(f"{act.__name__} took {time.monotonic() - began:.3f} s", file=sys.stderr)


def main(top, beneath, *chosen):
    os.umask(0o022)
    for part in PARTS:
        importlib.import_module(f"scenes.{part}")
    for act in place.SCENES:
        if not chosen or act.__name__ in chosen:
            play(act, top, beneath)


main(*sys.argv[1:])
