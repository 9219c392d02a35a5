//! What most verbs do: find the mount, ask it, read the answer.

use std::path::Path;

use cachefs_fuse::control::{Client, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::out::Out;
use crate::silence::Silence;
use crate::target::{BUSY_QUIET, Target, greet};
use crate::trouble::Trouble;

/// A mount that answers.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    client: Client,
    /// Where it is.
    pub(crate) mountpoint: std::path::PathBuf,
    out: &'a Out,
}

impl<'a> Asked<'a> {
    /// The one that the path lies in.
    ///
    /// # Errors
    /// Not mounted; or temporary, if it does not answer.
    pub(crate) fn at(path: &Path, out: &'a Out) -> Result<Self, Trouble> {
        let (mut client, mountpoint) = Target::served(path)?;
        greet(&mut client, None, out)?;
        Ok(Self { client, mountpoint, out })
    }

    /// Asks it, and waits for the end.
    ///
    /// # Errors
    /// What it refused, and why.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        verb: &str,
        arguments: &impl Serialize,
        mut progress: impl FnMut(&Map<String, Value>),
    ) -> Result<T, Trouble> {
        let silence = Silence::of(self.client.peer(), BUSY_QUIET, self.out);
        let arguments = serde_json::to_value(arguments).unwrap_or(Value::Null);
        let told = self.client.call(&Request::new(verb, arguments), |far| {
            silence.heard();
            progress(far);
        })?;
        serde_json::from_value(Value::Object(told))
            .map_err(|error| Trouble::failed(format!("the mount speaks another language: {error}")))
    }
}
