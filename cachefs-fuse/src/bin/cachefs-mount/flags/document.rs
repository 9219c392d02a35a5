use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use toml::{Spanned, Value};

/// A key, with its place, and its value.
pub(super) type Entry = (Spanned<String>, Value);

/// A configuration file as it is written: what stands before `[mount."..."]`, and below each.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) general: Vec<Entry>,
    pub(super) mounts: Vec<(Spanned<String>, Vec<Entry>)>,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Document;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut document = Document::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    if key.get_ref() == "mount" {
                        let mounts: Pairs<Pairs<Value>> = map.next_value()?;
                        document.mounts = mounts.0.into_iter().map(|(key, table)| (key, table.0)).collect();
                    } else {
                        document.general.push((key, map.next_value()?));
                    }
                }
                Ok(document)
            }
        }
        deserializer.deserialize_map(Whole)
    }
}

/// A table in the order in which it is written.
#[derive(Debug)]
struct Pairs<T>(Vec<(Spanned<String>, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(All(std::marker::PhantomData))
    }
}
