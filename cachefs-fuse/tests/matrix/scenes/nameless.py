"""Files that are open while their names go."""

import os

from .place import digest, pattern, read, read_all, scene, soon, tried, write

# More than the daemon keeps handles of, as far as it was told.
OTHERS = 1500
# More than is read ahead of the first bytes.
LONG = 6 << 20


def links(fd):
    return os.fstat(fd).st_nlink


def drop_pages(fd):
    """What the kernel has of a file's bytes goes."""
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


@scene
def unlinked_while_open(at, say):
    fd = os.open(at.path("file"), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
    os.write(fd, pattern(10_000))
    os.unlink(at.path("file"))
    say("gone", os.path.lexists(at.path("file")), os.path.lexists(at.behind("file")), os.listdir(at.top))
    say("stat", links(fd), os.fstat(fd).st_size, oct(os.fstat(fd).st_mode))
    say("read", digest(read_all(fd)))
    say("write", os.pwrite(fd, pattern(3000, 1), 9000), os.fstat(fd).st_size, digest(read_all(fd)))
    say("cut", tried(os.ftruncate, fd, 100), os.fstat(fd).st_size, digest(read_all(fd)))
    say("longer", tried(os.ftruncate, fd, 200_000), os.fstat(fd).st_size, digest(read_all(fd)))
    say("attributes", tried(os.fchmod, fd, 0o600), oct(os.fstat(fd).st_mode), tried(os.utime, fd, (5, 7)),
        os.fstat(fd).st_mtime)
    say("extended", tried(os.setxattr, fd, "user.a", b"b"), tried(os.getxattr, fd, "user.a"))
    say("synced", tried(os.fsync, fd), tried(os.posix_fallocate, fd, 0, 300_000), os.fstat(fd).st_size)
    drop_pages(fd)
    say("from beneath", digest(read_all(fd)))
    at.make("file", b"another")
    say("another takes the name", links(fd), digest(read_all(fd)), read(at.path("file")))
    os.close(fd)


@scene
def one_of_two_names_goes(at, say):
    path = at.make("file", pattern(10_000))
    os.link(path, at.path("second"))
    fd = os.open(path, os.O_RDWR)
    os.unlink(path)
    say("one left", links(fd), os.stat(at.path("second")).st_nlink)
    os.pwrite(fd, b"through the other", 0)
    say("same", digest(read(at.path("second"))), os.path.samestat(os.fstat(fd), os.stat(at.path("second"))))
    os.unlink(at.path("second"))
    say("none left", links(fd), digest(read_all(fd)))
    os.close(fd)


@scene
def replaced_while_open(at, say):
    for name, here in [("here", True), ("by others", False)]:
        path = at.make_behind(name, pattern(LONG))
        fd, writer = os.open(path, os.O_RDONLY), os.open(path, os.O_RDWR)
        say(name + ": before", digest(os.pread(fd, 4096, 0)))
        if here:
            write(path + ".new", b"another")
            os.rename(path + ".new", path)
        else:
            at.replace_behind(name, b"another")
        say(name + ": now", soon(b"another", lambda: read(path)))
        say(name + ": old one", digest(read_all(fd)), os.fstat(fd).st_size, soon(0, lambda: links(fd)))
        drop_pages(fd)
        say(name + ": old one again", digest(read_all(fd)))
        say(name + ": written", os.pwrite(writer, b"still", 1 << 20), os.pread(fd, 5, 1 << 20))
        drop_pages(writer)
        say(name + ": old one written", digest(read_all(fd)), read(path))
        os.close(writer), os.close(fd)


@scene
def removed_by_others_while_open(at, say):
    path = at.make_behind("file", pattern(LONG))
    fd = os.open(path, os.O_RDWR)
    os.unlink(at.behind("file"))
    say("gone", soon(False, lambda: os.path.lexists(path)), soon(0, lambda: links(fd)))
    say("never read before", digest(read_all(fd)))
    say("written", os.pwrite(fd, b"still here", LONG - 5), os.fstat(fd).st_size)
    drop_pages(fd)
    say("from beneath", digest(read_all(fd)), tried(os.ftruncate, fd, 7), read_all(fd), os.fstat(fd).st_size)
    os.close(fd)


@scene
def nameless_for_long(at, say):
    """More files are used than the daemon keeps handles of: those without a name are not forgotten."""
    many = at.behind("many")
    os.mkdir(many)
    for number in range(OTHERS):
        os.close(os.open(f"{many}/{number}", os.O_CREAT | os.O_WRONLY, 0o644))
    fds = {}
    for name in ["unlinked", "replaced", "removed by others", "replaced by others", "written"]:
        fds[name] = os.open(at.make_behind(name, pattern(500_000, len(name))), os.O_RDWR)
    os.unlink(at.path("unlinked"))
    os.rename(at.make("new"), at.path("replaced"))
    os.unlink(at.behind("removed by others"))
    at.replace_behind("replaced by others", b"")
    os.pwrite(fds["written"], b"bytes", 0)
    os.unlink(at.path("written"))
    seen = 0
    for number in range(OTHERS):
        other = os.open(f"{at.path('many')}/{number}", os.O_RDONLY)
        seen += len(os.read(other, 1))
        os.close(other)
    say("others", seen)
    for name, fd in fds.items():
        say(name, soon(0, lambda: links(fd)), digest(read_all(fd)), os.pwrite(fd, b"x", 1 << 20))
        say(name, tried(os.ftruncate, fd, 10), os.fstat(fd).st_size, read_all(fd), tried(os.fsync, fd))
        os.close(fd)
