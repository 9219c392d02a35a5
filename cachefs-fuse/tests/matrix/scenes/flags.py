"""What the flags of an open promise."""

import fcntl
import mmap
import os
import threading

from .place import digest, opened, pattern, read, read_all, scene, soon, tried, write


@scene
def direct_reads_and_writes(at, say):
    path = at.make("file", pattern(20000))
    buffered = os.open(path, os.O_RDWR)
    say("cached", digest(read_all(buffered)))
    fd = os.open(path, os.O_RDWR | os.O_DIRECT)
    pages = mmap.mmap(-1, 8192)
    say("read", os.preadv(fd, [pages], 4096), digest(pages[:]))
    say("read across the end", os.preadv(fd, [pages], 16384), digest(pages[:20000 - 16384]))
    say("read behind the end", os.preadv(fd, [pages], 20480))
    pages[:] = pattern(8192, 1)
    say("write", os.pwritev(fd, [pages], 4096))
    say("read past no cache", digest(read_all(buffered)), digest(read(at.behind("file"))))
    say("write into the cache", os.pwrite(buffered, pattern(5000, 2), 3000))
    say("read after that", os.preadv(fd, [pages], 0), digest(pages[:]))
    say("write across the end", os.pwritev(fd, [pages], 16384), os.fstat(buffered).st_size)
    say("at the end", digest(read_all(buffered)), digest(read(at.behind("file"))))
    other = os.open(at.behind("file"), os.O_WRONLY)
    os.pwrite(other, pattern(4096, 3), 4096)
    say("what others wrote", os.preadv(fd, [pages], 4096), digest(pages[:]))
    os.close(other), os.close(fd), os.close(buffered)


@scene
def direct_appends(at, say):
    path = at.make("file", pattern(4096))
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_DIRECT)
    pages = mmap.mmap(-1, 4096)
    pages[:] = pattern(4096, 1)
    say("append", os.writev(fd, [pages]), os.lseek(fd, 0, os.SEEK_CUR))
    say("again", os.writev(fd, [pages]), os.lseek(fd, 0, os.SEEK_CUR))
    say("both", digest(read(path)), digest(read(at.behind("file"))))
    os.close(fd)


@scene
def synchronous_writes(at, say):
    for name, flag in [("sync", os.O_SYNC), ("data", os.O_DSYNC), ("plain", 0)]:
        fd = os.open(at.path(name), os.O_RDWR | os.O_CREAT | flag, 0o644)
        say(name, os.write(fd, pattern(100_000)), digest(read(at.behind(name))))
        say(name, os.pwrite(fd, b"in the midst", 5000), digest(read(at.behind(name))))
        say(name, os.pwritev(fd, [b"one ", b"write"], 99_999, os.RWF_DSYNC), digest(read(at.behind(name))))
        say(name, os.pwritev(fd, [b"another"], 3, os.RWF_SYNC), digest(read_all(fd)))
        say(name, tried(os.fsync, fd), tried(os.fdatasync, fd))
        os.close(fd)


@scene
def appending(at, say):
    path = at.make("file", b"begin ")
    fd = os.open(path, os.O_RDWR | os.O_APPEND)
    say("place", os.lseek(fd, 0, os.SEEK_CUR), os.write(fd, b"more "), os.lseek(fd, 0, os.SEEK_CUR))
    os.lseek(fd, 0, os.SEEK_SET)
    say("after a seek", os.write(fd, b"still "), os.lseek(fd, 0, os.SEEK_CUR))
    say("with an offset", os.pwrite(fd, b"ignored ", 0), os.pread(fd, 100, 0))
    plain = os.open(path, os.O_RDWR)
    fcntl.fcntl(plain, fcntl.F_SETFL, os.O_APPEND)
    say("begun later", os.write(plain, b"end "), os.pread(fd, 100, 0))
    fcntl.fcntl(plain, fcntl.F_SETFL, 0)
    say("ended again", os.pwrite(plain, b"BEGIN", 0), os.pread(fd, 100, 0))
    say("by a write of its own", os.pwritev(plain, [b"indeed"], 0, os.RWF_APPEND), read(path))
    os.ftruncate(plain, 5)
    say("after a cut", os.write(fd, b"!"), read(path), read(at.behind("file")))
    os.truncate(at.behind("file"), 2)
    say("after a cut by others", os.write(fd, b"?"), read(at.behind("file")))
    say("as seen here", soon(b"BE?", lambda: read(path)), os.fstat(fd).st_size)
    os.close(plain), os.close(fd)


@scene
def append_taken_back(at, say):
    fd = os.open(at.make("file", b"begin "), os.O_RDWR | os.O_APPEND)
    os.write(fd, b"more ")
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
    say("no longer appending", os.pwrite(fd, b"BEGIN", 0), os.pread(fd, 100, 0))
    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
    say("again appending", os.pwrite(fd, b"end ", 0), os.pread(fd, 100, 0))
    os.close(fd)


@scene
def appenders_at_once(at, say):
    records = 1500
    path = at.make("log")

    def append(who, log):
        fd = os.open(log, os.O_WRONLY | os.O_APPEND)
        for number in range(records):
            os.write(fd, b"%s %08d\n" % (who, number))
        os.close(fd)

    logs = [(b"one", path), (b"two", path), (b"other", at.behind("log"))]
    threads = [threading.Thread(target=append, args=log) for log in logs]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    wanted = {who: [b"%s %08d" % (who, number) for number in range(records)] for who, _ in logs}

    def found(log):
        lines = read(log).splitlines()
        return {who: [line for line in lines if line.startswith(who + b" ")] for who in wanted} == wanted \
            and len(lines) == 3 * records

    say("beneath", found(at.behind("log")))
    say("here", soon(True, lambda: found(path)))


@scene
def truncating_opens(at, say):
    path = at.make("file", pattern(300_000))
    reader = os.open(path, os.O_RDONLY)
    other = os.open(at.behind("file"), os.O_RDONLY)
    say("before", digest(read_all(reader)))
    writer = os.open(path, os.O_WRONLY | os.O_TRUNC)
    say("cut", os.fstat(reader).st_size, read_all(reader), os.fstat(writer).st_size, os.fstat(other).st_size)
    os.write(writer, b"new")
    say("written", read_all(reader), os.fstat(reader).st_size, read_all(other))
    os.close(writer)
    say("read only", opened(path, os.O_RDONLY | os.O_TRUNC), os.fstat(reader).st_size, read_all(other))
    write(path, b"once more")
    say("once more", read_all(reader), read_all(other))
    os.truncate(path, 4)
    say("by name", read_all(reader), os.stat(path).st_size, read_all(other))
    os.truncate(path, 6)
    say("longer", read_all(reader), os.stat(path).st_size, read_all(other))
    fd = os.open(at.behind("file"), os.O_WRONLY | os.O_TRUNC)
    os.write(fd, b"by others")
    say("by others", soon(b"by others", lambda: read_all(reader)), read(path))
    os.close(fd), os.close(other), os.close(reader)
