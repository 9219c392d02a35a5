use cachefs_benches::{Backing, Figures, aligned, blocks};

use crate::format::digits;

/// Below this, nobody has lost.
const NOISE: f64 = 1.1;

/// Each case in which somebody is faster than cachefs, and by how much.
pub(crate) fn table(text: &mut String, figures: &Figures) {
    let groups = Backing::ALL.map(Backing::name).into_iter().chain(blocks::SKEWS.map(|(group, _)| group));
    let mut lines = vec![["over", "case", "cachefs takes, in times of"].map(str::to_owned).to_vec()];
    for group in groups {
        for case in figures.cases(group) {
            let Some(ours) = figures.nanos(group, case, "cachefs") else { continue };
            let faster = figures.contenders(group).into_iter().filter_map(|who| {
                let times = ours / figures.nanos(group, case, who)?;
                (times > NOISE && !who.starts_with("cachefs")).then(|| format!("{who} {}", digits(times)))
            });
            let faster = faster.collect::<Vec<_>>().join(", ");
            if !faster.is_empty() {
                lines.push(vec![group.to_owned(), case.to_owned(), faster]);
            }
        }
    }
    if lines.len() == 1 {
        text.push_str("In no case of this run.\n");
    } else {
        aligned(text, &lines);
    }
}
