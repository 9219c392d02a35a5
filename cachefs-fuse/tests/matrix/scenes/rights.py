"""Who may do what."""

import os

from .place import Peer, opened, read, read_all, scene, soon, tried, write

NOBODY = 65534
FLAGS = [("read", os.O_RDONLY), ("write", os.O_WRONLY), ("both", os.O_RDWR), ("cut", os.O_WRONLY | os.O_TRUNC)]


def may(path):
    return [(name, opened(path, flags)) for name, flags in FLAGS], tried(os.access, path, os.X_OK)


def create_and_write(path, mode):
    """Who makes a file may write to it by that descriptor, whatever its mode."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
    os.write(fd, b"made")
    made = os.fstat(fd)
    seen = read_all(fd), os.pwrite(fd, b"M", 0), made.st_uid, made.st_gid, oct(made.st_mode)
    os.close(fd)
    return seen, may(path)


def keep_after_chmod(path):
    """What is open stays open for what it was opened for."""
    fd = os.open(path, os.O_RDWR)
    os.fchmod(fd, 0)
    seen = tried(os.pwrite, fd, b"still", 0), tried(os.pread, fd, 5, 0), tried(os.ftruncate, fd, 3)
    size = os.fstat(fd).st_size
    os.close(fd)
    return seen, size, opened(path, os.O_RDONLY)


@scene
def of_root(at, say):
    for mode in [0, 0o444, 0o600, 0o755]:
        path = at.make(f"mode {mode:o}", b"text", mode)
        say(oct(mode), read(path), may(path), read(path))
    say("made", create_and_write(at.path("made 0"), 0))
    say("kept", keep_after_chmod(at.make("kept", b"some text")))


@scene
def of_a_user(at, say):
    with Peer(user=NOBODY) as user:
        for mode in [0, 0o600, 0o640, 0o644, 0o666, 0o777]:
            path = at.make(f"mode {mode:o}", b"text")
            os.chmod(path, mode)
            say(oct(mode), user.do(may, path), user.do(read, path))
        path = at.make("taken away", b"text")
        say("while it may", user.do(read, path))
        os.chmod(at.behind("taken away"), 0o600)
        say("no more", soon("EACCES", lambda: user.do(read, path)), read(path))
        os.mkdir(at.path("dir"), 0o700)
        at.make("dir/file", b"text")
        say("not to be entered", user.do(read, at.path("dir/file")), user.do(os.listdir, at.path("dir")))
        os.chmod(at.path("dir"), 0o711)
        say("not to be listed", user.do(read, at.path("dir/file")), user.do(os.listdir, at.path("dir")))
        say("not to be changed", user.do(os.unlink, at.path("dir/file")), user.do(create_and_write, at.path("new"), 0o644))


@scene
def of_what_a_user_makes(at, say):
    os.mkdir(at.path("all"))
    os.chmod(at.path("all"), 0o1777)
    with Peer(user=NOBODY) as user:
        for mode in [0, 0o400, 0o444, 0o600, 0o666]:
            path = at.path(f"all/{mode:o}")
            say(oct(mode), user.do(create_and_write, path, mode), os.stat(at.behind(f"all/{mode:o}")).st_uid, read(path))
        at.make("all/not his", b"text")
        say("not his", user.do(os.unlink, at.path("all/not his")), user.do(os.chmod, at.path("all/not his"), 0o777))
        say("kept", user.do(write, at.path("all/his"), b"text"), user.do(keep_after_chmod, at.path("all/his")))
        write(at.path("all/set"), b"text", 0o644)
        os.chown(at.path("all/set"), NOBODY, NOBODY), os.chmod(at.path("all/set"), 0o4755)
        say("set-id", user.do(write, at.path("all/set"), b"other"), oct(os.stat(at.path("all/set")).st_mode))
