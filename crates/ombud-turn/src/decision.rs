//! Stage 5: what is to be done? The flow engine moves and the policies decide; no I/O, no clock, no model.

use ombud_domain::knowledge::Finding;
use ombud_domain::{ActionOutcome, Command, Stage, Understanding};
use ombud_policy::engine::{CodeCheck, Earlier, SentOff};
use ombud_policy::{ApiCall, Authorized, Decision, Deliberation, Dialogue, Ending, Engine, Moment, Origin, Saying};
use serde_json::{Value, json};

use crate::approvals::Outcome;
use crate::assistant::Assistant;
use crate::attempts::EnteredCode;
use crate::context::{Asker, Grounds};
use crate::conversation::says_something;
use crate::intake::{Arrival, code_digits};
use crate::market;
use crate::reader::{LexicalReader, desk_times, local, today};
use crate::safety::{Screened, Source};
use crate::silence;
use crate::trail::Trail;
use crate::understanding::Understood;

/// A call the decision asks for. Made by this stage alone.
pub(crate) enum Call {
    /// A read, and who asks.
    Read(ApiCall, Option<Asker>),
    /// The question what holds actions back now.
    Recall {
        /// Whose past counts.
        customer_id: Option<String>,
    },
    /// An authorized action.
    Perform(Box<Authorized>),
    /// The check of a one-time code; its arguments are stored nowhere.
    CheckCode(EnteredCode),
    /// The question what came of an action of an earlier turn; with the read that shows it, where keys do not.
    Recover(Option<ApiCall>),
    /// Counting that somebody says he is this one.
    Count {
        /// Who he says he is.
        who: String,
    },
}

/// What was decided so far.
pub(crate) struct Decided {
    state: Deliberation,
    moment: Moment,
    call: Option<Call>,
    ending: Ending,
    rounds: usize,
    of: CallOf,
    notice: Option<Saying>,
}

/// What a call was made for.
#[derive(Clone)]
enum CallOf {
    /// The flow.
    Flow,
    /// The flow, to learn what holds actions back.
    Recall,
    /// The one-time code that was entered.
    Code,
    /// An action of an earlier turn; what was understood comes after it.
    Earlier(Box<(Understanding, Vec<Finding>)>),
}

impl Decided {
    /// The call to make, if the turn does not end here.
    pub(crate) fn take_call(&mut self) -> Option<Call> {
        self.call.take()
    }

    pub(crate) fn into_ending(self) -> (Ending, Dialogue) {
        let mut ending = self.ending;
        if let Some(notice) = self.notice {
            ending.sayings.insert(0, notice);
        }
        (ending, self.state.dialogue)
    }
}

pub(crate) fn begin(
    assistant: &Assistant,
    received: &Arrival,
    screened: &Screened,
    understood: &Understood,
    grounds: &Grounds,
    trail: &mut Trail<'_>,
) -> Decided {
    let said = last_words(received, screened, understood);
    let moment =
        Moment { text: screened.words().to_owned(), ..moment(assistant, (received, understood.market()), said) };
    let mut state = Deliberation::new(received.conversation.dialogue.clone());
    if let Some(market) = understood.named_market() {
        state.dialogue.named_market = Some(market.to_owned());
    }
    if let Some(code) = screened.code() {
        let entered = entered(assistant, &state.dialogue, code.expose());
        trail.note(Stage::Decision, "check the one-time code", json!({}));
        return Decided {
            state,
            moment,
            call: Some(Call::CheckCode(entered)),
            ending: Ending::default(),
            rounds: 0,
            of: CallOf::Code,
            notice: None,
        };
    }
    let reader = LexicalReader::new(assistant, &moment.locale);
    let engine = Engine { pack: &assistant.pack, reader: &reader, moment: &moment };
    let heard = (understood.understanding(), grounds.findings());
    if let Some(decision) = unasked(&engine, received, &mut state, screened.source()) {
        return decided((state, moment, 0), decision, trail);
    }
    let notice = notice(assistant, &moment, screened);
    if let Some(open) = &received.conversation.open_action {
        if open.outcome.is_none() {
            trail.note(Stage::Decision, "find out what came of an action of an earlier turn", json!({}));
            let call = Some(Call::Recover(engine.look_up(&state, &open.proposal)));
            let of = CallOf::Earlier(Box::new((heard.0.clone(), heard.1.to_vec())));
            return Decided { state, moment, call, ending: Ending::default(), rounds: 0, of, notice };
        }
        let decision = earlier(&engine, received, &mut state, heard);
        return Decided { notice, ..decided((state, moment, 0), decision, trail) };
    }
    let decision = if screened.is_typed_code() {
        engine.code_typed(&mut state)
    } else if let Some(going_on) = &received.withdrawn {
        engine.begin_withdrawn(&mut state, heard.0, heard.1, going_on)
    } else {
        engine.begin(&mut state, heard.0, heard.1)
    };
    Decided { notice, ..decided((state, moment, 0), decision, trail) }
}

/// What is done when nothing of the turn goes on, `why` says why: a person takes over.
pub(crate) fn broke_off(
    assistant: &Assistant,
    received: &Arrival,
    (screened, why): (&Screened, &str),
    trail: &mut Trail<'_>,
) -> Decided {
    let said = if says_something(screened.text()) { screened.text() } else { &received.conversation.said };
    let (market, _) = market::of(assistant, received, "");
    let moment = moment(assistant, (received, &market), said.to_owned());
    let mut state = Deliberation::new(received.conversation.dialogue.clone());
    let reader = LexicalReader::new(assistant, &moment.locale);
    let engine = Engine { pack: &assistant.pack, reader: &reader, moment: &moment };
    let open = received.conversation.open_action.as_ref();
    let sent_off = open.filter(|open| open.outcome.is_none()).map_or(SentOff::Nothing, |_| SentOff::InDoubt);
    let decision = engine.broke_off(&mut state, (screened.signals(), why), sent_off);
    let notice = notice(assistant, &moment, screened);
    Decided { notice, ..decided((state, moment, 0), decision, trail) }
}

/// What time or the company brings. While people have the conversation they see what was reported, and the request waits on.
fn unasked(engine: &Engine<'_>, received: &Arrival, state: &mut Deliberation, source: &Source) -> Option<Decision> {
    match source {
        Source::Timer => Some(engine.silent(state, silence::next(&received.conversation, engine.pack))),
        Source::Event(event) if received.desk_owns() => {
            state.ending.reasons.push(format!("the company reports {} of {}", event.names.join(", "), event.record));
            Some(engine.keep_waiting(state))
        }
        Source::Event(event) => Some(engine.woken(state, event)),
        Source::Approval => Some(decided_by_people(engine, received, state)),
        Source::Message | Source::Code(_) | Source::Recovery => None,
    }
}

/// What people have decided is done, or said not to be. While one of them has the conversation nothing goes on beyond that.
fn decided_by_people(engine: &Engine<'_>, received: &Arrival, state: &mut Deliberation) -> Decision {
    let Some((id, outcome)) = received.approval else { return engine.keep_waiting(state) };
    let Some(approval) = received.conversation.approvals.find(id) else { return engine.keep_waiting(state) };
    let digest = &approval.proposal.digest;
    let for_people = received.desk_owns() && !received.conversation.kept;
    match outcome {
        Outcome::Granted(approvals) if for_people => engine.approved_for_people(state, digest, approvals),
        Outcome::Granted(approvals) => engine.approved(state, digest, approvals),
        Outcome::TurnedDown(why) if for_people => engine.turned_down_for_people(state, digest, why),
        Outcome::TurnedDown(why) => engine.turned_down(state, digest, why),
    }
}

/// Goes on from an action of an earlier turn, by what the ledger now holds of it.
fn earlier(
    engine: &Engine<'_>,
    received: &Arrival,
    state: &mut Deliberation,
    (understanding, findings): (&Understanding, &[Finding]),
) -> Decision {
    let open = received.conversation.open_action.as_ref();
    let known = open.and_then(|open| {
        Some(Earlier { proposal: &open.proposal, outcome: open.outcome.as_ref()?, saga: open.saga.as_ref() })
    });
    match known {
        Some(known) if received.desk_owns() && !received.conversation.kept => engine.recovered_for_people(state, known),
        Some(known) => engine.recovered(state, known, understanding, findings),
        None if received.is_from_customer() => engine.still_unknown(state, understanding, findings),
        None => engine.keep_waiting(state),
    }
}

/// What the customer is told about secrets that were removed, whatever else the message asks.
fn notice(assistant: &Assistant, moment: &Moment, screened: &Screened) -> Option<Saying> {
    let text = hidden(assistant, &moment.locale, screened)?;
    Some(Saying { text, origin: Origin::Notice, citations: Vec::new() })
}

/// The same in words alone.
pub(crate) fn hidden(assistant: &Assistant, locale: &str, screened: &Screened) -> Option<String> {
    let kinds: Vec<&str> = screened.removed().collect();
    let Value::Object(values) = json!({"kinds": kinds}) else { return None };
    let text = assistant.pack.texts.render(locale, "", "secret_hidden", &[&values]).ok();
    text.filter(|_| screened.was_redacted())
}

pub(crate) fn resume(
    assistant: &Assistant,
    received: &Arrival,
    before: Decided,
    outcome: ActionOutcome,
    trail: &mut Trail<'_>,
) -> Decided {
    let Decided { mut state, moment, rounds, of, notice, .. } = before;
    // Once in a turn, and no call of the company's systems.
    let rounds = if matches!(of, CallOf::Recall) { rounds } else { rounds + 1 };
    let reader = LexicalReader::new(assistant, &moment.locale);
    let engine = Engine { pack: &assistant.pack, reader: &reader, moment: &moment };
    let decision = match &of {
        CallOf::Code => engine.code_entered(&mut state, code_check(&outcome)),
        CallOf::Earlier(heard) => earlier(&engine, received, &mut state, (&heard.0, &heard.1)),
        // What has begun comes to its end; a saga has a bound of its own.
        CallOf::Flow if rounds >= assistant.pack.manifest.limits.rounds_max && !engine.is_in_saga(&state) => {
            engine.too_many_rounds(&mut state, &outcome)
        }
        CallOf::Flow | CallOf::Recall => engine.resume(&mut state, &outcome),
    };
    Decided { notice, ..decided((state, moment, rounds), decision, trail) }
}

fn decided(
    (state, moment, rounds): (Deliberation, Moment, usize),
    decision: Decision,
    trail: &mut Trail<'_>,
) -> Decided {
    let (call, ending, summary, reasons) = match decision {
        // No step of its own in the trail: what it finds shows in the next one.
        Decision::Recall { customer_id } => {
            let (call, of) = (Some(Call::Recall { customer_id }), CallOf::Recall);
            return Decided { state, moment, call, ending: Ending::default(), rounds, of, notice: None };
        }
        Decision::Read(call) => {
            let summary = format!("read {}", call.action);
            let asker = Asker::of(&state.dialogue, &moment.market);
            (Some(Call::Read(*call, asker)), Ending::default(), summary, state.ending.reasons.clone())
        }
        Decision::Perform(authorized) => {
            let summary =
                format!("perform {}, authorized by {}", authorized.proposal().action, authorized.reasons().join(", "));
            (Some(Call::Perform(authorized)), Ending::default(), summary, state.ending.reasons.clone())
        }
        Decision::Count { who } => {
            let reasons = state.ending.reasons.clone();
            (Some(Call::Count { who }), Ending::default(), "count an identification".to_owned(), reasons)
        }
        Decision::End(ending) => {
            let reasons = ending.reasons.clone();
            (None, *ending, String::new(), reasons)
        }
    };
    let summary = if summary.is_empty() { summary_of(&ending) } else { summary };
    trail.note(
        Stage::Decision,
        summary,
        json!({"reasons": reasons, "awaiting": ending.awaiting, "refused": ending.refused}),
    );
    Decided { state, moment, call, ending, rounds, of: CallOf::Flow, notice: None }
}

fn summary_of(ending: &Ending) -> String {
    use ombud_domain::AwaitingKind as Kind;
    match (&ending.handover, ending.awaiting.kind) {
        (Some(handover), _) => format!("hand over: {}", handover.reason_code),
        (None, Kind::Confirm) => match &ending.awaiting.proposal {
            Some(proposal) => format!("propose {} and wait for a yes", proposal.action),
            None => "wait for a yes or no".to_owned(),
        },
        (None, Kind::Identify) => "find out who it is".to_owned(),
        (None, Kind::Slot | Kind::Choice) => format!("ask for {}", ending.awaiting.slot.as_deref().unwrap_or("it")),
        (None, Kind::AnythingElse) => "answer and ask for more".to_owned(),
        (None, Kind::Handoff | Kind::None) => "answer".to_owned(),
    }
}

/// This message, if it says something; an earlier one when it is a bare yes or no, or only asks for a person.
fn last_words(received: &Arrival, screened: &Screened, understood: &Understood) -> String {
    let earlier = &received.conversation.said;
    let only_person = matches!(understood.understanding().commands.as_slice(), [Command::Handoff]);
    let keeps_earlier = !earlier.is_empty() && (only_person || !says_something(screened.text()));
    if keeps_earlier { earlier.clone() } else { screened.text().to_owned() }
}

fn moment(assistant: &Assistant, (received, market): (&Arrival, &str), said: String) -> Moment {
    let conversation = &received.conversation;
    Moment {
        conversation_id: conversation.id.to_string(),
        locale: conversation.locale.clone(),
        market: market.to_owned(),
        now_us: assistant.ports.clock.now().0,
        today: today(assistant).to_string(),
        desk: desk_times(assistant, market),
        session_customer_id: received.principal.customer_id.as_ref().map(ToString::to_string),
        session_level: received.principal.level,
        sight: received.sight,
        text: String::new(),
        said,
        colleague_at: conversation
            .dialogue
            .colleague
            .as_ref()
            .map(|one| local(assistant, one.at_us))
            .unwrap_or_default(),
    }
}

/// The code, and whom it would prove: the customer of a claim, or else the one who is known already.
fn entered(assistant: &Assistant, dialogue: &Dialogue, code: &str) -> EnteredCode {
    match dialogue.claim() {
        Some(claim) => EnteredCode {
            call: claim.challenge_id.as_deref().and_then(|id| check_call(assistant, id, code)),
            customer_id: claim.customer_id.clone(),
            claimed: Some(claim.who.clone()),
        },
        None => EnteredCode {
            call: dialogue.challenge_id.as_deref().and_then(|id| check_call(assistant, id, code)),
            customer_id: dialogue.customer_id.clone(),
            claimed: None,
        },
    }
}

fn check_call(assistant: &Assistant, challenge_id: &str, code: &str) -> Option<ApiCall> {
    let spec = assistant.pack.actions.get(assistant.pack.manifest.identity.check_code.as_ref()?)?;
    let arguments = json!({"challenge_id": challenge_id, "code": code_digits(code)?});
    let Value::Object(arguments) = arguments else { return None };
    spec.check_arguments(&arguments).ok()?;
    Some(spec.call(&arguments))
}

/// Reason code that a pack's check of a code gives for one that ran out or was used.
const CODE_EXPIRED: &str = "challenge_expired";

fn code_check(outcome: &ActionOutcome) -> CodeCheck {
    let body = match outcome {
        ActionOutcome::Done { receipt } => &receipt.body,
        ActionOutcome::Found { body } => body,
        ActionOutcome::Refused { reason_code } if reason_code == CODE_EXPIRED => return CodeCheck::Expired,
        ActionOutcome::Refused { .. } => return CodeCheck::Blocked,
        _ => return CodeCheck::Failed,
    };
    match (body.get("verified").and_then(Value::as_bool), body.get("attempts_left").and_then(Value::as_i64)) {
        (Some(true), _) => CodeCheck::Accepted,
        (Some(false), Some(left)) if left > 0 => CodeCheck::Wrong,
        (Some(false), _) => CodeCheck::Blocked,
        (None, _) => CodeCheck::Failed,
    }
}
