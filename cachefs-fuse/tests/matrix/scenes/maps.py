"""Mapped files."""

import mmap
import os

from .place import digest, opened, pattern, read, read_all, scene, soon, tried, write

PAGE = 4096


def mapped(fd, length, private=False, writable=True):
    """A mapping; the descriptor may be closed."""
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    return mmap.mmap(fd, length, mmap.MAP_PRIVATE if private else mmap.MAP_SHARED, protection)


def map_path(path, length, **named):
    fd = os.open(path, os.O_RDWR)
    mapping = mapped(fd, length, **named)
    os.close(fd)
    return mapping


@scene
def shared_stores(at, say):
    path = at.make("file", pattern(10 * PAGE))
    fd = os.open(path, os.O_RDWR)
    reader = os.open(path, os.O_RDONLY)
    say("cached", digest(read_all(reader)))
    mapping = mapped(fd, 10 * PAGE)
    mapping[5000:5010] = b"stored by!"
    say("read", os.pread(fd, 10, 5000), os.pread(reader, 10, 5000), digest(read(path)))
    mapping.flush()
    say("after msync", digest(read(at.behind("file"))))
    os.pwrite(fd, b"written", 6000)
    say("written", mapping[6000:6007])
    mapping[6003:6005] = b"XX"
    say("both", os.pread(reader, 7, 6000))
    os.close(fd)
    mapping[-3:] = b"end"
    say("descriptor closed", os.pread(reader, 3, 10 * PAGE - 3))
    mapping.close()
    say("unmapped", digest(read(at.behind("file"))), digest(read(path)), os.fstat(reader).st_size)
    os.close(reader)


@scene
def stores_into_a_hole(at, say):
    path = at.path("file")
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    os.ftruncate(fd, 3 * PAGE + 10)
    mapping = mapped(fd, 3 * PAGE + 10)
    mapping[PAGE:PAGE + 6] = b"middle"
    mapping[3 * PAGE:] = b"at the end"
    say("read", digest(read_all(fd)))
    mapping.flush()
    say("beneath", digest(read(at.behind("file"))), os.fstat(fd).st_size)
    mapping.close()
    os.close(fd)


@scene
def two_mappings_are_one(at, say):
    path = at.make("file", pattern(2 * PAGE))
    one, two = map_path(path, 2 * PAGE), map_path(path, 2 * PAGE, writable=False)
    one[100:103] = b"one"
    say("shared", two[100:103])
    private = map_path(path, 2 * PAGE, private=True)
    private[200:207] = b"private"
    say("private", private[200:207], two[200:207] == pattern(2 * PAGE)[200:207])
    one[PAGE + 1:PAGE + 4] = b"two"
    say("not stored into", private[PAGE + 1:PAGE + 4])
    private.flush()
    private.close()
    one.close()
    say("beneath", digest(read(at.behind("file"))), digest(read(path)), two[200:207] == pattern(2 * PAGE)[200:207])
    two.close()


@scene
def a_mapped_file_becomes_longer(at, say):
    path = at.make("file", pattern(PAGE + 100))
    fd = os.open(path, os.O_RDWR)
    mapping = mmap.mmap(fd, PAGE + 100)
    say("before", digest(mapping[:]))
    writer = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(writer, pattern(3 * PAGE, 1))
    mapping.resize(4 * PAGE + 100)
    say("appended to", digest(mapping[:]))
    other = os.open(at.behind("file"), os.O_WRONLY | os.O_APPEND)
    os.write(other, pattern(2 * PAGE, 2))
    os.close(other)
    length = 6 * PAGE + 100
    say("by others", soon(length, lambda: os.fstat(fd).st_size))
    mapping.resize(length)
    say("by others", soon(digest(read(at.behind("file"))), lambda: digest(mapping[:])))
    mapping.close(), os.close(writer), os.close(fd)


@scene
def a_mapped_file_becomes_shorter_and_longer(at, say):
    path = at.make("file", pattern(5 * PAGE))
    fd, writer = os.open(path, os.O_RDWR), os.open(path, os.O_RDWR)
    mapping = mapped(fd, 5 * PAGE)
    say("before", digest(mapping[:]))
    os.ftruncate(writer, PAGE + 100)
    say("shorter", digest(mapping[:2 * PAGE]), os.fstat(fd).st_size)
    os.ftruncate(fd, 5 * PAGE)
    say("longer", digest(mapping[:]), digest(read_all(writer)))
    mapping[4 * PAGE] = 7
    os.truncate(path, 3 * PAGE - 5)
    os.ftruncate(fd, 5 * PAGE)
    say("what was stored and cut off", digest(read_all(fd)), digest(mapping[:]))
    mapping[3 * PAGE - 5:3 * PAGE] = b"again"
    mapping.flush()
    say("beneath", digest(read(at.behind("file"))))
    mapping.close(), os.close(fd), os.close(writer)


@scene
def a_mapped_file_is_replaced(at, say):
    for name, replace in [("here", at.path), ("by others", at.behind)]:
        path = at.make(name, pattern(300_000))
        mapping = map_path(path, 300_000)
        say(name + ": before", digest(mapping[:PAGE]))
        write(replace(name + ".new"), b"another")
        os.rename(replace(name + ".new"), replace(name))
        say(name + ": now", soon(b"another", lambda: read(path)))
        say(name + ": mapped", digest(mapping[:]))
        mapping[1000:1005] = b"still"
        say(name + ": stored", tried(mapping.flush), mapping[1000:1005], read(path))
        mapping.close()


@scene
def a_mapped_file_is_rewritten_by_others(at, say):
    path = at.make("file", pattern(3 * PAGE))
    fd = os.open(path, os.O_RDONLY)
    mapping = mapped(fd, 3 * PAGE, writable=False)
    say("before", digest(mapping[:]))
    other = os.open(at.behind("file"), os.O_WRONLY)
    os.pwrite(other, b"rewritten", PAGE)
    os.close(other)
    say("read", soon(b"rewritten", lambda: read(path)[PAGE:PAGE + 9]), os.pread(fd, 9, PAGE))
    say("mapped", soon(b"rewritten", lambda: mapping[PAGE:PAGE + 9]))
    mapping.close(), os.close(fd)


@scene
def rights_to_map(at, say):
    path = at.make("file", pattern(PAGE))
    for name, flags in [("read", os.O_RDONLY), ("write", os.O_WRONLY), ("both", os.O_RDWR), ("direct", os.O_RDWR | os.O_DIRECT)]:
        fd = os.open(path, flags)
        for kind, named in [("shared", {}), ("private", {"private": True}), ("for reading", {"writable": False})]:
            mapping = tried(mapped, fd, PAGE, **named)
            say(f"{name} {kind}", mapping if isinstance(mapping, str) else digest(mapping[:]))
        os.close(fd)
    say("writable again", opened(path, os.O_RDWR))
    mapping = map_path(path, PAGE)
    fd = os.open(path, os.O_RDWR | os.O_DIRECT)
    page = mmap.mmap(-1, PAGE)
    mapping[:5] = b"store"
    say("read past the cache", os.preadv(fd, [page], 0), page[:5])
    page[:5] = b"write"
    say("written past the cache", os.pwritev(fd, [page], 0), mapping[:5])
    os.close(fd)
