use std::fmt;
use std::str::FromStr;

use crate::EvictionPolicy;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $capacity:pat => $build:expr;)+) => {
        /// The eviction policies by name.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum PolicyKind {
            $($(#[$doc])* $kind,)+
        }

        impl PolicyKind {
            /// All of them, the default one first.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            /// As a user types it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// Makes one for a capacity in the unit of the weights (bytes in the engine). Slots are allocated for as
            /// they come in.
            #[must_use]
            pub fn build(self, capacity: u64) -> Box<dyn EvictionPolicy> {
                match (self, capacity) {
                    $((Self::$kind, $capacity) => Box::new($build),)+
                }
            }
        }
    };
}

kinds! {
    /// [`crate::S3Fifo`].
    #[default]
    S3Fifo, "s3fifo", capacity => crate::S3Fifo::new(capacity);
    /// [`crate::Lru`].
    Lru, "lru", _ => crate::Lru::new();
    /// [`crate::Lru2`].
    Lru2, "lru2", capacity => crate::Lru2::new(capacity);
    /// [`crate::Lfu`].
    Lfu, "lfu", _ => crate::Lfu::new();
    /// [`crate::TwoQ`].
    TwoQ, "2q", capacity => crate::TwoQ::new(capacity);
    /// [`crate::Arc`].
    Arc, "arc", capacity => crate::Arc::new(capacity);
    /// [`crate::Lirs`].
    Lirs, "lirs", capacity => crate::Lirs::new(capacity);
    /// [`crate::Sieve`].
    Sieve, "sieve", _ => crate::Sieve::new();
    /// [`crate::WTinyLfu`].
    WTinyLfu, "wtinylfu", capacity => crate::WTinyLfu::new(capacity);
    /// [`crate::Gdsf`].
    Gdsf, "gdsf", _ => crate::Gdsf::new();
    /// [`crate::Ttl`].
    Ttl, "ttl", _ => crate::Ttl::new();
    /// [`crate::Hybrid`].
    Hybrid, "hybrid", _ => crate::Hybrid::new();
    /// [`crate::Fifo`].
    Fifo, "fifo", _ => crate::Fifo::new();
    /// [`crate::Clock`].
    Clock, "clock", _ => crate::Clock::new();
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PolicyKind {
    type Err = UnknownPolicy;

    fn from_str(name: &str) -> Result<Self, UnknownPolicy> {
        let same = |kind: &Self| kind.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownPolicy { name: name.to_owned() })
    }
}

/// There is no eviction policy of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPolicy {
    name: String,
}

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = PolicyKind::ALL.map(PolicyKind::name).join(", ");
        write!(f, "no eviction policy is called \"{}\"; there are {names}", self.name)
    }
}

impl std::error::Error for UnknownPolicy {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_policy() {
        for kind in PolicyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(kind.name().to_uppercase().parse(), Ok(kind));
            assert_eq!(kind.build(100).victim(), None);
        }
        assert_eq!(PolicyKind::ALL[0], PolicyKind::default());
    }

    #[test]
    fn an_unknown_name_is_told_all_there_are() {
        let told = "mru".parse::<PolicyKind>().unwrap_err().to_string();
        assert!(told.contains("\"mru\""), "{told}");
        for kind in PolicyKind::ALL {
            assert!(told.contains(kind.name()), "{told}");
        }
    }
}
