//! Which names, numbers, dates and addresses does a text hold, and where?

mod address;
mod contact;
mod date;
mod declined;
mod money;
mod name;
pub(crate) mod number;
mod pattern;
mod postal;

use jiff::civil::Date;
use serde_json::Value;

pub use pattern::{PatternError, PatternSpec, Patterns};

/// A thing read out of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// What it is: a kind of the pack's patterns (`order_number`, `user_id`, `tracking_number` ...) or one of `email`, `name`, `first_name`,
    /// `last_name`, `postal_code`, `phone`, `amount`, `date`, `number`, `ordinal`, `address`, `card_last4`.
    pub kind: String,
    /// The words as written.
    pub text: String,
    /// The normalised value. Strings for ids, `email`, names, `postal_code`, `phone`, `card_last4`; `{minor, currency}` for `amount` (`currency` is null if
    /// not said, then `minor` counts hundredths); `YYYY-MM-DD` for `date`; a number for `number` and `ordinal` (`-1` is "the last");
    /// `{address1, address2, city, state, country, zip}` for `address`, each a string or null; single parts of one only where an address is awaited.
    pub value: Value,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset after its last character.
    pub end: usize,
}

/// What the open question asks for; some readings (a bare name, lower-case names, bare numbers) are only safe when they are awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Awaiting {
    /// Nothing in particular.
    #[default]
    Nothing,
    /// Details that identify the customer.
    Identity,
    /// An address.
    Address,
    /// A date.
    Date,
    /// An amount.
    Amount,
}

/// What reading needs to know beside the text.
#[derive(Debug, Clone, Copy)]
pub struct ExtractContext<'a> {
    /// The customer's day, for "next Friday".
    pub today: Date,
    /// The pack's own patterns.
    pub patterns: &'a Patterns,
    /// What the open question asks for.
    pub awaiting: Awaiting,
}

/// Reads the entities of a text, in the order of their start. A place is read once, except that an address also gives its postal code
/// and a name its first and last name.
#[must_use]
pub fn extract(text: &str, context: &ExtractContext<'_>) -> Vec<Entity> {
    let mut found = Found { text, entities: Vec::new() };
    found.add_all(context.patterns.read(text));
    found.add_all(contact::emails(text));
    let addresses = address::read(text);
    let piece = (addresses.is_empty() && context.awaiting == Awaiting::Address).then(|| address::read_pieces(text));
    for address in addresses {
        let zip = address.zip.clone();
        found.add(address.entity);
        found.entities.extend(zip);
    }
    found.add_all(contact::card_endings(text));
    found.add_all(money::read(text, context.awaiting));
    found.add_all(date::read(text, context.today));
    found.add_all(contact::phones(text));
    found.add_all(postal::read(text, context.awaiting));
    if let Some((name, parts)) = name::read(text, context.awaiting, &found.entities)
        && found.add(name)
    {
        found.entities.extend(parts);
    }
    found.add_all(number::ordinals(text));
    found.add_all(number::read(text));
    // Single parts are no place of their own: the postal code among them is still read as one.
    found.entities.extend(piece.flatten());
    found.entities.sort_by_key(|entity| (entity.start, std::cmp::Reverse(entity.end)));
    declined::leave_out(text, &mut found.entities);
    found.entities
}

/// Kinds that are read without a pattern of the pack.
const OWN_KINDS: [&str; 14] = [
    "email",
    "name",
    "first_name",
    "last_name",
    "person_name",
    "postal_code",
    "phone",
    "amount",
    "date",
    "number",
    "quantity",
    "ordinal",
    "address",
    "card_last4",
];

/// The entities of these kinds, as [`extract`] gives them; much faster when the pack's patterns alone give them.
#[must_use]
pub fn extract_kinds(text: &str, kinds: &[&str], context: &ExtractContext<'_>) -> Vec<Entity> {
    if kinds.iter().any(|kind| OWN_KINDS.contains(kind)) {
        return extract(text, context);
    }
    // Patterns are read first and nothing takes their place.
    let mut found = Found { text, entities: Vec::new() };
    found.add_all(context.patterns.read(text));
    found.entities.sort_by_key(|entity| (entity.start, std::cmp::Reverse(entity.end)));
    found.entities
}

/// An address, or the parts of one that an answer holds, and whether it is a whole one.
pub(crate) fn address_in(text: &str) -> Option<(Value, Whole)> {
    let whole = address::read(text).into_iter().next().map(|address| (address.entity.value, Whole::Yes));
    whole.or_else(|| address::read_pieces(text).map(|pieces| (pieces.value, Whole::No)))
}

/// The name of a street that is said to be its name: "the street is Cotham Brow".
pub(crate) fn street_named(text: &str) -> Option<String> {
    address::street_named(text)
}

/// Whether all that makes an address was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    Yes,
    No,
}

/// Whether a text is an e-mail address and nothing else.
pub(crate) fn is_email(text: &str) -> bool {
    contact::emails(text).first().is_some_and(|email| email.start == 0 && email.end == text.len())
}

/// Entities so far; what overlaps an earlier one is not added.
struct Found<'a> {
    text: &'a str,
    entities: Vec<Entity>,
}

impl Found<'_> {
    fn add(&mut self, entity: Entity) -> bool {
        let free = self.entities.iter().all(|other| entity.end <= other.start || entity.start >= other.end);
        // Markers of redaction are no source of entities, but for the ending of a card.
        let marker = entity.kind != "card_last4" && inside_marker(self.text, entity.start);
        if free && !marker {
            self.entities.push(entity);
        }
        free && !marker
    }

    fn add_all(&mut self, entities: impl IntoIterator<Item = Entity>) {
        for entity in entities {
            self.add(entity);
        }
    }
}

fn inside_marker(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('[').is_some_and(|open| {
        before.rfind(']').is_none_or(|close| close < open) && text.get(at..).is_some_and(|rest| rest.contains(']'))
    })
}

/// An entity of a place of the text.
fn entity(kind: &str, text: &str, (start, end): (usize, usize), value: impl Into<Value>) -> Entity {
    let words = text.get(start..end).unwrap_or_default().to_owned();
    Entity { kind: kind.to_owned(), text: words, value: value.into(), start, end }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str, awaiting: Awaiting) -> Vec<(String, Value)> {
        let spec = |kind: &str, regex: &str, format: Option<&str>| PatternSpec {
            kind: kind.to_owned(),
            regex: regex.to_owned(),
            format: format.map(str::to_owned),
        };
        let patterns = Patterns::new(vec![
            spec("order_number", r"#?\b(W\d{7})\b", Some("#{}")),
            spec("user_id", r"\b[a-z]+_[a-z]+_\d{4}\b", None),
        ])
        .unwrap();
        let context = ExtractContext { today: Date::constant(2026, 11, 21), patterns: &patterns, awaiting };
        extract(text, &context).into_iter().map(|entity| (entity.kind, entity.value)).collect()
    }

    fn identity(text: &str) -> Vec<(String, String)> {
        let wanted = ["first_name", "last_name", "postal_code", "email", "user_id"];
        let found = read(text, Awaiting::Identity).into_iter().filter(|(kind, _)| wanted.contains(&kind.as_str()));
        found.map(|(kind, value)| (kind, value.as_str().unwrap_or_default().to_owned())).collect()
    }

    fn named(first: &str, last: &str, zip: &str) -> Vec<(String, String)> {
        [("first_name", first), ("last_name", last), ("postal_code", zip)]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .to_vec()
    }

    #[test]
    fn people_say_who_they_are_in_many_ways() {
        for (text, first, last, zip) in [
            ("Yusuf Rossi, zip code 19122. I don't remember which email I signed up with.", "Yusuf", "Rossi", "19122"),
            ("Yusuf Rossi, 19122. Don't remember my email.", "Yusuf", "Rossi", "19122"),
            (
                "Sure, Sofia Hernandez, I'm in Seattle, WA, 98193. I honestly can't remember what email I used.",
                "Sofia",
                "Hernandez",
                "98193",
            ),
            ("yara ito, zip 75284 :) no idea what my email was sorry", "Yara", "Ito", "75284"),
            ("its Aarav Anderson and the zip 19031, email i dont remember", "Aarav", "Anderson", "19031"),
            (
                "My name is Mei Ahmed and my zip code is 78705. I'm afraid I don't remember the email.",
                "Mei",
                "Ahmed",
                "78705",
            ),
            ("Chen Silva here! zip is 46281, no clue what email i used tho", "Chen", "Silva", "46281"),
            ("chen silva!! zip is 46281, no clue what email i used tho", "Chen", "Silva", "46281"),
            (
                "It's Raj Santos, zip 98157. I can't recall the email, sorry, I hope that's enough for you.",
                "Raj",
                "Santos",
                "98157",
            ),
            ("Yara Silva. Zip code 77159... I don't remember my email.", "Yara", "Silva", "77159"),
            ("Noah Patel, live from the Big Apple, zip 10108. No email, I'm a caveman.", "Noah", "Patel", "10108"),
            (
                "Ethan Garcia. Denver, 80280. That's all I'll say, I don't remember the email anyway.",
                "Ethan",
                "Garcia",
                "80280",
            ),
            ("hi my name is lena andersson and i live in 111 22 stockholm", "Lena", "Andersson", "111 22"),
            ("olivia lopez, zip 76171. i dont have an email.", "Olivia", "Lopez", "76171"),
        ] {
            assert_eq!(identity(text), named(first, last, zip), "{text}");
        }
        assert_eq!(
            identity(
                "Oh, me? Amelia, well Amelia Gonzalez, amelia.gonzalez4271@example.com, that's how people write to me."
            ),
            [("first_name", "Amelia"), ("last_name", "Gonzalez"), ("email", "amelia.gonzalez4271@example.com")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert_eq!(
            identity("Byron, Ada. San Jose, CA, 95154. As to my email, I can't recall it."),
            [("last_name", "Byron"), ("first_name", "Ada"), ("postal_code", "95154")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert_eq!(identity("I don't remember that, sorry."), []);
        assert_eq!(identity("No idea, can you look it up please"), []);
    }

    #[test]
    fn order_numbers_are_written_as_the_records_have_them() {
        assert_eq!(read("from w2378156 please", Awaiting::Nothing), [("order_number".to_owned(), json!("#W2378156"))]);
    }

    #[test]
    fn addresses_of_several_countries_are_taken_apart() {
        let address = |text: &str| {
            read(text, Awaiting::Nothing).into_iter().find(|(kind, _)| kind == "address").map(|(_, value)| value)
        };
        assert_eq!(
            address("It should be 445 Maple Drive, Suite 394, Fort Worth, Texas, 76165, on every one of them."),
            Some(
                json!({"address1": "445 Maple Drive", "address2": "Suite 394", "city": "Fort Worth", "state": "TX", "country": "USA", "zip": "76165"})
            )
        );
        assert_eq!(
            address("Change the address on my account to 101 Highway, New York, 10001."),
            Some(
                json!({"address1": "101 Highway", "address2": null, "city": "New York", "state": "NY", "country": "USA", "zip": "10001"})
            )
        );
        assert_eq!(
            address("I moved to Storgatan 12, lgh 1101, 111 22 Stockholm, Sweden"),
            Some(
                json!({"address1": "Storgatan 12", "address2": "lgh 1101", "city": "Stockholm", "state": null, "country": "Sweden", "zip": "111 22"})
            )
        );
        assert_eq!(
            address("new one: Bahnhofstraße 5, 10115 Berlin"),
            Some(
                json!({"address1": "Bahnhofstraße 5", "address2": null, "city": "Berlin", "state": null, "country": null, "zip": "10115"})
            )
        );
        assert_eq!(
            address("221B Baker Street, London NW1 6XE please"),
            Some(
                json!({"address1": "221B Baker Street", "address2": null, "city": "London", "state": null, "country": null, "zip": "NW1 6XE"})
            )
        );
        assert_eq!(
            address("Flat 3, 18 Cotham Brow, Bristol BS6 6AE"),
            Some(
                json!({"address1": "18 Cotham Brow", "address2": "Flat 3", "city": "Bristol", "state": null, "country": null, "zip": "BS6 6AE"})
            )
        );
        assert_eq!(address("I returned 2 lamps, one black, last week"), None);
    }

    #[test]
    fn a_street_is_read_whatever_its_kind_where_an_address_is_awaited() {
        let street = |text: &str| {
            let awaited = read(text, Awaiting::Address);
            awaited
                .into_iter()
                .find(|(kind, _)| kind == "address")
                .and_then(|(_, value)| value.get("address1").cloned())
        };
        assert_eq!(street("18 Cotham Brow"), Some(json!("18 Cotham Brow")));
        assert_eq!(street("it's 7a Lower Mead, thanks"), Some(json!("7a Lower Mead")));
        assert_eq!(
            street("Number 18, the street is Cotham Brow. it's in Bristol, BS6 6AE. Flat 3."),
            Some(json!("18 Cotham Brow"))
        );
        assert_eq!(street("Flat 3, Bristol BS6 6AE"), Some(Value::Null));
    }

    #[test]
    fn dates_are_counted_from_the_customers_day() {
        // 21 November 2026 is a Saturday.
        for (text, date) in [
            ("tomorrow", "2026-11-22"),
            ("in two weeks", "2026-12-05"),
            ("3 days ago", "2026-11-18"),
            ("next Friday", "2026-11-27"),
            ("on Monday", "2026-11-23"),
            ("last Monday", "2026-11-16"),
            ("on 5 December", "2026-12-05"),
            ("May 12th, 2025", "2025-05-12"),
            ("2026-12-24", "2026-12-24"),
            ("24.12.2026", "2026-12-24"),
            ("end of the month", "2026-11-30"),
            ("the 25th", "2026-11-25"),
            ("in a month", "2026-12-21"),
        ] {
            assert_eq!(read(text, Awaiting::Nothing), [("date".to_owned(), json!(date))], "{text}");
        }
    }

    #[test]
    fn amounts_keep_their_currency() {
        for (text, minor, currency) in [
            ("$1,150.00", 115_000, json!("USD")),
            ("1.150,50 €", 115_050, json!("EUR")),
            ("500 kr", 50_000, Value::Null),
            ("SEK 300", 30_000, json!("SEK")),
            ("200 bucks", 20_000, json!("USD")),
            ("¥1200", 1_200, json!("JPY")),
            ("12,5 euros", 1_250, json!("EUR")),
        ] {
            assert_eq!(
                read(text, Awaiting::Nothing),
                [("amount".to_owned(), json!({"minor": minor, "currency": currency}))],
                "{text}"
            );
        }
    }

    #[test]
    fn small_numbers_ordinals_phones_and_card_endings_are_read() {
        assert_eq!(
            read("both of the second one", Awaiting::Nothing),
            [("number".to_owned(), json!(2)), ("ordinal".to_owned(), json!(2))]
        );
        assert_eq!(
            read("the Mastercard ending in 2478", Awaiting::Nothing),
            [("card_last4".to_owned(), json!("2478"))]
        );
        assert_eq!(read("use [card ending 1111]", Awaiting::Nothing), [("card_last4".to_owned(), json!("1111"))]);
        assert_eq!(
            read("call me on +46 70 123 45 67", Awaiting::Nothing),
            [("phone".to_owned(), json!("+46701234567"))]
        );
        assert_eq!(read("a dozen", Awaiting::Nothing), [("number".to_owned(), json!(12))]);
    }
}
