//! What counts of what was said before, after and in passing?

use ombud_domain::choice::{Choice, ChoiceRequest, Count};
use ombud_language::choose::{choose, mentions};

use crate::shop::{Case, basket, lexicon, shown, twins};

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
