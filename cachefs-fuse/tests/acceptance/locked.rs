use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Maps files of which it is told length and path, a line each up to an empty one; what is mapped is brought in and locked.
/// Answers a line, and stays. Asks nothing about the files.
const SCRIPT: &str = "
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
PROT_READ, MAP_SHARED, MCL_FUTURE, MAP_FAILED = 1, 1, 2, ctypes.c_void_p(-1).value
if libc.mlockall(MCL_FUTURE):
    sys.exit('mlockall: ' + os.strerror(ctypes.get_errno()))
while line := sys.stdin.readline().rstrip('\\n'):
    length, path = line.split(' ', 1)
    file = os.open(path, os.O_RDONLY)
    if libc.mmap(None, int(length), PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED:
        sys.exit(path + ': ' + os.strerror(ctypes.get_errno()))
    os.close(file)
print('locked', flush=True)
sys.stdin.read()
";

/// The pages of files, locked in memory until this is dropped: a machine that gives back what was not used for a while
/// takes no locked page, while an invalidation takes it like any other.
#[derive(Debug)]
pub struct Locked(Child);

impl Locked {
    /// Reads and locks so many bytes of each file, by a process of its own: a mapping takes unsafe code, which is not for
    /// tests. Nothing is mapped of an empty file.
    ///
    /// # Panics
    /// If they cannot be locked.
    pub fn files(files: impl Iterator<Item = (PathBuf, usize)>) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut locked = Self(command.spawn().expect("python3 starts"));
        let lines = files.filter(|(_, length)| *length > 0);
        let lines = lines.map(|(path, length)| format!("{length} {}\n", path.display())).collect::<String>();
        let orders = locked.0.stdin.as_mut().expect("it is piped");
        orders.write_all((lines + "\n").as_bytes()).expect("it listens");
        let mut line = String::new();
        let output = locked.0.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it can be read");
        assert_eq!(line, "locked\n", "files cannot be locked");
        locked
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}
