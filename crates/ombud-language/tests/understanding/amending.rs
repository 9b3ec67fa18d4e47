//! A value that was given is put right in a word, and the rest of it stays.

use ombud_language::Understander;
use serde_json::{Value, json};

use super::reader;

fn address(line1: &str, line2: Option<&str>, zip: &str, city: &str) -> Value {
    json!({"address1": line1, "address2": line2, "city": city, "state": null, "country": null, "zip": zip})
}

fn email(reader: &Understander, known: &str, said: &str) -> Option<String> {
    reader.amended("email", &json!(known), said).and_then(|value| value.as_str().map(str::to_owned))
}

#[test]
fn a_part_of_an_address_is_put_right_and_the_rest_stays() {
    let reader = reader();
    let known = address("22 Parade East", Some("Flat 4"), "BS1 4NT", "Bristol");
    for (said, line1, zip, city) in [
        ("parade WEST not east, and BS1 6SX", "22 Parade West", "BS1 6SX", "Bristol"),
        ("oops its 24 not 22", "24 Parade East", "BS1 4NT", "Bristol"),
        ("24!!", "24 Parade East", "BS1 4NT", "Bristol"),
        ("sorry, number 24b", "24b Parade East", "BS1 4NT", "Bristol"),
        ("no, the house number is 24", "24 Parade East", "BS1 4NT", "Bristol"),
        ("the postcode is wrong, BS1 6SX", "22 Parade East", "BS1 6SX", "Bristol"),
        ("BS1 6SX is the right postcode", "22 Parade East", "BS1 6SX", "Bristol"),
        ("not Bristol, Bath", "22 Parade East", "BS1 4NT", "Bath"),
        ("22 should be 24 and the postcode BS1 6SX", "24 Parade East", "BS1 6SX", "Bristol"),
        ("it's Parade West", "22 Parade West", "BS1 4NT", "Bristol"),
        ("change East to West please", "22 Parade West", "BS1 4NT", "Bristol"),
        ("Bristoll has one l, 24 instead of 22", "24 Parade East", "BS1 4NT", "Bristol"),
        ("it is 9 Mill Lane", "9 Mill Lane", "BS1 4NT", "Bristol"),
    ] {
        let wanted = address(line1, Some("Flat 4"), zip, city);
        assert_eq!(reader.amended("address", &known, said), Some(wanted), "{said}");
    }
    let flat = address("22 Parade East", Some("Flat 5"), "BS1 4NT", "Bristol");
    assert_eq!(reader.amended("address", &known, "Flat 5"), Some(flat.clone()));
    assert_eq!(reader.amended("address", &known, "flat 5 not 4"), Some(flat));
    let behind = address("Linnégatan 22", None, "413 04", "Göteborg");
    assert_eq!(
        reader.amended("address", &behind, "oops its Linnégatan 24 not 22"),
        Some(address("Linnégatan 24", None, "413 04", "Göteborg"))
    );
    assert_eq!(
        reader.amended("address", &behind, "413 05"),
        Some(address("Linnégatan 22", None, "413 05", "Göteborg"))
    );
}

#[test]
fn another_whole_address_has_no_flat_of_the_old_one() {
    let known = address("22 Parade East", Some("Flat 4"), "BS1 4NT", "Bristol");
    let moved = reader().amended("address", &known, "no, it's 5 Mill Lane, Bath BA1 2AB");
    assert_eq!(moved, Some(address("5 Mill Lane", None, "BA1 2AB", "Bath")));
}

#[test]
fn what_puts_nothing_right_changes_no_address() {
    let reader = reader();
    let known = address("22 Parade East", None, "BS1 4NT", "Bristol");
    for said in [
        "yes",
        "is number 24 all right?",
        "what about my phone number?",
        "no",
        "I want to cancel my order",
        "Oops",
        "that's right, 22 Parade East",
        "from Monday on",
        "I have 3 orders open",
    ] {
        assert_eq!(reader.amended("address", &known, said), None, "{said}");
    }
    // Four digits may be a code of the post where these have four.
    let norwegian = address("Storgata 22", None, "0155", "Oslo");
    assert_eq!(reader.amended("address", &norwegian, "0184"), Some(address("Storgata 22", None, "0184", "Oslo")));
}

#[test]
fn a_slip_in_an_e_mail_address_or_a_phone_number_is_put_right() {
    let reader = reader();
    let known = "anna.lindkvist@example.con";
    for (said, wanted) in [
        ("oops .com not .con", "anna.lindkvist@example.com"),
        (".com", "anna.lindkvist@example.com"),
        ("sorry .org", "anna.lindkvist@example.org"),
        ("lindqvist with q", "anna.lindqvist@example.con"),
        ("it's lindqvist with a q", "anna.lindqvist@example.con"),
        ("Lindqvist", "anna.lindqvist@example.con"),
        ("ana with one n", "ana.lindkvist@example.con"),
        ("change example to sample", "anna.lindkvist@sample.con"),
        ("anne instead of anna", "anne.lindkvist@example.con"),
    ] {
        assert_eq!(email(&reader, known, said).as_deref(), Some(wanted), "{said}");
    }
    for said in
        ["yes", "no thanks", "is that safe?", "other@example.com", "not that one", "with q", "and my phone number too"]
    {
        assert_eq!(email(&reader, known, said), None, "{said}");
    }
    assert_eq!(reader.amended("phone", &json!("+447700900154"), "oops 145 not 154"), Some(json!("+447700900145")));
    assert_eq!(reader.amended("order_number", &json!("100154"), "oops 145 not 154"), None);
}
