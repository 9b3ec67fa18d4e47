//! Plain English for the synthetic tasks, whose texts are lists of ids and options.

use ombud_domain::choice::Candidate;
use serde_json::Value;

use super::Shop;

pub struct Goal<'a> {
    pub shop: &'a Shop,
    pub user: &'a str,
    pub order: &'a str,
    pub tool: &'a str,
    pub items: &'a [String],
    pub new_items: &'a [String],
    pub arguments: &'a Value,
}

type Answer = (&'static str, String, Vec<String>);

/// One answer per slot of the goal; the pattern is chosen by `seed`.
pub fn answers(goal: &Goal<'_>, seed: usize) -> Vec<Answer> {
    let mut all = vec![("order", order_words(goal, seed), vec![goal.order.to_owned()])];
    if !goal.items.is_empty() {
        all.push(("items", items_words(goal, seed), goal.items.to_vec()));
    }
    if let Some(words) = new_items_words(goal, seed) {
        all.push(("new_items", words, goal.new_items.to_vec()));
    }
    let payment = goal.arguments["payment_method_id"].as_str();
    if let Some((payment, words)) = payment.and_then(|payment| Some((payment, payment_words(goal, payment, seed)?))) {
        all.push(("payment", words, vec![payment.to_owned()]));
    }
    if let Some(reason) = goal.arguments["reason"].as_str() {
        all.push(("reason", reason_words(reason, seed).to_owned(), vec![reason.to_owned()]));
    }
    all
}

fn order_words(goal: &Goal<'_>, seed: usize) -> String {
    let names: Vec<String> = goal.shop.items(goal.order).iter().map(|item| item.name.to_lowercase()).collect();
    let plain = goal.order.trim_start_matches("#W");
    match seed % 4 {
        0 => format!("It's {}", goal.order),
        1 => format!("order number W{plain} please"),
        2 => format!("the one with the {}", names.join(", the ")),
        _ => format!("I don't have the number, there was a {} in it", names.join(" and a ")),
    }
}

fn described(item: &Candidate, seed: usize) -> String {
    let plain = |value: &String| !["yes", "no", "none"].contains(&value.as_str());
    let values: Vec<&String> = item.attributes.iter().map(|(_, value)| value).filter(|value| plain(value)).collect();
    let name = item.name.to_lowercase();
    match (seed % 3, values.get(seed % values.len().max(1))) {
        (0, _) | (_, None) => name,
        (1, Some(value)) => format!("{} {name}", value.to_lowercase()),
        (_, Some(value)) => format!("{name} ({value})"),
    }
}

fn items_words(goal: &Goal<'_>, seed: usize) -> String {
    let all = goal.shop.items(goal.order);
    let chosen: Vec<&Candidate> = goal.items.iter().filter_map(|id| all.iter().find(|item| item.id == *id)).collect();
    let rest: Vec<&Candidate> = all.iter().filter(|item| !goal.items.contains(&item.id)).collect();
    let ambiguous = |item: &Candidate| all.iter().filter(|other| other.name == item.name).count() > 1;
    let exact = |item: &Candidate| {
        if ambiguous(item) {
            let values: Vec<String> = item.attributes.iter().map(|(key, value)| format!("{key} {value}")).collect();
            format!("{} with {}", item.name.to_lowercase(), values.join(" and "))
        } else {
            described(item, seed)
        }
    };
    let chosen_words: Vec<String> = chosen.iter().map(|item| exact(item)).collect();
    match (seed % 5, rest.as_slice()) {
        (0, []) => "All of it, everything in that order.".to_owned(),
        (1, [one]) if !ambiguous(one) => format!("everything except the {}", one.name.to_lowercase()),
        (2, [one, ..]) if !ambiguous(one) => {
            format!("The {}. I'm keeping the {}.", chosen_words.join(" and the "), one.name.to_lowercase())
        }
        (3, [one, ..]) if !ambiguous(one) => {
            format!("just the {}, not the {}", chosen_words.join(", "), one.name.to_lowercase())
        }
        (4, _) => format!("the {} please", chosen_words.join(" and the ")),
        _ => format!("{}.", chosen_words.join(", ")),
    }
}

fn new_items_words(goal: &Goal<'_>, seed: usize) -> Option<String> {
    let pairs: Vec<(Candidate, Candidate)> = goal
        .items
        .iter()
        .zip(goal.new_items)
        .filter_map(|(old, new)| {
            let variants = goal.shop.variants(goal.order, old);
            Some((goal.shop.item(goal.order, old)?, variants.into_iter().find(|variant| variant.id == *new)?))
        })
        .collect();
    if pairs.is_empty() || pairs.iter().any(|(old, new)| old.attributes == new.attributes) {
        return None;
    }
    let one = |at: usize, (old, new): &(Candidate, Candidate)| {
        let changed: Vec<(&str, &str, &str)> = new
            .attributes
            .iter()
            .filter_map(|(key, value)| {
                let before =
                    old.attributes.iter().find(|(other, _)| other == key).map_or("", |(_, value)| value.as_str());
                (before != value).then_some((key.as_str(), before, value.as_str()))
            })
            .collect();
        changed_words(&changed, seed.wrapping_add(at))
    };
    if let [pair] = pairs.as_slice() {
        return Some(one(0, pair));
    }
    let parts = pairs.iter().enumerate().map(|(at, pair)| match seed % 3 {
        0 => format!("For the {}: {}.", pair.0.name.to_lowercase(), one(at, pair)),
        1 => format!("The {} should be {}.", pair.0.name.to_lowercase(), one(at, pair)),
        _ => format!("{}: {}.", pair.0.name, one(at, pair)),
    });
    Some(parts.collect::<Vec<_>>().join(" "))
}

fn changed_words(changed: &[(&str, &str, &str)], seed: usize) -> String {
    let short = |(key, _, value): &(&str, &str, &str)| match *value {
        "yes" => (*key).to_owned(),
        "no" => format!("not {key}"),
        "none" => format!("no {key}"),
        value => value.to_owned(),
    };
    let named = |change: &(&str, &str, &str)| match change.2 {
        "yes" | "no" | "none" => short(change),
        value => format!("{} {value}", change.0),
    };
    let join = |words: Vec<String>, with: &str| words.join(with);
    match seed % 6 {
        0 => join(changed.iter().map(short).collect(), ", "),
        1 => format!("the same but {}", join(changed.iter().map(short).collect(), " and ")),
        2 => format!("{}, everything else the same", join(changed.iter().map(named).collect(), " and ")),
        3 => format!(
            "{} instead of {}",
            join(changed.iter().map(short).collect(), " and "),
            changed.iter().map(|change| change.1).filter(|value| value.len() > 4).collect::<Vec<_>>().join(" and ")
        ),
        4 => join(changed.iter().map(named).collect(), ", ").to_lowercase(),
        _ => format!("one with {}", join(changed.iter().map(named).collect(), " and ")),
    }
}

fn payment_words(goal: &Goal<'_>, payment: &str, seed: usize) -> Option<String> {
    let methods = goal.shop.payments(goal.user, goal.order, goal.tool);
    let method = methods.iter().find(|method| method.id == payment).filter(|method| method.eligible)?;
    let digits = method.words.iter().find(|word| word.len() == 4 && word.chars().all(|letter| letter.is_ascii_digit()));
    let original = method.words.iter().any(|word| word == "original");
    Some(match (seed % 4, digits) {
        (0, Some(digits)) => format!("the card ending in {digits}"),
        (1, _) if original => "the original payment method".to_owned(),
        (2, Some(digits)) => format!("my {} please, {digits}", method.name),
        (_, Some(digits)) => format!("{} {digits}", method.name),
        (_, None) => format!("{} is fine", method.name),
    })
}

fn reason_words(reason: &str, seed: usize) -> &'static str {
    let (needless, mistaken) = (
        [
            "I just don't need it anymore",
            "no longer needed",
            "found it cheaper somewhere else",
            "changed my mind about it",
        ],
        [
            "it was ordered by mistake",
            "I ordered the wrong thing by accident",
            "by mistake",
            "I clicked the wrong button, it was a mistake",
        ],
    );
    let all = if reason.starts_with("no") { needless } else { mistaken };
    all.get(seed % 4).copied().unwrap_or_default()
}
