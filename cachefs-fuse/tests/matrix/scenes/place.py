"""Where a scene plays, and what it does not have to say each time."""

import errno
import hashlib
import os
import pickle
import time

SCENES = []

# How long a change behind a mount, or an idle handle, may take; the machine may be busy.
SOON = 2.0


def scene(function):
    """Registers a scene."""
    SCENES.append(function)
    return function


class Place:
    """A directory of the scene's own, and the same one as it is beneath the mount."""

    def __init__(self, top, beneath, name):
        self.top = os.path.join(top, name)
        self.beneath = os.path.join(beneath, name)
        os.mkdir(self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def behind(self, name):
        return os.path.join(self.beneath, name)

    def make(self, name, data=b"", mode=0o644):
        """A file made through the mount."""
        write(self.path(name), data, mode)
        return self.path(name)

    def make_behind(self, name, data=b"", mode=0o644):
        """A file that somebody else made."""
        write(self.behind(name), data, mode)
        return self.path(name)

    def replace_behind(self, name, data):
        """Somebody else puts another file into the place of one."""
        write(self.behind(name + ".new"), data)
        os.rename(self.behind(name + ".new"), self.behind(name))


def write(path, data, mode=0o644):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        while data:
            data = data[os.write(fd, data):]
    finally:
        os.close(fd)


def read(path):
    """All of a file, by a walk to it."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return read_all(fd)
    finally:
        os.close(fd)


def read_all(fd):
    """All of an open file, from its beginning."""
    pieces = []
    at = 0
    while piece := os.pread(fd, 1 << 17, at):
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


def tried(call, *arguments, **named):
    """What a call answers; where it is refused, why."""
    try:
        answer = call(*arguments, **named)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok" if answer is None else answer


def opened(path, flags, mode=0o644):
    """Whether a file can be opened so; it is closed again."""
    fd = tried(os.open, path, flags, mode)
    if isinstance(fd, str):
        return fd
    os.close(fd)
    return "ok"


def soon(wanted, look):
    """What is seen once it is as wanted, or when there is no more time."""
    deadline = time.monotonic() + SOON
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.002)
    return seen


def pattern(length, seed=0):
    """Bytes that are different everywhere, and for every seed."""
    words = (hashlib.sha256(b"%d %d" % (seed, at)).digest() for at in range(0, length, 32))
    return b"".join(words)[:length]


def digest(data):
    """Long bytes in short."""
    return f"{len(data)}:{hashlib.sha256(data).hexdigest()[:12]}"


class Peer:
    """Another process, which does what it is asked; forked before the scene opens anything."""

    def __init__(self, user=None):
        asks, self.orders = os.pipe()
        self.answers, tells = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.orders)
            os.close(self.answers)
            self.serve(os.fdopen(asks, "rb"), os.fdopen(tells, "wb"), user)
        os.close(asks)
        os.close(tells)
        self.orders = os.fdopen(self.orders, "wb")
        self.answers = os.fdopen(self.answers, "rb")

    @staticmethod
    def serve(orders, answers, user):
        try:
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            while True:
                call, arguments = pickle.load(orders)
                pickle.dump(tried(call, *arguments), answers)
                answers.flush()
        finally:
            os._exit(0)

    def begin(self, call, *arguments):
        pickle.dump((call, arguments), self.orders)
        self.orders.flush()

    def end(self):
        return pickle.load(self.answers)

    def do(self, call, *arguments):
        self.begin(call, *arguments)
        return self.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.orders.close()
        self.answers.close()
        os.waitpid(self.pid, 0)
