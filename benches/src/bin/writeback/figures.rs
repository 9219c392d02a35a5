use cachefs_benches::figures::median;

use crate::cases::Seen;
use crate::contender::Contender;

/// What all rounds said.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    rows: Vec<Row>,
}

/// What was said of one contender in one case.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    pub(crate) contender: Contender,
    pub(crate) rounds: Vec<Seen>,
    /// Why a round has no figures.
    pub(crate) failure: Option<String>,
}

impl Figures {
    /// Adds what a round said.
    pub(crate) fn add(&mut self, case: &'static str, contender: Contender, seen: Seen) {
        self.row(case, contender).rounds.push(seen);
    }

    /// Notes why a round said nothing.
    pub(crate) fn fail(&mut self, case: &'static str, contender: Contender, why: &str) {
        self.row(case, contender).failure = Some(why.to_owned());
    }

    fn row(&mut self, case: &'static str, contender: Contender) -> &mut Row {
        let is_it = |row: &Row| row.case == case && row.contender == contender;
        let at = self.rows.iter().position(is_it).unwrap_or_else(|| {
            self.rows.push(Row { case, contender, rounds: Vec::new(), failure: None });
            self.rows.len() - 1
        });
        &mut self.rows[at]
    }

    pub(crate) fn of(&self, case: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.case == case)
    }

    /// The median of one figure.
    pub(crate) fn median(&self, case: &str, contender: Contender, figure: &str) -> Option<f64> {
        self.of(case).find(|row| row.contender == contender)?.median(figure)
    }
}

impl Row {
    /// The names of its figures.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.rounds.first().map(|seen| seen.iter().map(|(name, _)| *name).collect()).unwrap_or_default()
    }

    /// Of all rounds.
    pub(crate) fn all(&self, figure: &str) -> Vec<f64> {
        let named = |seen: &Seen| seen.iter().find(|(name, _)| *name == figure).map(|(_, value)| *value);
        self.rounds.iter().filter_map(named).collect()
    }

    pub(crate) fn median(&self, figure: &str) -> Option<f64> {
        median(self.all(figure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_each_contender_is_its_own() {
        let mut figures = Figures::default();
        for value in [3.0, 1.0, 2.0] {
            figures.add("a", Contender::Native, vec![("us", value), ("other", 9.0)]);
        }
        assert_eq!(figures.median("a", Contender::Native, "us"), Some(2.0));
        assert_eq!(figures.median("b", Contender::Native, "us"), None);
    }
}
