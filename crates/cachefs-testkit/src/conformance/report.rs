/// How the cases went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Those that passed.
    pub passed: Vec<&'static str>,
    /// Those that failed, with what was wrong.
    pub failed: Vec<(&'static str, String)>,
    /// Those left out, as the filesystem has no such verb.
    pub skipped: Vec<&'static str>,
}

impl Report {
    /// How many were run.
    #[must_use]
    pub fn ran(&self) -> usize {
        self.passed.len() + self.failed.len()
    }

    /// What went otherwise than expected, where the cases in `except` are expected to fail.
    #[must_use]
    pub fn deviations(&self, except: &[(&str, &str)]) -> Vec<String> {
        let excepted = |name: &str| except.iter().find(|(other, _)| *other == name);
        let failed = self.failed.iter().filter(|(name, _)| excepted(name).is_none());
        let mut wrong: Vec<_> = failed.map(|(name, reason)| format!("{name}: {reason}")).collect();
        for (name, reason) in self.passed.iter().filter_map(|name| excepted(name)) {
            wrong.push(format!("{name}: passes, though it should not ({reason})"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_that_is_none_is_a_deviation() {
        let report =
            Report { passed: vec!["good"], failed: vec![("bad", "EIO".into())], skipped: Vec::new() };
        assert!(report.deviations(&[("bad", "known")]).is_empty());
        assert_eq!(report.deviations(&[]).len(), 1);
        assert_eq!(report.deviations(&[("bad", "known"), ("good", "not any more")]).len(), 1);
    }
}
