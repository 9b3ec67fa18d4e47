//! What a reply does with what was shown, in words that no rule knows.

use ombud_domain::{Command, Expectation, Kind};
use ombud_language::{Act, Moment};

use super::{read, reader, replies, shape};

const REPORT: &str =
    "Shall I report the parcel from Nova Electronics (349.00 EUR) as missing? The shop then looks for it.";

#[test]
fn agreement_in_words_of_ones_own_is_a_yes() {
    let reader = reader();
    for text in ["ok ok i trust you. report that nova thing pls", "That would be most kind of you.", "go for it, mate"]
    {
        let commands = read(&reader, text, &Expectation::Confirm, None, Some(REPORT));
        assert_eq!(shape(&commands), ["affirm"], "{text}: {commands:?}");
    }
    let asks =
        read(&reader, "yes report it. and do they have my card number?", &Expectation::Confirm, None, Some(REPORT));
    assert_eq!(shape(&asks), ["affirm", "ask"], "{asks:?}");
}

/// A wrong yes moves money.
#[test]
fn what_asks_doubts_or_names_something_else_is_no_yes() {
    let reader = reader();
    for text in [
        "hmm, what would that do to my payments?",
        "only if it costs me nothing",
        "the other one, for 20 euros",
        "not so fast",
        "please also tell the police",
    ] {
        let commands = read(&reader, text, &Expectation::Confirm, None, Some(REPORT));
        assert!(!commands.contains(&Command::Affirm), "{text}: {commands:?}");
    }
}

#[test]
fn what_leaves_a_question_leaves_the_request_and_what_answers_it_does_not() {
    let reader = reader();
    let slot = Expectation::Slot { slot: "reason".to_owned() };
    let left = read(&reader, "what?? i'm not sending anything back", &slot, Some("return_items"), None);
    assert_eq!(left.first(), Some(&Command::Cancel), "{left:?}");
    let told = read(&reader, "the zip is broken and it smells of paint", &slot, Some("return_items"), None);
    assert_eq!(shape(&told), ["set reason"], "{told:?}");
    let given_up =
        read(&reader, "that's about loans?? i give up. thanks for nothing", &Expectation::AnythingElse, None, None);
    assert_eq!(given_up, [Command::Chitchat { kind: Kind::Goodbye }]);
}

/// On replies of another hand, which nothing was learnt from; `acts_eval` of `ombud-inference` prints the whole table.
#[test]
fn of_replies_of_another_hand_most_are_read_and_few_are_taken_for_a_yes() {
    judge("replies_held_out.en.jsonl", Least { right: 80, heard: 45, false_alarms: 2 });
}

/// A yes with a story, a complaint or a question beside it, and what only sounds like one, also by words alone.
#[test]
fn a_yes_with_something_beside_it_is_mostly_heard() {
    judge("replies_with_company_held_out.en.jsonl", Least { right: 70, heard: 55, false_alarms: 7 });
}

/// Least shares in percent; of false alarms the most.
struct Least {
    right: usize,
    heard: usize,
    false_alarms: usize,
}

fn judge(file: &str, least: Least) {
    let reader = reader();
    let tested = replies(&format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR")));
    let best = |test: &super::ReplyExample| {
        reader.acts((test.moment, &test.shown), &test.reply, None).first().map(|(act, _)| *act)
    };
    let right = tested.iter().filter(|test| best(test) == Some(test.act)).count();
    let proposals: Vec<_> = tested.iter().filter(|test| test.moment == Moment::Proposal).collect();
    let (yes, other): (Vec<_>, Vec<_>) =
        proposals.into_iter().partition(|test| matches!(test.act, Act::Accept | Act::AcceptAsk));
    let heard = |tests: &[&super::ReplyExample]| {
        let affirms = |test: &&&super::ReplyExample| {
            read(&reader, &test.reply, &Expectation::Confirm, None, Some(&test.shown)).contains(&Command::Affirm)
        };
        tests.iter().filter(affirms).count()
    };
    assert!(right * 100 >= tested.len() * least.right, "{right} of {}", tested.len());
    assert!(heard(&yes) * 100 >= yes.len() * least.heard, "{} of {}", heard(&yes), yes.len());
    assert!(heard(&other) * 100 <= other.len() * least.false_alarms, "{} of {}", heard(&other), other.len());
}
