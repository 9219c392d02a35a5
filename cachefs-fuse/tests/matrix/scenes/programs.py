"""Files that are programs: nobody writes to what runs, nobody runs what is written."""

import os
import subprocess

from .place import opened, read, scene, soon, tried, write


def program(path):
    write(path, read("/bin/sleep"), 0o755)


def run(path, seconds="0"):
    return tried(lambda: subprocess.run([path, seconds]).returncode)


@scene
def a_program_that_is_being_written(at, say):
    program(at.path("program"))
    say("written", run(at.path("program")))
    for name, flags in [("written to", os.O_WRONLY), ("both", os.O_RDWR), ("appended to", os.O_WRONLY | os.O_APPEND)]:
        fd = os.open(at.path("program"), flags)
        say(name, run(at.path("program")))
        os.close(fd)
        say(name + " no more", run(at.path("program")))
    fd = os.open(at.path("program"), os.O_RDONLY)
    say("read", run(at.path("program")))
    os.close(fd)


@scene
def a_program_that_runs(at, say):
    path = at.path("program")
    program(path)
    process = subprocess.Popen([path, "60"])
    say("write", opened(path, os.O_WRONLY), opened(path, os.O_RDWR), opened(path, os.O_RDONLY | os.O_TRUNC))
    say("truncate", tried(os.truncate, path, 0))
    say("read", opened(path, os.O_RDONLY))
    process.kill()
    process.wait()
    say("ended", soon("ok", lambda: opened(path, os.O_RDWR)))
    say("truncate", tried(os.truncate, path, 3), os.stat(path).st_size)


@scene
def a_program_just_written_is_run_beneath(at, say):
    for round in range(3):
        name = f"program-{round}"
        program(at.path(name))
        say("beneath", soon(0, lambda: run(at.behind(name))))
        fd = os.open(at.path(name), os.O_RDWR)
        say("a byte", os.pwrite(fd, os.pread(fd, 1, 0), 0))
        os.close(fd)
        say("beneath again", soon(0, lambda: run(at.behind(name))))
        say("here", run(at.path(name)))


@scene
def a_program_that_is_replaced_while_it_runs(at, say):
    for name, replace in [("here", at.path), ("by others", at.behind)]:
        path = at.path(name)
        program(path)
        process = subprocess.Popen([path, "60"])
        program(replace(name + ".new"))
        os.rename(replace(name + ".new"), replace(name))
        say(name, soon("ok", lambda: opened(path, os.O_RDWR)), run(path), process.poll())
        process.kill()
        process.wait()
