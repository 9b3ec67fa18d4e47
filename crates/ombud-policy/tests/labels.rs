//! Whose word is it that money goes to, and by which a customer is reached? Turns of the engine over a small pack, with a reader of a few lines.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ombud_domain::{
    ActionOutcome, Candidate, Choice, ChoiceRequest, Command, IdentityLevel, Label, Proposal, Understanding,
};
use ombud_policy::{
    Authorized, Decision, Deliberation, Dialogue, Ending, Engine, Heard, Moment, Pack, PackFiles, Reader, Sight,
    Standing,
};
use serde_json::{Value, json};

const MANIFEST: &str = "name = \"till\"\ntitle = \"Till\"\nextends = \"base\"\nlocales = [\"en\"]\ndefault_locale = \"en\"\nmarkets = [\"GB\"]\ntimezone = \"UTC\"\n[assistant]\nname = \"Tess\"\n[identity]\ncustomer = \"get_customer\"\nsend_code = \"send_code\"\ncheck_code = \"check_code\"\n[menu]\nflows = [\"say\"]\n";
const TEXTS: &str = "title: it\nexamples: [a thing]\nconfirm: Shall I?\ndone: Done.\nask_to: Whereto?\nask_given: Which?\norder_label: \"{{ item.id }}: {{ item.note }}\"\nnone: None.\nrefused: No.\n";

/// An action with one argument `to` that counts.
fn action(name: &str, risk: &str, rest: &str) -> String {
    format!(
        "action: {name}\nrisk: {risk}\nmethod: POST\npath: /customers/{{customer_id}}/{name}\nin:\n  customer_id: {{ type: string, kind: customer }}\n  to: {{ type: string{rest} }}\nidempotency: key\nambiguity: retry_same_key\n"
    )
}

fn read(name: &str, third_party: &str) -> String {
    format!(
        "action: {name}\nrisk: read\nmethod: GET\npath: /customers/{{customer_id}}/{name}\nin:\n  customer_id: {{ type: string, kind: customer }}\n  about: {{ type: string, optional: true }}\n{third_party}"
    )
}

fn flow(name: &str, steps: &str) -> String {
    format!("flow: {name}\nidentity: identified\nsteps:\n{steps}")
}

const ORDERS: &str = "  - lookup: orders\n    with: { customer_id: session.customer_id }\n    save: orders\n";

fn act(action: &str, to: &str) -> String {
    format!(
        "  - act: {action}\n    with: {{ customer_id: session.customer_id, to: \"{to}\" }}\n    confirm: confirm\n    done: done\n"
    )
}

/// Ways in which a value of the flow comes about.
fn flows() -> Vec<(&'static str, String)> {
    let ask_mail = "  - ask: given\n    value: email\n";
    let fields = "  - ask: wanted\n    text: ask_to\n    fields: { to: email }\n    until: to != null\n";
    let choose = "  - ask: given\n    choose:\n      from: orders\n      id: item.id\n      name: item.name\n      label: order_label\n      refused: refused\n      none: none\n";
    vec![
        ("say", format!("{ask_mail}{}", act("ACT", "lower(given)"))),
        ("fields", format!("{fields}{}", act("ACT", "to"))),
        ("note", format!("{ORDERS}{}", act("ACT", "orders[0].note"))),
        ("record", format!("{ORDERS}{}", act("ACT", "orders[0].mail"))),
        (
            "computed",
            format!(
                "{ORDERS}  - set: {{ all: \"orders.map(o, {{'a': o.id, 'b': o.note}})\" }}\n  - set: {{ to: \"lower(first(all).b) + '.org'\" }}\n{}",
                act("ACT", "to")
            ),
        ),
        (
            "beside",
            format!(
                "{ORDERS}  - set: {{ all: \"orders.map(o, {{'a': o.mail, 'b': o.note}})\" }}\n  - set: {{ to: first(all).a }}\n{}",
                act("ACT", "to")
            ),
        ),
        ("filtered", format!("{ORDERS}{}", act("ACT", "first(orders.filter(o, o.note == 'evil@example.com')).mail"))),
        ("chosen", format!("{ORDERS}{choose}{}", act("ACT", "given.mail"))),
        ("pressed", format!("{ORDERS}{choose}{fields}{}", act("ACT", "to"))),
        ("of_chosen", format!("{ORDERS}{choose}{}", act("ACT", "given.note"))),
        (
            "called",
            format!(
                "{ORDERS}  - call: inner\n    with: {{ handed: orders }}\n    save: {{ to: back }}\n{}",
                act("ACT", "to")
            ),
        ),
        (
            "asked_with",
            format!(
                "{ORDERS}  - lookup: tickets\n    with: {{ customer_id: session.customer_id, about: \"orders[0].note\" }}\n    save: tickets\n{}",
                act("ACT", "tickets[0].mail")
            ),
        ),
        (
            "ticket",
            "  - lookup: tickets\n    with: { customer_id: session.customer_id }\n    save: tickets\n".to_owned()
                + &act("ACT", "tickets[0].text"),
        ),
        ("crm", act("ACT", "customer.remark")),
        ("profile", act("ACT", "customer.mail")),
        ("literal", act("ACT", "'shop@example.com'")),
    ]
}

fn files() -> PackFiles {
    let mut files = ombud_testkit::pack_files().unwrap();
    files.retain(|file, _| file.starts_with("base/"));
    let mut add = |file: String, source: String| files.insert(format!("till/{file}"), source);
    add("pack.toml".to_owned(), MANIFEST.to_owned());
    for (name, paths) in [("orders", "third_party: [\"*.note\"]\n"), ("tickets", "third_party: [\"*.text\"]\n")] {
        add(format!("actions/{name}.yaml"), read(name, paths));
    }
    let customer = "action: get_customer\nrisk: read\nmethod: GET\npath: /customers/{customer_id}\nin:\n  customer_id: { type: string, kind: customer }\nowner: result.id\nthird_party: [remark]\n";
    add("actions/get_customer.yaml".to_owned(), customer.to_owned());
    for (name, risk, rest) in [
        ("pay_out", "money", ""),
        ("change_mail", "credential", ", critical: true"),
        ("note_mail", "write", ", critical: true"),
        ("note_word", "write", ""),
    ] {
        let at_once = if name == "note_mail" { "autonomy: auto\nreversible: true\n" } else { "" };
        add(format!("actions/{name}.yaml"), action(name, risk, rest) + at_once);
        for (flow_name, steps) in flows() {
            let full = if name == "pay_out" { flow_name.to_owned() } else { format!("{flow_name}_{name}") };
            add(format!("flows/{full}/flow.yaml"), flow(&full, &steps.replace("ACT", name)));
            add(format!("flows/{full}/texts/en.yaml"), TEXTS.replace("a thing", &format!("a thing like {full}")));
        }
    }
    add("flows/inner/flow.yaml".to_owned(), flow("inner", "  - set: { back: \"handed[0].note\" }\n"));
    add("flows/inner/texts/en.yaml".to_owned(), TEXTS.replace("a thing", "an inner thing"));
    let code = "risk: challenge\nmethod: POST\npath: /challenges\n";
    let send = "in:\n  customer_id: { type: string, kind: customer }\n  purpose: { type: string }\n";
    let check = "in:\n  challenge_id: { type: string }\n  code: { type: string }\n";
    add("actions/send_code.yaml".to_owned(), format!("action: send_code\n{code}{send}"));
    add("actions/check_code.yaml".to_owned(), format!("action: check_code\n{code}{check}"));
    files
}

fn pack() -> &'static Pack {
    static PACK: OnceLock<Pack> = OnceLock::new();
    PACK.get_or_init(|| Pack::parse("till", &files()).unwrap_or_else(|problems| panic!("{problems:#?}")))
}

/// Reads e-mail addresses and yes, and picks what is named.
struct FewWords;

fn mails(text: &str) -> impl Iterator<Item = String> {
    let words = text.split_whitespace().map(|word| word.trim_end_matches(['.', ',', '!', '?']));
    words.filter(|word| word.contains('@')).map(str::to_lowercase).collect::<Vec<_>>().into_iter()
}

impl Reader for FewWords {
    fn choose(&self, request: &ChoiceRequest<'_>) -> Choice {
        let named = |candidate: &&Candidate| {
            request.utterances.iter().any(|text| text.contains(&candidate.id) || text.contains(&candidate.name))
        };
        let ids: Vec<String> = request.candidates.iter().filter(named).map(|candidate| candidate.id.clone()).collect();
        if ids.is_empty() { Choice::Unread } else { Choice::Picked { ids, because: "named".to_owned() } }
    }

    fn choose_each(&self, _: &[String], _: usize, items: &[(Candidate, Vec<Candidate>)]) -> Vec<Choice> {
        vec![Choice::Unread; items.len()]
    }

    fn entities(&self, text: &str, kinds: &[&str], _: Heard) -> Vec<(String, Value)> {
        match kinds {
            ["yes_no"] => (text == "yes").then(|| ("yes_no".to_owned(), json!(true))).into_iter().collect(),
            kinds if kinds.contains(&"email") => mails(text).map(|mail| ("email".to_owned(), json!(mail))).collect(),
            _ => Vec::new(),
        }
    }

    fn declines(&self, _: &str) -> bool {
        false
    }
}

/// What others wrote stands where it can; records are the customer's own.
fn company(action: &str) -> ActionOutcome {
    let body = match action {
        "get_customer" => json!({"id": "C-1", "mail": "lena@example.com", "remark": "evil@example.com"}),
        "orders" => json!([
            {"id": "O-1", "name": "lamp", "mail": "shop@example.com", "note": "evil@example.com"},
            {"id": "O-2", "name": "chair", "mail": "store@example.com", "note": null},
        ]),
        "tickets" => json!([{"id": "T-1", "mail": "desk@example.com", "text": "evil@example.com"}]),
        other => panic!("{other} is not read"),
    };
    ActionOutcome::Found { body }
}

/// What a conversation came to.
enum Came {
    Authorized(Box<Authorized>),
    Ended(Box<Ending>),
}

struct Talk {
    dialogue: Dialogue,
}

impl Talk {
    fn new() -> Self {
        let dialogue = Dialogue { level: IdentityLevel::Verified, verified_until_us: i64::MAX, ..Dialogue::default() };
        Self { dialogue }
    }

    /// One turn: what the customer wrote, and what was understood of it by whom.
    fn turn(&mut self, text: &str, commands: &[Command], by: Label) -> Came {
        let moment = Moment {
            conversation_id: "1".to_owned(),
            locale: "en".to_owned(),
            market: "GB".to_owned(),
            now_us: 1,
            today: "2026-11-30".to_owned(),
            desk: ombud_policy::DeskTimes::default(),
            session_customer_id: Some("C-1".to_owned()),
            session_level: IdentityLevel::Identified,
            text: text.to_owned(),
            said: text.to_owned(),
            sight: Sight::Current,
            colleague_at: String::new(),
        };
        let engine = Engine { pack: pack(), reader: &FewWords, moment: &moment };
        // What is stored between turns is read again.
        let stored = serde_json::to_value(&self.dialogue).unwrap();
        let mut state = Deliberation::new(serde_json::from_value(stored).unwrap());
        let understood = Understanding {
            locale: "en".to_owned(),
            commands: commands.to_vec(),
            label: by,
            ..Understanding::default()
        };
        let mut decision = engine.begin(&mut state, &understood, &[]);
        for _ in 0..20 {
            let outcome = match decision {
                Decision::Read(call) => company(&call.action),
                Decision::Recall { .. } => ActionOutcome::Found { body: json!(Standing::default()) },
                Decision::Perform(authorized) => return Came::Authorized(authorized),
                Decision::Count { who } => panic!("{who} is counted"),
                Decision::End(ending) => {
                    self.dialogue = state.dialogue;
                    return Came::Ended(ending);
                }
            };
            decision = engine.resume(&mut state, &outcome);
        }
        panic!("the turn does not end");
    }

    fn say(&mut self, text: &str, commands: &[Command]) -> Came {
        self.turn(text, commands, Label::UserTyped)
    }
}

fn start(flow: &str, text: &str) -> Command {
    Command::StartFlow { flow: flow.to_owned(), confidence: 1.0, text: text.to_owned() }
}

fn set(text: &str) -> Command {
    Command::SetSlot { slot: "given".to_owned(), text: text.to_owned() }
}

/// What becomes of a request that begins so and is agreed to: what was authorized, else why not.
fn agreed(talk: &mut Talk, came: Came) -> Result<Proposal, String> {
    let told = |ending: &Ending| {
        let refused = ending.refused.first().map(|refused| refused.reason_code.clone());
        let handover = ending.handover.as_ref().map(|handover| handover.reason_code.clone());
        refused.or(handover).unwrap_or_else(|| format!("{:?} {:?}", ending.awaiting.kind, ending.reasons))
    };
    match came {
        Came::Authorized(authorized) => Ok(authorized.proposal().clone()),
        Came::Ended(ending) if ending.awaiting.proposal.is_some() => match talk.say("yes", &[Command::Affirm]) {
            Came::Authorized(authorized) => Ok(authorized.proposal().clone()),
            Came::Ended(ending) => Err(told(&ending)),
        },
        Came::Ended(ending) => Err(told(&ending)),
    }
}

fn to(proposal: &Proposal) -> &str {
    proposal.arguments["to"].as_str().unwrap()
}

/// One request from its first words to the yes.
fn asked(flow: &str, words: &str) -> Result<Proposal, String> {
    let mut talk = Talk::new();
    let came = talk.say(words, &[start(flow, words)]);
    agreed(&mut talk, came)
}

/// R5: the note of an order, the text of a ticket and a remark in the customer's file, by every way through a flow.
#[test]
fn no_value_of_others_is_authorized_where_it_counts() {
    let tainted = ["note", "computed", "filtered", "called", "asked_with", "ticket", "crm"];
    for flow in tainted {
        for action in ["pay_out", "change_mail"] {
            let name = if action == "pay_out" { flow.to_owned() } else { format!("{flow}_{action}") };
            let refused = asked(&name, "do it").unwrap_err();
            assert_eq!(refused, "not_from_customer", "{name}");
        }
    }
    let sound = [
        ("record", "do it", "shop@example.com", None),
        ("beside", "do it", "shop@example.com", None),
        ("profile", "do it", "lena@example.com", Some(Label::Record)),
        ("literal", "do it", "shop@example.com", Some(Label::Session)),
        ("chosen", "the lamp", "shop@example.com", Some(Label::UserTyped)),
        ("say", "send it to Evil@Example.com", "evil@example.com", Some(Label::UserTyped)),
        ("fields", "send it to evil@example.com", "evil@example.com", Some(Label::UserTyped)),
    ];
    for (flow, words, expected, label) in sound {
        let paid = asked(flow, words).unwrap_or_else(|why| panic!("{flow}: {why}"));
        assert_eq!((to(&paid), paid.labels.is_empty()), (expected, true), "{flow}");
        let changed = asked(&format!("{flow}_change_mail"), words).unwrap_or_else(|why| panic!("{flow}: {why}"));
        assert_eq!(to(&changed), expected, "{flow}");
        let told = changed.labels.get("to").copied();
        assert!(told >= Some(Label::UserTyped) && label.is_none_or(|label| told == Some(label)), "{flow}: {told:?}");
    }
}

/// R5: what is made of a value with others' words is worth what those are worth, whichever way it goes; what stands beside them is not.
#[test]
fn what_others_wrote_taints_what_is_made_of_it() {
    for flow in ["note", "computed", "filtered", "called", "asked_with", "ticket", "crm"] {
        let noted = asked(&format!("{flow}_note_word"), "do it").unwrap_or_else(|why| panic!("{flow}: {why}"));
        assert_eq!(noted.labels, BTreeMap::from([("to".to_owned(), Label::ThirdParty)]), "{flow}");
    }
    for flow in ["record", "beside", "profile", "literal"] {
        let noted = asked(&format!("{flow}_note_word"), "do it").unwrap_or_else(|why| panic!("{flow}: {why}"));
        assert!(noted.labels.is_empty(), "{flow}: {:?}", noted.labels);
    }
    let chosen = asked("of_chosen_note_word", "the lamp").unwrap();
    assert_eq!(chosen.labels, BTreeMap::from([("to".to_owned(), Label::ThirdParty)]));
    assert_eq!(asked("of_chosen", "the lamp").unwrap_err(), "not_from_customer");
}

/// R5: what may be done at once is asked first when others name it.
#[test]
fn what_others_name_is_not_done_at_once() {
    let mut talk = Talk::new();
    let Came::Authorized(typed) = talk.say("it is a@b.org", &[start("say_note_mail", "it is a@b.org")]) else {
        panic!("what the customer types is done at once")
    };
    assert_eq!(to(typed.proposal()), "a@b.org");
    let mut talk = Talk::new();
    let came = talk.say("do it", &[start("note_note_mail", "do it")]);
    let Came::Ended(ending) = &came else { panic!("what others name is done at once") };
    assert_eq!(ending.awaiting.proposal.as_ref().map(|proposal| proposal.action.as_str()), Some("note_mail"));
    let noted = agreed(&mut talk, came).unwrap();
    assert_eq!(
        noted.labels,
        BTreeMap::from([("to".to_owned(), Label::ThirdParty)]),
        "and the yes is to what was shown"
    );
}

/// R5: a language model that fills a slot, picks a record, corrects the customer or agrees for him.
#[test]
fn what_a_model_proposes_counts_only_as_far_as_the_customer_said_it() {
    let evil = "evil@example.com";
    for flow in ["say", "say_change_mail", "fields", "fields_change_mail"] {
        let mut talk = Talk::new();
        let came = talk.turn("please do it", &[start(flow, evil)], Label::Model);
        assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer", "{flow}");
        let mut talk = Talk::new();
        talk.say("please do it", &[start(flow, "please do it")]);
        let came = talk.turn("well", &[set(evil)], Label::Model);
        assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer", "{flow}");
        // The same from the customer's own mouth, in his own words or in the model's.
        for (words, model_says) in [
            ("please send it to evil@example.com.", "please send it to evil@example.com."),
            ("please send it to Evil@Example.com.", evil),
        ] {
            let mut talk = Talk::new();
            let came = talk.turn(words, &[start(flow, model_says)], Label::Model);
            let done = agreed(&mut talk, came).unwrap_or_else(|why| panic!("{flow}: {why}"));
            assert_eq!(to(&done), evil, "{flow}");
        }
    }
    // A part of what he wrote is not what he wrote.
    let mut talk = Talk::new();
    let came = talk.turn("send it to not-evil@example.com", &[start("say", evil)], Label::Model);
    assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer");
    // A record of his own that nobody but the model picked.
    let mut talk = Talk::new();
    let came = talk.turn("do it", &[start("chosen", "the chair")], Label::Model);
    assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer");
    let mut talk = Talk::new();
    let came = talk.turn("do it for the chair", &[start("chosen", "the chair")], Label::Model);
    assert_eq!(to(&agreed(&mut talk, came).unwrap()), "store@example.com");
}

#[test]
fn what_a_model_says_stays_the_models_over_turns_until_the_customer_says_otherwise() {
    let mut talk = Talk::new();
    talk.say("do it", &[start("say_note_word", "do it")]);
    let came = talk.turn("hm", &[set("evil@example.com")], Label::Model);
    let Came::Ended(ending) = &came else { panic!("nothing is done before the yes") };
    assert!(ending.reasons.iter().any(|reason| reason == "labels of note_word: to model"), "{:?}", ending.reasons);
    let corrected = talk.say("no, lena@example.com", &[Command::Correct { text: "no, lena@example.com".to_owned() }]);
    let noted = agreed(&mut talk, corrected).unwrap();
    assert_eq!((to(&noted), noted.labels.is_empty()), ("lena@example.com", true));
    // A button that only the model pressed.
    let mut talk = Talk::new();
    talk.say("do it", &[start("chosen", "do it")]);
    let came = talk.turn("hm", &[Command::Choose { id: "O-2".to_owned() }], Label::Model);
    assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer");
    let mut talk = Talk::new();
    talk.say("do it", &[start("chosen", "do it")]);
    let came = talk.say("", &[Command::Choose { id: "O-2".to_owned() }]);
    assert_eq!(to(&agreed(&mut talk, came).unwrap()), "store@example.com");
}

/// R5: what stands on a button because others wrote it is not said by who presses it.
#[test]
fn the_words_on_a_button_are_not_the_customers_where_others_wrote_them() {
    let press = Command::Choose { id: "O-1".to_owned() };
    let mut talk = Talk::new();
    talk.say("do it", &[start("pressed", "do it")]);
    let came = talk.say("", std::slice::from_ref(&press));
    assert_eq!(agreed(&mut talk, came).unwrap_err(), "not_from_customer");
    let mut talk = Talk::new();
    talk.say("do it", &[start("chosen", "do it")]);
    let came = talk.say("", &[press]);
    assert_eq!(to(&agreed(&mut talk, came).unwrap()), "shop@example.com", "what he picked is his choice");
    let mut talk = Talk::new();
    talk.say("do it", &[start("pressed", "do it")]);
    talk.say("", &[Command::Choose { id: "O-2".to_owned() }]);
    let came = talk.say("a@b.org", &[set("a@b.org")]);
    assert_eq!(to(&agreed(&mut talk, came).unwrap()), "a@b.org");
}

/// R2, R9: a yes is the customer's.
#[test]
fn no_model_agrees_for_the_customer() {
    let mut talk = Talk::new();
    let came = talk.say("to a@b.org", &[start("say", "to a@b.org")]);
    assert!(matches!(&came, Came::Ended(ending) if ending.awaiting.proposal.is_some()));
    let Came::Ended(ending) = talk.turn("what is that?", &[Command::Affirm], Label::Model) else {
        panic!("a model has agreed")
    };
    assert!(ending.awaiting.proposal.is_some(), "it is shown again");
    let Came::Authorized(paid) = talk.turn("yes", &[Command::Affirm], Label::Model) else {
        panic!("what the customer says is heard, whoever passes it on")
    };
    assert_eq!(to(paid.proposal()), "a@b.org");
}

/// A dialogue of before labels is read as it was, and one without anything of others stays as short as it was.
#[test]
fn a_dialogue_without_labels_reads_and_writes_as_before() {
    let mut talk = Talk::new();
    talk.say("to a@b.org", &[start("say", "to a@b.org")]);
    let stored = serde_json::to_string(&talk.dialogue).unwrap();
    assert!(!stored.contains("label") && !stored.contains("\"own\""), "{stored}");
    let mut talk = Talk::new();
    talk.say("do it", &[start("of_chosen", "do it")]);
    let stored = serde_json::to_value(&talk.dialogue).unwrap();
    assert_eq!(stored.pointer("/frames/0/labels"), Some(&json!({"/orders/0/note": "third_party"})));
}

#[test]
fn a_path_that_is_none_is_refused_with_its_line() {
    let mut files = files();
    let file = "till/actions/orders.yaml";
    let source = files.get_mut(file).unwrap();
    *source = source.replace("\"*.note\"", "\"result[0].note\"");
    let problems = Pack::parse("till", &files).unwrap_err();
    let line = files[file].lines().position(|line| line.contains("result[0]")).unwrap() + 1;
    let found = problems.iter().find(|problem| problem.message.contains("`result[0].note` is no path"));
    assert!(found.is_some_and(|problem| problem.file == file && problem.line == line), "{problems:?}");
}
