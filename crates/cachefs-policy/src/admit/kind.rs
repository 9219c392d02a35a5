use std::fmt;
use std::str::FromStr;

/// The kinds of [`super::Admit`] by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AdmitKind {
    /// [`super::Admit::None`].
    #[default]
    None,
    /// [`super::Admit::Doorkeeper`].
    Doorkeeper,
    /// [`super::Admit::TinyLfu`].
    TinyLfu,
    /// [`super::Admit::Cuckoo`].
    Cuckoo,
}

impl AdmitKind {
    /// All of them, the default one first.
    pub const ALL: [Self; 4] = [Self::None, Self::Doorkeeper, Self::TinyLfu, Self::Cuckoo];

    /// As a user types it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Doorkeeper => "doorkeeper",
            Self::TinyLfu => "tinylfu",
            Self::Cuckoo => "cuckoo",
        }
    }
}

impl fmt::Display for AdmitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for AdmitKind {
    type Err = UnknownAdmission;

    fn from_str(name: &str) -> Result<Self, UnknownAdmission> {
        let same = |kind: &Self| kind.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownAdmission { name: name.to_owned() })
    }
}

/// There is no admission of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAdmission {
    name: String,
}

impl fmt::Display for UnknownAdmission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = AdmitKind::ALL.map(AdmitKind::name).join(", ");
        write!(f, "no admission is called \"{}\"; there are {names}", self.name)
    }
}

impl std::error::Error for UnknownAdmission {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_and_others_are_told_all() {
        for kind in AdmitKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let told = "bloom".parse::<AdmitKind>().unwrap_err().to_string();
        assert!(AdmitKind::ALL.iter().all(|kind| told.contains(kind.name())), "{told}");
    }
}
