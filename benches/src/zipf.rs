use cachefs_testkit::SplitMix64;

/// Chooses among numbers, the first most often: the nth as often as 1 / n^skew says.
#[derive(Debug)]
pub struct Zipf {
    /// Shares summed up, to 1.
    sums: Vec<f64>,
}

impl Zipf {
    /// Over the numbers below `count`.
    #[must_use]
    pub fn new(count: usize, skew: f64) -> Self {
        let mut sums: Vec<f64> = (1..=count)
            .scan(0.0, |sum, rank| {
                *sum += (rank as f64).powf(-skew);
                Some(*sum)
            })
            .collect();
        let total = sums.last().copied().unwrap_or(1.0);
        sums.iter_mut().for_each(|sum| *sum /= total);
        Self { sums }
    }

    /// So many choices, by this seed. Which numbers are chosen often is mixed over the whole range, so that they do not
    /// lie side by side in memory.
    #[must_use]
    pub fn choices(&self, count: usize, seed: u64) -> Vec<usize> {
        let mut random = SplitMix64::new(seed);
        let mut places: Vec<usize> = (0..self.sums.len()).collect();
        // The same for every seed: threads agree on what is popular.
        let mut mix = SplitMix64::new(1);
        for last in (1..places.len()).rev() {
            places.swap(last, below(&mut mix, last + 1));
        }
        let mut choose = || {
            let share = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            let rank = self.sums.partition_point(|&sum| sum < share);
            places[rank.min(places.len() - 1)]
        };
        (0..count).map(|_| choose()).collect()
    }
}

fn below(random: &mut SplitMix64, limit: usize) -> usize {
    usize::try_from(random.next_u64() % limit as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_popular_has_its_share() {
        let choices = Zipf::new(1000, 1.1).choices(100_000, 7);
        let mut counts = vec![0_u32; 1000];
        choices.iter().for_each(|&choice| counts[choice] += 1);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let total: f64 = (1..=1000).map(|rank| f64::from(rank).powf(-1.1)).sum();
        assert!((f64::from(counts[0]) / 100_000.0 - 1.0 / total).abs() < 0.01, "{}", counts[0]);
        let twice = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((twice - 2_f64.powf(1.1)).abs() < 0.2, "{twice}");
    }
}
