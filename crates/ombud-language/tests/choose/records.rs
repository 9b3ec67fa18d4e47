//! Which order, payment method or reason is meant?

use ombud_domain::choice::{Candidate, ChoiceRequest, Count};
use ombud_language::choose::choose;

use crate::shop::{Case, lexicon, not_eligible, order, orders, shown, thing, worded};

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
        ("any order that has a tent in it, cancel it please", "#A100234,#A100777"),
        ("both of my open orders, they go to unit 9 now", "#A100234,#A100777,#A101500"),
        ("the sleeping bag is going there already, the one with the tent is not", "#A100777"),
        ("I have two tents from you, different orders, both are torn", "#A100234,#A100777"),
        ("a tent came in each, separate orders, sending both of them back", "#A100234,#A100777"),
    ]);
}

#[test]
fn both_is_not_all_of_more_than_two() {
    let more = [orders(), vec![order("#A102000", "pending", &["Kettle, color: white"], "2024-04-21")]].concat();
    Case { candidates: &more, current: None, count: Count::Many }.check(&[
        ("cancel both, they're not needed any more", "-"),
        ("cancel all of them", "#A100234,#A100777,#A101500,#A102000"),
    ]);
    let two = &more[..2];
    Case { candidates: two, current: None, count: Count::Many }.check(&[("cancel both", "#A100234,#A100777")]);
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

#[test]
fn a_record_that_may_be_picked_comes_before_one_that_only_has_what_is_wished() {
    let orders = [
        not_eligible(order("#A100001", "cancelled", &["Helmet, color: blue"], "2024-03-01")),
        order("#A100002", "delivered", &["Helmet, color: black"], "2024-02-01"),
    ];
    Case { candidates: &orders, current: None, count: Count::Many }.check(&[
        ("I'd like my helmet in blue", "#A100002"),
        ("the blue helmet of #A100001", "!"),
        ("the cancelled order with the blue helmet", "!"),
    ]);
}

#[test]
fn where_another_thing_is_tells_no_order() {
    let orders = [
        order("#A1", "delivered", &["Hose, color: green", "Mug, color: red"], "2024-03-01"),
        order("#A2", "pending", &["Hose, color: black"], "2024-02-01"),
    ];
    Case { candidates: &orders, current: None, count: Count::Many }.check(&[
        ("I'd like to exchange my hose for the type that's in my pending order", "? #A1,#A2"),
        ("the hose in my pending order", "#A2"),
    ]);
}

#[test]
fn the_same_method_is_the_one_used_before() {
    let used = &payments()[1..2];
    Case { candidates: used, current: None, count: Count::One }.check(&[("same card please", "master")]);
    Case { candidates: &payments(), current: None, count: Count::One }.check(&[
        ("the same again", "master"),
        ("the bike in red, and the puzzle with 1500 pieces and the same intermediate difficulty", "-"),
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
