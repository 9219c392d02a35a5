"""How a file is found."""

import os

from .place import digest, opened, pattern, read, read_all, scene, soon, tried, write


@scene
def by_path_only(at, say):
    path = at.make("file", pattern(5000), 0o640)
    fd = os.open(path, os.O_PATH)
    say("stat", os.fstat(fd).st_size, oct(os.fstat(fd).st_mode))
    say("no bytes", tried(os.read, fd, 10), tried(os.write, fd, b"x"), tried(os.fchmod, fd, 0o600), tried(os.ftruncate, fd, 0))
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    say("opened again", digest(read_all(again)))
    os.write(again, pattern(9000, 1))
    say("stat after a write", os.fstat(fd).st_size)
    os.unlink(path)
    say("without a name", os.fstat(fd).st_nlink, digest(read(f"/proc/self/fd/{fd}")))
    os.close(again)
    say("closed elsewhere", os.fstat(fd).st_size, digest(read(f"/proc/self/fd/{fd}")))
    os.close(fd)
    os.symlink("nowhere", at.path("link"))
    fd = os.open(at.path("link"), os.O_PATH | os.O_NOFOLLOW)
    say("a link", oct(os.fstat(fd).st_mode), os.readlink("", dir_fd=fd))
    os.close(fd)


@scene
def by_path_only_while_others_replace_it(at, say):
    path = at.make_behind("file", pattern(500_000))
    fd = os.open(path, os.O_PATH)
    at.replace_behind("file", b"another")
    say("now", soon(b"another", lambda: read(path)))
    say("the old one", os.fstat(fd).st_size, digest(read(f"/proc/self/fd/{fd}")))
    os.close(fd)


@scene
def links_and_directories(at, say):
    at.make("file", b"text")
    os.mkdir(at.path("dir"))
    os.symlink("file", at.path("link"))
    os.symlink("nowhere", at.path("dangling"))
    os.symlink("round", at.path("round"))
    say("followed", read(at.path("link")), opened(at.path("round"), os.O_RDONLY), opened(at.path("dangling"), os.O_RDONLY))
    for name in ["link", "dangling", "file", "dir"]:
        say("not followed", name, opened(at.path(name), os.O_RDONLY | os.O_NOFOLLOW))
        say("as a directory", name, opened(at.path(name), os.O_RDONLY | os.O_DIRECTORY))
        say("exclusively", name, opened(at.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        say("to write", name, opened(at.path(name), os.O_WRONLY | os.O_NOFOLLOW))
    say("through a dangling link", opened(at.path("dangling"), os.O_WRONLY | os.O_CREAT), os.listdir(at.top).count("nowhere"))
    say("a directory", opened(at.path("dir"), os.O_RDWR), opened(at.path("dir"), os.O_RDONLY | os.O_CREAT))
    say("a file as a directory", opened(at.path("file/below"), os.O_RDONLY), opened(at.path("file/"), os.O_RDONLY))
    say("too long", opened(at.path("n" * 256), os.O_RDONLY), opened(at.path("n" * 255), os.O_WRONLY | os.O_CREAT))


@scene
def exclusive_creation(at, say):
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    say("missing", opened(at.path("file"), os.O_RDONLY))
    say("new", opened(at.path("file"), flags), opened(at.path("file"), flags))
    os.unlink(at.path("file"))
    say("gone", opened(at.path("file"), os.O_RDONLY), opened(at.path("file"), flags))
    say("missing", opened(at.path("others"), os.O_RDONLY))
    at.make_behind("others", b"theirs")
    say("made by others", opened(at.path("others"), flags), soon(b"theirs", lambda: tried(read, at.path("others"))))
    say("missing", opened(at.path("others 2"), os.O_RDONLY))
    at.make_behind("others 2", b"theirs")
    fd = os.open(at.path("others 2"), os.O_RDWR | os.O_CREAT, 0o600)
    say("not exclusively", read_all(fd))
    os.close(fd)


@scene
def nameless_creation(at, say):
    """Refused where it cannot be, as programs expect."""
    fd = tried(os.open, at.top, os.O_RDWR | os.O_TMPFILE, 0o600)
    if fd == "ENOTSUP":
        say("made", 0, b"nameless")
    else:
        os.write(fd, b"nameless")
        say("made", os.fstat(fd).st_nlink, read_all(fd))
        os.close(fd)
    say("nothing left", os.listdir(at.top), os.listdir(at.beneath))


@scene
def from_a_directory(at, say):
    os.makedirs(at.path("dir/below"))
    at.make("dir/file", b"text")
    directory = os.open(at.path("dir"), os.O_RDONLY | os.O_DIRECTORY)
    path_only = os.open(at.path("dir"), os.O_PATH)

    def look(name):
        fd = os.open(name, os.O_RDONLY, dir_fd=directory)
        other = os.open(name, os.O_RDONLY, dir_fd=path_only)
        both = read_all(fd), read_all(other)
        os.close(fd), os.close(other)
        return both

    say("found", look("file"), look("below/../file"), look("../dir/file"))
    os.rename(at.path("dir"), at.path("moved"))
    say("moved", look("file"), opened(at.path("dir/file"), os.O_RDONLY), look("../moved/file"))
    os.rename(at.behind("moved"), at.behind("moved by others"))
    say("moved by others", look("file"), soon("ok", lambda: opened(at.path("moved by others/file"), os.O_RDONLY)))
    fd = os.open("new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=directory)
    os.write(fd, b"made")
    os.close(fd)
    say("made", look("new"), tried(read, at.behind("moved by others/new")))
    os.rename("new", "newer", src_dir_fd=directory, dst_dir_fd=path_only)
    os.mkdir("sub", dir_fd=directory)
    os.symlink("newer", "link", dir_fd=directory)
    say("renamed", look("newer"), sorted(os.listdir(directory)), os.readlink("link", dir_fd=path_only))
    for name in ["file", "newer", "link"]:
        os.unlink(name, dir_fd=directory)
    os.rmdir("sub", dir_fd=directory), os.rmdir("below", dir_fd=directory)
    os.rmdir(at.path("moved by others"))
    say("removed", tried(os.open, "file", os.O_RDONLY, dir_fd=directory), tried(os.listdir, directory),
        tried(os.open, "new", os.O_RDWR | os.O_CREAT, 0o644, dir_fd=directory), os.fstat(directory).st_nlink)
    os.close(directory), os.close(path_only)


@scene
def from_a_directory_that_others_remove(at, say):
    os.mkdir(at.path("dir"))
    at.make("dir/file", b"text")
    directory = os.open(at.path("dir"), os.O_RDONLY | os.O_DIRECTORY)
    os.unlink(at.behind("dir/file")), os.rmdir(at.behind("dir"))
    say("gone", soon("ENOENT", lambda: opened(at.path("dir"), os.O_RDONLY)))
    say("from it", soon("ENOENT", lambda: opened_from(directory, "file", os.O_RDONLY)))
    say("made in it", opened_from(directory, "new", os.O_RDWR | os.O_CREAT))
    os.close(directory)
    os.mkdir(at.behind("dir"))
    at.make_behind("dir/file", b"again")
    say("again", soon(b"again", lambda: tried(read, at.path("dir/file"))))


def opened_from(directory, name, flags):
    fd = tried(os.open, name, flags, 0o644, dir_fd=directory)
    if isinstance(fd, str):
        return fd
    os.close(fd)
    return "ok"
