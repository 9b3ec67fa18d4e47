//! How do several scores of the same texts become one order?
//!
//! Vectors of some texts lie near to everything ("hubs"): cross-domain similarity local scaling (Conneau et al. 2018, equation 4) takes that away. Scores of
//! different kinds are brought to mean 0 and deviation 1 over the texts of a question before they are added.

use std::collections::HashMap;

use crate::similarity::count;

/// Neighbours by which it is told how near everything is to a text.
const NEIGHBOURS: usize = 10;

/// Cosines of questions with texts, less how near each question and each text is to its neighbours. `rows` holds a row for each question, a number for each
/// text; `background` the same for questions by which the nearness of texts is told, of the same language as the questions.
#[must_use]
pub fn csls(rows: &[Vec<f32>], background: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let texts = rows.first().map_or(0, Vec::len);
    let of_texts: Vec<f32> =
        (0..texts).map(|text| nearest(background.iter().filter_map(|row| row.get(text)).copied().collect())).collect();
    let scaled = |row: &Vec<f32>| {
        let own = nearest(row.clone());
        row.iter().zip(&of_texts).map(|(cosine, of_text)| 2.0 * cosine - own - of_text).collect()
    };
    rows.iter().map(scaled).collect()
}

/// The mean of the largest few.
fn nearest(mut numbers: Vec<f32>) -> f32 {
    numbers.sort_by(|one, other| other.total_cmp(one));
    numbers.truncate(NEIGHBOURS);
    numbers.iter().sum::<f32>() / count(numbers.len().max(1))
}

/// Scores of one question with mean 0 and deviation 1; all 0 when they are all the same.
#[must_use]
pub fn standard(scores: &[f32]) -> Vec<f32> {
    let all = count(scores.len().max(1));
    let mean = scores.iter().sum::<f32>() / all;
    let variance = scores.iter().map(|score| (score - mean) * (score - mean)).sum::<f32>() / all;
    let scale = if variance > 1e-12 { 1.0 / variance.sqrt() } else { 0.0 };
    scores.iter().map(|score| (score - mean) * scale).collect()
}

/// The sum of scores of different kinds for the same texts, each with its weight, once they are brought to one scale.
#[must_use]
pub fn fused(kinds: &[(&[f32], f32)]) -> Vec<f32> {
    let mut sums = vec![0.0; kinds.first().map_or(0, |(scores, _)| scores.len())];
    for (scores, weight) in kinds {
        for (sum, score) in sums.iter_mut().zip(standard(scores)) {
            *sum += weight * score;
        }
    }
    sums
}

/// The places of texts, the best score first; of equal ones the first.
#[must_use]
pub fn order(scores: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    let score = |place: &usize| scores.get(*place).copied().unwrap_or(f32::NEG_INFINITY);
    places.sort_by(|one, other| score(other).total_cmp(&score(one)).then(one.cmp(other)));
    places
}

/// How much the first places of an order count more than those behind (Cormack, Clarke and Büttcher 2009).
const RECIPROCAL: f32 = 60.0;

/// One order of several: each gives a place the inverse of its rank there, so that no scale of scores matters. Of equal ones the one that an earlier order
/// names first.
#[must_use]
pub fn reciprocal(orders: &[&[usize]]) -> Vec<usize> {
    let (mut places, mut sums) = (Vec::new(), HashMap::new());
    for order in orders {
        for (rank, place) in order.iter().enumerate() {
            let sum = sums.entry(*place).or_insert_with(|| {
                places.push(*place);
                0.0
            });
            *sum += 1.0 / (RECIPROCAL + count(rank + 1));
        }
    }
    let sum = |place: &usize| sums.get(place).copied().unwrap_or(0.0);
    places.sort_by(|one, other| sum(other).total_cmp(&sum(one)));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_near_to_every_question_loses_to_the_one_that_is_near_to_this() {
        // The first text is a hub; each other text belongs to one question.
        let rows = vec![vec![0.90, 0.88, 0.60], vec![0.92, 0.60, 0.91]];
        assert_eq!(rows.iter().map(|row| order(row)[0]).collect::<Vec<_>>(), [0, 0]);
        let scaled = csls(&rows, &rows);
        assert_eq!(scaled.iter().map(|row| order(row)[0]).collect::<Vec<_>>(), [1, 2]);
        // By hand: twice the cosine, less the mean of its row, less the mean of its column.
        let expected = 2.0 * 0.88 - (0.90 + 0.88 + 0.60) / 3.0 - (0.88 + 0.60) / 2.0;
        assert!((scaled[0][1] - expected).abs() < 1e-6);
    }

    #[test]
    fn kinds_of_any_scale_count_alike_and_one_that_says_nothing_not_at_all() {
        let (one, other, nothing) = ([1.0, 2.0, 3.0], [300.0, 100.0, 200.0], [5.0; 3]);
        let sum = fused(&[(&one, 1.0), (&other, 1.0), (&nothing, 1.0)]);
        assert_eq!(order(&sum), [2, 0, 1]);
        assert!((sum[2] - 1.224_744_9).abs() < 1e-5 && sum[0].abs() < 1e-6);
        assert_eq!(standard(&nothing), [0.0; 3]);
    }

    #[test]
    fn what_two_orders_name_comes_before_what_one_names() {
        assert_eq!(reciprocal(&[&[7, 8, 9], &[9, 6]]), [9, 7, 8, 6]);
        assert_eq!(reciprocal(&[&[], &[2, 1]]), [2, 1]);
        assert_eq!(reciprocal(&[&[1, 2], &[2, 1]]), [1, 2]);
    }
}
