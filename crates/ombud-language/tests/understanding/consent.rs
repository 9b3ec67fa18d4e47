//! Answers to a proposal, an offer or a question of ours: what is a yes, a no, a change, an end?

use super::*;

#[test]
fn a_yes_counts_only_if_nothing_else_is_asked() {
    check(
        &Expectation::Confirm,
        Some("exchange_items"),
        Some("Exchange the Desk Lamp (white) for Desk Lamp (black) and charge 5.00 USD to the Visa ending 1111"),
        &[
            ("yes", &["affirm"]),
            ("Yes please, go ahead.", &["affirm"]),
            ("yep do it", &["affirm"]),
            ("ok", &["affirm"]),
            ("That's right", &["affirm"]),
            ("Yes, exchange the lamp for the black one please.", &["affirm"]),
            ("Yes... please go ahead.", &["affirm"]),
            ("yes but to my other card", &["correct"]),
            ("Yes, the earlier the better.", &["affirm"]),
            ("Yes, my brother will love it", &["affirm"]),
            ("yes, that works", &["affirm"]),
            ("Wait, am I chatting with a robot?", &["areyouhuman"]),
            ("Please don't exchange it, I'll keep mine.", &["cancel"]),
            ("I'd regret that, I think I'll keep it", &["cancel"]),
            ("no, keep the lamp and exchange the chair instead", &["deny"]),
            ("yes, but make it the red one", &["correct"]),
            ("ok but use my paypal", &["correct"]),
            ("Yes please go ahead, and also cancel my order #W1111111", &["affirm", "start cancel_order"]),
            ("no", &["deny"]),
            ("no, only the lamp", &["deny"]),
            ("That's not right", &["deny"]),
            ("nope thats wrong", &["deny"]),
            ("wait", &["deny"]),
            ("Hmm, on second thought use the Mastercard.", &["correct"]),
            ("actually I want the blue one", &["correct"]),
            ("never mind", &["cancel"]),
            ("stop, forget it", &["cancel"]),
            ("wait, what does it cost?", &["ask"]),
            ("how long will it take?", &["ask"]),
            ("No. Get me a human.", &["handoff", "deny"]),
            ("yes, and then I want to talk to somebody", &["handoff", "affirm"]),
        ],
    );
}

/// A proposal that shows a text for the shop.
const CASE: &str = "Shall I open a case with Nordic Outfit about the amount of order ORD-100201 (128.97 GBP)? I'll write: \"The return covers \
    111.98 GBP, only 51.99 GBP was refunded; 59.99 GBP is missing.\" Your payments for it stay paused.";

#[test]
fn a_yes_with_an_addition_or_on_a_condition_agrees_to_nothing() {
    let reader = reader();
    for text in [
        "yes, with the one parcel sentence added at the end",
        "yes but add that both went back in one parcel",
        "ok as long as it says both went back in one parcel",
        "sure, if you include that i have the receipt",
        "yes just put in that i sent both in one parcel",
        "yes, and also write that i have the tracking number",
        "yes, to the new address",
        "yes with the blue one",
        "yes please, and mention the parcel number",
        "yes if the amount is right",
        "go ahead, adding that i want it quickly",
        "yes with the tracking number added",
        "yes, on the condition that the text says both went in one parcel",
        "yes, once it says that i posted them together",
        "yes. and make sure it says one parcel",
        "yes, using my other text",
    ] {
        let found = shape(&read(&reader, text, &Expectation::Confirm, Some("report_problem"), Some(CASE)));
        assert_eq!(found, ["correct"], "{text}");
    }
    for text in [
        "yes, with that",
        "yes with pleasure",
        "yes, thanks for adding that",
        "yes open the case with nordic outfit",
        "yes, with nordic outfit please do it",
        "yes, about the amount",
        "yes please, if that's possible",
        "yes if you can",
        "yes, even if it takes long",
        "yes, nothing to add",
        "yes, for the amount of the order",
    ] {
        let found = shape(&read(&reader, text, &Expectation::Confirm, Some("report_problem"), Some(CASE)));
        assert_eq!(found, ["affirm"], "{text}");
    }
}

#[test]
fn a_plain_yes_in_a_sentence_of_its_own_agrees_before_a_question() {
    check(
        &Expectation::Confirm,
        Some("report_return"),
        Some("Shall I report the return of the coat to the shop? 159.90 EUR is taken off what you owe."),
        &[
            ("yes please. so the shirts stay on the plan then?", &["affirm", "ask"]),
            ("yes. can I get my money back or just a replacement?", &["affirm", "ask"]),
            ("yes. but do I get my money back?", &["ask"]),
            ("yes? do I get my money back then?", &["ask"]),
        ],
    );
}

#[test]
fn a_no_keeps_the_words_of_the_correction() {
    let reader = reader();
    let read = |text: &str| read(&reader, text, &Expectation::Confirm, Some("return_items"), None);
    assert_eq!(read("No, only the lamp."), [Command::Deny { text: "only the lamp.".to_owned() }]);
    assert_eq!(read("no no thats not what i asked for, sorry"), [Command::Deny { text: String::new() }]);
}

#[test]
fn a_yes_that_says_how_it_is_to_be_or_a_no_to_our_last_words_asks() {
    check(
        &Expectation::Confirm,
        Some("extend_due_date"),
        Some("Shall I move your payment of 40.50 USD from 30 November 2026 to 14 December 2026? That costs 1.99 USD."),
        &[
            ("yes, but as i said only from 1 december, is that how you'll do it?", &["ask"]),
            ("thats not what i asked. what does 7 days cost", &["ask"]),
            ("no, not when do i pay, when do you pay me", &["ask"]),
            ("thats not what i asked for", &["deny"]),
        ],
    );
}

#[test]
fn a_complaint_about_an_answer_is_neither_an_undo_nor_a_no() {
    let reader = reader();
    let acted = |text: &str| {
        let today = Date::constant(2026, 11, 21);
        let context = UnderstandContext {
            acted: true,
            last_flow: Some("cancel_order"),
            ..UnderstandContext::alone(&Expectation::AnythingElse, today)
        };
        reader.understand(text, &context).commands
    };
    for text in [
        "thats not what i asked, can i buy again right now",
        "that's not my question. how long does it take",
        "you didn't answer me, when does the money come?",
        "i didn't ask about the price, i asked when it comes back",
        "no, that wasn't what I asked. what happens now",
        "that doesn't answer my question",
        "You still haven't answered my question!",
    ] {
        assert!(!acted(text).contains(&Command::Undo), "{text}");
    }
    for text in
        ["that's not what I asked for", "this isn't what I wanted", "thats not what i asked you to do", "undo it"]
    {
        assert_eq!(acted(text), [Command::Undo], "{text}");
    }
    check(
        &Expectation::Confirm,
        Some("exchange_items"),
        Some("Shall I exchange the Desk Lamp (white) for Desk Lamp (black)?"),
        &[
            ("i didnt ask about the price, i asked when it comes", &["ask"]),
            ("no, don't exchange that one. I asked what it costs", &["deny", "ask"]),
            ("i didn't ask for that", &["deny"]),
        ],
    );
}

#[test]
fn what_a_person_was_asked_to_take_back_may_stay() {
    let reader = reader();
    for text in [
        "no no dont undo anything!! i want it to stay",
        "no please don't reverse it",
        "leave it as it is",
        "it should stay cancelled",
        "keep it cancelled please",
    ] {
        assert_eq!(reader.keeps_deed(text).as_deref(), Some(""), "{text}");
    }
    assert_eq!(
        reader.keeps_deed("Don't undo it. When do I get the money?").as_deref(),
        Some("When do I get the money?")
    );
    for text in ["please undo it", "put it back", "when will it be undone?", "I want it back"] {
        assert_eq!(reader.keeps_deed(text), None, "{text}");
    }
}

#[test]
fn a_bare_yes_beside_the_wish_for_a_person_is_one_to_the_person() {
    check(
        &Expectation::Confirm,
        Some("unknown_purchase"),
        Some("Shall I block it? You don't have to pay for this purchase meanwhile."),
        &[
            ("yes please, let me talk to a real person", &["handoff", "affirm"]),
            ("don't block it, get me a real person", &["handoff", "deny"]),
        ],
    );
}

#[test]
fn what_is_not_wanted_is_not_begun() {
    check(
        &Expectation::Open,
        None,
        None,
        &[
            ("NO i dont want to cancel my order", &["cancel"]),
            ("stop asking to return my lamp", &["cancel"]),
            ("I don't want it anymore, I want to return my lamp", &["start return_items"]),
        ],
    );
    check(
        &Expectation::Slot { slot: "email".to_owned() },
        Some("change_email"),
        None,
        &[
            ("I said my e-mail address stays the same", &["cancel"]),
            ("I don't want to change my e-mail address", &["cancel"]),
        ],
    );
}

#[test]
fn a_proposal_is_turned_down_by_naming_it() {
    let reader = reader();
    let proposal = "Shall I report a defect of your coat to the shop?";
    let read = |text: &str| read(&reader, text, &Expectation::Confirm, Some("report_problem"), Some(proposal));
    for text in ["do not report a defect", "please don't report it to the shop", "NO. Don't report it."] {
        assert_eq!(read(text), [Command::Deny { text: String::new() }], "{text}");
    }
    for text in
        ["I don't want to report a defect!", "no no, stop asking to report a defect", "theres nothing to report"]
    {
        assert_eq!(read(text), [Command::Cancel], "{text}: what is under way is not wanted at all");
    }
    assert_eq!(
        read("don't use the blue one, take the red"),
        [Command::Deny { text: "use the blue one, take the red".to_owned() }],
        "what should be different is kept"
    );
}

#[test]
fn options_are_picked_by_their_words_and_all_else_is_an_answer() {
    let options = ["Visa ending 1111", "PayPal"]
        .map(|label| OfferedOption { id: label.to_lowercase().replace(' ', "_"), label: label.to_owned() });
    let choice = Expectation::Choice { slot: "payment".to_owned(), options: options.to_vec() };
    check(
        &choice,
        Some("return_items"),
        None,
        &[
            ("PayPal", &["choose paypal"]),
            ("visa ending 1111.", &["choose visa_ending_1111"]),
            ("the card I paid with", &["set payment"]),
            ("forget it", &["cancel"]),
        ],
    );
}

#[test]
fn an_imperative_with_do_is_no_question_and_a_kind_yes_is_no_half_one() {
    let shown = "I would return from order #W1234567: Lamp (white) and Mug (red). The refund would go to your PayPal account. Shall I go ahead (yes/no)?";
    let reader = reader();
    let confirm = |text: &str| shape(&read(&reader, text, &Expectation::Confirm, Some("return_items"), Some(shown)));
    assert_eq!(confirm("Hold on, no. The mug can stay as it is. Just do the lamp."), ["deny"]);
    assert_eq!(confirm("oh yes, please, that's kind of you"), ["affirm"]);
}

#[test]
fn an_offer_of_ours_does_not_stand_in_the_way_of_a_request() {
    let options = ["Yes, a person please", "No, thanks"]
        .map(|label| OfferedOption { id: label.to_lowercase(), label: label.to_owned() });
    let offer = Expectation::Choice { slot: "person".to_owned(), options: options.to_vec() };
    check(
        &offer,
        None,
        None,
        &[
            ("no, that's not it. I want to cancel my order", &["cancel", "start cancel_order"]),
            ("not that, please return the lamp and the bottle", &["start return_items"]),
            ("no", &["deny"]),
            ("yes please", &["affirm"]),
            ("yes thanks", &["affirm"]),
            ("thanks a lot", &["thanks"]),
            ("are you a bot?", &["areyouhuman"]),
        ],
    );
}

/// What customers say who mean yes.
const PLAIN: [&str; 31] = [
    "yes",
    "Yes.",
    "yes please",
    "yes please dear",
    "yes, thanks",
    "yes thank you very much",
    "go on then",
    "Go on.",
    "go on, please",
    "that is right, thank you",
    "that's right",
    "correct, thanks",
    "ok",
    "okay then",
    "sure",
    "Sure, go ahead",
    "sure thing mate",
    "yep, do it",
    "yeah go ahead",
    "please do",
    "absolutely",
    "of course",
    "I confirm",
    "yes sir",
    "yup, sounds good",
    "fine by me",
    "that works for me, thanks",
    "I guess so, go ahead",
    "yeah, right, do it",
    "why not",
    "perfect, thank you my friend",
];

/// What is no yes, or none yet.
const DOUBTFUL: [&str; 48] = [
    "yes?",
    "Yes??",
    "ok?",
    "sure?",
    "yeah?",
    "yes please?",
    "right?",
    "Sure, why would I",
    "sure, why would I do that",
    "yes, why should I",
    "of course, why would anyone",
    "maybe yes",
    "maybe",
    "yes maybe",
    "yes, perhaps",
    "perhaps",
    "I guess so?",
    "I guess so",
    "I guess",
    "yes I guess",
    "ok, I suppose",
    "I suppose so",
    "probably yes",
    "yes probably",
    "not sure",
    "I'm not really sure",
    "yeah, right",
    "yeah right, like you would do that",
    "yes yes, I heard that one before",
    "go ahead, make my day",
    "ok go ahead and explain how it works",
    "please do tell me more",
    "yes, please explain",
    "Go ahead and tell me the tracking number",
    "do it and you lose me as a customer",
    "do it and I'll complain",
    "that sounds good in theory",
    "if I say yes, is it free then",
    "perfect! quick q's first",
    "yes or no",
    "kinda yes",
    "dunno",
    "ok whatever",
    "yes it is the cat tree one i think",
    "yes, the neighbour told me",
    "sure, blame the courier",
    "yeah yeah, as always with you lot",
    "of course, brilliant service as usual",
];

/// What must confirm a proposal, and what must not: a wrong yes moves money.
#[test]
fn only_a_plain_yes_confirms() {
    let reader = reader();
    let proposal = Some("Shall I cancel the order #W1234567 with the desk lamp? You get 20.50 USD back.");
    let confirms = |text: &&&str| {
        shape(&read(&reader, text, &Expectation::Confirm, Some("cancel_order"), proposal))
            .contains(&"affirm".to_owned())
    };
    let refused: Vec<_> = PLAIN.iter().filter(|text| !confirms(text)).collect();
    let taken: Vec<_> = DOUBTFUL.iter().filter(confirms).collect();
    assert!(refused.is_empty() && taken.is_empty(), "no yes: {refused:?}, but a yes: {taken:?}");
}

/// Praise and relief with a question or a "but" behind it; n = 12.
const GLAD: [&str; 11] = [
    "oh lovely, at last. and what exactly will you ask them for",
    "great stuff. does that cost me anything",
    "nice one! hang on, what do I tell the shop then?",
    "ok perfect but do I still get my points",
    "fine, but first tell me when the money comes",
    "cool cool. is it safe though",
    "thank god. whats the catch",
    "wonderful, is there really nothing to pay?",
    "alright, that's good news. wait, which card is that",
    "super. so i wont be charged twice?",
    "good, finally someone helps. how come nobody told me before?",
];

/// A wrong yes moves money: praise is none as long as something is asked, and a plain yes stays one only beside what comes afterwards.
#[test]
fn praise_with_a_question_is_no_yes() {
    let reader = reader();
    let proposal = Some("Shall I cancel the order #W1234567 with the desk lamp? You get 20.50 USD back.");
    let said = |text: &str| shape(&read(&reader, text, &Expectation::Confirm, Some("cancel_order"), proposal));
    let wrong: Vec<_> = GLAD
        .iter()
        .map(|text| (text, said(text)))
        .filter(|(_, said)| {
            !said.contains(&"ask".to_owned()) || said.iter().any(|command| command == "affirm" || command == "correct")
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for text in [
        "yes. how long does it take?",
        "Yes please, when will I see the money?",
        "go ahead. what happens next?",
        "do it! will I get a confirmation?",
        "yes, and by when is it back on my card?",
    ] {
        assert!(said(text).contains(&"affirm".to_owned()), "{text}: {:?}", said(text));
    }
    for text in [
        "yes but is it free?",
        "yes, it doesn't cost anything, right?",
        "yes if I can still change my mind later, can I?",
        "sure. do I have to pay for that?",
        "yes. wait, which order is that?",
    ] {
        assert!(!said(text).contains(&"affirm".to_owned()), "{text}: {:?}", said(text));
    }
    for text in [
        "fine, whatever. yes",
        "ok I guess... yes!",
        "maybe. Yes, do it",
        "oh well. yes please",
        "alright alright. yes",
    ] {
        assert_eq!(said(text), ["affirm"], "{text}");
    }
}

/// A question changes nothing of a proposal, whatever is told around it.
#[test]
fn a_question_at_a_proposal_is_a_question() {
    let reader = reader();
    let proposal =
        Some("Shall I report your order #W1234567 (rain coat) as not received? Your payments pause meanwhile.");
    let said = |text: &str| read(&reader, text, &Expectation::Confirm, Some("report_problem"), proposal);
    for text in [
        "do I still owe the money meanwhile?? its a lot for me",
        "but thats my question, is the bill off or not, it is due on friday",
        "Bristol?? I live in Leeds. Whats the name on the parcel",
        "hang on, what amount would i get back, the whole price?",
        "I asked whether I have to pay. do i?",
        "ok and what do they do about it? i cant wait for ever",
        "why only 20 tho. n how long wil it take",
    ] {
        let read = shape(&said(text));
        assert!(!read.is_empty() && read.iter().all(|command| command == "ask"), "{text}: {read:?}");
    }
    let denied = |text: &str| match said(text).as_slice() {
        [Command::Deny { text }, ..] => Some(text.clone()),
        _ => None,
    };
    for text in ["no. why should I wait, you can see it yourself", "No! Who says so?", "nope. what for?"] {
        assert_eq!(
            denied(text).as_deref(),
            Some(""),
            "{text}: a no with a protest says nothing of what should be different"
        );
    }
    assert_eq!(denied("no, the blue coat is what I mean").as_deref(), Some("the blue coat is what I mean"));
}

/// What tells nothing of what happened is not written down as if it did.
#[test]
fn mutterings_are_no_account_of_what_happened() {
    let reader = reader();
    for text in [
        "huh?",
        "As I said.",
        "I told you already!!",
        "seriously??",
        "can't you read that yourself",
        "why do you keep asking me that?",
        "what does that mean?",
        "Leave it.",
        "you have that already",
        "I said FORMAL.",
        "and spell my name right please",
    ] {
        assert_eq!(reader.account(text), None, "{text}");
    }
    for (text, account) in [
        ("The lid is cracked. Can't you see that in the photo?", "The lid is cracked."),
        ("I already told you. The left shoe has no laces.", "The left shoe has no laces."),
        ("Nobody answered my letters for six weeks.", "Nobody answered my letters for six weeks."),
        ("why do you ask? it should have been 20 pounds", "it should have been 20 pounds"),
        (
            "I said no to the shop, and they sent it all the same.",
            "I said no to the shop, and they sent it all the same.",
        ),
    ] {
        assert_eq!(reader.account(text).as_deref(), Some(account), "{text}");
    }
}

/// Whoever ends a request ends it, whatever is open and whatever he said before.
#[test]
fn a_request_is_ended_in_every_state() {
    let options = ["Red", "Blue"].map(|label| OfferedOption { id: label.to_lowercase(), label: label.to_owned() });
    let states = [
        Expectation::Confirm,
        Expectation::Slot { slot: "items".to_owned() },
        Expectation::Choice { slot: "variant".to_owned(), options: options.to_vec() },
    ];
    let reader = reader();
    for state in states {
        for text in [
            "Leave that.",
            "I have no colour in mind. Leave it then.",
            "forget that, I'm done here",
            "ok stop",
            "none of them!! stop the exchange",
            "drop it",
            "I'm done with this",
        ] {
            let said = shape(&read(&reader, text, &state, Some("exchange_items"), None));
            assert_eq!(said, ["cancel"], "{text} at {state:?}");
        }
    }
    let correction = Expectation::Slot { slot: "correction".to_owned() };
    for text in ["nothing different", "no changes", "nothing, I just don't want it", "no", "nothing.", "no thanks"] {
        assert_eq!(shape(&read(&reader, text, &correction, Some("exchange_items"), None)), ["deny"], "{text}");
    }
    for text in ["yes", "nothing different. just asked how long"] {
        assert_eq!(shape(&read(&reader, text, &correction, Some("exchange_items"), None)), ["repeat"], "{text}");
    }
    assert_eq!(shape(&read(&reader, "the blue one", &correction, Some("exchange_items"), None)), ["set correction"]);
}

/// A request is given up by its name too; what is asked for with it begins.
#[test]
fn a_request_is_ended_by_naming_it() {
    check(
        &Expectation::Confirm,
        Some("exchange_items"),
        Some("Shall I exchange your Desk Lamp (white) for Desk Lamp (black)?"),
        &[
            ("stop the exchange, I keep them", &["cancel"]),
            ("NO. no exchange. nothing", &["cancel"]),
            ("hmm no, drop the exchange please", &["cancel"]),
            ("I don't want any exchange!", &["cancel"]),
            ("i never asked for an exchange", &["cancel"]),
            ("oh wait, i need it after all. keep the order", &["cancel"]),
            ("forget the exchange, where is my parcel?", &["cancel", "start order_status"]),
            ("leave it! I'd rather return the lamp", &["cancel", "start return_items"]),
            // What is not wanted of it is a correction.
            ("I don't want the black one, I want the red one", &["deny"]),
            ("don't change the size", &["deny"]),
            ("keep it black", &["deny"]),
        ],
    );
}

/// "Report it, I just want my money": an order in plain words is a yes, whatever is told with it.
#[test]
fn a_proposal_is_agreed_to_by_ordering_it() {
    check(
        &Expectation::Confirm,
        Some("report_problem"),
        Some("I'm sorry it hasn't reached you. Shall I report your order (Rain jacket) as not received?"),
        &[
            ("report it", &["affirm"]),
            ("Report it please!", &["affirm"]),
            ("alright then report it please, i just want my money or my jacket", &["correct", "affirm"]),
            ("go ahead, my salary is late and I need it", &["correct", "affirm"]),
            ("i literally said report it. YES. report it", &["correct", "affirm"]),
            ("do it, when will I hear back?", &["affirm", "ask"]),
            ("Fine, report it. But tell me whether somebody reads it", &["affirm", "ask"]),
            ("how long does it take? if so report it", &["ask"]),
            ("report it but for the other order", &["correct"]),
            ("report it?", &["ask"]),
            ("don't report it", &["deny"]),
            ("cancel it", &["cancel"]),
        ],
    );
    check(
        &Expectation::Confirm,
        Some("cancel_order"),
        Some("Shall I cancel your order (Coffee table)? Nothing more will be due."),
        &[
            ("cancel it", &["affirm"]),
            ("yes cancel it. and then the lamp", &["affirm", "start cancel_order"]),
            ("return it", &["start return_items"]),
            ("forget it", &["cancel"]),
        ],
    );
}

/// Where one thing alone is offered, "that one" and a yes mean it.
#[test]
fn a_yes_takes_the_only_option() {
    let option = OfferedOption { id: "card".to_owned(), label: "Mastercard card ending 8210".to_owned() };
    let state = Expectation::Choice { slot: "instrument".to_owned(), options: vec![option] };
    check(
        &state,
        Some("order_payment"),
        None,
        &[
            ("ok do it with that one", &["choose card"]),
            ("yes", &["choose card"]),
            ("yes please, the mastercard", &["choose card"]),
            ("no, another card", &["set instrument"]),
            ("what does it cost?", &["ask"]),
        ],
    );
}

/// Offered requests are chosen by their names, with "my" for "your" and polite words around.
#[test]
fn an_offered_request_is_chosen_by_its_name() {
    let reader = reader();
    let option = |id: &str, label: &str| OfferedOption { id: id.to_owned(), label: label.to_owned() };
    let options = vec![option("missing_refund", "finding your refund"), option("order_status", "finding your order")];
    let expectation = Expectation::Choice { slot: "request".to_owned(), options };
    let said = |text: &str| read(&reader, text, &expectation, None, None);
    for text in ["Okay, finding my refund if that's possible", "finding my refund thank you", "the refund, finding it"]
    {
        assert_eq!(said(text), [Command::Choose { id: "missing_refund".to_owned() }], "{text}");
    }
    let chosen = |text: &str| said(text).iter().any(|command| matches!(command, Command::Choose { .. }));
    for text in ["no, not finding my refund", "neither", "finding", "something about a lamp"] {
        assert!(!chosen(text), "{text}: {:?}", said(text));
    }
}
