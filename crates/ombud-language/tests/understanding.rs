//! Whole messages against the commands they must give, read with the base pack's data and flows of no real company.

use jiff::civil::Date;
use ombud_domain::{Command, Expectation, Kind, OfferedOption, Rewording};
use ombud_language::{Newest, NluFile, NluModel, OfColleague, PatternSpec, RuleFile, UnderstandContext, Understander};

fn reader() -> Understander {
    reader_with(&[], &[])
}

/// A reader with example questions of articles, and with the words of some wishes: (flow, expression).
#[expect(clippy::unwrap_used, reason = "tests may panic")]
fn reader_with(questions: &[&str], wishes: &[(&str, &str)]) -> Understander {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/base/nlu");
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let mut model = NluModel { locale: "en".to_owned(), ..NluModel::default() };
    let base: NluFile = serde_saphyr::from_str(&read(&format!("{root}/en.yaml"))).unwrap();
    let flows: NluFile =
        serde_saphyr::from_str(&read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/flows.en.yaml"))).unwrap();
    let rules: RuleFile = serde_saphyr::from_str(&read(&format!("{root}/rules.en.yaml"))).unwrap();
    model.add(base);
    model.add(flows);
    model.rules = rules;
    model.wishes = wishes.iter().map(|(flow, wish)| ((*flow).to_owned(), (*wish).to_owned())).collect();
    model.patterns = vec![PatternSpec {
        kind: "order_number".to_owned(),
        regex: r"#?\b(W\d{7})\b".to_owned(),
        format: Some("#{}".to_owned()),
    }];
    model.questions = questions.iter().map(|text| (*text).to_owned()).collect();
    Understander::new(model).unwrap()
}

#[test]
fn an_article_does_not_teach_against_the_flow_for_ones_own_case() {
    let (text, open) = ("Where is my order?", Expectation::Open);
    let plain = read(&reader(), text, &open, None, None);
    let questions = ["where is my order", "my order has not come", "i ordered weeks ago, where is my order now"];
    assert_eq!(read(&reader_with(&questions, &[]), text, &open, None, None), plain);
    let general =
        read(&reader_with(&["how long does an order take"], &[]), "How long does an order take?", &open, None, None);
    assert_eq!(shape(&general), ["ask"]);
}

fn read(
    reader: &Understander,
    text: &str,
    expectation: &Expectation,
    flow: Option<&str>,
    proposal: Option<&str>,
) -> Vec<Command> {
    let today = Date::constant(2026, 11, 21);
    reader
        .understand(
            text,
            &UnderstandContext {
                expectation,
                active_flow: flow,
                proposal,
                ..UnderstandContext::alone(expectation, today)
            },
        )
        .commands
}

/// Commands without confidences and texts.
fn shape(commands: &[Command]) -> Vec<String> {
    let one = |command: &Command| match command {
        Command::StartFlow { flow, .. } => format!("start {flow}"),
        Command::SetSlot { slot, .. } => format!("set {slot}"),
        Command::Correct { .. } => "correct".to_owned(),
        Command::Affirm => "affirm".to_owned(),
        Command::Deny { .. } => "deny".to_owned(),
        Command::Cancel => "cancel".to_owned(),
        Command::Ask { .. } => "ask".to_owned(),
        Command::AskColleague => "ask colleague".to_owned(),
        Command::Choose { id } => format!("choose {id}"),
        Command::Handoff => "handoff".to_owned(),
        Command::Chitchat { kind } => format!("{kind:?}").to_lowercase(),
        Command::Clarify { .. } => "clarify".to_owned(),
        Command::Repeat => "repeat".to_owned(),
        Command::CannotRead => "cannot read".to_owned(),
    };
    commands.iter().map(one).collect()
}

fn check(expectation: &Expectation, flow: Option<&str>, proposal: Option<&str>, cases: &[(&str, &[&str])]) {
    let reader = reader();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, wanted)| {
            let found = shape(&read(&reader, text, expectation, flow, proposal));
            (found != *wanted).then(|| format!("{text:?}: wanted {wanted:?}, got {found:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} read otherwise:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn fresh_messages_begin_requests_questions_or_small_talk() {
    check(
        &Expectation::Open,
        None,
        None,
        &[
            (
                "I want to cancel my order #W2378156 and return the lamp; also where is my other parcel?",
                &["start cancel_order", "start return_items", "start order_status"],
            ),
            (
                "Hi! I'd like to exchange two things, my water bottle for a bigger one and my desk lamp for one that's less bright.",
                &["start exchange_items"],
            ),
            ("hey can u cancle my ordr pls", &["start cancel_order"]),
            ("WHERE IS MY REFUND FOR ORDER #W2378156", &["start missing_refund"]),
            ("how long do refunds take?", &["ask"]),
            ("what happens if I pay late", &["ask"]),
            (
                "I never got my parcel although it says delivered. Also I need two more weeks to pay the invoice.",
                &["start report_problem", "start extend_due_date"],
            ),
            ("hi", &["greeting"]),
            ("thanks a lot", &["thanks"]),
            ("are you a real person?", &["areyouhuman"]),
            ("what can you do for me", &["abilities"]),
            ("you stupid machine", &["abuse"]),
            ("get me a human", &["handoff"]),
            ("Where is my order? And I want to speak to a person.", &["handoff", "start order_status"]),
            ("asdf qwer zxcv", &["cannot read"]),
            ("???", &["repeat"]),
            ("...", &["cannot read"]),
        ],
    );
}

#[test]
fn elaborations_stay_with_their_request() {
    let reader = reader();
    let text = "I'd like to return the shoes from order #W2378156. They are too small. The refund should go to my gift card. Also please cancel order #W1111111. I no longer need it.";
    let commands = read(&reader, text, &Expectation::Open, None, None);
    let texts: Vec<(&str, &str)> = commands
        .iter()
        .filter_map(|command| match command {
            Command::StartFlow { flow, text, .. } => Some((flow.as_str(), text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(
        texts,
        [
            (
                "return_items",
                "I'd like to return the shoes from order #W2378156. They are too small. The refund should go to my gift card."
            ),
            ("cancel_order", "Also please cancel order #W1111111. I no longer need it."),
        ]
    );
}

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
            // Words of no meaning for the proposal are read as a correction; the yes stands if that changes nothing.
            ("Yes, the earlier the better.", &["correct", "affirm"]),
            ("Yes, my brother will love it", &["correct", "affirm"]),
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

#[test]
fn a_no_keeps_the_words_of_the_correction() {
    let reader = reader();
    let read = |text: &str| read(&reader, text, &Expectation::Confirm, Some("return_items"), None);
    assert_eq!(read("No, only the lamp."), [Command::Deny { text: "only the lamp.".to_owned() }]);
    assert_eq!(read("no no thats not what i asked for, sorry"), [Command::Deny { text: String::new() }]);
}

#[test]
fn a_proposal_is_turned_down_by_naming_it() {
    let reader = reader();
    let proposal = "Shall I report a defect of your coat to the shop?";
    let read = |text: &str| read(&reader, text, &Expectation::Confirm, Some("report_problem"), Some(proposal));
    for text in [
        "do not report a defect",
        "please don't report it to the shop",
        "I don't want to report a defect!",
        "NO. Don't report it.",
    ] {
        assert_eq!(read(text), [Command::Deny { text: String::new() }], "{text}");
    }
    assert_eq!(
        read("don't use the blue one, take the red"),
        [Command::Deny { text: "use the blue one, take the red".to_owned() }],
        "what should be different is kept"
    );
}

#[test]
fn an_answer_stays_whole_and_other_requests_go_beside_it() {
    let slot = Expectation::Slot { slot: "items".to_owned() };
    check(
        &slot,
        Some("return_items"),
        None,
        &[
            ("The blue one, size 8. Everything else in that order stays.", &["set items"]),
            ("I don't remember", &["set items"]),
            ("no longer needed", &["set items"]),
            ("The mouse. That's all there is.", &["set items"]),
            ("yes", &["set items"]),
            ("changed my mind", &["set items"]),
            ("never mind", &["cancel"]),
            ("what was the question?", &["repeat"]),
            ("are you a bot?", &["areyouhuman"]),
            ("I want to talk to a person", &["handoff"]),
            ("how long do refunds take?", &["ask"]),
            ("The lamp. By the way, where is my other parcel?", &["set items", "start order_status"]),
            ("Just the lamp, and also cancel order #W1111111", &["set items", "start cancel_order"]),
        ],
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
fn an_offer_of_ours_does_not_stand_in_the_way_of_a_request() {
    let options = ["Yes, a person please", "No, thanks"]
        .map(|label| OfferedOption { id: label.to_lowercase(), label: label.to_owned() });
    let offer = Expectation::Choice { slot: "person".to_owned(), options: options.to_vec() };
    check(
        &offer,
        None,
        None,
        &[
            ("no, that's not it. I want to cancel my order", &["start cancel_order"]),
            ("not that, please return the lamp and the bottle", &["start return_items"]),
            ("no", &["deny"]),
            ("yes please", &["affirm"]),
            ("yes thanks", &["affirm"]),
            ("thanks a lot", &["thanks"]),
            ("are you a bot?", &["areyouhuman"]),
        ],
    );
}

#[test]
fn slips_of_typing_do_not_hide_a_request() {
    check(
        &Expectation::Open,
        None,
        None,
        &[
            ("plesae cancle my pendng order", &["start cancel_order"]),
            ("i would like to retrun the headphnes", &["start return_items"]),
        ],
    );
}

#[test]
fn what_is_not_wanted_begins_nothing() {
    let reader = reader();
    let starts = |text: &str| {
        let commands = read(&reader, text, &Expectation::AnythingElse, None, None);
        shape(&commands).into_iter().filter(|command| command.starts_with("start")).collect::<Vec<_>>()
    };
    assert_eq!(starts("There is no need to cancel my order."), Vec::<String>::new());
    assert_eq!(starts("Please don't ever cancel the whole order."), Vec::<String>::new());
    assert_eq!(starts("Cancel or return everything I ordered, please."), ["start cancel_order", "start return_items"]);
    assert_eq!(starts("I don't want this order anymore, cancel it"), ["start cancel_order"]);
}

#[test]
fn who_one_is_may_come_with_a_request() {
    check(
        &Expectation::Identify,
        Some("identify"),
        None,
        &[
            ("Yusuf Rossi, zip 19122. I don't remember which email I signed up with.", &["set identity"]),
            ("anna.berg@example.com", &["set identity"]),
            ("I don't have an account number, sorry", &["set identity"]),
            ("Yusuf Rossi, 19122. And I also want to cancel my other order.", &["set identity", "start cancel_order"]),
        ],
    );
}

#[test]
fn the_end_of_a_conversation_is_heard() {
    check(
        &Expectation::AnythingElse,
        None,
        None,
        &[
            ("no", &["goodbye"]),
            ("No, nothing else. Thank you.", &["goodbye"]),
            ("That's all, bye!", &["goodbye"]),
            ("nope all good thx", &["goodbye"]),
            ("not right now, thanks", &["goodbye"]),
            ("nothing more, have a good day", &["goodbye"]),
            ("yes", &["affirm"]),
            ("Yes, I also want to return the lamp.", &["start return_items"]),
            ("Great. Where is my other order?", &["start order_status"]),
        ],
    );
}

#[test]
fn a_no_that_goes_on_is_no_goodbye() {
    let reader = reader();
    for text in
        ["no, I'm asking why", "sorry wrong one", "no sorry the shoes, ORD-200067", "no that's not what I meant"]
    {
        let commands = read(&reader, text, &Expectation::AnythingElse, None, None);
        assert!(!commands.contains(&Command::Chitchat { kind: Kind::Goodbye }), "{text}: {commands:?}");
    }
}

#[test]
fn the_same_message_gives_the_same_reading() {
    let text = "I want to cancel my order and return the lamp";
    let (one, other) = (reader(), reader());
    assert_eq!(read(&one, text, &Expectation::Open, None, None), read(&other, text, &Expectation::Open, None, None));
}

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

#[test]
fn small_talk_alone_is_answered_and_with_a_request_left_out() {
    let reader = reader();
    assert_eq!(read(&reader, "hello!", &Expectation::Open, None, None), [Command::Chitchat { kind: Kind::Greeting }]);
    assert_eq!(
        shape(&read(&reader, "Hello! Thanks for being there. Please cancel my order.", &Expectation::Open, None, None)),
        ["start cancel_order"]
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
const DOUBTFUL: [&str; 31] = [
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
    "yes or no",
    "kinda yes",
    "dunno",
    "ok whatever",
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

/// What the words for a flow only sound like is read as the next likely request.
#[test]
fn a_barred_flow_is_not_begun() {
    let reader = reader();
    let text = "I want to cancel my order #W2378156";
    let today = Date::constant(2026, 11, 21);
    let context = |barred| UnderstandContext { barred, ..UnderstandContext::alone(&Expectation::Open, today) };
    let begins = |barred| shape(&reader.understand(text, &context(barred)).commands);
    assert_eq!(begins(&[]), ["start cancel_order"]);
    assert!(!begins(&["cancel_order"]).contains(&"start cancel_order".to_owned()), "{:?}", begins(&["cancel_order"]));
    let scores = reader.understand(text, &context(&["cancel_order"])).scores;
    assert!(scores.iter().all(|(class, _)| class != "flow:cancel_order"), "{scores:?}");
}

/// Who only sounds disappointed and asks for something else gets that; who says that he does not want to complain is believed.
#[test]
fn the_tone_of_a_complaint_is_none_beside_a_request_and_a_denial_ends_one() {
    let reader = reader_with(&[], &[("complaint", r"\bcomplain\w*|\bon record\b")]);
    let open = |text: &str| shape(&read(&reader, text, &Expectation::Open, None, None));
    assert_eq!(open("This is not how you treat people. I want to cancel my order #W2378156."), ["start cancel_order"]);
    assert_eq!(
        open("I want to make a complaint. I want to cancel my order #W2378156."),
        ["start complaint", "start cancel_order"],
        "a complaint that is named is taken up"
    );
    let slot = Expectation::Slot { slot: "description".to_owned() };
    let asked = |text: &str| shape(&read(&reader, text, &slot, Some("complaint"), None));
    assert_eq!(asked("Oh no, I do not want to complain dear"), ["cancel"]);
    assert_eq!(asked("Your agent did not want to listen to me on Monday."), ["set description"]);
}

/// Praise and relief with a question or a "but" behind it; n = 12.
const GLAD: [&str; 12] = [
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
    "That sounds like a plan. Would it hurt my credit score?",
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

/// A text that is shown can be added to, or put otherwise.
#[test]
fn the_words_of_a_shown_text_can_be_changed() {
    let reader = reader();
    let add = |text: &str| Some(Rewording::Add(text.to_owned()));
    let replace = |text: &str| Some(Rewording::Replace(text.to_owned()));
    for (text, wanted) in [
        ("please also mention that the driver was rude", add("the driver was rude")),
        ("yes and add that I want an apology", add("I want an apology")),
        ("it must say I was at home all day", add("I was at home all day")),
        ("ok. put in that my neighbour saw it", add("my neighbour saw it")),
        ("can you include: two calls, no answer", add("two calls, no answer")),
        ("no. it should read: the box was empty", replace("the box was empty")),
        ("not like that, just say the box was empty", replace("the box was empty")),
        ("change it to: nobody came", replace("nobody came")),
        ("the text should say instead that nobody came", replace("nobody came")),
        ("don't send that. simply write that I sent it back in May", replace("I sent it back in May")),
        ("yes", None),
        ("no, I meant the other order", None),
        ("what do they say to that?", None),
    ] {
        assert_eq!(reader.rewording(text), wanted, "{text}");
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
    for text in
        ["nothing different", "no changes", "nothing different. just asked how long", "it's fine as it is", "yes"]
    {
        assert_eq!(shape(&read(&reader, text, &correction, Some("exchange_items"), None)), ["repeat"], "{text}");
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

#[test]
fn a_message_in_another_language_is_told_from_names_misspellings_and_single_words() {
    let reader = reader();
    let foreign = |text: &str, expectation: &Expectation| {
        shape(&read(&reader, text, expectation, None, None)) == ["otherlanguage"]
    };
    let slot = Expectation::Slot { slot: "reason".to_owned() };
    for text in [
        "Где мой заказ?",
        "أين طلبي من فضلك؟",
        "Wo ist meine Bestellung? Ich habe sie noch nicht bekommen",
        "var är min beställning?",
        "Où est ma commande, je ne comprends pas",
        "¿Dónde está mi pedido? Quiero una respuesta",
        "waar is mijn pakket, ik heb het niet gekregen",
    ] {
        assert!(foreign(text, &Expectation::Open) && foreign(text, &slot), "{text}");
    }
    assert!(foreign("我的订单在哪里", &Expectation::Open) && foreign("أين طلبي؟", &Expectation::Open));
    for text in [
        "hola, where is my order",
        "wheres my ordr its not hier",
        "merci",
        "I bought the book \"Die Sendung mit der Maus\" and it never came",
        "my order from El Corte Inglés",
        "ok",
        "👍",
    ] {
        assert!(!foreign(text, &Expectation::Open), "{text}");
    }
    for answer in ["Анна Берг", "王伟", "Rue de la Paix et des Arts 5, 75002 Paris", "東京都千代田区1-1"]
    {
        assert!(!foreign(answer, &Expectation::Identify), "{answer}");
    }
}

/// What was just done is asked about; it is not done again.
#[test]
fn a_question_that_points_back_is_for_the_flow_that_follows() {
    let reader = reader();
    let after = |follow_up, text: &str| {
        let alone = UnderstandContext::alone(&Expectation::AnythingElse, Date::constant(2026, 11, 21));
        let context = UnderstandContext { last_flow: Some("cancel_order"), follow_up, ..alone };
        shape(&reader.understand(text, &context).commands)
    };
    for text in ["ok how is it going then?", "and is it really cancelled now?", "so that one is stopped?"] {
        assert_eq!(after(Some("order_status"), text), ["start order_status"], "{text}");
        assert_ne!(after(None, text), ["start order_status"], "{text}");
    }
    for text in ["and the one after that?", "what about the other one?", "and the blue lamp?"] {
        assert_eq!(after(Some("order_status"), text), ["start order_status"], "{text}");
    }
    assert_eq!(after(Some("order_status"), "cancel my other order #W2378156 too"), ["start cancel_order"]);
}

#[test]
fn a_greeting_with_a_name_is_no_question() {
    let reader = reader_with(&["how long does an order take"], &[]);
    let open = Expectation::Open;
    assert_eq!(
        shape(&read(&reader, "Good morning, I am Lena. How long does an order take?", &open, None, None)),
        ["ask"]
    );
}

#[test]
fn a_question_that_may_go_on_is_short_and_points_or_joins() {
    let reader = reader();
    for text in ["and if I don't?", "how long does that take?", "can she just try again", "what if they say no"] {
        assert!(reader.goes_on(text), "{text}");
    }
    let long = "which documents do I have to send when I want to change the name on my account after a wedding";
    for text in [long, "do you sell lamps"] {
        assert!(!reader.goes_on(text), "{text}");
    }
}

/// "Can you arrange that?" asks for what was just said; it begins nothing of its own.
#[test]
fn a_part_that_only_points_belongs_to_the_one_before() {
    let reader = reader();
    let open = |text: &str| shape(&read(&reader, text, &Expectation::Open, None, None));
    for text in [
        "The lamp I'd like to exchange for a bigger one, can you do that?",
        "I want to exchange the shoes for size 9, could you sort that out",
    ] {
        assert_eq!(open(text), ["start exchange_items"], "{text}");
    }
    assert_eq!(
        open("I want to cancel my order #W1234567, and please exchange the lamp of order #W7654321 for a bigger one"),
        ["start cancel_order", "start exchange_items"]
    );
}

/// "The" begins sentences of every kind: an answer that names a thing asks for nothing, however it sounds.
#[test]
fn a_thing_that_is_named_begins_no_request() {
    let reader = reader_with(&[], &[]);
    let slot = Expectation::Slot { slot: "order".to_owned() };
    for text in ["the backpack, the green one", "that lamp, the bigger one", "the red one instead of the blue one"] {
        assert_eq!(shape(&read(&reader, text, &slot, Some("order_status"), None)), ["set order"], "{text}");
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
