"""Locks among those who use the same place."""

import fcntl
import os
import struct

from .place import Peer, scene, soon, tried

EX = fcntl.LOCK_EX | fcntl.LOCK_NB
SH = fcntl.LOCK_SH | fcntl.LOCK_NB
FLOCK = "hhqqi4x"


def flock(fd, how):
    return tried(fcntl.flock, fd, how)


def record(fd, command, kind, start, length):
    """A lock of some bytes; of a question the answer, with who holds them."""
    asked = struct.pack(FLOCK, kind, os.SEEK_SET, start, length, 0)
    answer = tried(fcntl.fcntl, fd, command, asked)
    if isinstance(answer, str):
        return answer
    kind, _, start, length, pid = struct.unpack(FLOCK, answer)
    asks = command in (fcntl.F_GETLK, fcntl.F_OFD_GETLK)
    return (kind, start, length, pid) if asks else "ok"


def waits(fd, command):
    return record(fd, command, fcntl.F_WRLCK, 0, 0)


@scene
def whole_files(at, say):
    with Peer() as peer:
        path = at.make("file")
        ours, again = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
        theirs = peer.do(os.open, path, os.O_RDONLY)
        say("taken", flock(ours, EX), flock(again, SH), peer.do(flock, theirs, SH))
        say("shared", flock(ours, SH), flock(again, SH), peer.do(flock, theirs, SH), peer.do(flock, theirs, EX))
        say("not alone", flock(ours, EX), flock(again, fcntl.LOCK_UN), flock(ours, EX))
        peer.do(os.close, theirs)
        say("alone", flock(ours, EX), flock(again, SH))
        os.link(path, at.path("second name"))
        named = os.open(at.path("second name"), os.O_RDWR)
        say("by another name", flock(named, SH))
        twin = os.dup(ours)
        os.close(ours)
        say("while a twin is open", flock(named, SH))
        os.close(twin)
        say("closed", flock(named, EX))
        os.unlink(path), os.unlink(at.path("second name"))
        say("without a name", flock(again, SH), flock(named, fcntl.LOCK_UN), flock(again, EX))
        os.close(named), os.close(again)


@scene
def ranges_of_processes(at, say):
    with Peer() as peer:
        path = at.make("file", bytes(100))
        ours = os.open(path, os.O_RDWR)
        theirs = peer.do(os.open, path, os.O_RDWR)
        say("ours", record(ours, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 10))
        seen = peer.do(record, theirs, fcntl.F_GETLK, fcntl.F_WRLCK, 5, 10)
        say("seen", seen[:3], seen[3] == os.getpid())
        say("beside", peer.do(record, theirs, fcntl.F_SETLK, fcntl.F_WRLCK, 10, 10))
        say("across", peer.do(record, theirs, fcntl.F_SETLK, fcntl.F_RDLCK, 5, 10))
        say("theirs", record(ours, fcntl.F_SETLK, fcntl.F_RDLCK, 0, 0))
        say("split", record(ours, fcntl.F_SETLK, fcntl.F_UNLCK, 3, 3))
        say("between", peer.do(record, theirs, fcntl.F_SETLK, fcntl.F_WRLCK, 3, 3))
        os.close(os.open(path, os.O_RDONLY))
        say("gone with any close", peer.do(record, theirs, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 0))
        peer.do(os.close, theirs)
        say("gone with theirs", record(ours, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 0))
        os.close(ours)
        reader = os.open(path, os.O_RDONLY)
        say("of a reader", record(reader, fcntl.F_SETLK, fcntl.F_WRLCK, 0, 0))
        os.close(reader)


@scene
def ranges_of_descriptors(at, say):
    with Peer() as peer:
        path = at.make("file", bytes(100))
        ours, again = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
        theirs = peer.do(os.open, path, os.O_RDWR)
        say("ours", record(ours, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 0, 10))
        say("of one process", record(again, fcntl.F_OFD_SETLK, fcntl.F_RDLCK, 9, 1))
        say("seen", record(again, fcntl.F_OFD_GETLK, fcntl.F_RDLCK, 0, 0), peer.do(
            record, theirs, fcntl.F_OFD_GETLK, fcntl.F_WRLCK, 0, 0))
        say("beside", record(again, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 10, 10))
        say("against a process", peer.do(record, theirs, fcntl.F_SETLK, fcntl.F_WRLCK, 15, 1))
        os.close(os.open(path, os.O_RDONLY))
        say("not gone with any close", peer.do(record, theirs, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 0, 1))
        os.close(again)
        say("gone with its own", peer.do(record, theirs, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 10, 10))
        os.close(ours)


@scene
def who_waits_for_a_lock_gets_it(at, say):
    with Peer() as peer:
        path = at.make("file", bytes(100))
        theirs = peer.do(os.open, path, os.O_RDWR)
        ours = os.open(path, os.O_RDWR)
        for name, command, give_back in [
            ("process", fcntl.F_SETLKW, lambda: record(ours, fcntl.F_SETLK, fcntl.F_UNLCK, 0, 0)),
            ("descriptor", fcntl.F_OFD_SETLKW, lambda: record(ours, fcntl.F_OFD_SETLK, fcntl.F_UNLCK, 0, 0)),
        ]:
            say(name, waits(ours, command))
            peer.begin(waits, theirs, command)
            say(name + " waits", soon(True, lambda: is_waited_for(path)))
            say(name, give_back(), peer.end())
            say(name, peer.do(record, theirs, command, fcntl.F_UNLCK, 0, 0))
        say("whole", flock(ours, EX))
        peer.begin(flock, theirs, fcntl.LOCK_EX)
        say("whole waits", soon(True, lambda: is_waited_for(path)))
        os.close(ours)
        say("whole", peer.end())


def is_waited_for(path):
    """Whether the kernel lists somebody who waits for a lock of this file."""
    inode = f":{os.stat(path).st_ino} "
    with open("/proc/locks") as locks:
        return any(" -> " in line and inode in line for line in locks)
