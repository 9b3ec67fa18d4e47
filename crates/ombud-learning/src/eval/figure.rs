//! What is said about how well something was read? A value with what it was counted on.

use serde::Serialize;

/// One figure, as it is printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// What it is, such as `accuracy` or `recall_at_10.de`.
    pub figure: String,
    /// The value; shares lie between 0 and 1.
    pub value: f64,
    /// Texts, tokens or tasks that it was counted on.
    pub n: usize,
    /// Seed of what was drawn or divided at random.
    pub seed: u64,
}

/// A score and whether it belongs to what is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The higher, the likelier.
    pub score: f64,
    /// Whether it is what is looked for.
    pub is_wanted: bool,
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 things are counted")]
pub(crate) fn count(things: usize) -> f64 {
    things as f64
}

/// The share of `some` of `all`; 0 of nothing.
#[must_use]
pub fn share(some: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { count(some) / count(all) }
}

/// The best scores first.
fn descending(scored: &[Scored]) -> Vec<Scored> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|one, other| other.score.total_cmp(&one.score));
    sorted
}

/// Runs of the same score, the best first: the wanted ones and the others in each.
fn runs(scored: &[Scored]) -> Vec<(f64, usize, usize)> {
    let mut runs: Vec<(f64, usize, usize)> = Vec::new();
    for one in descending(scored) {
        if runs.last().is_none_or(|(score, ..)| *score > one.score) {
            runs.push((one.score, 0, 0));
        }
        if let Some((_, wanted, others)) = runs.last_mut() {
            *wanted += usize::from(one.is_wanted);
            *others += usize::from(!one.is_wanted);
        }
    }
    runs
}

/// How often a wanted one scores above another one, ties counting half (the area under the ROC curve); none when one of the kinds is missing.
#[must_use]
pub fn auroc(scored: &[Scored]) -> Option<f64> {
    let wanted = scored.iter().filter(|one| one.is_wanted).count();
    let others = scored.len() - wanted;
    if wanted == 0 || others == 0 {
        return None;
    }
    let (mut above, mut area) = (0, 0.0);
    for (_, wanted, others) in runs(scored) {
        area += count(others) * (count(above) + 0.5 * count(wanted));
        above += wanted;
    }
    Some(area / (count(wanted) * count(others)))
}

/// The largest share of the wanted ones that lies above a threshold above which at least `precision` are wanted.
#[must_use]
pub fn recall_at_precision(scored: &[Scored], precision: f64) -> f64 {
    threshold_at_precision(scored, precision).map_or(0.0, |(_, recall)| recall)
}

/// The lowest threshold above which at least `precision` are wanted, with the recall there; none when there is no such threshold.
#[must_use]
pub fn threshold_at_precision(scored: &[Scored], precision: f64) -> Option<(f64, f64)> {
    let all = scored.iter().filter(|one| one.is_wanted).count();
    let (mut hits, mut taken, mut best) = (0, 0, None);
    for (score, wanted, others) in runs(scored) {
        hits += wanted;
        taken += wanted + others;
        if hits > 0 && share(hits, taken) >= precision {
            best = Some((score, share(hits, all)));
        }
    }
    best
}

/// The share of the wanted ones that lies above the threshold above which at most `false_alarms` of the others lie.
#[must_use]
pub fn recall_at_false_alarms(scored: &[Scored], false_alarms: f64) -> f64 {
    let wanted_in_all = scored.iter().filter(|one| one.is_wanted).count();
    let others_in_all = scored.len() - wanted_in_all;
    let (mut hits, mut alarms) = (0, 0);
    for (_, wanted, others) in runs(scored) {
        if share(alarms + others, others_in_all) > false_alarms {
            break;
        }
        hits += wanted;
        alarms += others;
    }
    share(hits, wanted_in_all)
}

/// The share that is wanted among the `coverage` of all with the best scores.
#[must_use]
pub fn selective(scored: &[Scored], coverage: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let kept = (count(scored.len()) * coverage).round() as usize;
    share(descending(scored).iter().take(kept).filter(|one| one.is_wanted).count(), kept)
}

/// The mean, and the deviation of a sample of values from it; 0 for fewer than two.
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / count(values.len().max(1));
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, if values.len() < 2 { 0.0 } else { (squares / count(values.len() - 1)).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(listed: &[(f64, bool)]) -> Vec<Scored> {
        listed.iter().map(|(score, is_wanted)| Scored { score: *score, is_wanted: *is_wanted }).collect()
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order_and_ties_count_half() {
        assert_eq!(auroc(&scored(&[(0.9, true), (0.8, true), (0.3, false)])), Some(1.0));
        assert_eq!(auroc(&scored(&[(0.9, false), (0.8, true), (0.7, true), (0.6, false)])), Some(0.5));
        assert_eq!(auroc(&scored(&[(0.5, false), (0.5, true), (0.7, true), (0.1, false)])), Some(0.875));
        assert_eq!(auroc(&scored(&[(0.5, true)])), None);
    }

    #[test]
    fn the_recall_at_a_precision_is_that_of_the_lowest_threshold_that_keeps_it() {
        let found = scored(&[(0.9, true), (0.8, false), (0.7, true), (0.6, true), (0.5, false), (0.4, true)]);
        assert_eq!(threshold_at_precision(&found, 0.75), Some((0.6, 0.75)));
        assert_eq!(recall_at_precision(&found, 1.0), 0.25);
        assert_eq!(recall_at_precision(&scored(&[(0.9, false), (0.8, true)]), 0.95), 0.0);
        // A run of one score is taken whole or not at all.
        assert_eq!(recall_at_precision(&scored(&[(0.9, true), (0.9, false)]), 0.9), 0.0);
    }

    #[test]
    fn the_recall_at_false_alarms_stops_before_one_alarm_too_many() {
        let mut found = scored(&[(0.9, true), (0.85, false), (0.8, true), (0.1, true)]);
        found.extend((0..19_u8).map(|i| Scored { score: f64::from(i) / 100.0 + 0.2, is_wanted: false }));
        assert_eq!(recall_at_false_alarms(&found, 0.05), 2.0 / 3.0);
        assert_eq!(recall_at_false_alarms(&found, 0.0), 1.0 / 3.0);
    }

    #[test]
    fn the_surest_are_kept() {
        let found = scored(&[(0.9, true), (0.8, true), (0.7, false), (0.6, true)]);
        assert_eq!(selective(&found, 0.5), 1.0);
        assert_eq!(selective(&found, 1.0), 0.75);
    }

    #[test]
    fn a_mean_has_a_deviation_from_two_values_on() {
        assert_eq!(mean_and_deviation(&[1.0, 3.0]), (2.0, 2.0_f64.sqrt()));
        assert_eq!(mean_and_deviation(&[1.0]), (1.0, 0.0));
    }
}
