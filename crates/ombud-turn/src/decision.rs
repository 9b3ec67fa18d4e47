//! Stage 5: what is to be done? The flow engine moves and the policies decide; no I/O, no clock, no model.

use ombud_domain::{ActionOutcome, Stage};
use ombud_policy::engine::CodeCheck;
use ombud_policy::{ApiCall, Authorized, Decision, Deliberation, Dialogue, Ending, Engine, Moment};
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::attempts::EnteredCode;
use crate::context::Grounds;
use crate::intake::Arrival;
use crate::reader::{LexicalReader, today};
use crate::safety::Screened;
use crate::trail::Trail;
use crate::understanding::Understood;

/// A call the decision asks for. Made by this stage alone.
pub(crate) enum Call {
    /// A read.
    Read(ApiCall),
    /// An authorized action.
    Perform(Box<Authorized>),
    /// The check of a one-time code; its arguments are stored nowhere.
    CheckCode(EnteredCode),
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
    checks_code: bool,
}

impl Decided {
    /// The call to make, if the turn does not end here.
    pub(crate) fn take_call(&mut self) -> Option<Call> {
        self.call.take()
    }

    pub(crate) fn into_ending(self) -> (Ending, Dialogue) {
        (self.ending, self.state.dialogue)
    }
}

pub(crate) fn begin(
    assistant: &Assistant,
    received: &Arrival<'_>,
    screened: &Screened,
    understood: &Understood,
    grounds: &Grounds,
    trail: &mut Trail<'_>,
) -> Decided {
    let moment = moment(assistant, received);
    let mut state = Deliberation::new(received.conversation.dialogue.clone());
    if let Some(code) = screened.code() {
        let entered = entered(assistant, &state.dialogue, code.expose());
        trail.note(Stage::Decision, "check the one-time code", json!({}));
        return Decided {
            state,
            moment,
            call: Some(Call::CheckCode(entered)),
            ending: Ending::default(),
            checks_code: true,
        };
    }
    let reader = LexicalReader::new(assistant);
    let engine = Engine { pack: &assistant.pack, reader: &reader, moment: &moment };
    let decision = if received.conversation.open_intent.is_some() {
        state.ending.reasons.push("an action of an earlier turn has no known outcome".to_owned());
        engine.unknown_outcome(&mut state)
    } else {
        engine.begin(&mut state, understood.understanding(), grounds.findings())
    };
    decided(state, moment, decision, trail)
}

pub(crate) fn resume(
    assistant: &Assistant,
    mut decided_before: Decided,
    outcome: ActionOutcome,
    rounds: usize,
    trail: &mut Trail<'_>,
) -> Decided {
    let Decided { mut state, moment, checks_code, .. } = decided_before_take(&mut decided_before);
    let reader = LexicalReader::new(assistant);
    let engine = Engine { pack: &assistant.pack, reader: &reader, moment: &moment };
    let decision = if checks_code {
        engine.code_entered(&mut state, code_check(&outcome))
    } else if rounds >= assistant.pack.manifest.limits.rounds_max {
        engine.too_many_rounds(&mut state, &outcome)
    } else {
        engine.resume(&mut state, &outcome)
    };
    decided(state, moment, decision, trail)
}

fn decided_before_take(decided: &mut Decided) -> Decided {
    Decided {
        state: std::mem::take(&mut decided.state),
        moment: decided.moment.clone(),
        call: None,
        ending: Ending::default(),
        checks_code: decided.checks_code,
    }
}

fn decided(state: Deliberation, moment: Moment, decision: Decision, trail: &mut Trail<'_>) -> Decided {
    let (call, ending, summary, reasons) = match decision {
        Decision::Read(call) => {
            let summary = format!("read {}", call.action);
            (Some(Call::Read(*call)), Ending::default(), summary, state.ending.reasons.clone())
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
    Decided { state, moment, call, ending, checks_code: false }
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

fn moment(assistant: &Assistant, received: &Arrival<'_>) -> Moment {
    let conversation = &received.conversation;
    Moment {
        conversation_id: conversation.id.to_string(),
        locale: conversation.locale.clone(),
        market: conversation.market.clone(),
        now_us: assistant.ports.clock.now().0,
        today: today(assistant).to_string(),
        session_customer_id: received.principal.customer_id.as_ref().map(ToString::to_string),
        session_level: received.principal.level,
        sight: received.sight,
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
    let arguments = json!({"challenge_id": challenge_id, "code": code.trim()});
    let Value::Object(arguments) = arguments else { return None };
    spec.check_arguments(&arguments).ok()?;
    Some(spec.call(&arguments))
}

fn code_check(outcome: &ActionOutcome) -> CodeCheck {
    let body = match outcome {
        ActionOutcome::Done { receipt } => &receipt.body,
        ActionOutcome::Found { body } => body,
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
