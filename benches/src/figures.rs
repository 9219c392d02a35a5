//! What several rounds said: medians, and how far they lie apart.

use std::collections::BTreeMap;

use crate::round::{Round, Sample};

/// What all rounds said, in the order in which the first one said it.
#[derive(Debug, Default)]
pub struct Figures {
    rows: Vec<Row>,
    places: BTreeMap<(String, String, String), usize>,
}

/// What was said of one contender in one case.
#[derive(Debug)]
pub struct Row {
    /// Of the first round; its time is that round's.
    pub first: Sample,
    /// Nanoseconds for one operation, by round.
    pub rounds: Vec<f64>,
}

impl Figures {
    /// Adds a round.
    pub fn add(&mut self, round: Round) {
        for sample in round.samples {
            let key = (sample.group.clone(), sample.case.clone(), sample.contender.clone());
            let at = *self.places.entry(key).or_insert(self.rows.len());
            match self.rows.get_mut(at) {
                Some(row) => row.rounds.push(sample.nanos),
                None => self.rows.push(Row { rounds: vec![sample.nanos], first: sample }),
            }
        }
    }

    /// All of them.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The cases of a group, in order.
    #[must_use]
    pub fn cases(&self, group: &str) -> Vec<&str> {
        self.distinct(group, |sample| &sample.case)
    }

    /// The contenders of a group, in order.
    #[must_use]
    pub fn contenders(&self, group: &str) -> Vec<&str> {
        self.distinct(group, |sample| &sample.contender)
    }

    fn distinct<'a>(&'a self, group: &str, pick: impl Fn(&'a Sample) -> &'a str) -> Vec<&'a str> {
        let mut found = Vec::new();
        for row in self.rows.iter().filter(|row| row.first.group == group) {
            if !found.contains(&pick(&row.first)) {
                found.push(pick(&row.first));
            }
        }
        found
    }

    /// One contender in one case.
    #[must_use]
    pub fn row(&self, group: &str, case: &str, contender: &str) -> Option<&Row> {
        let key = (group.to_owned(), case.to_owned(), contender.to_owned());
        self.places.get(&key).map(|&at| &self.rows[at])
    }

    /// Nanoseconds for one operation, the median of all rounds.
    #[must_use]
    pub fn nanos(&self, group: &str, case: &str, contender: &str) -> Option<f64> {
        Some(self.row(group, case, contender)?.median())
    }
}

impl Row {
    /// Of all rounds.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(self.rounds.clone()).unwrap_or(0.0)
    }

    /// The fastest and the slowest round.
    #[must_use]
    pub fn spread(&self) -> (f64, f64) {
        self.rounds.iter().fold((f64::INFINITY, 0.0), |(low, high), &value| (low.min(value), high.max(value)))
    }
}

/// The middle one; of an even count the mean of the middle two.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    Some(f64::midpoint(values[(values.len() - 1) / 2], upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Took;

    #[test]
    fn the_median_of_each_contender_is_its_own() {
        let mut figures = Figures::default();
        for (one, other) in [(3.0, 9.0), (1.0, 9.5), (2.0, 8.0)] {
            let mut round = Round::default();
            for (contender, nanos) in [("a", one), ("b", other)] {
                round.add(
                    ("g", "c", contender),
                    &[Took { ops: 2, nanos: 2.0 * nanos, ..Took::default() }],
                    None,
                );
            }
            figures.add(round);
        }
        assert_eq!(figures.nanos("g", "c", "a"), Some(2.0));
        assert_eq!(figures.row("g", "c", "b").unwrap().spread(), (8.0, 9.5));
        assert_eq!(figures.nanos("g", "other", "a"), None);
        assert_eq!(figures.contenders("g"), ["a", "b"]);
    }

    #[test]
    fn an_even_count_has_two_in_the_middle() {
        assert_eq!(median(vec![1.0, 4.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
