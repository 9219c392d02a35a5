/// The candidate that takes the fewest single-letter changes to become `word`, unless even that one has nothing to
/// do with it.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    (distance * 2 <= word.len().max(best.len())).then_some(best)
}

/// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(letter != other);
            let mut least = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted() {
        for (from, to, changes) in [
            ("", "", 0),
            ("a", "", 1),
            ("memroy", "memory", 1),
            ("tll", "ttl", 1),
            ("warm", "wram", 1),
            ("log", "logs", 1),
        ] {
            assert_eq!(distance(from, to), changes, "{from} {to}");
            assert_eq!(distance(to, from), changes, "{to} {from}");
        }
    }

    #[test]
    fn a_word_far_from_all_has_no_neighbour() {
        let words = || ["memory", "metrics", "mode"].into_iter();
        assert_eq!(nearest("memroy", words()), Some("memory"));
        assert_eq!(nearest("metric", words()), Some("metrics"));
        assert_eq!(nearest("xyzzy", words()), None);
    }
}
