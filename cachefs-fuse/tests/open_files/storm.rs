use super::Scene;

/// Whatever is answered to an opening that goes with the others that are open, none fails.
pub(super) fn one_file(scene: &Scene) {
    scene.put("f", vec![b'x'; 64 << 10]);
    scene.python(
        "
import mmap, os, random, threading, time
until = time.monotonic() + 1
failed = []
def work(seed):
    random.seed(seed)
    page = mmap.mmap(-1, 4096)
    try:
        while time.monotonic() < until:
            access = random.choice([os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
            more = random.choice([0, 0, 0, os.O_APPEND, os.O_SYNC, os.O_CREAT])
            if access == os.O_RDONLY:
                # A write past the caches fails where somebody maps the file.
                more |= random.choice([0, os.O_DIRECT])
            fd = os.open('f', access | more)
            for n in range(random.randrange(4)):
                at = random.randrange(16) * 4096
                if access != os.O_WRONLY:
                    assert os.preadv(fd, [page], at) == 4096
                    assert page[:] == b'x' * 4096
                if access != os.O_RDONLY and more != os.O_APPEND:
                    page[:] = b'x' * 4096
                    assert os.pwritev(fd, [page], at) == 4096
                if access == os.O_RDWR:
                    m = mmap.mmap(fd, 65536)
                    assert m[at:at + 4096] == b'x' * 4096
                    m[at:at + 10] = b'x' * 10
                    if random.random() < 0.5:
                        m.close()
                if random.random() < 0.1:
                    os.fstat(fd)
                    os.stat('f')
                if access != os.O_RDONLY and random.random() < 0.1:
                    os.ftruncate(fd, 65536)
            os.close(fd)
    except BaseException as e:
        failed.append(repr(e))
threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
[t.start() for t in threads]
[t.join() for t in threads]
assert not failed, failed
",
    );
    scene.is("f", vec![b'x'; 64 << 10]);
}
