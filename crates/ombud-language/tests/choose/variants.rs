//! Which variant shall a thing become?

use ombud_domain::choice::{Candidate, ChoiceRequest, Count};
use ombud_language::choose::{choose, choose_each};

use crate::shop::{Case, lexicon, priced, rucksack, shown, thing, worded};

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
fn the_same_in_another_size_keeps_all_but_the_size() {
    let variant = |id: &str, size: &str, color: &str| thing(id, "Running shoes", &[("size", size), ("color", color)]);
    let current = variant("now", "43", "grey");
    let variants = vec![
        variant("g42", "42", "grey"),
        variant("g44", "44", "grey"),
        variant("r43", "43", "red"),
        variant("r44", "44", "red"),
        variant("r45", "45", "red"),
    ];
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("can i get the same ones just one size bigger?", "g44"),
        ("got my shoes today but there too small, can i get the same ones just one size bigger?", "g44"),
        ("same shoes, one size smaller please", "g42"),
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
        ("too small of course", "l"),
        ("it's a bit too tight", "l"),
        ("way too big for me", "s"),
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
fn a_variant_is_told_by_where_it_is() {
    let (current, mut variants) = rucksack();
    variants[2] = worded(&["in my pending order"], variants[2].clone());
    Case { candidates: &variants, current: Some(&current), count: Count::One }.check(&[
        ("exactly the same one as in my pending order", "l-black"),
        ("the same kind that's in my pending order please", "l-black"),
        ("I don't care about the rest, as long as the rucksack keeps its size, the most expensive", "m-black-leather"),
    ]);
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
