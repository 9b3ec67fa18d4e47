//! Talk of people: the wish for one, what one said, and who it is that writes.

use super::*;

#[test]
fn a_wish_for_a_person_is_heard_and_little_else_is_taken_for_one() {
    let reader = reader();
    let kept: NluFile = serde_saphyr::from_str(
        &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/handoff.en.yaml")).unwrap(),
    )
    .unwrap();
    let (mut heard, mut wishes, mut alarms, mut others) = (0, 0, 0, 0);
    for (class, texts) in &kept.classes {
        for text in texts {
            let first = read(&reader, text, &Expectation::Open, None, None).first() == Some(&Command::Handoff);
            let wish = class.starts_with("wish");
            wishes += usize::from(wish);
            heard += usize::from(wish && first);
            others += usize::from(!wish);
            alarms += usize::from(!wish && first);
        }
    }
    assert!(heard * 100 >= wishes * 99, "{heard} of {wishes} wishes heard");
    assert!(
        alarms * 100 <= others * 6,
        "{alarms} of {others} harmless sentences, all of them tricky, taken for a wish"
    );
}

#[test]
fn a_person_who_is_greeted_and_a_line_of_an_address_are_no_wish_for_one() {
    let reader = reader();
    for text in [
        "Good morning, young person. I want to return the lamp",
        "Thank you, kind person! Please return the lamp",
        "12 Larch Lane, Madison, WI 53703. No second line, please return the lamp to it",
    ] {
        let commands = read(&reader, text, &Expectation::Open, None, None);
        assert!(!commands.contains(&Command::Handoff), "{text}: {commands:?}");
    }
    for text in ["I need a kind person to talk to", "put me through to second line support"] {
        assert_eq!(shape(&read(&reader, text, &Expectation::Open, None, None)), ["handoff"], "{text}");
    }
}

/// Ways to say that no person is wanted.
const REFUSED: [&str; 32] = [
    "No colleague needed, thanks",
    "i really dont want a colleague",
    "I never asked for a human",
    "There's no need to involve anybody else",
    "no need for an agent",
    "please don't transfer me",
    "don't pass me on to anyone",
    "I did not want to be connected to an agent",
    "no human please, when is my next bill due?",
    "I don't want to speak to somebody, I want my parcel",
    "We can do this without a person",
    "I do not wish to talk to your staff",
    "No people please",
    "I don't need to speak with a manager. Where is my order?",
    "a person isn't necessary",
    "don't hand me over",
    "do not escalate this",
    "stop transferring me to people",
    "you don't have to get a colleague",
    "you don't need to bother your colleagues with that",
    "please, no call back",
    "I'd rather not talk to anyone",
    "thanks but no agent needed, I found it",
    "I won't need a human any more",
    "i didnt ask for an operator",
    "no reason to get a supervisor",
    "I can manage without a person",
    "do it without involving anyone else please",
    "not looking for a representative",
    "I don't require support from a person",
    "It's not that I want a person",
    "no need to call anybody",
];

/// Wishes that hold a no.
const WISHED: [&str; 14] = [
    "No, I want a person",
    "I don't want to talk to a bot, get me a human",
    "no bot, a person please",
    "Don't you have a colleague I can talk to?",
    "I don't need an answer from you but from a person",
    "I don't want another article, I want somebody to call me",
    "not you again, I need an agent",
    "why can't I talk to a person",
    "I don't want that colleague, put me through to a manager",
    "it does not work, I need a human",
    "I never get to talk to a person, connect me now",
    "No. Not this. A human please.",
    "I do not understand this, can I speak to someone?",
    "nothing helps, agent please",
];

#[test]
fn a_person_who_is_refused_is_never_called() {
    let reader = reader();
    for expectation in [Expectation::Open, Expectation::AnythingElse, Expectation::Slot { slot: "items".to_owned() }] {
        let called: Vec<&str> = REFUSED
            .into_iter()
            .filter(|text| read(&reader, text, &expectation, None, None).contains(&Command::Handoff))
            .collect();
        let missed: Vec<&str> = WISHED
            .into_iter()
            .filter(|text| !read(&reader, text, &expectation, None, None).contains(&Command::Handoff))
            .collect();
        assert!(called.is_empty() && missed.is_empty(), "called: {called:?}, missed: {missed:?}");
    }
}

#[test]
fn somebody_who_waits_for_a_person_can_go_on_without_one() {
    let reader = reader();
    let kept: Vec<&str> = REFUSED.into_iter().filter(|text| reader.withdrawal(text).is_none()).collect();
    assert!(kept.len() <= 1, "still in line: {kept:?}");
    for text in [
        "let's go on with the bot",
        "can I continue with the assistant please",
        "I'd rather talk to the assistant again",
        "forget the colleague",
        "cancel the handover",
        "never mind",
        "back to the bot",
        "the bot is fine",
        "can you answer that yourself?",
        "I don't want to wait",
    ] {
        assert!(reader.withdrawal(text).is_some(), "{text}");
    }
    let rest = |text: &str| reader.withdrawal(text);
    assert_eq!(rest("no person please, when is my bill due?").as_deref(), Some("when is my bill due?"));
    for text in
        WISHED.into_iter().chain(["where is my order?", "are you still there?", "hello?", "it is about ORD-100101"])
    {
        assert_eq!(rest(text), None, "{text}");
    }
}

/// Nobody is held at the door: without an account, or without the wish to say who one is, what is general is answered.
#[test]
fn who_does_not_say_who_he_is_is_let_go() {
    let reader = reader();
    let today = Date::constant(2026, 11, 21);
    let said = |text: &str, request: Option<&str>| {
        let alone = UnderstandContext::alone(&Expectation::Identify, today);
        let context = UnderstandContext { active_flow: Some("identify"), request, ..alone };
        shape(&reader.understand(text, &context).commands)
    };
    let asked = Some("how long do refunds take?");
    for text in [
        "I dont have an account, I'm only thinking of signing up",
        "no account here! its a general question",
        "I'd rather not give my email",
        "I won't tell you who I am",
        "stop asking me for that",
        "no",
    ] {
        assert_eq!(said(text, asked), ["cancel", "ask"], "{text}");
    }
    assert_eq!(said("no thanks", Some("cancel my order")), ["cancel"]);
    for text in ["ok thanks, that's all", "bye", "thanks, have a nice day", "fine, cheers, bye", "that's it, thank you"]
    {
        assert_eq!(said(text, asked), ["goodbye"], "{text}");
    }
    for text in ["I don't have an account number", "Jane Miller, I don't know the rest", "what was the postcode for?"] {
        assert!(!said(text, asked).contains(&"cancel".to_owned()), "{text}");
    }
    let open = |text: &str| shape(&read(&reader, text, &Expectation::Open, None, None));
    for text in
        ["in general, how long do refunds take?", "Do you cancel orders? I have no account yet, it's before I sign up"]
    {
        assert!(open(text).iter().all(|command| command == "ask"), "{text}: {:?}", open(text));
    }
}

/// Asked when a person gave the conversation back: what concerns that person's word, what is left of the message, and what is something else.
#[test]
fn a_question_for_news_or_for_a_colleagues_word_is_told_from_other_questions() {
    let reader = reader();
    let of = |text: &str, newest| reader.of_colleague(text, "Dana Berg", newest);
    let asked = |rest: &str| Some(OfColleague::Asked { rest: rest.to_owned() });
    for text in [
        "any news?",
        "Hi, are there any updates on my case yet?",
        "so how does it stand now with my case??",
        "where are we with this",
        "what's the status",
        "whats the latest on this please",
        "what is happening now?",
        "what happened with my complaint",
        "have you heard anything back",
        "did anyone get back to you?",
        "what did Dana say about my refund, how does it stand",
        "what did your colleague promise me?",
        "What has she said again?",
        "Did dana find out anything?",
        "can you tell me what the agent decided",
        "hello again, is there any news on that?",
        "could I get an update please",
        "anything new?",
        "how's it looking",
        "what was agreed with your colleague",
        "when will I hear back",
    ] {
        assert_eq!(of(text, Newest::Word), asked(""), "{text}");
    }
    assert_eq!(of("Any news? And please cancel my order.", Newest::Word), asked("And please cancel my order."));
    assert_eq!(of("Thanks! Any news?", Newest::Word), asked(""));
    assert_eq!(of("any news?", Newest::Deed), None, "what was done since is newer");
    assert_eq!(of("what did Dana say?", Newest::Deed), asked(""));
    for text in ["I want to talk to Dana again", "can I speak to dana please"] {
        assert_eq!(of(text, Newest::Deed), Some(OfColleague::Wanted), "{text}");
    }
    for text in [
        "where is my parcel?",
        "how long do refunds take?",
        "I want to cancel my order",
        "thanks Dana!",
        "my name is Dana",
        "what happens if I pay late",
        "what is the status of order #W2378156",
        "is there any way to pay later?",
        "yes",
        "what do I do now",
        "how does it work",
        "give me the refund",
        "is there a fee?",
        "what do they charge for that",
    ] {
        assert_eq!(of(text, Newest::Word), None, "{text}");
    }
}

/// What belongs to somebody else is not looked up, and neither is one's own in its place; what else is said counts.
#[test]
fn what_belongs_to_somebody_else_is_no_request() {
    let talk: &[&str] = &["somebodyelse"];
    check(
        &Expectation::Open,
        None,
        None,
        &[
            ("show me my wife's orders", talk),
            ("What is Anna Berg's balance?", talk),
            ("how much does my brother owe you?", talk),
            ("what is the address of the customer with the email anna.berg@example.com", talk),
            ("has customer 100027 paid his invoice?", talk),
            ("does lena@example.com have an account with you?", talk),
            ("can you tell me where my neighbour's parcel is", talk),
            ("I want to see somebody else's account", talk),
            ("show me the orders of customer 100001", talk),
            ("where is my friend's refund", talk),
            ("I want to talk to a human about my wife's account, show it to me", &["handoff"]),
        ],
    );
    let reader = reader();
    for own in [
        "I received someone else's order",
        "someone else's parcel was in the box",
        "where is the gift I ordered for my wife",
        "my father died, what happens with his account",
        "my late husband's account, what is still open on it?",
        "what is my order's status",
        "what is today's date",
        "the parcel was left with my neighbour, where is it",
        "change the address of my order to my mother's house",
        "show me my last month's bill",
        "my wife has died and I want to know what is on my wife's account",
    ] {
        let found = shape(&read(&reader, own, &Expectation::Open, None, None));
        assert!(!found.contains(&"somebodyelse".to_owned()), "{own}: {found:?}");
    }
}

/// Who tells that a call was promised complains about it.
#[test]
fn a_call_that_was_promised_is_no_wish_for_one() {
    let reader = reader();
    let slot = Expectation::Slot { slot: "description".to_owned() };
    let said = |text: &str| shape(&read(&reader, text, &slot, Some("complaint"), None));
    for text in [
        "I was promised a call back on Friday and again on Monday, nothing came",
        "You promised me a callback. It never came.",
        "they offered me a phone call and then forgot",
    ] {
        assert!(!said(text).contains(&"handoff".to_owned()), "{text}: {:?}", said(text));
    }
    for text in ["please call me back", "I want a call back from a person"] {
        assert!(said(text).contains(&"handoff".to_owned()), "{text}: {:?}", said(text));
    }
}
