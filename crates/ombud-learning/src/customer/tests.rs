//! The rules of the driver, one after the other.

use ombud_domain::{AwaitingOption, DoneAction, RefusedRequest};
use serde_json::json;

use super::*;
use crate::dialogue::tests::heard;
use crate::script::tests::script;

fn said(next: Next) -> String {
    match next {
        Next::Say(utterance) | Next::Close(utterance) => utterance.text,
        other => panic!("{other:?}"),
    }
}

fn hear(customer: &mut Customer<'_>, heard: &Heard) -> String {
    said(customer.hear(heard))
}

fn nothing() -> Heard {
    heard(AwaitingKind::AnythingElse, None, "Anything else?")
}

fn asks(slot: &str) -> Heard {
    heard(AwaitingKind::Slot, Some(slot), "Which one?")
}

fn offers(slot: &str, labels: &[&str]) -> Heard {
    let mut reply = heard(AwaitingKind::Choice, Some(slot), "Which one?");
    reply.awaiting.options =
        labels.iter().map(|label| AwaitingOption { id: format!("id-{label}"), label: (*label).to_owned() }).collect();
    reply
}

fn proposes(action: &str, arguments: Value) -> Heard {
    let mut reply = heard(AwaitingKind::Confirm, None, "Shall I?");
    let Value::Object(arguments) = arguments else { panic!() };
    reply.awaiting.proposal = Some(AwaitingProposal { action: action.to_owned(), arguments, summary: String::new() });
    reply
}

fn refuses() -> Heard {
    Heard { refused: vec![RefusedRequest { flow: "f".to_owned(), reason_code: "r".to_owned() }], ..nothing() }
}

fn lamp(order: &str) -> Value {
    json!({"order_id": order, "item_ids": ["lamp-1000"]})
}

fn two_goals() -> Script {
    script(json!({"goals": [
        {"tool": "exchange", "arguments": lamp("#W1111"), "say": "Swap my lamp.", "in_opening": true,
         "answers": {"order": "The one with the lamp.", "new_items": "A brighter lamp.", "payment": "My Visa."}},
        {"tool": "cancel", "arguments": {"order_id": "#W2222", "reason": "mistake"}, "say": "Cancel the boots.", "answers": {"order": "The one with the boots.", "reason": "By mistake."}},
    ]}))
}

#[test]
fn who_he_is_comes_first_and_single_facts_when_asked_again() {
    let script =
        script(json!({"facts": {"first_name": "Ada", "last_name": "Lovelace", "zip": "12345", "email": null}}));
    let mut customer = Customer::new(&script);
    let ask = |text| heard(AwaitingKind::Identify, Some("who"), text);
    assert_eq!(hear(&mut customer, &ask("Who are you?")), "Ada Lovelace, 12345");
    assert_eq!(hear(&mut customer, &ask("What is your e-mail address?")), "I don't know.");
    assert_eq!(hear(&mut customer, &ask("Then your zip code, please?")), "12345");
    assert_eq!(hear(&mut customer, &ask("Your full name?")), "Ada Lovelace");
    assert_eq!(hear(&mut customer, &ask("Your zip code?")), "I don't know.");
}

#[test]
fn a_slot_gets_the_answer_of_the_current_goal_or_nothing() {
    let script = two_goals();
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &asks("order")), "The one with the lamp.");
    assert_eq!(hear(&mut customer, &asks("payment_method")), "My Visa.");
    assert_eq!(hear(&mut customer, &asks("shoe_size")), "I don't know.");
    assert_eq!(hear(&mut customer, &asks("reason")), "By mistake.", "only the second goal knows a reason");
    assert_eq!(hear(&mut customer, &asks("order")), "The one with the boots.", "he stays with what he was asked about");
}

#[test]
fn a_slot_of_a_request_that_should_be_refused_is_no_goals() {
    let mut script = two_goals();
    script.goals[0].in_opening = false;
    script.refused_first = vec!["Half of it.".to_owned()];
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &nothing()), "Half of it.");
    assert_eq!(hear(&mut customer, &asks("reason")), "I don't know.");
}

#[test]
fn a_question_about_another_goal_is_answered_for_that_one() {
    let mut script = two_goals();
    script.goals[1].in_opening = true;
    let mut customer = Customer::new(&script);
    let ask = heard(AwaitingKind::Slot, Some("order"), "Which order with boots shall I cancel?");
    assert_eq!(hear(&mut customer, &ask), "The one with the boots.");
    customer.hear(&nothing());
    assert_eq!(hear(&mut customer, &asks("order")), "The one with the lamp.");
    let ask = heard(AwaitingKind::Slot, Some("order"), "Which one shall I cancel?");
    assert_eq!(hear(&mut customer, &ask), "The one with the boots.");
    let ask = heard(AwaitingKind::Slot, Some("order"), "Is it W2222?");
    assert_eq!(hear(&mut customer, &ask), "The one with the boots.");
}

#[test]
fn of_a_choice_the_label_that_fits_in_words_is_taken_and_never_an_id() {
    let script = two_goals();
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &offers("order", &["Order 1: boots", "Order 2: desk lamp"])), "Order 2: desk lamp");
    assert_eq!(hear(&mut customer, &offers("order", &["lamp, black", "lamp, red"])), "The one with the lamp.");
    assert_eq!(hear(&mut customer, &offers("order", &["lamp, black", "lamp, red"])), "lamp, black");
    assert_eq!(
        hear(&mut customer, &offers("person", &["Yes, a person please", "No, thanks"])),
        "No, not that. Swap my lamp."
    );
}

#[test]
fn only_what_equals_an_open_goal_is_agreed_to() {
    let script = two_goals();
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &proposes("exchange", lamp("#W9"))), "No, not that.");
    assert_eq!(hear(&mut customer, &proposes("exchange", lamp("#W9"))), "No, not that. Swap my lamp.");
    assert_eq!(hear(&mut customer, &proposes("exchange", lamp("#W1111"))), "Yes, go ahead.");
    let done = DoneAction {
        action: "exchange".to_owned(),
        receipt_id: "1".to_owned(),
        arguments: lamp("W1111").as_object().unwrap().clone(),
    };
    customer.hear(&Heard { done: vec![done], ..nothing() });
    assert!(customer.goals()[0].done);
    assert_eq!(hear(&mut customer, &proposes("exchange", lamp("#W1111"))), "No, not that.", "it is done already");
    assert_eq!((customer.goals()[0].wrong, customer.goals()[1].wrong, customer.corrections()), (2, 1, 3));
    assert_eq!(customer.goals()[0].nearest, Some(Vec::new()));
}

#[test]
fn a_proposal_for_a_request_that_should_have_been_refused_counts_for_no_goal() {
    let mut script = two_goals();
    script.goals[0].in_opening = false;
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &proposes("exchange", json!({"order_id": "#W9999"}))), "No, not that.");
    assert_eq!(
        hear(&mut customer, &proposes("exchange", json!({"order_id": "#W9999"}))),
        "No, not that. Swap my lamp."
    );
    assert_eq!((customer.goals()[0].wrong, customer.stray_proposals()), (0, 2));
    hear(&mut customer, &proposes("exchange", json!({"order_id": "#W9999"})));
    assert_eq!((customer.goals()[0].wrong, customer.stray_proposals()), (1, 2), "now he has spoken of the lamp");
}

#[test]
fn a_change_of_mind_is_not_the_assistants_mistake() {
    let mut script = two_goals();
    script.confirm_no = "Wait, I've changed my mind, only the lamp.".to_owned();
    let mut customer = Customer::new(&script);
    hear(&mut customer, &proposes("exchange", lamp("#W9")));
    assert_eq!(customer.goals()[0].wrong, 0);
    hear(&mut customer, &proposes("exchange", lamp("#W9")));
    assert_eq!(customer.goals()[0].wrong, 1);
}

#[test]
fn a_yes_or_no_question_without_a_proposal_gets_a_no() {
    let script = two_goals();
    assert_eq!(hear(&mut Customer::new(&script), &heard(AwaitingKind::Confirm, None, "Sure?")), "No, not that.");
}

#[test]
fn the_list_is_worked_off_in_its_order() {
    let script = script(json!({
        "questions": [{"say": "End?", "expect": ["9"], "when": "end"}, {"say": "First?", "expect": ["1"], "when": "opening"},
                      {"say": "After?", "expect": ["5"], "when": "after_goal_0"}, {"say": "Told?", "expect": ["Else"], "when": "opening"}],
        "refused_first": ["Half of it.", "A quarter."],
        "goals": [{"tool": "cancel", "arguments": {"order_id": "#W1"}, "say": "All of it."}],
    }));
    let mut customer = Customer::new(&script);
    assert_eq!(customer.opening().text, "Hello");
    let order = ["First?", "Half of it.", "A quarter.", "All of it.", "End?"];
    for expected in order {
        assert_eq!(hear(&mut customer, &nothing()), expected);
    }
    let done = DoneAction {
        action: "cancel".to_owned(),
        receipt_id: "1".to_owned(),
        arguments: json!({"order_id": "#W1"}).as_object().unwrap().clone(),
    };
    assert_eq!(hear(&mut customer, &Heard { done: vec![done], ..nothing() }), "After?");
    assert_eq!(customer.hear(&nothing()), Next::Close(Utterance::new(UtteranceKind::Closing, "That's all.")));
}

#[test]
fn a_question_of_his_own_is_about_what_he_last_agreed_to() {
    let mut script = two_goals();
    script.goals.truncate(1);
    script.questions =
        serde_json::from_value(json!([{"say": "How much was it?", "expect": ["9"], "when": "end"}])).unwrap();
    let mut customer = Customer::new(&script);
    hear(&mut customer, &proposes("exchange", lamp("#W1111")));
    let arguments = lamp("#W1111").as_object().unwrap().clone();
    let done = DoneAction { action: "exchange".to_owned(), receipt_id: "1".to_owned(), arguments };
    assert_eq!(hear(&mut customer, &Heard { done: vec![done], ..nothing() }), "How much was it?");
    assert_eq!(hear(&mut customer, &asks("order")), "The one with the lamp.");
}

#[test]
fn a_refusal_is_answered_once_when_no_goal_is_left() {
    let mut script = two_goals();
    script.if_refused = Some("Then not.".to_owned());
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &refuses()), "Cancel the boots.");
    assert_eq!(hear(&mut customer, &refuses()), "Then not.");
    assert_eq!(hear(&mut customer, &refuses()), "That's all.");
    assert_eq!(customer.refusals(), 3);
}

#[test]
fn a_handover_ends_it() {
    let script = two_goals();
    assert_eq!(Customer::new(&script).hear(&heard(AwaitingKind::Handoff, None, "A colleague comes.")), Next::Stop);
    assert_eq!(Customer::new(&script).hear(&Heard { status: "with_agent".to_owned(), ..nothing() }), Next::Stop);
}

#[test]
fn somebody_who_came_for_a_person_takes_one() {
    let script = script(json!({"transfer_expected": true}));
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &offers("person", &["Yes, a person please", "No, thanks"])), "Yes, a person please");
}

#[test]
fn a_choice_about_his_question_is_made_by_the_question() {
    let script = script(json!({"opening": "How much did I pay for my last order?", "transfer_expected": false}));
    let mut customer = Customer::new(&script);
    assert_eq!(hear(&mut customer, &offers("request", &["your orders"])), "your orders");
    assert_eq!(hear(&mut customer, &offers("person", &["Yes, a person please", "No, thanks"])), "No, not that.");
}

#[test]
fn a_question_about_an_address_is_not_about_a_cancellation() {
    let script = script(json!({"goals": [
        {"tool": "cancel_pending_order", "arguments": {"order_id": "#W1111"}, "say": "If it takes too long, cancel it.", "in_opening": true, "answers": {"order": "#W1111"}},
        {"tool": "modify_pending_order_address", "arguments": {"order_id": "#W2222"}, "say": "Ship it to my new home.", "in_opening": true, "answers": {"order": "#W2222", "address": "There."}},
    ]}));
    let mut ask = heard(
        AwaitingKind::Slot,
        Some("order"),
        "Next, another thing.\n\nWhich pending order should go to another address? I can see:\n- order #W1111\n- order #W2222",
    );
    ask.awaiting.options = ["order #W1111", "order #W2222"]
        .map(|label| AwaitingOption { id: label.to_owned(), label: label.to_owned() })
        .to_vec();
    assert_eq!(hear(&mut Customer::new(&script), &ask), "#W2222");
}
