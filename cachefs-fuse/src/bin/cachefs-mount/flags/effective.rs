use cachefs_fuse::control::Setting;

use super::flag::{Flag, Given, Spelled, Takes};
use super::table;

/// Every setting with its value and where that came from, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effective(Vec<Setting>);

/// A setting that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) before: String,
    pub(crate) after: String,
    /// It can change while the mount is there.
    pub(crate) live: bool,
}

impl Effective {
    /// Of what was given, each option by the highest layer that has it.
    pub(super) fn new(given: &[Given]) -> Self {
        let shown = |flag: &&Flag| match flag.spelled {
            Spelled::Argument => false,
            Spelled::Everywhere => flag.filed,
            Spelled::MountOption | Spelled::File => given.iter().any(|given| given.flag.long == flag.long),
        };
        Self(table::all().filter(shown).filter_map(|flag| setting(flag, given)).collect())
    }

    /// All of them.
    pub(crate) fn settings(&self) -> &[Setting] {
        &self.0
    }

    /// Takes over what can change while the mount is there.
    pub(crate) fn adopt_live(&mut self, after: &Self) {
        for setting in self.0.iter_mut().filter(|setting| setting.live) {
            if let Some(new) = after.0.iter().find(|new| new.name == setting.name) {
                setting.clone_from(new);
            }
        }
    }

    /// One of them was set in the running mount.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        for setting in self.0.iter_mut().filter(|setting| setting.name == name) {
            setting.value = Some(value.to_owned());
            setting.from = "request".to_owned();
            setting.place = Some("cachefs set".to_owned());
        }
    }

    /// What is different in `after`.
    pub(crate) fn changes(&self, after: &Self) -> Vec<Change> {
        let value = |all: &Self, name: &str| {
            let found = all.0.iter().find(|setting| setting.name == name);
            found.map_or_else(|| "none".to_owned(), Setting::shown_value)
        };
        let names = table::all().map(|flag| (flag.key(), flag.live));
        let change = |(name, live): (String, bool)| {
            let (before, after) = (value(self, &name), value(after, &name));
            (before != after).then_some(Change { name, before, after, live })
        };
        names.filter_map(change).collect()
    }
}

/// `None` where another word for the same was given.
fn setting(flag: &Flag, given: &[Given]) -> Option<Setting> {
    let mut said = given.iter().filter(|given| given.flag.long == flag.long);
    let (name, live) = (flag.key(), flag.live);
    let Some(first) = said.next() else {
        let aside = given.iter().any(|given| given.flag.subject() == flag.subject());
        let value = match (flag.default, flag.takes) {
            ("", Takes::Nothing) => Some("no".to_owned()),
            ("", _) => None,
            (default, _) => Some(default.to_owned()),
        };
        return (!aside).then(|| Setting { name, value, from: "default".to_owned(), place: None, live });
    };
    let value = match flag.takes {
        // A list adds up, of anything else the last one holds.
        Takes::Values(_) => {
            let all = std::iter::once(first).chain(said).map(|given| given.value.as_str());
            all.collect::<Vec<_>>().join(":")
        }
        _ => said.next_back().unwrap_or(first).value.clone(),
    };
    let value = if value.is_empty() && flag.takes == Takes::Nothing { "yes".to_owned() } else { value };
    let (from, place) = (first.layer.name().to_owned(), Some(first.spelling.clone()));
    Some(Setting { name, value: Some(value), from, place, live })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use crate::flags::testing::parse;

    fn row(arguments: &str, name: &str) -> Option<(String, String)> {
        let words = arguments.split_whitespace().map(OsString::from);
        let parsed = parse(words, |name| (name == "CACHEFS_POLICY").then(|| "arc".into())).expect(arguments);
        let found = parsed.effective.settings().iter().find(|row| row.name == name)?.clone();
        Some((found.shown_value(), found.origin()))
    }

    fn is(value: &str, origin: &str) -> Option<(String, String)> {
        Some((value.to_owned(), origin.to_owned()))
    }

    #[test]
    fn each_value_says_where_it_came_from() {
        assert_eq!(row("", "mode"), is("through", "default"));
        assert_eq!(row("", "policy"), is("arc", "environment CACHEFS_POLICY"));
        assert_eq!(row("--policy lfu", "policy"), is("lfu", "flag --policy"));
        assert_eq!(
            row("-o policy=lfu,flush_on_close", "flush_on_close"),
            is("yes", "flag -o flush_on_close")
        );
        assert_eq!(row("--warm a --warm b", "warm"), is("a:b", "flag --warm"));
        assert_eq!(row("", "warm"), is("none", "default"));
        assert_eq!(row("-o ro", "ro"), is("yes", "flag -o ro"));
        assert_eq!(row("", "ro"), None);
        assert_eq!(row("--ttl 5s", "coherence"), None);
        assert_eq!(row("", "config"), None);
    }

    #[test]
    fn changes_are_told_apart() {
        let effective =
            |line: &str| parse(line.split_whitespace().map(OsString::from), |_| None).expect(line).effective;
        let changes =
            effective("--log-level warn").changes(&effective("--log-level debug --memory 1G -o ro"));
        let told: Vec<_> = changes.iter().map(|c| (c.name.as_str(), c.after.as_str(), c.live)).collect();
        assert_eq!(told, [("memory", "1G", true), ("log_level", "debug", true), ("ro", "yes", false)]);
    }
}
