//! Which days and amounts does a text name only to decline them? "Wednesday does not work, Friday please" gives Friday.
//!
//! What is declined is left out where something else of its kind is given beside it; alone it stays, for a flow may be about just that.

use std::sync::LazyLock;

use regex::Regex;

use super::Entity;

/// Kinds of which one is given in the place of another.
const KINDS: [&str; 2] = ["date", "amount"];

/// Where a clause ends, and with it what a "not" reaches.
static BOUNDARY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)[,;:!?()\n–—]|\.(?:\s|$)|\s-\s|\b(?:but|so|then|though|although|however|because|since|and|while|whereas|if)\b").ok()
});

/// Stands before what is declined: "not on", "I can't make", "instead of".
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let ability = r"(?:can\s?not|can['’]?t|could\s?not|couldn['’]?t|won['’]?t|will\s+not|unable\s+to|not\s+able\s+to|(?:do\s+not|don['’]?t)\s+want)";
    let adjacent = r"(?:(?:why\s+)?not|never|instead\s+of|rather\s+than|anything\s+but|except|no\s+to)";
    crate::lean::regex(&format!(
        r"(?i)\b(?:{adjacent}|{ability}(?:\s+[\w'’]+){{0,3}}?)(?:\s+(?:on|by|for|the|at|in))*\s*$"
    ))
    .ok()
});

/// Words that leave a day open in spite of a "not": "not before Friday", "can't pay until Friday", "why not Friday".
static OPEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:until|till|before|only|just|earlier|later|sooner|more|less|sure|why)\b").ok()
});

/// Stands behind what is declined: "doesn't work", "is no good", "is too early".
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let not = r"(?:(?:does|do|did|is|was|will|would|can|could|are)\s*(?:not|n['’]?t)|wo?n['’]?t|ca(?:n['’]?t|nnot)|['’]s\s+not|no\s+longer|never)";
    let fits = r"(?:works?|suits?|fits?|good|okay|ok|fine|possible|great|ideal|convenient|enough|go|do|an\s+option|happen|manageable)";
    let unfit = r"(?:no\s+good|not?\s+use|out|off|bad|impossible|taken|too\s+(?:early|late|soon|much|little|high|low|expensive))";
    crate::lean::regex(&format!(
        r"(?i)^(?:\s+(?:really|just|unfortunately|sadly|still|also|for\s+me|at\s+\S+|morning|evening))*\s*(?:{not}(?:\s+[\w'’]+){{0,2}}?\s+{fits}|(?:is|['’]s|are|would\s+be|will\s+be)\s+(?:(?:really|just|a\s+bit|unfortunately)\s+)?{unfit})\b"
    ))
    .ok()
});

/// Joins what is declined together: "can't do Wednesday or Thursday".
static JOINED: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?i)^\s*,?\s*(?:or|nor|and)\s+(?:(?:on|by|the)\s+)*$").ok());

/// Leaves out what is declined where something else of its kind is given. The entities are in the order of their start.
pub(super) fn leave_out(text: &str, entities: &mut Vec<Entity>) {
    for kind in KINDS {
        let of_kind: Vec<&Entity> = entities.iter().filter(|entity| entity.kind == kind).collect();
        if of_kind.len() < 2 {
            continue;
        }
        let declined = declined(text, &of_kind);
        if declined.len() < of_kind.len() {
            entities.retain(|entity| entity.kind != kind || !declined.contains(&(entity.start, entity.end)));
        }
    }
}

/// The places of what is declined.
fn declined(text: &str, of_kind: &[&Entity]) -> Vec<(usize, usize)> {
    let joined = |one: &Entity, other: &Entity| is_match(&JOINED, text.get(one.end..other.start).unwrap_or_default());
    let mut is_declined: Vec<bool> = of_kind.iter().map(|entity| declines(text, entity)).collect();
    let pairs = || of_kind.iter().zip(of_kind.iter().skip(1)).enumerate();
    // "Not Wednesday or Thursday" reaches on to the second.
    for (place, (one, other)) in pairs() {
        let before = is_declined.get(place).copied().unwrap_or_default();
        if let Some(next) = is_declined.get_mut(place + 1)
            && joined(one, other)
        {
            *next |= before;
        }
    }
    let places = of_kind.iter().map(|entity| (entity.start, entity.end));
    places.zip(is_declined).filter_map(|(place, is_declined)| is_declined.then_some(place)).collect()
}

fn declines(text: &str, entity: &Entity) -> bool {
    let (before, after) = (text.get(..entity.start).unwrap_or_default(), text.get(entity.end..).unwrap_or_default());
    let Some(boundary) = BOUNDARY.as_ref() else { return false };
    let before = boundary.find_iter(before).last().map_or(before, |end| before.get(end.end()..).unwrap_or_default());
    let after = boundary.find(after).map_or(after, |end| after.get(..end.start()).unwrap_or_default());
    let led = BEFORE.as_ref().and_then(|regex| regex.find(before)).is_some_and(|led| !is_match(&OPEN, led.as_str()));
    led || is_match(&AFTER, after)
}

fn is_match(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use crate::extract::{Awaiting, ExtractContext, Patterns, extract};

    fn values(text: &str, kind: &str) -> Vec<String> {
        let patterns = Patterns::new(Vec::new()).unwrap();
        // A Saturday.
        let context = ExtractContext {
            today: Date::constant(2026, 11, 21),
            patterns: &patterns,
            awaiting: if kind == "amount" { Awaiting::Amount } else { Awaiting::Nothing },
        };
        let found = extract(text, &context).into_iter().filter(|entity| entity.kind == kind);
        found
            .map(|entity| {
                entity.value["minor"].as_i64().map_or_else(|| entity.text.to_lowercase(), |minor| minor.to_string())
            })
            .collect()
    }

    #[test]
    fn a_day_that_is_declined_gives_way_to_the_one_that_is_wished() {
        for (text, days) in [
            ("Wednesday does not work, Friday please", vec!["friday"]),
            ("Wednesday doesn't work for me but Friday does", vec!["friday"]),
            ("Friday please, Wednesday won't work", vec!["friday"]),
            ("wednesday isnt possible. friday?", vec!["friday"]),
            ("not Wednesday, Friday", vec!["friday"]),
            ("not on the 25th, on 27 November", vec!["on 27 november"]),
            ("Friday instead of Wednesday", vec!["friday"]),
            ("I can't make Wednesday, can we say Friday?", vec!["friday"]),
            ("I can’t pay on Wednesday so Friday please", vec!["friday"]),
            ("I can't do Wednesday or Thursday, Friday is fine", vec!["friday"]),
            ("Tomorrow is too early, make it Monday", vec!["monday"]),
            ("Monday is no good and Tuesday is out; Friday", vec!["friday"]),
            ("Friday works, Wednesday would be bad", vec!["friday"]),
        ] {
            let read: Vec<String> = values(text, "date");
            let trimmed: Vec<&str> = read.iter().map(|day| day.trim_start_matches("on ")).collect();
            let days: Vec<&str> = days.iter().map(|day| day.trim_start_matches("on ")).collect();
            assert_eq!(trimmed, days, "{text}");
        }
    }

    #[test]
    fn a_day_that_is_not_declined_or_stands_alone_stays() {
        for (text, count) in [
            ("Wednesday or Friday", 2),
            ("Wednesday does not work", 1),
            ("not before Wednesday, Friday at the latest", 2),
            ("I can't pay until Wednesday, perhaps Friday", 2),
            ("it was not delivered on Wednesday, it came on Friday", 2),
            ("neither works: not Wednesday, not Friday", 2),
            ("why not Wednesday? Friday works too", 2),
            ("from Wednesday to Friday", 2),
            ("I don't know if Wednesday or Friday is better", 2),
        ] {
            assert_eq!(values(text, "date").len(), count, "{text}: {:?}", values(text, "date"));
        }
    }

    #[test]
    fn an_amount_that_is_declined_gives_way_to_the_one_that_is_wished() {
        for (text, amounts) in [
            ("not 500 kr, 300 kr", vec!["30000"]),
            ("500 kr is too much, 300 kr please", vec!["30000"]),
            ("I can't pay 500 kr but 300 kr would be fine", vec!["30000"]),
            ("$40 rather than $50", vec!["4000"]),
            ("I paid 500 kr and 300 kr", vec!["50000", "30000"]),
        ] {
            assert_eq!(values(text, "amount"), amounts, "{text}");
        }
    }
}
