use crate::Result;

/// Where files are written, however it is done. Names are of files at the top.
pub(crate) trait Ground: Sync {
    /// Opens a file that is there.
    fn open(&self, name: &str) -> Result<Box<dyn Pen>>;

    /// Makes a file that is not there.
    fn create(&self, name: &str) -> Result<Box<dyn Pen>>;

    /// Whether each write waits for a slow backing: then fewer are made.
    fn is_slow(&self) -> bool {
        false
    }
}

/// An open file.
pub(crate) trait Pen: Send {
    /// Writes all of it.
    fn write(&self, bytes: &[u8], at: u64) -> Result<()>;

    /// Makes the bytes durable.
    fn sync(&self) -> Result<()>;
}
