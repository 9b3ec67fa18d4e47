//! Who may be told of an account, and how often may somebody guess? Whole turns over a pack that proves identity by a one-time code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::sync::{Arc, OnceLock};

use ombud_domain::{
    ActionOutcome, AwaitingKind, ConversationId, ConversationStatus, CustomerId, IdentityLevel, Principal, Receipt,
    Sensitive, SessionId,
};
use ombud_policy::Pack;
use ombud_testkit::{FixedClock, MemoryLedger, NoKnowledge, NoPages, RecordedCall, ScriptedBackOffice};
use ombud_turn::{
    Assistant, AttemptLimits, IdempotencyKey, Input, Ports, Settings, Stimulus, TurnError, TurnReply, Verdict,
};
use serde_json::{Value, json};

fn ports(office: &Arc<ScriptedBackOffice>, clock: &Arc<FixedClock>) -> Ports {
    let ledger = Arc::new(MemoryLedger::new());
    Ports {
        ledger: ledger.clone(),
        inbox: ledger.clone(),
        attempts: ledger,
        back_office: office.clone(),
        knowledge: Arc::new(NoKnowledge),
        model: None,
        clock: clock.clone(),
        live: Arc::new(NoPages),
    }
}

fn trained() -> &'static Assistant {
    static TRAINED: OnceLock<Assistant> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let files = ombud_testkit::pack_files().unwrap();
        let pack = Pack::parse("paylater", &files).unwrap_or_else(|problems| panic!("{problems:?}"));
        let settings = Settings { shelf: ombud_testkit::shelf(), ..Settings::default() };
        Assistant::new(ports(&Arc::default(), &Arc::default()), Arc::new(pack), settings).unwrap()
    })
}

/// A company and its assistant; visitors come and go.
struct World {
    assistant: Assistant,
    office: Arc<ScriptedBackOffice>,
    clock: Arc<FixedClock>,
}

/// One session with one conversation.
struct Visitor<'w> {
    world: &'w World,
    principal: Principal,
    address: String,
    conversation: ConversationId,
}

impl World {
    fn new(office: ScriptedBackOffice) -> Self {
        Self::with(office, AttemptLimits::default())
    }

    fn with(office: ScriptedBackOffice, attempts: AttemptLimits) -> Self {
        let (office, clock) = (Arc::new(office), Arc::new(FixedClock::default()));
        let settings = Settings { attempts, ..Settings::default() };
        let assistant = trained().beside(ports(&office, &clock), settings);
        Self { assistant, office, clock }
    }

    async fn visitor(&self, number: u8, customer: Option<&str>) -> Visitor<'_> {
        let principal = Principal {
            session_id: SessionId(uuid::Uuid::from_u128(u128::from(number) + 100)),
            customer_id: customer.map(|id| CustomerId(id.to_owned())),
            level: if customer.is_some() { IdentityLevel::Identified } else { IdentityLevel::Anonymous },
        };
        let conversation = self.assistant.open(&principal, None, None).await.unwrap().id;
        Visitor { world: self, principal, address: format!("203.0.113.{number}"), conversation }
    }

    fn called(&self, action: &str) -> usize {
        let is_it = |call: &&RecordedCall| match call {
            RecordedCall::Read(call) | RecordedCall::Perform(_, call) => call.action == action,
            RecordedCall::Secret { action: called, .. } => called == action,
        };
        self.office.calls().iter().filter(is_it).count()
    }
}

/// R57: whatever a visitor did, each of his turns comes out the same when it is run again.
impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let replay = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let turns = runtime.block_on(self.world.assistant.replay(self.conversation, None)).unwrap();
            assert!(turns.iter().all(|turn| turn.verdict == Verdict::Same), "{turns:#?}");
        };
        std::thread::scope(|beside| beside.spawn(replay).join()).unwrap();
    }
}

impl Visitor<'_> {
    async fn send(&self, input: Input) -> Result<TurnReply, TurnError> {
        self.send_with(input, None).await
    }

    async fn enter_once(&self, code: &str, key: &str) -> Result<TurnReply, TurnError> {
        let key = IdempotencyKey { key: key.to_owned(), body_hash: format!("hash of {code}") };
        self.send_with(Input::StepUp { code: Sensitive::new(code.to_owned()) }, Some(key)).await
    }

    async fn send_with(&self, input: Input, idempotency: Option<IdempotencyKey>) -> Result<TurnReply, TurnError> {
        let stimulus = Stimulus {
            conversation_id: self.conversation,
            principal: self.principal.clone(),
            address: Some(self.address.clone()),
            input,
            idempotency,
        };
        self.world.assistant.handle(stimulus).await
    }

    async fn say(&self, text: &str) -> TurnReply {
        self.send(Input::Message { text: Sensitive::new(text.to_owned()), seen_seq: None }).await.unwrap()
    }

    async fn enter(&self, code: &str) -> TurnReply {
        self.send(Input::StepUp { code: Sensitive::new(code.to_owned()) }).await.unwrap()
    }

    async fn claim(&self, details: &str) -> TurnReply {
        self.say("what do I owe you?").await;
        self.say(details).await
    }

    async fn handover_reason(&self) -> Option<String> {
        let view = self.world.assistant.desk_view(self.conversation).await.unwrap();
        view.and_then(|view| view.handover).map(|handover| handover.reason_code)
    }
}

fn text(reply: &TurnReply) -> String {
    reply.messages.iter().map(|message| message.text.clone()).collect()
}

/// All that a caller can see of a reply.
fn seen(reply: &TurnReply) -> Value {
    json!({"text": text(reply), "awaiting": reply.awaiting, "status": reply.status, "refused": reply.refused, "done": reply.done})
}

const DETAILS: &str = "ada@example.com, postal code 114 38";
const BY_NAME: &str = "Ada Byron, postal code 114 38";

fn ada() -> Value {
    json!({"id": "C-1", "first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "market": "SE", "status": "active"})
}

fn done(body: Value) -> ActionOutcome {
    ActionOutcome::Done { receipt: Receipt { receipt_id: "RCT-1".to_owned(), body } }
}

/// What the company knows of the details given.
#[derive(Clone, Copy, PartialEq)]
enum Details {
    Right,
    WrongPostalCode,
    UnknownEmail,
    RightWithoutPhone,
}

fn office(details: Details, checks: impl IntoIterator<Item = ActionOutcome>) -> ScriptedBackOffice {
    let found = |records: Value| [ActionOutcome::Found { body: records }];
    let knows_email = details != Details::UnknownEmail;
    let fits = matches!(details, Details::Right | Details::RightWithoutPhone);
    let sent = match details {
        Details::RightWithoutPhone => ActionOutcome::Refused { reason_code: "no_phone".to_owned() },
        _ => done(json!({"challenge_id": "CHL-1", "masked_destination": "+46 *** ** 01"})),
    };
    ScriptedBackOffice::new()
        .on("find_customer_by_email", found(if knows_email { json!([ada()]) } else { json!([]) }))
        .on("find_customer_by_name", found(if fits { json!([ada()]) } else { json!([]) }))
        .on("send_code", [sent])
        .on("check_code", checks)
        .on("get_customer", found(ada()))
        .on("list_plans", found(json!([])))
        .on("list_orders", found(json!([])))
}

fn wrong() -> ActionOutcome {
    done(json!({"verified": false, "attempts_left": 4}))
}

fn right() -> ActionOutcome {
    done(json!({"verified": true, "attempts_left": 4}))
}

/// Nothing of the account is read or told before the code, and everything ordinary after it.
#[tokio::test]
async fn knowledge_finds_the_account_and_a_code_opens_it() {
    let world = World::new(office(Details::Right, [wrong(), right()]));
    let visitor = world.visitor(1, None).await;
    let asked = visitor.claim(DETAILS).await;
    assert_eq!(asked.awaiting.slot.as_deref(), Some("one_time_code"), "{}", text(&asked));
    for kind in ["yes", "just tell me what I owe", "cancel my order please"] {
        let reply = visitor.say(kind).await;
        assert_eq!(reply.awaiting.slot.as_deref(), Some("one_time_code"), "{kind}: {}", text(&reply));
        assert!(!text(&reply).contains("Ada"), "{kind}: {}", text(&reply));
    }
    assert_eq!((world.called("get_customer"), world.called("list_plans"), world.called("send_code")), (0, 0, 1));
    assert_eq!(visitor.enter("000000").await.awaiting.slot.as_deref(), Some("one_time_code"));
    let told = visitor.enter("123456").await;
    assert!(text(&told).contains("Ada") && world.called("list_plans") == 1, "{}", text(&told));
    let again = visitor.say("what do I owe you?").await;
    assert!(again.awaiting.slot.is_none(), "the code counts for the whole conversation: {}", text(&again));
    assert!(matches!(
        visitor.send(Input::StepUp { code: Sensitive::new("1".to_owned()) }).await,
        Err(TurnError::NoCodeAwaited)
    ));
}

/// A caller cannot tell an unknown e-mail from a wrong postal code, nor either from a customer, until the code.
/// Whose answer was lost enters it again with its key: it is no second try, also when no code is awaited any more.
#[tokio::test]
async fn a_code_with_a_key_is_checked_once() {
    let world = World::new(office(Details::Right, [wrong(), right()]));
    let visitor = world.visitor(1, None).await;
    visitor.claim(DETAILS).await;
    for (code, entered) in [("111111", 1), ("123456", 2)] {
        let first = visitor.enter_once(code, code).await.unwrap();
        let again = visitor.enter_once(code, code).await.unwrap();
        assert_eq!((again.turn_id, again.replayed, seen(&again)), (first.turn_id, true, seen(&first)));
        assert_eq!(world.called("check_code"), entered);
        let other = visitor.enter_once("222222", code).await;
        assert!(matches!(other, Err(TurnError::KeyReused)), "{other:?}");
    }
}

#[tokio::test]
async fn nobody_learns_whether_an_account_exists() {
    let mut stories = Vec::new();
    for details in [Details::Right, Details::WrongPostalCode, Details::UnknownEmail, Details::RightWithoutPhone] {
        let world = World::new(office(details, [wrong()]));
        let visitor = world.visitor(1, None).await;
        let mut story = vec![seen(&visitor.claim(DETAILS).await), seen(&visitor.say("hmm, nothing came").await)];
        for _ in 0..5 {
            story.push(seen(&visitor.enter("000000").await));
        }
        story.push(json!(visitor.handover_reason().await));
        stories.push(story);
    }
    let [first, others @ ..] = stories.as_slice() else { panic!("four stories") };
    for other in others {
        assert_eq!(first, other);
    }
    assert_eq!(first.last(), Some(&json!("not_identified")), "five wrong codes bring in a person");
}

/// Guesses count over conversations, sessions and addresses: five wrong codes of a customer, and none is looked at any more.
#[tokio::test]
async fn a_new_conversation_is_no_new_chance_to_guess() {
    let world = World::new(office(Details::Right, [wrong()]));
    for number in 1..=6 {
        let visitor = world.visitor(number, None).await;
        visitor.claim(DETAILS).await;
        for _ in 0..2 {
            let reply = visitor.enter("000000").await;
            if reply.status == ConversationStatus::WaitingForAgent {
                break;
            }
        }
    }
    assert_eq!(world.called("check_code"), 5);
    let by_name = world.visitor(9, None).await;
    by_name.claim(BY_NAME).await;
    let reply = by_name.enter("000000").await;
    assert_eq!(world.called("check_code"), 5, "another way to the same customer is no new chance either");
    assert_eq!(reply.awaiting.slot.as_deref(), Some("one_time_code"), "and looks like any wrong code");
    world.clock.advance_s(3_601);
    let later = world.visitor(10, None).await;
    later.claim(DETAILS).await;
    later.enter("000000").await;
    assert_eq!(world.called("check_code"), 6, "an hour later it is looked at again");
}

#[tokio::test]
async fn a_claim_for_nobody_has_as_many_tries_as_one_for_a_customer() {
    let mut stories = Vec::new();
    for details in [Details::Right, Details::UnknownEmail] {
        let world = World::new(office(details, [wrong()]));
        let mut story = Vec::new();
        for number in 1..=3 {
            let visitor = world.visitor(number, None).await;
            story.push(seen(&visitor.claim(DETAILS).await));
            for _ in 0..2 {
                story.push(seen(&visitor.enter("000000").await));
            }
            story.push(json!(visitor.handover_reason().await));
        }
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    assert_eq!(stories[0].last(), Some(&json!("not_identified")), "the sixth wrong code of all brings in a person");
}

/// At most five codes reach a customer's phone in an hour, whoever asks; the caller sees no difference.
#[tokio::test]
async fn five_codes_in_an_hour_are_sent_to_a_customer_and_no_sixth() {
    let world = World::new(office(Details::Right, [wrong()]));
    let mut replies = Vec::new();
    for number in 1..=8 {
        let visitor = world.visitor(number, None).await;
        replies.push(seen(&visitor.claim(if number % 2 == 0 { DETAILS } else { BY_NAME }).await));
    }
    assert_eq!(world.called("send_code"), 5);
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    world.clock.advance_s(3_601);
    world.visitor(9, None).await.claim(DETAILS).await;
    assert_eq!(world.called("send_code"), 6);
}

/// Who guesses at somebody else's account takes no try and no code from him where the site has signed him in.
#[tokio::test]
async fn visitors_who_guess_lock_nobody_out_who_is_signed_in() {
    let world = World::new(office(Details::Right, [wrong()]));
    for number in 1..=6 {
        let visitor = world.visitor(number, None).await;
        visitor.claim(DETAILS).await;
        visitor.enter("000000").await;
    }
    let before = (world.called("send_code"), world.called("check_code"));
    assert_eq!(before, (5, 5), "visitors have used up all of theirs");
    let owner = world.visitor(20, Some("C-1")).await;
    let asked = owner.say("my new address is 5 Main Street, 114 38 Stockholm, please change it").await;
    assert_eq!(asked.awaiting.slot.as_deref(), Some("one_time_code"), "{}", text(&asked));
    for _ in 0..5 {
        owner.enter("000000").await;
    }
    assert_eq!((world.called("send_code"), world.called("check_code")), (6, 10));
    owner.enter("000000").await;
    assert_eq!(world.called("check_code"), 10, "his own five are all he has");
}

/// A code that ran out is called so on the first try, and a new one is sent on a word.
#[tokio::test]
async fn a_code_that_ran_out_is_called_so_and_another_is_sent() {
    let late = ActionOutcome::Refused { reason_code: "challenge_expired".to_owned() };
    let world = World::new(office(Details::Right, [late]));
    let owner = world.visitor(1, Some("C-1")).await;
    owner.say("my new address is 5 Main Street, 114 38 Stockholm, please change it").await;
    let told = owner.enter("123456").await;
    assert!(text(&told).contains("has run out") && !text(&told).contains("too many"), "{}", text(&told));
    assert_eq!(told.awaiting.slot.as_deref(), Some("one_time_code"));
    let again = owner.say("send me a new code").await;
    assert_eq!((world.called("send_code"), again.awaiting.slot.as_deref()), (2, Some("one_time_code")));
}

/// "I've sent a code" is said to a visitor only where one was sent, if the details fit; asking again is counted like the first time.
#[tokio::test]
async fn a_visitor_who_asks_for_a_new_code_gets_one() {
    let world = World::new(office(Details::Right, [wrong()]));
    let visitor = world.visitor(1, None).await;
    let first = visitor.claim(DETAILS).await;
    let second = visitor.say("nothing came, send me a new code").await;
    assert_eq!(world.called("send_code"), 2);
    assert_eq!(first.awaiting, second.awaiting);
    let nobody = World::new(office(Details::UnknownEmail, [wrong()]));
    let visitor = nobody.visitor(1, None).await;
    visitor.claim(DETAILS).await;
    assert_eq!(seen(&visitor.say("nothing came, send me a new code").await), seen(&second));
    assert_eq!(nobody.called("send_code"), 0);
}

/// What cannot be a code is no try, and a code may be written in any digits.
#[tokio::test]
async fn what_is_no_code_is_refused_and_not_counted() {
    let world = World::new(office(Details::Right, [wrong()]));
    let visitor = world.visitor(1, None).await;
    visitor.claim(DETAILS).await;
    for no_code in ["abc", "12345", "1234567890123", "12345a"] {
        let refused = visitor.send(Input::StepUp { code: Sensitive::new(no_code.to_owned()) }).await;
        assert!(matches!(refused, Err(TurnError::NotACode)), "{no_code}");
    }
    assert_eq!(world.called("check_code"), 0);
    visitor.enter("１２３ ４５６").await;
    assert_eq!(world.called("check_code"), 1);
}

/// Postal codes cannot be tried out with a new conversation each: ten for an e-mail, ten from an address, hits or not.
#[tokio::test]
async fn the_eleventh_identification_in_an_hour_goes_to_a_person() {
    for details in [Details::Right, Details::UnknownEmail] {
        let world = World::new(office(details, [wrong()]));
        for number in 1..=10 {
            let reply = world.visitor(number, None).await.claim(DETAILS).await;
            assert_eq!(reply.awaiting.kind, AwaitingKind::Identify, "{number}: {}", text(&reply));
        }
        let visitor = world.visitor(11, None).await;
        visitor.claim(DETAILS).await;
        assert_eq!(visitor.handover_reason().await.as_deref(), Some("too_many_attempts"));
        let mut elsewhere = Vec::new();
        for number in 20..=31 {
            let mut visitor = world.visitor(number, None).await;
            "198.51.100.1".clone_into(&mut visitor.address);
            visitor.claim(&format!("person{number}@example.com, postal code 114 38")).await;
            elsewhere.push(visitor.handover_reason().await.is_some());
        }
        assert_eq!(elsewhere.iter().filter(|handed| **handed).count(), 2, "eleventh and twelfth from one address");
    }
}

/// Whoever proves who he is takes nothing from the others behind his address, and has all tries again. Zero switches a limit off.
#[tokio::test]
async fn a_right_code_gives_the_tries_back() {
    let without = AttemptLimits { customer_codes: 0, ..AttemptLimits::default() };
    let world = World::with(office(Details::Right, [right()]), without);
    for number in 1..=15 {
        let mut visitor = world.visitor(number, None).await;
        "198.51.100.1".clone_into(&mut visitor.address);
        visitor.claim(DETAILS).await;
        assert!(text(&visitor.enter("123456").await).contains("Ada"), "{number}");
    }
}

/// Who is signed in is told plainly that no further code is sent, and gets a person.
#[tokio::test]
async fn a_refused_code_is_told_honestly_to_whom_the_site_has_signed_in() {
    let world = World::new(office(Details::Right, [wrong()]));
    let moving = "my new address is 5 Main Street, 114 38 Stockholm, please change it";
    for number in 1..=5 {
        let reply = world.visitor(number, Some("C-1")).await.say(moving).await;
        assert_eq!(reply.awaiting.slot.as_deref(), Some("one_time_code"), "{}", text(&reply));
    }
    let visitor = world.visitor(6, Some("C-1")).await;
    let reply = visitor.say(moving).await;
    assert_eq!(reply.status, ConversationStatus::WaitingForAgent);
    assert!(text(&reply).contains("within the last hour"), "{}", text(&reply));
    assert_eq!(world.called("send_code"), 5);
}

/// A wrong detail is put right without a new conversation; the code of the first one opens nothing then.
#[tokio::test]
async fn corrected_details_are_looked_up_again() {
    let world = World::new(office(Details::WrongPostalCode, [wrong()]));
    let visitor = world.visitor(1, None).await;
    visitor.claim("ada@example.com, postal code 999 99").await;
    let before = world.called("find_customer_by_email");
    let reply = visitor.say("sorry, my postal code is 114 38").await;
    assert_eq!(world.called("find_customer_by_email"), before + 1);
    assert_eq!(reply.awaiting.slot.as_deref(), Some("one_time_code"), "{}", text(&reply));
    visitor.say("I'd like to talk to a person").await;
    assert_eq!(visitor.handover_reason().await.as_deref(), Some("customer_request"));
}

/// Neither a visitor nor a customer hears anything of somebody else, not even that nothing was found; nothing is looked up, and what is open stays.
#[tokio::test]
async fn who_asks_about_somebody_else_hears_that_only_his_own_account_is_talked_about() {
    let world = World::new(office(Details::Right, [wrong()]));
    for (number, who) in [(1, None), (2, Some("C-1"))] {
        let asker = world.visitor(number, who).await;
        let calls = world.office.calls().len();
        let reply = asker.say("how much does my brother owe you?").await;
        assert!(text(&reply).contains("only talk about your own account"), "{}", text(&reply));
        assert_eq!(world.office.calls().len(), calls);
    }
    let visitor = world.visitor(3, None).await;
    let asked = visitor.say("what do I owe you?").await;
    let reply = visitor.say("and show me the orders of the customer with the email bob@example.com").await;
    assert!(text(&reply).contains("only talk about your own account"), "{}", text(&reply));
    assert_eq!(reply.awaiting, asked.awaiting, "what was asked still stands");
    assert_eq!(world.called("send_code"), 0, "the address that was named is no claim");
}
