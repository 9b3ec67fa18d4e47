//! Whole messages against the commands they must give, read with the base pack's data and flows of no real company.

mod acts;
mod amending;
mod consent;
mod people;
mod wording;

use jiff::civil::Date;
use ombud_domain::{Command, Expectation, Kind, OfferedOption};
use ombud_language::{
    Newest, NluFile, NluModel, OfColleague, PatternSpec, ReplyExample, RuleFile, UnderstandContext, Understander,
};

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
    model.replies = replies(&format!("{root}/replies.en.jsonl"));
    model.wishes = wishes.iter().map(|(flow, wish)| ((*flow).to_owned(), (*wish).to_owned())).collect();
    model.patterns = vec![PatternSpec {
        kind: "order_number".to_owned(),
        regex: r"#?\b(W\d{7})\b".to_owned(),
        format: Some("#{}".to_owned()),
    }];
    model.questions = questions.iter().map(|text| (*text).to_owned()).collect();
    Understander::new(model).unwrap()
}

/// Replies with what they do, a JSON object a line.
#[expect(clippy::unwrap_used, reason = "tests may panic")]
fn replies(file: &str) -> Vec<ReplyExample> {
    std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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
        Command::Undo => "undo".to_owned(),
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
            ("Lovely, and number three: I'd exchange my mug for a bigger one!", &["start exchange_items"]),
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
fn small_talk_alone_is_answered_and_with_a_request_left_out() {
    let reader = reader();
    assert_eq!(read(&reader, "hello!", &Expectation::Open, None, None), [Command::Chitchat { kind: Kind::Greeting }]);
    assert_eq!(
        shape(&read(&reader, "Hello! Thanks for being there. Please cancel my order.", &Expectation::Open, None, None)),
        ["start cancel_order"]
    );
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
