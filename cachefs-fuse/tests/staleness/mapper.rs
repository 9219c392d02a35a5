use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Takes a path and a count in a line and so many bytes after it; answers a line when they are stored, unmapped, closed.
const SCRIPT: &str = "
import mmap, sys
orders, done = sys.stdin.buffer, sys.stdout.buffer
while order := orders.readline():
    path, count = order.rsplit(b' ', 1)
    stores = orders.read(int(count))
    with open(path, 'r+b') as file, mmap.mmap(file.fileno(), 0) as mapping:
        mapping[:len(stores)] = stores
    done.write(b'.\\n')
    done.flush()
";

/// A process that stores into mapped files: a mapping takes unsafe code, which is not for tests.
#[derive(Debug)]
pub(crate) struct Mapper {
    child: Child,
    orders: ChildStdin,
    done: BufReader<ChildStdout>,
}

impl Mapper {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python3 starts");
        let (orders, done) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, orders, done: BufReader::new(done) }
    }

    /// Stores `bytes` at the beginning of the file; returns after the mapping is gone.
    pub(crate) fn store(&mut self, path: &Path, bytes: &[u8]) {
        writeln!(self.orders, "{} {}", path.display(), bytes.len()).unwrap();
        self.orders.write_all(bytes).unwrap();
        self.orders.flush().unwrap();
        let mut line = String::new();
        self.done.read_line(&mut line).unwrap();
        assert_eq!(line, ".\n", "storing into {}", path.display());
    }
}

impl Drop for Mapper {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
