use std::process::{Command, Stdio};
use std::time::Duration;

use super::Scene;
use super::meter::Sample;
use crate::Result;
use crate::tree::{BIG, CHUNK};

/// Takes a path, seconds and the length of a piece; maps the file, copies it out of the mapping piece by piece and
/// unmaps it, again and again until the time is over; answers how many pieces, and the nanoseconds.
const SCRIPT: &str = "
import mmap, sys, time
path, seconds, piece = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
into = memoryview(bytearray(piece))
file = open(path, 'rb')
pieces = spent = 0
while spent < seconds * 1e9:
    start = time.perf_counter_ns()
    with mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
        with memoryview(mapping) as view:
            for at in range(0, len(view), piece):
                into[:] = view[at:at + piece]
                pieces += 1
    spent += time.perf_counter_ns() - start
print(pieces, spent)
";

/// One operation is 1 MiB. A process of its own: a mapping takes unsafe code.
pub(super) fn mapped(scene: &Scene<'_>) -> Result<Sample> {
    let mut command = Command::new("python3");
    command
        .args(["-c", SCRIPT])
        .arg(scene.root.join(BIG))
        .arg(scene.time.as_secs_f64().to_string())
        .arg(CHUNK.to_string());
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("starting python3: {e}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("python3: {}", complaint.lines().last().unwrap_or_default()).into());
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let (pieces, nanos) = answer.trim().split_once(' ').ok_or("python3 gave no figures")?;
    Ok(Sample { ops: pieces.parse()?, elapsed: Duration::from_nanos(nanos.parse()?) })
}
