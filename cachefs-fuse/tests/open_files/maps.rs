use super::Scene;

pub(super) fn stores_and_writes(scene: &Scene) {
    scene.put("f", "0123456789");
    scene.python(
        "
import mmap, os
f = open('f', 'r+b', buffering=0)
m = mmap.mmap(f.fileno(), 10)
m[0:3] = b'abc'
m.flush()
assert os.pread(f.fileno(), 10, 0) == b'abc3456789'
assert open('f', 'rb').read() == b'abc3456789'
g = open('f', 'r+b', buffering=0)
n = mmap.mmap(g.fileno(), 10)
assert n[:] == b'abc3456789'
n[3:5] = b'de'
assert m[:] == b'abcde56789'
assert os.pwrite(g.fileno(), b'fg', 5) == 2
assert m[:] == n[:] == b'abcdefg789', m[:]
p = mmap.mmap(g.fileno(), 10, flags=mmap.MAP_PRIVATE)
p[0:1] = b'X'
assert m[0:1] == b'a' and open('f', 'rb').read(1) == b'a'
r = mmap.mmap(os.open('f', os.O_RDONLY), 10, prot=mmap.PROT_READ)
m[9:10] = b'!'
assert r[:] == b'abcdefg78!'
m.flush(); n.flush()
",
    );
    scene.is("f", "abcdefg78!");
}

pub(super) fn outlives(scene: &Scene) {
    scene.put("f", "0123456789");
    scene.python(
        "
import mmap, os
f = open('f', 'r+b', buffering=0)
m = mmap.mmap(f.fileno(), 10)
f.close()
m[0:1] = b'a'
m.flush()
assert open('f', 'rb').read() == b'a123456789'
with open('f', 'r+b', buffering=0) as g:
    g.write(b'ab')
assert m[0:2] == b'ab'
os.unlink('f')
m[2:3] = b'c'
assert m[:] == b'abc3456789'
with open('f', 'w') as g:
    g.write('another')
assert m[:] == b'abc3456789'
assert open('f').read() == 'another'
",
    );
    scene.is("f", "another");
}

pub(super) fn times(scene: &Scene) {
    scene.put("f", vec![b'x'; 8192]);
    scene.python(
        "
import mmap, os, time
f = open('f', 'r+b', buffering=0)
os.utime('f', (1e9, 1e9))
assert os.stat('f').st_mtime == 1e9 == os.fstat(f.fileno()).st_mtime
m = mmap.mmap(f.fileno(), 8192)
m[0:1] = b'y'
m.flush()
until = time.monotonic() + 5
while os.fstat(f.fileno()).st_mtime == 1e9:
    assert time.monotonic() < until, 'a store leaves no time'
m.close()
f.close()
until = time.monotonic() + 5
while os.stat('f').st_mtime == 1e9:
    assert time.monotonic() < until, 'a store left no time'
",
    );
}
