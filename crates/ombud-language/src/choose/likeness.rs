//! How alike are two words?

/// Whether the two words differ by so few letters that one is a slip of the other.
pub(super) fn is_slip(written: &str, meant: &str) -> bool {
    let (short, long) =
        (written.chars().count().min(meant.chars().count()), written.chars().count().max(meant.chars().count()));
    let allowed = match short {
        0..=4 => return false,
        5..=7 => 1,
        _ => 2,
    };
    long.saturating_sub(short) <= allowed
        && written.chars().next() == meant.chars().next()
        && distance(written, meant) <= allowed
}

/// Edit distance with swaps of neighbours counted once (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = '\0';
    for (row, letter) in one.chars().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (column, against) in other.iter().copied().enumerate() {
            let cell = |cells: &[usize], at: usize| cells.get(at).copied().unwrap_or(usize::MAX / 2);
            let replaced = cell(&last, column).saturating_add(usize::from(letter != against));
            let best = replaced
                .min(cell(&last, column.saturating_add(1)).saturating_add(1))
                .min(cell(&current, column).saturating_add(1));
            let left = column.checked_sub(1).and_then(|left| other.get(left)).copied();
            let swapped = row > 0 && left == Some(letter) && previous == against;
            let swap = column.checked_sub(1).map_or(usize::MAX, |left| cell(&before, left).saturating_add(1));
            current.push(if swapped { best.min(swap) } else { best });
        }
        before = std::mem::replace(&mut last, current);
        previous = letter;
    }
    last.last().copied().unwrap_or(usize::MAX)
}

/// Whether one word is the end of the other, as "watch" of "wristwatch", or a long beginning of it.
pub(super) fn is_part(written: &str, meant: &str) -> bool {
    let (short, long) = if written.len() < meant.len() { (written, meant) } else { (meant, written) };
    is_after_letter(short, long)
        || short.chars().count() >= 4
            && long.chars().count() >= short.chars().count().saturating_add(2)
            && (long.ends_with(short) || (short.chars().count() >= 6 && long.starts_with(short)))
}

/// Whether a word is another behind a letter that was joined to it by a hyphen: "shirt" of "t-shirt", "bike" of "e-bike".
fn is_after_letter(short: &str, long: &str) -> bool {
    let least = match long.chars().next() {
        Some('t') => 5,
        Some('e') => 4,
        _ => return false,
    };
    short.chars().count() >= least && long.get(1..) == Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_or_missing_letter_is_a_slip() {
        for (written, meant) in
            [("keybaord", "keyboard"), ("ketle", "kettle"), ("headfones", "headphones"), ("thermostt", "thermostat")]
        {
            assert!(is_slip(written, meant), "{written}");
        }
    }

    #[test]
    fn another_word_is_no_slip() {
        for (written, meant) in [("lap", "lamp"), ("mouse", "house"), ("small", "shell"), ("watch", "match")] {
            assert!(!is_slip(written, meant), "{written}");
        }
    }

    #[test]
    fn a_compound_contains_its_head() {
        assert!(is_part("watch", "wristwatch"));
        assert!(is_part("thermo", "thermostat"));
        assert!(is_part("shirt", "tshirt") && is_part("bike", "ebike"));
        assert!(!is_part("rain", "train") && !is_part("light", "flight"));
        assert!(!is_part("set", "headset"));
        assert!(!is_part("blue", "bluetooth"));
    }
}
