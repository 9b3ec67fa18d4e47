//! What customers say, and which record or variant they mean by it; shops, products and sentences are invented.

use ombud_domain::choice::{Candidate, Choice, ChoiceRequest, Count};
use ombud_language::choose::{Lexicon, choose, choose_each, mentions};

#[expect(clippy::unwrap_used, reason = "called from tests only")]
fn lexicon() -> Lexicon {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/base/lexicon/en.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn thing(id: &str, name: &str, options: &[(&str, &str)]) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: name.to_owned(),
        label: name.to_owned(),
        attributes: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        eligible: true,
        ..Candidate::default()
    }
}

fn priced(price: f64, candidate: Candidate) -> Candidate {
    Candidate { price: Some(price), ..candidate }
}

fn worded(words: &[&str], candidate: Candidate) -> Candidate {
    Candidate { words: words.iter().map(|&word| word.to_owned()).collect(), ..candidate }
}

fn not_eligible(candidate: Candidate) -> Candidate {
    Candidate { eligible: false, ..candidate }
}

/// The reading as a short text: ids joined by commas, `? ids` when several are left, `! ids` when not to be had, `-` when unread.
fn shown(choice: &Choice) -> String {
    match choice {
        Choice::Picked { ids, .. } => ids.join(","),
        Choice::Several { ids } => format!("? {}", ids.join(",")),
        Choice::Unavailable { .. } => "!".to_owned(),
        Choice::Unread => "-".to_owned(),
    }
}

struct Case<'a> {
    candidates: &'a [Candidate],
    current: Option<&'a Candidate>,
    count: Count,
}

impl Case<'_> {
    /// Each row: what is said (parts of a conversation split by `|`, the last one answers the question), and the reading.
    fn check(&self, rows: &[(&str, &str)]) {
        let lexicon = lexicon();
        let mut failed = Vec::new();
        for (said, expected) in rows {
            let utterances: Vec<String> = said.split('|').map(|part| part.trim().to_owned()).collect();
            let request = ChoiceRequest {
                utterances: &utterances,
                direct: 1,
                candidates: self.candidates,
                current: self.current,
                spoken_of: None,
                denied: false,
                count: self.count,
            };
            let found = shown(&choose(&lexicon, &request));
            if found != *expected {
                failed.push(format!("{said:?}: expected {expected:?}, found {found:?}"));
            }
        }
        assert!(failed.is_empty(), "{} of {} rows:\n{}", failed.len(), rows.len(), failed.join("\n"));
    }
}

/// Everything in one order of a furniture and outdoor shop.
fn basket() -> Vec<Candidate> {
    vec![
        priced(120.0, thing("rug", "Wool Rug", &[("color", "red"), ("size", "large")])),
        priced(80.0, thing("tent", "Camping Tent", &[("capacity", "3 persons"), ("waterproof", "yes")])),
        priced(15.0, thing("mug", "Travel Mug", &[("capacity", "350ml"), ("color", "green")])),
        priced(60.0, thing("sofa", "Sofa Cover", &[("color", "grey"), ("seats", "2 seats")])),
    ]
}

fn twins() -> Vec<Candidate> {
    vec![
        priced(40.0, thing("m1", "Table Lamp", &[("color", "blue"), ("height", "30 cm"), ("dimmable", "yes")])),
        priced(55.0, thing("m2", "Table Lamp", &[("color", "blue"), ("height", "50 cm"), ("dimmable", "no")])),
        priced(9.0, thing("k", "Kettle", &[("capacity", "1.5L"), ("color", "white")])),
        priced(9.0, thing("k", "Kettle", &[("capacity", "1.5L"), ("color", "white")])),
    ]
}

#[test]
fn items_are_known_by_name_part_of_name_plural_and_slip() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("the tent", "tent"),
        ("the camping tent and the rug", "tent,rug"),
        ("my travle mug pls", "mug"),
        ("rugs", "rug"),
        ("the cover, and the mug as well", "sofa,mug"),
        ("mug + tent", "mug,tent"),
        ("I want to send back the woolen rug.", "rug"),
        ("RUG AND MUG!!", "rug,mug"),
        ("it's about my order from last week", "-"),
        ("Both: rug, tent", "rug,tent"),
        ("none of them", "-"),
        ("my camping tent only", "tent"),
        ("the rug, the tent - not the mug", "rug,tent"),
        ("the rug and tent, just those two", "rug,tent"),
        ("can you take back the sofa cover and also the tent", "sofa,tent"),
        ("the rug has to go back. what would each of those save me?", "rug"),
        ("Could the tent be changed? And correct the address on all my orders, please.", "tent"),
        ("all my orders back", "rug,tent,mug,sofa"),
    ]);
}

#[test]
fn items_are_known_by_their_options() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("the red one", "rug"),
        ("the green thing", "mug"),
        ("the waterproof one", "tent"),
        ("the gray one and the green one", "sofa,mug"),
        ("the 350 ml one", "mug"),
    ]);
}

#[test]
fn what_stays_is_not_picked() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("The tent. I'm keeping the rug.", "tent"),
        ("tent and mug, the rug stays", "tent,mug"),
        ("everything except the rug", "tent,mug,sofa"),
        ("all but the mug and the rug", "tent,sofa"),
        ("everything, but not the tent", "rug,mug,sofa"),
        ("not the tent, just the mug", "mug"),
        ("only the rug, leave the tent", "rug"),
        ("The rug. Everything else stays.", "rug"),
        ("the mug, nothing else", "mug"),
        ("all of them apart from the sofa cover", "rug,tent,mug"),
        ("the rug and the mug but not the tent", "rug,mug"),
        ("Keep the rug and the mug, the rest goes back.", "tent,sofa"),
    ]);
}

#[test]
fn all_and_both_pick_several() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("all of it", "rug,tent,mug,sofa"),
        ("everything please", "rug,tent,mug,sofa"),
        ("all four", "rug,tent,mug,sofa"),
        ("the whole order", "rug,tent,mug,sofa"),
        ("every single item", "rug,tent,mug,sofa"),
        ("I want to send everything back", "rug,tent,mug,sofa"),
        ("the entire thing", "rug,tent,mug,sofa"),
        ("anything but the rug", "tent,mug,sofa"),
        ("everything in the order but the tent", "rug,mug,sofa"),
        ("everything on the order w the tent, to my gift card", "rug,tent,mug,sofa"),
        ("everything aside from the rug and the tent", "mug,sofa"),
        ("both the rug and the tent", "rug,tent"),
        ("the rug and the tent, both of them", "rug,tent"),
        ("the rug should go back together with the tent", "rug,tent"),
        ("the tent that came together with the rug", "tent"),
        ("Keep the rug out of it and exchange the tent alone", "tent"),
        ("leave the sofa and return the mug", "mug"),
        ("with the exception of the mug I return all of it", "rug,tent,sofa"),
    ]);
    Case { candidates: &twins(), current: None, count: Count::Many }.check(&[
        ("both lamps", "m1,m2"),
        ("both kettles", "k,k"),
        ("one of the two kettles", "k"),
        ("the kettle", "k"),
        ("the lamps", "m1,m2"),
        ("all my lamps", "m1,m2"),
    ]);
}

#[test]
fn two_of_a_kind_are_told_apart_or_asked_about() {
    Case { candidates: &twins(), current: None, count: Count::Many }.check(&[
        ("the lamp", "? m1,m2"),
        ("the blue lamp", "? m1,m2"),
        ("the 50 cm lamp", "m2"),
        ("the dimmable lamp", "m1"),
        ("the lamp that is not dimmable", "m2"),
        ("the more expensive lamp", "m2"),
        ("the cheaper of the two lamps", "m1"),
        ("the lamp, the 30cm one", "m1"),
        ("the lamp, but not the 30 cm one", "m2"),
        ("the second lamp", "m2"),
    ]);
}

#[test]
fn a_change_of_mind_wins() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("The rug. Actually, make that the tent.", "tent"),
        ("the rug and the mug. On second thought only the mug", "mug"),
        ("the tent, no wait, the mug", "mug"),
        ("the rug | no, I meant the tent", "tent"),
        ("The rug. And also the mug.", "rug,mug"),
        ("the rug and the tent. forget the tent", "rug"),
    ]);
}

#[test]
fn one_of_several_is_picked_by_its_place() {
    Case { candidates: &basket(), current: None, count: Count::One }.check(&[
        ("the second one", "tent"),
        ("the first", "rug"),
        ("the last one please", "sofa"),
        ("no, not that, the first one", "rug"),
        ("not that one, the second", "tent"),
        ("not the first, the second one", "tent"),
        ("number 3", "mug"),
    ]);
}

fn order(id: &str, status: &str, items: &[&str], at: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: format!("Order {id}"),
        label: format!("Order {id}"),
        attributes: items.iter().map(|item| ("item".to_owned(), (*item).to_owned())).collect(),
        words: vec![status.to_owned()],
        at: Some(at.to_owned()),
        eligible: true,
        ..Candidate::default()
    }
}

fn orders() -> Vec<Candidate> {
    vec![
        order("#A100234", "pending", &["Camping Tent, capacity: 3 persons", "Sleeping Bag, color: blue"], "2024-03-01"),
        order(
            "#A100777",
            "delivered",
            &["Camping Tent, capacity: 2 persons", "Travel Mug, color: green", "Head Torch, color: black"],
            "2024-01-15",
        ),
        order("#A101500", "pending", &["Travel Mug, color: red"], "2024-04-20"),
        not_eligible(order("#A109999", "processed", &["Rain Jacket, size: M"], "2024-05-02")),
    ]
}

#[test]
fn orders_are_known_by_number() {
    Case { candidates: &orders(), current: None, count: Count::One }.check(&[
        ("#A100777", "#A100777"),
        ("a101500", "#A101500"),
        ("it is 100234", "#A100234"),
        ("A100777, no sorry, A101500", "#A101500"),
        ("#A109999", "!"),
        ("#A555555", "-"),
        ("the number ends in 777", "#A100777"),
        ("it ends with 34", "#A100234"),
        ("Order 100 234? No: A100777", "#A100777"),
    ]);
}

#[test]
fn orders_are_known_by_what_is_in_them() {
    Case { candidates: &orders(), current: None, count: Count::One }.check(&[
        ("the one with the sleeping bag", "#A100234"),
        ("the tent", "? #A100234,#A100777"),
        ("the order with the tent and a mug", "#A100777"),
        ("it only had a mug in it", "#A101500"),
        ("just the mug, nothing else", "#A101500"),
        ("the one with the red mug", "#A101500"),
        ("the tent order that was delivered", "#A100777"),
        ("the pending one with the tent", "#A100234"),
        ("the one with the tent but without the torch", "#A100234"),
        ("the biggest order", "#A100777"),
        ("the rain jacket", "!"),
    ]);
}

#[test]
fn orders_are_known_by_their_date() {
    Case { candidates: &orders()[..3], current: None, count: Count::One }.check(&[
        ("my latest order", "#A101500"),
        ("the most recent one", "#A101500"),
        ("the oldest one", "#A100777"),
        ("the one I just placed", "#A101500"),
    ]);
}

#[test]
fn several_orders_can_be_picked_at_once() {
    Case { candidates: &orders(), current: None, count: Count::Many }.check(&[
        ("all my pending orders", "#A100234,#A101500"),
        ("both pending ones", "#A100234,#A101500"),
        ("#A100234 and #A100777", "#A100234,#A100777"),
        ("all orders with a tent", "#A100234,#A100777"),
        ("all the tents I bought, they are from different orders", "#A100234,#A100777"),
        ("all the mugs in what was delivered", "#A100777"),
    ]);
}

#[test]
fn of_things_in_several_orders_the_price_tells_which() {
    let orders = [
        order(
            "#A1",
            "delivered",
            &["Tablet, storage: 32GB, price: 249.5", "Tripod, color: black, price: 990.0"],
            "2024-03-01",
        ),
        order("#A2", "delivered", &["Tablet, storage: 32GB, price: 310.0"], "2024-02-01"),
        not_eligible(order("#A3", "cancelled", &["Tablet, storage: 64GB, price: 800.0"], "2024-02-01")),
    ];
    Case { candidates: &orders, current: None, count: Count::Many }.check(&[
        ("I have two tablets and want to return the pricier one", "#A2"),
        ("the cheaper tablet goes back", "#A1"),
        ("everything on the order w the pricier tablet", "#A2"),
        ("my tablet", "? #A1,#A2"),
    ]);
}

fn payments() -> Vec<Candidate> {
    vec![
        worded(&["credit card", "visa", "4471"], thing("visa", "Visa card", &[])),
        worded(
            &["credit card", "mastercard", "9903", "original", "the one I paid with", "original payment method"],
            thing("master", "Mastercard card", &[]),
        ),
        not_eligible(worded(&["paypal"], thing("paypal", "PayPal", &[]))),
        worded(&["gift card"], thing("gift", "Gift card", &[])),
    ]
}

#[test]
fn payment_methods_are_known_by_brand_digits_and_use() {
    Case { candidates: &payments(), current: None, count: Count::One }.check(&[
        ("my visa", "visa"),
        ("the card ending in 9903", "master"),
        ("the original one", "master"),
        ("the card I paid with", "master"),
        ("gift card please", "gift"),
        ("GC", "gift"),
        ("the credit card", "? visa,master"),
        ("the visa, not the mastercard", "visa"),
        ("paypal", "!"),
        ("PayPal if possible, otherwise the Visa", "visa"),
        ("I'd like PayPal. If that doesn't work, use the gift card.", "gift"),
        ("My gift card, or the visa if that's not enough", "gift"),
        ("gift card, actually no, visa", "visa"),
        ("whatever", "-"),
        ("store credit", "gift"),
        ("mastercard", "master"),
        ("my other credit card", "visa"),
        ("same as before please", "master"),
        ("not the visa but the mastercard", "master"),
        ("Visa or gift card", "? visa,gift"),
        ("ideally paypal, else mastercard", "master"),
        ("the Visa if that's ok", "visa"),
        ("put it back on the card I used", "master"),
    ]);
}

#[test]
fn reasons_are_known_by_paraphrase() {
    let reasons = [
        worded(
            &["it arrived broken", "it does not work", "it is damaged or has a fault"],
            thing("defective", "Defective", &[]),
        ),
        worded(
            &["it is too big or too small", "the size does not fit me", "it doesn't fit"],
            thing("size", "Wrong size", &[]),
        ),
        worded(
            &["I changed my mind", "I do not like it", "I don't want it any more"],
            thing("mind", "No longer wanted", &[]),
        ),
    ];
    Case { candidates: &reasons, current: None, count: Count::One }.check(&[
        ("it came broken", "defective"),
        ("The thing doesn't work at all.", "defective"),
        ("it's way too small for me", "size"),
        ("changed my mind", "mind"),
        ("I simply don't want it anymore, sorry", "mind"),
        ("it doesn't fit", "size"),
        ("hello?", "-"),
    ]);
}

/// Variants of a rucksack; the customer has the medium green canvas one without a rain cover.
fn rucksack() -> (Candidate, Vec<Candidate>) {
    let variant = |id: &str, size: &str, color: &str, material: &str, cover: &str| {
        thing(id, "Rucksack", &[("size", size), ("color", color), ("material", material), ("rain cover", cover)])
    };
    let current = priced(50.0, variant("now", "medium", "green", "canvas", "none"));
    let variants = vec![
        not_eligible(current.clone()),
        priced(55.0, variant("l-green", "large", "green", "canvas", "none")),
        priced(56.0, variant("l-black", "large", "black", "canvas", "none")),
        priced(70.0, variant("m-black-leather", "medium", "black", "leather", "none")),
        priced(58.0, variant("m-green-cover", "medium", "green", "canvas", "included")),
        priced(40.0, variant("s-green", "small", "green", "canvas", "none")),
        priced(45.0, variant("s-violet", "small", "purple", "nylon", "included")),
        not_eligible(priced(52.0, variant("m-red", "medium", "red", "canvas", "none"))),
    ];
    (current, variants)
}

#[test]
fn a_variant_keeps_what_was_not_mentioned() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("a bigger one", "l-green"),
        ("the same but larger please", "l-green"),
        ("large and black", "l-black"),
        ("large, colour doesn't matter", "l-green"),
        ("a smaller one", "s-green"),
        ("in leather", "m-black-leather"),
        ("same size, but black", "m-black-leather"),
        ("with a rain cover", "m-green-cover"),
        ("one with rain cover, everything else the same", "m-green-cover"),
        ("violet", "s-violet"),
        ("a red one", "!"),
        ("yellow", "!"),
        ("black", "? l-black,m-black-leather"),
        ("hmm let me think", "-"),
        ("keep everything but make it black and large", "l-black"),
        ("can I swap it for a large one?", "l-green"),
        ("XL", "!"),
        ("black or purple", "? l-black,m-black-leather"),
        ("anything but green, size large", "l-black"),
        ("size large, any colour", "l-green"),
        ("large in whatever color", "l-green"),
        ("I don't care about the colour, but it must be large", "l-green"),
        ("large, black or green, whichever is cheaper", "l-green"),
        ("the colour is irrelevant, just small", "s-green"),
        ("upgrade to leather", "m-black-leather"),
        ("one just like mine but with the cover", "m-green-cover"),
        ("the exact same one again", "!"),
        ("black, same material", "l-black"),
        ("the leather one", "m-black-leather"),
        ("large, and I don't care if it's black or green", "l-green"),
        ("small, green or purple doesn't matter, whichever is cheaper", "s-green"),
    ]);
}

#[test]
fn a_variant_is_found_by_price() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("the cheapest one", "s-green"),
        ("the most expensive you have", "m-black-leather"),
        ("the cheapest in black", "l-black"),
        ("the cheapest large one", "l-green"),
        ("the cheapest one with a rain cover", "s-violet"),
        ("the priciest rucksack", "m-black-leather"),
        ("the least expensive", "s-green"),
        ("as cheap as possible", "s-green"),
        ("a cheaper one", "s-green"),
        ("under 42 dollars", "s-green"),
        ("something below $50 with a cover", "s-violet"),
        ("whatever is cheapest", "s-green"),
    ]);
}

#[test]
fn what_is_the_cheapest_already_stays() {
    let (current, mut variants) = rucksack();
    let current = priced(1.0, current);
    variants.retain(|variant| variant.id != current.id);
    Case { candidates: &variants, current: Some(&current), count: Count::One }
        .check(&[("the cheapest one", current.id.as_str()), ("the cheapest in black", "l-black")]);
}

#[test]
fn preferences_fall_back_in_their_order() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("Red if you have it, otherwise black leather", "m-black-leather"),
        ("large, preferably black", "l-black"),
        ("large, ideally red", "l-green"),
        ("red, if not purple", "s-violet"),
        ("yellow, else purple", "s-violet"),
        ("large in red or, failing that, in black", "l-black"),
        ("small in nylon if possible", "s-violet"),
        ("first choice red, second choice purple", "s-violet"),
        ("red, or if that's not available purple", "s-violet"),
        ("black if you've got it in large, otherwise small and purple", "l-black"),
        ("leather would be best, if not then large", "m-black-leather"),
        ("purple over green, small", "s-violet"),
        ("I would prefer black, in large", "l-black"),
    ]);
}

#[test]
fn what_is_denied_is_not_picked() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("large, but not green", "l-black"),
        ("small instead of medium", "s-green"),
        ("I want it large rather than medium", "l-green"),
        ("leather, not canvas", "m-black-leather"),
        ("small without rain cover", "s-green"),
    ]);
}

#[test]
fn the_latest_word_counts() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("I'd like a bigger one | black please", "l-black"),
        ("I want my green rucksack swapped for a larger one | yes, in black", "l-black"),
        ("small please | sorry, I meant large", "l-green"),
        ("Small. No, actually large.", "l-green"),
    ]);
}

/// Bottles whose capacity is written in different units, and a size and a length with numbers.
fn bottle() -> (Candidate, Vec<Candidate>) {
    let variant = |id: &str, capacity: &str, lid: &str, warm: &str| {
        thing(id, "Bottle", &[("capacity", capacity), ("lid", lid), ("keeps warm", warm)])
    };
    let current = variant("now", "750ml", "screw", "6 hours");
    let variants = vec![
        variant("l1", "1L", "screw", "6 hours"),
        variant("l1-12", "1L", "screw", "12 hours"),
        variant("ml500", "500ml", "screw", "6 hours"),
        variant("ml350", "350ml", "sport", "6 hours"),
        variant("ml750-sport", "750ml", "sport", "6 hours"),
    ];
    (current, variants)
}

#[test]
fn numbers_are_read_with_their_units() {
    let (current, variants) = bottle();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("1000 ml", "l1"),
        ("one liter", "l1"),
        ("half a litre, so 0.5 l", "ml500"),
        ("1 litre, 12 hrs", "l1-12"),
        ("the biggest, keeping warm for 12 hours", "l1-12"),
        ("the smallest", "ml350"),
        ("one size smaller", "ml500"),
        ("250ml less", "ml500"),
        ("a sports lid", "ml750-sport"),
        ("2 liters", "!"),
        ("2 liters, if not 1 liter", "l1"),
        ("a smaller one with a sport lid", "ml350"),
        ("as big as possible", "l1"),
        ("the one that keeps warm the longest", "l1-12"),
        ("longer warm, biggest size", "l1-12"),
        ("at least 1 liter and 12 hours", "l1-12"),
        ("250 ml more", "l1"),
        ("slightly smaller", "ml500"),
    ]);
}

#[test]
fn sizes_with_letters_have_an_order() {
    let variant = |id: &str, size: &str, color: &str| thing(id, "Hoodie", &[("size", size), ("color", color)]);
    let current = variant("now", "M", "grey");
    let variants = vec![
        variant("s", "S", "grey"),
        variant("l", "L", "grey"),
        variant("xl", "XL", "grey"),
        variant("l-red", "L", "red"),
    ];
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("one size bigger", "l"),
        ("a size up please", "l"),
        ("extra large", "xl"),
        ("the largest you have", "xl"),
        ("size s", "s"),
        ("small", "s"),
        ("large and red", "l-red"),
        ("L", "l"),
        ("bigger", "? l,xl"),
    ]);
}

#[test]
fn several_things_are_read_apart() {
    let (rucksack, rucksacks) = rucksack();
    let (bottle, bottles) = bottle();
    let items = [(rucksack, rucksacks), (bottle, bottles)];
    let rows = [
        ("Rucksack: large. Bottle: 1 liter.", "l-green + l1"),
        ("The rucksack in large and the bottle in 500ml", "l-green + ml500"),
        ("a bigger bottle, same warmth, and a smaller rucksack", "s-green + l1"),
        ("500 ml for the bottle and leather for the rucksack", "m-black-leather + ml500"),
        ("For the bottle a sport lid, same size. For the rucksack the cheapest.", "s-green + ml750-sport"),
        ("If there is no red leather rucksack, only change the bottle, to 1 liter", "! + l1"),
    ];
    let lexicon = lexicon();
    for (said, expected) in rows {
        let found: Vec<String> = choose_each(&lexicon, &[said.to_owned()], 1, &items).iter().map(shown).collect();
        assert_eq!(found.join(" + "), expected, "{said}");
    }
}

#[test]
fn what_is_said_of_another_thing_is_not_heard() {
    let (current, variants) = rucksack();
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("For the rucksack: large. For the umbrella: black.", "l-green"),
        ("my umbrella should be black, and the rucksack large", "l-green"),
    ]);
}

#[test]
fn before_the_question_only_what_is_clear_counts() {
    let lexicon = lexicon();
    let items = basket();
    let rows = [
        ("I'd like to return the tent", "tent"),
        ("return the tent and exchange the rug", "-"),
        ("something red broke", "-"),
        ("hi, I need help with my order", "-"),
    ];
    for (said, expected) in rows {
        let request = ChoiceRequest {
            utterances: &[said.to_owned()],
            direct: 0,
            candidates: &items,
            current: None,
            spoken_of: None,
            denied: false,
            count: Count::Many,
        };
        assert_eq!(shown(&choose(&lexicon, &request)), expected, "{said}");
    }
}

#[test]
fn a_second_answer_completes_the_first() {
    let lexicon = lexicon();
    let items = [twins(), basket()].concat();
    let rows = [
        (["the tent and the lamp", "the 50 cm one"], "tent,m2"),
        (["the lamp", "the dimmable one"], "m1"),
        (["the tent and the rug", "no, only the rug"], "rug"),
    ];
    for (said, expected) in rows {
        let utterances = said.map(str::to_owned);
        let request = ChoiceRequest {
            utterances: &utterances,
            direct: 2,
            candidates: &items,
            current: None,
            spoken_of: None,
            denied: false,
            count: Count::Many,
        };
        assert_eq!(shown(&choose(&lexicon, &request)), expected, "{said:?}");
    }
}

#[test]
fn mentions_list_what_a_text_speaks_of() {
    let found = mentions(&lexicon(), "is the tent heavier than the mug?", &basket());
    let ids: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["tent", "mug"]);
}

#[test]
fn the_same_words_always_give_the_same_reading() {
    let (current, variants) = rucksack();
    let utterances = vec!["black".to_owned()];
    let request = ChoiceRequest {
        utterances: &utterances,
        direct: 1,
        candidates: &variants,
        current: Some(&current),
        spoken_of: None,
        denied: false,
        count: Count::One,
    };
    let first = choose(&lexicon(), &request);
    for _ in 0..20 {
        assert_eq!(choose(&lexicon(), &request), first);
    }
}

#[test]
fn hostile_texts_are_bounded() {
    let lexicon = lexicon();
    let items = basket();
    for said in [
        "",
        "   ",
        "\u{0}\u{1}\u{fffd}",
        &"the red rug and ".repeat(20_000),
        &"((((((".repeat(5_000),
        &"9".repeat(5_000),
        "🙂🙂🙂",
    ] {
        let utterances = vec![said.to_owned()];
        let request = ChoiceRequest {
            utterances: &utterances,
            direct: 1,
            candidates: &items,
            current: None,
            spoken_of: None,
            denied: false,
            count: Count::Many,
        };
        let _ = choose(&lexicon, &request);
        let none = ChoiceRequest { candidates: &[], ..request };
        assert_eq!(choose(&lexicon, &none), Choice::Unread);
    }
}

/// What is said last of two answers that cannot both hold is meant.
#[test]
fn a_correction_takes_back_what_was_picked_before() {
    Case { candidates: &basket(), current: None, count: Count::Many }.check(&[
        ("the tent. no wait, I mean the rug", "rug"),
        ("the tent, no wait, that one stays with me, actually the mug", "mug"),
        ("the tent and the rug. no wait, also the mug", "tent,rug,mug"),
    ]);
    let lexicon = lexicon();
    let utterances = ["the tent", "No sorry, I said that wrong, the rug instead of the tent."].map(ToOwned::to_owned);
    let request = ChoiceRequest {
        utterances: &utterances,
        direct: 2,
        candidates: &basket(),
        current: None,
        spoken_of: None,
        denied: false,
        count: Count::Many,
    };
    assert_eq!(shown(&choose(&lexicon, &request)), "rug");
}

#[test]
fn an_amount_is_known_by_its_rounded_sum() {
    let purchases = [
        worded(&["London", "428.99", "428.99 GBP"], thing("phone", "Nova Electronics", &[])),
        worded(&["Leeds", "76.99", "76.99 GBP"], thing("speaker", "Soundbox", &[])),
    ];
    let lexicon = lexicon();
    let picked = |said: &str| {
        let utterances = [said.to_owned()];
        let request = ChoiceRequest {
            utterances: &utterances,
            direct: 1,
            candidates: &purchases,
            current: None,
            spoken_of: None,
            denied: false,
            count: Count::One,
        };
        shown(&choose(&lexicon, &request))
    };
    for (said, id) in
        [("the 429 one", "phone"), ("it's the 428", "phone"), ("the 76 one", "speaker"), ("the 77", "speaker")]
    {
        assert!(picked(said).contains(id), "{said}: {}", picked(said));
    }
    assert!(!picked("the 42 one").contains("phone"));
}

#[test]
fn the_other_one_is_not_the_one_just_spoken_of() {
    let orders = &orders()[..2];
    let utterances = |said: &str| vec![said.to_owned()];
    for (said, spoken_of, expected) in [
        ("and the other one?", Some("#A100234"), "#A100777"),
        ("return the other one", Some("#A100777"), "#A100234"),
        ("the other order", Some("#A100777"), "#A100234"),
        ("the other card", Some("#A100777"), "-"),
        ("and the other one?", None, "-"),
    ] {
        let utterances = utterances(said);
        let request = ChoiceRequest {
            utterances: &utterances,
            direct: 0,
            candidates: orders,
            current: None,
            spoken_of,
            denied: false,
            count: Count::Many,
        };
        assert_eq!(shown(&choose(&lexicon(), &request)), expected, "{said}");
    }
}

#[test]
fn what_is_denied_may_be_what_is_meant() {
    let utterances = vec!["I never bought a mug!".to_owned()];
    let items = basket();
    for (denied, expected) in [(true, "mug"), (false, "-")] {
        let request = ChoiceRequest {
            utterances: &utterances,
            direct: 0,
            candidates: &items,
            current: None,
            spoken_of: None,
            denied,
            count: Count::One,
        };
        assert_eq!(shown(&choose(&lexicon(), &request)), expected);
    }
}
