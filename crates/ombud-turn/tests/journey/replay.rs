//! Does every turn come out as it is recorded when it is run again from what is stored?

use std::fs;
use std::path::PathBuf;

use ombud_domain::NewEvent;
use ombud_policy::{ApiCall, Intent, Pack};
use ombud_ports::BackOffice;
use ombud_turn::{Difference, Replayed, Verdict, Why};
use serde::{Deserialize, Serialize};

use super::*;

impl World {
    async fn replayed(&self) -> Vec<Replayed> {
        self.assistant.replay(self.conversation, None).await.unwrap()
    }

    /// The same conversation in a ledger of its own, each event changed on the way.
    async fn copied(&self, trained: &Assistant, change: impl Fn(&mut RecordedEvent)) -> Assistant {
        let mut events = self.events().await;
        events.iter_mut().for_each(change);
        let ledger = ledger_of(&events).await;
        trained.beside(Ports { attempts: ledger.clone(), ..self.ports(ledger) }, Settings::default())
    }
}

/// R57: whatever a test of this journey did, each of its turns comes out the same, calls nobody and writes nothing.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let replay = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let before = (self.office.calls().len(), self.events().await.len());
                for turn in self.replayed().await {
                    let is_same = match &turn.verdict {
                        Verdict::Same | Verdict::SameSoFar => true,
                        Verdict::NotReplayable { why } => matches!(why, Why::Shredded | Why::Withheld),
                        // What it ran with that is not here any more is named.
                        Verdict::Differs { .. } => !turn.ran_with.is_empty(),
                    };
                    assert!(is_same, "{turn:#?}");
                }
                assert_eq!((self.office.calls().len(), self.events().await.len()), before);
            });
        };
        std::thread::scope(|beside| beside.spawn(replay).join()).unwrap();
    }
}

async fn ledger_of(events: &[RecordedEvent]) -> Arc<MemoryLedger> {
    let ledger = Arc::new(MemoryLedger::new());
    for event in events {
        let payload = (&event.payload).into();
        let commit = Commit {
            tenant: TenantId("default".to_owned()),
            stream: event.stream.clone(),
            expected_version: event.version - 1,
            events: vec![NewEvent { kind: event.kind.clone(), payload }],
            outbox: Vec::new(),
            reply: None,
            shredding: None,
            counting: None,
            moving: None,
            at: event.at,
        };
        ledger.append(commit).await.unwrap();
    }
    ledger
}

fn differences(turn: &Replayed) -> &[Difference] {
    match &turn.verdict {
        Verdict::Differs { differences } => differences,
        other => panic!("{other:?}"),
    }
}

/// A conversation with a proposal and a yes.
async fn cancelled_order() -> World {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    world.say("yes").await;
    world
}

#[tokio::test]
async fn every_turn_of_a_conversation_comes_out_the_same() {
    let world = cancelled_order().await;
    let turns = world.replayed().await;
    assert_eq!(turns.len(), 3);
    assert!(turns.iter().all(|turn| turn.verdict == Verdict::Same && turn.events >= 4), "{turns:?}");
    let events: usize = turns.iter().map(|turn| turn.events).sum();
    // All but the opening: what was said, stages, state, inputs; the intent with inputs of its own, and the outcome.
    assert_eq!(events, world.events().await.len() - 2);
    let one = world.assistant.replay(world.conversation, Some(turns[1].turn_id)).await.unwrap();
    assert_eq!(one, turns[1..2]);
}

/// One digit of one answer of the company, and the turn that read it does not come out the same.
#[tokio::test]
async fn a_tampered_input_is_seen() {
    let world = cancelled_order().await;
    let tampered = world
        .copied(trained(), |event| {
            if event.kind == "turn.inputs" {
                event.payload = serde_json::from_str(&event.payload.to_string().replace("20.5", "20.6")).unwrap();
            }
        })
        .await;
    let turns = tampered.replay(world.conversation, None).await.unwrap();
    assert_eq!(turns[0].verdict, Verdict::Same, "it had read nothing yet");
    let differences = differences(&turns[1]);
    assert!(
        differences.iter().any(|one| one.event == "turn.recorded" && one.path.starts_with("/dialogue")),
        "{differences:#?}"
    );
    assert!(differences.iter().all(|one| one.stored != one.replayed), "{differences:#?}");
}

/// Whatever of a turn is changed, left out or put in.
#[tokio::test]
async fn a_tampered_record_is_seen() {
    let world = cancelled_order().await;
    let kinds = ["message.created", "turn.stages", "turn.recorded", "action.intended", "action.settled", "action.told"];
    for kind in kinds {
        let tampered = world
            .copied(trained(), |event| {
                if event.kind == kind && event.version > 2 {
                    let text = event.payload.to_string();
                    // A letter that stands in every one of them, where a value can hold it.
                    event.payload = serde_json::from_str(&text.replace("#W0000001", "#W0000002")).unwrap();
                    event.payload["more"] = json!(1);
                }
            })
            .await;
        let turns = tampered.replay(world.conversation, None).await.unwrap();
        let last = turns.last().unwrap();
        assert!(differences(last).iter().any(|one| one.event.starts_with(kind)), "{kind}: {last:#?}");
    }
}

/// Which policy it ran with, which is here, and what comes of it.
#[tokio::test]
async fn another_policy_is_named_with_what_it_changes() {
    let world = cancelled_order().await;
    let mut files = files();
    let rule = "@id(\"never\") @reason(\"not_today\") forbid (principal, action == Action::\"cancel_pending_order\", resource);";
    files.insert("retail/policies/never.cedar".to_owned(), rule.to_owned());
    let changed = train(&files);
    let there = world.copied(&changed, |_| {}).await;
    let turns = there.replay(world.conversation, None).await.unwrap();
    let packs: Vec<_> = turns.iter().map(|turn| &turn.ran_with[0]).collect();
    assert!(packs.iter().all(|other| other.what == "pack" && other.stored == trained().pack().hash), "{packs:?}");
    assert!(packs.iter().all(|other| other.here == changed.pack().hash && other.here != other.stored), "{packs:?}");
    assert_eq!(turns[0].verdict, Verdict::Same, "no policy was asked yet");
    let differences = differences(&turns[1]);
    let reasons = differences.iter().map(|one| one.replayed.to_string()).collect::<String>();
    assert!(reasons.contains("not_today"), "{differences:#?}");
}

/// A process that dies after its intent leaves the part of the turn that led to it.
#[tokio::test]
async fn a_turn_that_was_cut_off_comes_out_up_to_its_effect() {
    for kind in ["action.settled", "turn.recorded"] {
        let (world, _) = at_the_proposal(cancelled(), None).await;
        let world = world.killed_at(kind).await;
        let turns = world.replayed().await;
        let cut_off = turns.last().unwrap();
        assert_eq!((&cut_off.verdict, cut_off.events), (&Verdict::SameSoFar, 2), "the intent and its inputs");
        world.clock.advance_s(60);
        world.assistant.recover().await.unwrap();
        let recovered = world.replayed().await;
        assert_eq!(recovered.last().unwrap().verdict, Verdict::Same, "and so does the turn that went on with it");
        assert_eq!(recovered.len(), turns.len() + 1);
    }
}

/// What was erased, shredded or recorded without inputs is not guessed at.
#[tokio::test]
async fn what_cannot_be_replayed_says_why() {
    let world = cancelled_order().await;
    let erased = world.copied(trained(), |event| event.payload = RecordedEvent::erased_payload()).await;
    assert!(matches!(erased.replay(world.conversation, None).await, Err(TurnError::Erased)));
    let why = |turn: &Replayed| match turn.verdict {
        Verdict::NotReplayable { why } => Some(why),
        _ => None,
    };
    let earlier = |event: &mut RecordedEvent| {
        if event.kind == "turn.inputs" {
            event.kind = "turn.of_before".to_owned();
        }
    };
    let turns = world.copied(trained(), earlier).await.replay(world.conversation, None).await.unwrap();
    assert!(turns.len() == 3 && turns.iter().all(|turn| why(turn) == Some(Why::NoInputs)), "{turns:?}");
    let nowhere = ConversationId(uuid::Uuid::from_u128(4711));
    assert!(matches!(world.assistant.replay(nowhere, None).await, Err(TurnError::NotFound)));
    let card = World::new(ScriptedBackOffice::new(), None).await;
    for text in ["hello", "my card is 4111 1111 1111", "1111", "what can you do?"] {
        card.say(text).await;
    }
    let turns = card.replayed().await;
    let whys: Vec<_> = turns.iter().map(why).collect();
    assert_eq!(whys, [None, Some(Why::Shredded), Some(Why::Shredded), None], "{turns:?}");
}

/// R33, R34: what the company's systems say is written down for the replay, but no card number.
#[tokio::test]
async fn an_answer_with_a_card_number_is_not_kept() {
    let mut with_card = order("pending");
    with_card["note"] = json!("paid with 4111 1111 1111 1111");
    let office = ScriptedBackOffice::new()
        .on("find_user_id_by_email", [ActionOutcome::Found { body: json!([user()]) }])
        .on("get_user_details", [ActionOutcome::Found { body: user() }])
        .on("list_orders", [ActionOutcome::Found { body: json!([with_card]) }]);
    let world = World::new(office, None).await;
    world.say("please cancel order #W0000001, I ordered it by mistake").await;
    world.say("ada@example.com").await;
    let events = world.events().await;
    let inputs: String =
        events.iter().filter(|event| event.kind == "turn.inputs").map(|event| event.payload.to_string()).collect();
    assert!(inputs.contains("withheld") && !inputs.contains("4111"), "{inputs}");
    let turns = world.replayed().await;
    assert_eq!(turns[1].verdict, Verdict::NotReplayable { why: Why::Withheld });
}

/// Markers may be longer than what they stand for.
#[tokio::test]
async fn a_message_full_of_card_numbers_is_replayed() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    world.say(&"4111111111111111 ".repeat(470)).await;
    assert_eq!(world.replayed().await[0].verdict, Verdict::Same);
}

/// A one-time code, an address and a key are not among what is written down of a turn.
#[tokio::test]
async fn what_is_kept_of_a_turn_holds_no_address_and_no_key() {
    let world = World::new(ScriptedBackOffice::new(), None).await;
    let key = IdempotencyKey { key: "key-4711".to_owned(), body_hash: "hash-4711".to_owned() };
    let keyed = Stimulus { idempotency: Some(key), ..world.stimulus("my card is 4111 1111 1111 1111") };
    world.assistant.handle(keyed).await.unwrap();
    let events = world.events().await;
    let inputs = events.iter().find(|event| event.kind == "turn.inputs").unwrap().payload.to_string();
    for kept_off in ["203.0.113.7", "key-4711", "hash-4711", "4111 1111"] {
        assert!(!inputs.contains(kept_off), "{inputs}");
    }
    assert_eq!(world.replayed().await[0].verdict, Verdict::Same);
}

/// A company that never answers a look-up, and where a colleague writes a note while a write is under way.
struct Busy {
    office: Arc<ScriptedBackOffice>,
    ledger: Arc<MemoryLedger>,
    conversation: ConversationId,
    never: &'static str,
}

#[async_trait::async_trait]
impl BackOffice for Busy {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        if call.action == self.never {
            std::future::pending::<()>().await;
        }
        self.office.read(call).await
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        let (tenant, stream) = (TenantId("default".to_owned()), StreamId::from(self.conversation));
        let events = self.ledger.read(&tenant, &stream, 0, 10_000).await.unwrap();
        let noted = NewEvent { kind: "desk.noted".to_owned(), payload: json!({"agent": "Kim", "note": "seen"}).into() };
        let commit = Commit {
            tenant,
            stream,
            expected_version: events.last().unwrap().version,
            events: vec![noted],
            outbox: Vec::new(),
            reply: None,
            shredding: None,
            counting: None,
            moving: None,
            at: events.last().unwrap().at,
        };
        self.ledger.append(commit).await.unwrap();
        self.office.perform(intent).await
    }

    async fn pass_secret(&self, call: &ApiCall) -> ActionOutcome {
        self.office.pass_secret(call).await
    }
}

impl World {
    fn busy(&self, never: &'static str) -> Assistant {
        let (office, ledger) = (self.office.clone(), self.ledger.clone());
        let busy = Busy { office, ledger, conversation: self.conversation, never };
        let ports = Ports { back_office: Arc::new(busy), ..self.ports(self.ledger.clone()) };
        trained().beside(ports, Settings { action_deadline_ms: 20, ..Settings::default() })
    }
}

/// An answer that did not come in time does not come in the replay either, and nobody waits for it.
#[tokio::test]
async fn an_answer_that_never_came_is_replayed_as_such() {
    let world = World::new(shop(cancelled()), None).await;
    let slow = world.busy("list_orders");
    slow.handle(world.stimulus("please cancel order #W0000001, I ordered it by mistake")).await.unwrap();
    slow.handle(world.stimulus("ada@example.com")).await.unwrap();
    let events = world.events().await;
    let inputs = events.iter().rev().find(|event| event.kind == "turn.inputs").unwrap().payload.to_string();
    assert!(inputs.contains("\"nothing\":null"), "{inputs}");
    let turns = world.replayed().await;
    assert!(turns.len() == 2 && turns.iter().all(|turn| turn.verdict == Verdict::Same), "{turns:#?}");
}

/// What others wrote between the commits of a turn is not its own, and leaves no difference.
#[tokio::test]
async fn a_turn_with_others_between_its_commits_comes_out_the_same() {
    let (world, _) = at_the_proposal(cancelled(), None).await;
    let reply = world.busy("").handle(world.stimulus("yes")).await.unwrap();
    assert_eq!(reply.done.len(), 1);
    let kinds: Vec<String> = world.events().await.into_iter().map(|event| event.kind).collect();
    let intended = kinds.iter().position(|kind| kind == "action.intended").unwrap();
    assert_eq!(kinds[intended..intended + 4], ["action.intended", "turn.inputs", "desk.noted", "action.settled"]);
    let turns = world.replayed().await;
    assert_eq!(turns.last().unwrap().verdict, Verdict::Same, "{turns:#?}");
}

/// Conversations as a release wrote them, with the pack it had.
#[derive(Serialize, Deserialize)]
struct Records {
    release: String,
    pack: PackFiles,
    conversations: Vec<Vec<RecordedEvent>>,
}

fn records_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records")
}

/// The pack of these tests with a part of its examples: what is stored with a release need not be large.
fn thinned() -> PackFiles {
    let thin = |(file, text): (String, String)| {
        let part = match file.rsplit('.').next() {
            Some("jsonl") => 16,
            Some("txt") => 40,
            _ => 1,
        };
        let lines: Vec<&str> = text.lines().step_by(part).collect();
        (file, if part == 1 { text } else { lines.join("\n") })
    };
    let kept = |file: &str| {
        let tests = ["tests.yaml", "_test.yaml", "golden.json"];
        ["base/", "retail/"].iter().any(|top| file.starts_with(top)) && !tests.iter().any(|end| file.ends_with(end))
    };
    files().into_iter().filter(|(file, _)| kept(file)).map(thin).collect()
}

/// What is said in the conversations of the records, a list for each; `-` is a minute of silence, `!` the end of a person's work.
const SAID: [&[&str]; 6] = [
    &["hello", "please cancel order #W0000001, I ordered it by mistake", "ada@example.com", "yes", "thanks, bye"],
    &[
        "cancel my order please",
        "ada@example.com",
        "#W0000001",
        "no longer needed",
        "no",
        "let me talk to a human being",
    ],
    &["my card is 4111 1111 1111 1111, cvv 737, refund it there", "what can you do?", "I want my money back NOW"],
    &["I want a human agent", "are you there?", "!", "what did your colleague say?", "cancel #W0000001"],
    &["please cancel order #W0000001, I ordered it by mistake", "ada@example.com", "-", "-", "yes"],
    &["my husband died last week and I cannot pay", "do I owe his debts?", "sprechen Sie Deutsch?"],
];

async fn record(files: PackFiles) -> Records {
    let trained = train(&files);
    let mut conversations = Vec::new();
    for (number, said) in SAID.into_iter().enumerate() {
        let drafts =
            ["Of course! Could you tell me your e-mail address, or your name and zip code?", "I have refunded 500.00"];
        let model = (number % 2 == 0).then(|| ScriptedModel::saying(&drafts));
        let outcomes = if number == 4 { ActionOutcome::Unknown } else { cancelled() };
        let world = World::of(&trained, shop(outcomes), model).await;
        for text in said {
            match *text {
                "-" => {
                    world.clock.advance_s(3_600);
                    world.assistant.break_silence().await.unwrap();
                    world.assistant.recover().await.unwrap();
                }
                "!" => {
                    world.assistant.desk_act(world.conversation, "Kim", TAKE).await.unwrap();
                    let back = give_back(Some("I have looked at it, all is well."), OpenRequest::Closed);
                    world.assistant.desk_act(world.conversation, "Kim", back).await.unwrap();
                }
                text => {
                    world.say(text).await;
                }
            }
        }
        conversations.push(world.events().await);
    }
    Records { release: env!("CARGO_PKG_VERSION").to_owned(), pack: files, conversations }
}

/// R57, also on the next release's build: what each release has recorded comes out the same, with the pack it had. When this fails, this build decides
/// otherwise than the release did; `OMBUD_WRITE_RECORDS=1` writes the file of the release that is being made.
#[tokio::test]
async fn what_every_release_has_recorded_comes_out_the_same() {
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
    if std::env::var_os("OMBUD_WRITE_RECORDS").is_some() {
        let records = record(thinned()).await;
        let text = serde_json::to_string(&records).unwrap();
        fs::create_dir_all(records_folder()).unwrap();
        fs::write(records_folder().join(format!("{}.json", records.release)), text + "\n").unwrap();
    }
    let mut releases = Vec::new();
    for entry in fs::read_dir(records_folder()).unwrap() {
        let records: Records = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let pack = Pack::parse("retail", &records.pack).unwrap_or_else(|problems| panic!("{problems:?}"));
        let settings = Settings { shelf: ombud_testkit::shelf(), ..Settings::default() };
        let ports = World::parts(ScriptedBackOffice::new(), None).1;
        let trained = Assistant::new(ports, Arc::new(pack), settings).unwrap();
        let mut turns = 0;
        for conversation in &records.conversations {
            let ledger = ledger_of(conversation).await;
            let ports = World::parts(ScriptedBackOffice::new(), None).1;
            let assistant = trained.beside(Ports { ledger, ..ports }, Settings::default());
            let id = conversation[0].stream.id.parse().unwrap();
            for turn in assistant.replay(id, None).await.unwrap() {
                assert!(matches!(turn.verdict, Verdict::Same), "release {}: {turn:#?}", records.release);
                turns += 1;
            }
        }
        println!("release {}: {turns} turns come out the same", records.release);
        releases.push((records.release, turns));
    }
    assert!(
        releases.iter().any(|(release, turns)| release == env!("CARGO_PKG_VERSION") && *turns > 20),
        "{releases:?}"
    );
}
