use std::fs;

use super::Scene;
use crate::acceptance::program;

pub(super) fn taken_back(scene: &Scene) {
    let path = scene.put("f", "");
    scene.python(
        "
import fcntl, os
fd = os.open('f', os.O_RDWR | os.O_APPEND)
os.write(fd, b'0123456789')
fcntl.fcntl(fd, fcntl.F_SETFL, 0)
assert os.pwrite(fd, b'a', 0) == 1
assert os.pread(fd, 20, 0) == b'a123456789'
fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
os.lseek(fd, 0, 0)
assert os.write(fd, b'end') == 3
other = os.open('f', os.O_RDWR)
fcntl.fcntl(other, fcntl.F_SETFL, os.O_APPEND)
assert os.write(other, b'!') == 1
direct = os.open('f', os.O_RDWR | os.O_DIRECT)
fcntl.fcntl(direct, fcntl.F_SETFL, 0)
assert os.pread(direct, 3, 1) == b'123'
assert os.pwrite(direct, b'bc', 1) == 2
assert os.pread(other, 20, 0) == os.pread(fd, 20, 0) == b'abc3456789end!'
",
    );
    scene.is("f", "abc3456789end!");
    // Takes the flag back for what is left at the end.
    let bytes: Vec<u8> = (0..100_001_u32).flat_map(u32::to_le_bytes).take(100_001).collect();
    fs::write(&path, &bytes).unwrap();
    program("dd").args("if=f of=g bs=4k oflag=direct iflag=direct status=none").within(&scene.top).silent();
    scene.is("g", &bytes);
}
