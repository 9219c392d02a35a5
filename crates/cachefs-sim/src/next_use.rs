use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;

/// When the key of each request comes again, noted while the trace is read once.
///
/// Eight bytes per request, in memory up to a limit, beyond it in a temporary file that has no name.
#[derive(Debug)]
pub struct NextUses {
    store: Store,
    len: u64,
    memory_max: u64,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u64>),
    /// Written where it is not [`NextUses::NEVER`]: holes are zeros, and nothing comes again at 0.
    File(File),
}

impl Default for NextUses {
    fn default() -> Self {
        Self::new(Self::MEMORY_MAX)
    }
}

impl NextUses {
    /// It does not come again.
    pub const NEVER: u64 = u64::MAX;
    /// So many requests are kept in memory by default: half a GiB.
    const MEMORY_MAX: u64 = 1 << 26;

    /// Of no requests yet. What is noted of more than so many requests goes to a file.
    #[must_use]
    pub const fn new(memory_max: u64) -> Self {
        Self { store: Store::Memory(Vec::new()), len: 0, memory_max }
    }

    /// Notes a request, whose key was last asked for by that one, counted from 0.
    ///
    /// # Errors
    /// If there is no place for the temporary file.
    pub fn push(&mut self, previous: Option<u64>) -> io::Result<()> {
        let now = self.len;
        self.len += 1;
        if let Store::Memory(uses) = &mut self.store {
            if now < self.memory_max {
                uses.push(Self::NEVER);
            } else {
                self.store = Store::File(spill(uses)?);
            }
        }
        match (previous, &mut self.store) {
            (None, _) => Ok(()),
            (Some(previous), Store::Memory(uses)) => {
                if let Some(next) = usize::try_from(previous).ok().and_then(|at| uses.get_mut(at)) {
                    *next = now;
                }
                Ok(())
            }
            (Some(previous), Store::File(file)) => file.write_all_at(&now.to_le_bytes(), previous * 8),
        }
    }

    /// For each request the number of the next one for the same key, or [`Self::NEVER`].
    pub fn iter(&self) -> Box<dyn Iterator<Item = io::Result<u64>> + '_> {
        match &self.store {
            Store::Memory(uses) => Box::new(uses.iter().copied().map(Ok)),
            Store::File(file) => {
                let mut reader = BufReader::with_capacity(1 << 20, At { file, offset: 0 });
                Box::new((0..self.len).map(move |_| read_next(&mut reader)))
            }
        }
    }
}

fn spill(uses: &[u64]) -> io::Result<File> {
    let file = tempfile::tempfile()?;
    let mut offset = 0;
    for part in uses.chunks(1 << 13) {
        let bytes: Vec<u8> = part
            .iter()
            .flat_map(|&next| if next == NextUses::NEVER { 0 } else { next }.to_le_bytes())
            .collect();
        file.write_all_at(&bytes, offset)?;
        offset += 8 * (1 << 13);
    }
    Ok(file)
}

fn read_next(reader: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    match reader.read_exact(&mut bytes) {
        // Nothing was noted at the end of the trace.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(NextUses::NEVER),
        done => done?,
    }
    let next = u64::from_le_bytes(bytes);
    Ok(if next == 0 { NextUses::NEVER } else { next })
}

/// A file from an offset on, which many may read at once.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buffer, self.offset)?;
        self.offset += u64::try_from(len).unwrap_or(0);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_memory_and_in_a_file_they_are_the_same() {
        let keys: Vec<u64> = (0..40_000_u64).map(|step| step * step % 977).collect();
        let previous = |now: usize| keys[..now].iter().rposition(|key| *key == keys[now]);
        let previous: Vec<_> =
            (0..keys.len()).map(|now| previous(now).map(|at| u64::try_from(at).unwrap())).collect();
        let mut expected = vec![NextUses::NEVER; keys.len()];
        for (now, previous) in previous.iter().enumerate() {
            if let Some(previous) = previous {
                expected[usize::try_from(*previous).unwrap()] = u64::try_from(now).unwrap();
            }
        }
        for memory_max in [0, 1, 20_000, 1 << 20] {
            let mut uses = NextUses::new(memory_max);
            for previous in &previous {
                uses.push(*previous).unwrap();
            }
            let found: Vec<u64> = uses.iter().map(Result::unwrap).collect();
            assert!(found == expected, "{memory_max} in memory");
        }
    }
}
