"""Bytes that go from one file to another within the kernel, and how long files are then."""

import os
import socket

from .place import digest, pattern, read, read_all, scene, soon, tried, write


def all_of(call, length):
    """Calls until so much is done, as everybody does."""
    done = 0
    while done < length and (count := call(done, length - done)):
        done += count
    return done


@scene
def sendfile(at, say):
    path = at.make("from", pattern(400_000))
    source = os.open(path, os.O_RDONLY)
    one, two = socket.socketpair()
    say("to a socket", os.sendfile(one.fileno(), source, 5000, 3000), digest(two.recv(9000)))
    target = os.open(at.path("to"), os.O_RDWR | os.O_CREAT, 0o644)
    say("to a file", all_of(lambda at, left: os.sendfile(target, source, at, left), 400_000))
    say("the same", digest(read(at.path("to"))), digest(read(at.behind("to"))), os.fstat(target).st_size)
    say("behind the end", os.sendfile(target, source, 400_000, 10))
    reader, writer = os.pipe()
    say("to a pipe", os.splice(source, writer, 2000, offset_src=100), digest(os.read(reader, 3000)))
    os.write(writer, b"from a pipe")
    say("from a pipe", os.splice(reader, target, 100, offset_dst=50), digest(read_all(target)))
    os.close(source), os.close(target), os.close(reader), os.close(writer)


@scene
def copies(at, say):
    source = os.open(at.make("from", pattern(400_000)), os.O_RDWR)
    target = os.open(at.make("to", pattern(600_000, 1)), os.O_RDWR)
    say("cached", digest(read_all(target)))
    say("copied", all_of(lambda done, left: os.copy_file_range(source, target, left, 10 + done, 70_000 + done), 300_000))
    say("seen", digest(read_all(target)), digest(read(at.behind("to"))), os.fstat(target).st_size)
    say("beyond the end", os.copy_file_range(source, target, 100_000, 390_000, 595_000), os.fstat(target).st_size)
    say("seen", digest(read_all(target)))
    say("nothing left", os.copy_file_range(source, target, 10, 400_000, 0))
    say("over itself", tried(os.copy_file_range, source, source, 1000, 0, 500))
    say("beside itself", tried(os.copy_file_range, source, source, 1000, 0, 5000), digest(read_all(source)))
    appender = os.open(at.path("to"), os.O_WRONLY | os.O_APPEND)
    reader = os.open(at.path("to"), os.O_RDONLY)
    say("refused", tried(os.copy_file_range, source, appender, 10), tried(os.copy_file_range, source, reader, 10))
    os.pwrite(source, b"just written", 0)
    say("just written", os.copy_file_range(source, target, 12, 0, 100), os.pread(target, 12, 100))
    [os.close(fd) for fd in (source, target, appender, reader)]


@scene
def lengths(at, say):
    one = os.open(at.path("file"), os.O_RDWR | os.O_CREAT, 0o644)
    two = os.open(at.path("file"), os.O_RDWR)

    def both():
        return [(os.fstat(fd).st_size, os.lseek(fd, 0, os.SEEK_END)) for fd in (one, two)]

    say("empty", both())
    os.write(one, pattern(100))
    say("written", both(), os.stat(at.path("file")).st_size)
    os.pwrite(two, b"far away", 100_000)
    say("by the other", both(), digest(read_all(one)))
    os.ftruncate(one, 50_000)
    say("cut", both(), digest(read_all(two)))
    os.ftruncate(two, 70_000)
    say("longer", both(), digest(read_all(one)))
    os.posix_fallocate(one, 60_000, 60_000)
    say("allocated", both(), digest(read_all(two)))
    os.link(at.path("file"), at.path("second"))
    fd = os.open(at.path("second"), os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"by another name")
    say("by another name", both(), digest(read_all(one)))
    os.truncate(at.behind("file"), 10)
    say("by others", soon([(10, 10)] * 2, both), os.stat(at.path("second")).st_size)
    os.close(one), os.close(two), os.close(fd)


@scene
def holes(at, say):
    fd = os.open(at.path("file"), os.O_RDWR | os.O_CREAT, 0o644)
    os.pwrite(fd, pattern(4096), 1 << 20)
    say("data", os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 1 << 20, os.SEEK_HOLE), tried(os.lseek, fd, 2 << 20, os.SEEK_DATA))
    say("hole", os.lseek(fd, 0, os.SEEK_HOLE), digest(read_all(fd)), os.fstat(fd).st_blocks)
    os.close(fd)


@scene
def times(at, say):
    """A write moves the times; setting them puts them where they were told, for every descriptor."""
    path = at.make("file", b"text")
    one, two = os.open(path, os.O_RDWR), os.open(path, os.O_RDONLY)
    os.utime(path, ns=(10**18 + 7, 10**18 + 9))
    say("set", os.fstat(one).st_mtime_ns, os.fstat(two).st_mtime_ns, os.stat(at.behind("file")).st_mtime_ns)
    os.write(one, b"more")
    say("moved", os.fstat(two).st_mtime_ns > 10**18 + 9, os.fstat(one).st_mtime_ns == os.stat(path).st_mtime_ns)
    say("as beneath", os.fstat(one).st_mtime_ns == os.stat(at.behind("file")).st_mtime_ns)
    os.utime(one, ns=(10**18, 10**18))
    say("set again", os.stat(path).st_mtime_ns, os.fstat(two).st_mtime_ns)
    os.close(one), os.close(two)
    say("after the close", os.stat(path).st_mtime_ns, os.stat(at.behind("file")).st_mtime_ns)
