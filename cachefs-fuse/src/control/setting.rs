use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::plain;

/// A setting of a mount, as it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// As the configuration file has it.
    pub name: String,
    /// As it was written; `None`: nothing is set.
    pub value: Option<String>,
    /// `default`, `file`, `environment` or `flag`.
    pub from: String,
    /// Where exactly: the file with the line, the variable, the flag.
    pub place: Option<String>,
    /// It can change while the mount is there.
    pub live: bool,
}

impl Setting {
    /// The value for people.
    #[must_use]
    pub fn shown_value(&self) -> String {
        self.value.clone().unwrap_or_else(|| "none".to_owned())
    }

    /// Where it came from, for people.
    #[must_use]
    pub fn origin(&self) -> String {
        match &self.place {
            Some(place) => format!("{} {place}", self.from),
            None => self.from.clone(),
        }
    }

    /// Settings as a table for people, a line for each.
    #[must_use]
    pub fn table(settings: &[Self]) -> String {
        let width = |text: fn(&Self) -> String| {
            settings.iter().map(|setting| text(setting).chars().count()).max().unwrap_or_default()
        };
        let names = width(|setting| setting.name.clone());
        let values = width(|setting| plain(&setting.shown_value()).into_owned());
        let mut text = String::new();
        for setting in settings {
            let (value, origin) = (setting.shown_value(), setting.origin());
            _ = writeln!(text, "{:names$}  {:values$}  {}", setting.name, plain(&value), plain(&origin));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each() {
        let setting = |name: &str, value: Option<&str>, place: Option<&str>| Setting {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            from: if place.is_some() { "flag" } else { "default" }.to_owned(),
            place: place.map(str::to_owned),
            live: false,
        };
        let text =
            Setting::table(&[setting("mode", Some("back\n"), Some("--mode")), setting("ttl", None, None)]);
        assert_eq!(text, "mode  back\\n  flag --mode\nttl   none    default\n");
    }
}
