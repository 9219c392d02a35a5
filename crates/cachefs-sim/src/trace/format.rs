use std::fmt;
use std::str::FromStr;

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A key per line.
    Ids,
    /// `key size` per line, the size in bytes.
    Sized,
    /// `start count ignored request` per line, each for blocks `start` to `start + count` of 512 bytes.
    Lis,
    /// libCacheSim's oracleGeneral: records of 24 bytes, little endian: time (u32), key (u64), size in bytes (u32),
    /// when it comes again (i64).
    Oracle,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ids, Self::Sized, Self::Lis, Self::Oracle];

    /// As a user types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Sized => "sized",
            Self::Lis => "lis",
            Self::Oracle => "oracle",
        }
    }

    /// Whether requests say how large they are, and not all alike.
    #[must_use]
    pub const fn has_sizes(self) -> bool {
        matches!(self, Self::Sized | Self::Oracle)
    }

    /// Told from the beginning of a trace; `None` if it is text of no format.
    pub(crate) fn guess(head: &[u8]) -> Option<Self> {
        if !head.iter().all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            return Some(Self::Oracle);
        }
        let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
        match first.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count() {
            1 => Some(Self::Ids),
            2 => Some(Self::Sized),
            4 => Some(Self::Lis),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let same = |format: &Self| format.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// There is no format of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no format is called \"{0}\"; there are {names}", names = Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(Format::guess(b"# ours\n\n17\n18\n"), Some(Format::Ids));
        assert_eq!(Format::guess(b"17 4096\n"), Some(Format::Sized));
        assert_eq!(Format::guess(b"17 8 0 0\r\n"), Some(Format::Lis));
        assert_eq!(Format::guess(b"17 8 0\n"), None);
        assert_eq!(Format::guess(b"\n"), None);
        assert_eq!(Format::guess(&[0; 24]), Some(Format::Oracle));
    }

    #[test]
    fn every_name_leads_back_and_others_are_told_all() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let told = "csv".parse::<Format>().unwrap_err().to_string();
        assert!(Format::ALL.iter().all(|format| told.contains(format.name())), "{told}");
    }
}
