//! What happens next in a conversation? Commands move the flows, the flows decide: read, act, or end the turn.
//!
//! The engine is a function of its arguments: the dialogue as it stands, what was understood, and what calls gave. Reading order:
//! `absorb` (what commands do), `run` (the program of a flow), `ask` (slots), `act` (actions and their outcomes), `approve` (what people must
//! agree to), `saga` (several actions as one), `faq` (what is asked about a request), `claim` (who it is, and how that is proved), `close` (how a turn ends).

use std::collections::BTreeMap;

use ombud_domain::knowledge::Finding;
use ombud_domain::{ActionOutcome, Command, IdentityLevel, Label, Understanding};
use serde_json::{Map, Value, json};

use crate::action::{ApiCall, Authorized};
use crate::authorize::{Asked, Proof};
use crate::controls::Standing;
use crate::dialogue::{Dialogue, Ending, Frame, Origin, Pending, Said, Saying};
use crate::expr::{Expr, ExprError, Scope};
use crate::labels::Labelled;
use crate::pack::{DeskTimes, Pack};
use crate::spec::ActionSpec;

mod absorb;
mod act;
mod agree;
mod amend;
mod approve;
mod aside;
mod ask;
mod candidates;
mod care;
mod claim;
mod close;
mod faq;
mod hearing;
mod inform;
mod known;
mod label;
mod leave;
mod once_more;
mod options;
mod reader;
mod recover;
mod refresh;
mod remind;
mod reword;
mod run;
mod saga;
mod stakes;
mod turn_to;
mod variants;

pub use approve::TurnedDown;
pub use aside::is_question;
pub use faq::ASKED;
pub use known::KNOWN;
pub use label::MONEY;
pub use reader::{Heard, Reader};
pub use recover::Earlier;
pub use saga::SAGA_UNFINISHED;

pub use close::{CONTESTED, CUSTOMER_REQUEST, GO_ON, GoingOn, KEEP_WAITING, way_back};

/// Operations of flows in one round, at most; a loop of a pack ends here with a hand-over.
pub const OPS_MAX: usize = 500;

/// Score from which a request is offered when no article answers; below it, offers annoyed more often than they helped.
const NEAR_MIN: f32 = 0.03;
/// Score from which a message says once more what is under way.
const RESTATED_MIN: f32 = 0.6;
/// Requests offered so.
const NEAR_MAX: usize = 2;

/// When and where a turn happens; time arrives as an argument.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The conversation.
    pub conversation_id: String,
    /// Language tag of the replies.
    pub locale: String,
    /// Market code.
    pub market: String,
    /// Now, microseconds since the epoch.
    pub now_us: i64,
    /// Today in the pack's time zone, `YYYY-MM-DD`.
    pub today: String,
    /// When people answer customers of the market.
    pub desk: DeskTimes,
    /// The customer the session vouches for.
    pub session_customer_id: Option<String>,
    /// The level the session vouches for.
    pub session_level: IdentityLevel,
    /// This message, as it is to be answered.
    pub text: String,
    /// The customer's last words that say something: this message, or an earlier one when it is a bare yes or no.
    pub said: String,
    /// Whether the sender had seen what was asked last.
    pub sight: Sight,
    /// When the person who gave the conversation back wrote last, `YYYY-MM-DDThh:mm` in the pack's time zone; empty when none did.
    pub colleague_at: String,
}

/// What the sender of a message had on his page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sight {
    /// The newest question, as far as is known.
    #[default]
    Current,
    /// An older one.
    Older,
}

/// One turn's work on the dialogue.
#[derive(Debug, Clone, Default)]
pub struct Deliberation {
    /// The dialogue, moved on as far as decided.
    pub dialogue: Dialogue,
    /// What the turn gives so far.
    pub ending: Ending,
    /// Who proposed the commands of this turn.
    proposed: Label,
    /// Whether the open question was answered in this turn.
    answered: bool,
    /// Whether a request came to its end in this turn.
    completed: bool,
    /// Whether something was answered in between while a question stood open.
    digressed: bool,
    /// Whether what stands open is to be shown as it was, in full.
    in_full: bool,
    /// Whether a proposal was turned down without saying what should be different.
    declined: bool,
    /// Whether slots are read again after a correction, and nothing was said about it yet.
    corrected: bool,
    /// Whether the flow runs anew over what was told already.
    rereads: bool,
    /// Whether the records of a request were read again, as what they allowed cannot be done any more.
    read_again: bool,
    /// Questions beside a yes, with what the articles say: answered once it is done.
    afterwards: Vec<Questioned>,
    /// Look-ups that wait for what the same message agreed to: their answer needs no announcement.
    asked_beside: Vec<String>,
    /// What was asked about requests, with their answers as things stood when the turn began.
    answers: Vec<(String, Vec<faq::Answer>)>,
    /// Whether the message asks about a request that runs or has just ended.
    asks_about_request: bool,
    /// Answers to it that were surely asked for.
    asked_surely: Vec<String>,
    /// Whether the correction came with a no, so that a proposal it leaves as it was is turned down.
    denied: bool,
    /// Whether the message as a whole is the request that runs.
    restates: bool,
    /// What the slots held before they were read again.
    before: Option<Before>,
    /// A question that no article answers.
    unanswered: Option<String>,
    /// A question that may be the answer to the open one: "could it be the blue one?"
    questioned: Option<Questioned>,
    /// Requests that began in this turn.
    begun: Vec<String>,
    /// What was said for a request that was given up in this turn.
    dropped: Vec<Said>,
    /// Wishes that put another request in the place of the open one in this turn.
    gave_way: Vec<String>,
    /// Reason of the hand-over in which a request of this message ends, if people see to that before others.
    urgent: Option<String>,
    /// Requests the message may have meant, best first.
    near: Vec<String>,
    /// What the message most likely wishes, after a no to something.
    wished: Option<String>,
    /// Whether that is what was turned down.
    names_again: bool,
    /// Whether the turn ends with what was offered before.
    offers_again: bool,
    /// Whether the turn ends with the question which of them it was.
    asks_which: bool,
    /// Whether an article was quoted.
    quoted: bool,
    /// The request that the article just quoted tells the rules of, offered at the end of the turn.
    offers_request: Option<String>,
    /// Whether the turn ends with the offer of a person.
    offers_person: bool,
    /// Whether a person is asked for once the rest of the message is answered.
    person_after: bool,
    /// Whether the conversation was said goodbye to.
    farewell: bool,
    /// The open request, while something else is said.
    aside: Option<aside::Aside>,
    /// What holds actions back, once this turn has looked it up.
    standing: Option<Standing>,
    /// What the customer told before, once this turn has looked it up.
    facts: Option<Vec<Value>>,
    /// What people have approved, until it is carried out.
    granted: Option<approve::Granted>,
    /// Whether people have the conversation: what was approved is carried out, and nothing goes on.
    for_people: bool,
}

/// What the slots of a request held before a correction had them read again.
#[derive(Debug, Clone)]
struct Before {
    flow: String,
    values: BTreeMap<String, Labelled>,
}

/// A question of the customer while one of ours is open, with what the articles say to it.
#[derive(Debug, Clone)]
struct Questioned {
    query: String,
    finding: Option<Finding>,
}

impl Deliberation {
    /// A turn that begins at this dialogue.
    #[must_use]
    pub fn new(dialogue: Dialogue) -> Self {
        Self { dialogue, ..Self::default() }
    }

    /// Whether what was put right in this turn is about the request on top, and not about one that gave way to it.
    fn corrects_top(&self) -> bool {
        let top = self.dialogue.frames.last().map(|top| top.flow.as_str());
        self.before.as_ref().is_none_or(|before| Some(before.flow.as_str()) == top)
    }
}

/// What is to be done next.
#[derive(Debug)]
pub enum Decision {
    /// Make this read, then decide again.
    Read(Box<ApiCall>),
    /// Look up what holds actions back now, then decide again.
    Recall {
        /// Whose past counts.
        customer_id: Option<String>,
    },
    /// Perform this action, then decide again.
    Perform(Box<Authorized>),
    /// Count that somebody says he is this one, then decide again.
    Count {
        /// Who he says he is.
        who: String,
    },
    /// The turn ends with this.
    End(Box<Ending>),
}

/// Whether an action was sent off whose outcome nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentOff {
    /// None.
    Nothing,
    /// One.
    InDoubt,
}

/// How an entered one-time code fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeCheck {
    /// Right.
    Accepted,
    /// Wrong or too late; another try is left.
    Wrong,
    /// It ran out, whatever was entered.
    Expired,
    /// No try is left.
    Blocked,
    /// It could not be checked.
    Failed,
}

/// The flow engine of a pack.
#[derive(Clone, Copy)]
pub struct Engine<'a> {
    /// The rules.
    pub pack: &'a Pack,
    /// The reader of words.
    pub reader: &'a dyn Reader,
    /// When and where.
    pub moment: &'a Moment,
}

impl Engine<'_> {
    /// Begins a turn with what was understood and what knowledge gave for each question.
    pub fn begin(&self, state: &mut Deliberation, understood: &Understanding, findings: &[Finding]) -> Decision {
        self.arrive(state);
        state.proposed = understood.label;
        state.dialogue.no_account |=
            state.dialogue.customer_id.is_none() && self.reader.says_no_account(&self.moment.text);
        let understood = &self.with_learnt_answer(state, understood);
        let understood = &self.leave_turned_down(state, understood);
        let understood = &self.with_questions(state, understood);
        state.near = self.near_requests(understood);
        state.urgent = self.urgent(state, understood);
        state.restates = restates(state, understood);
        self.note_refusal_of_people(state, understood);
        if let Some(decision) = self.reword(state, understood) {
            return decision;
        }
        if self.amend(state, understood) {
            return self.run(state);
        }
        let withdrawn = self.withdraw_by_words(state);
        for command in self.care_first(state, understood) {
            if withdrawn.as_ref().is_some_and(|flow| leave::says_withdrawal(command, flow)) {
                continue;
            }
            let turns_away = self.turns_away(state, command, understood);
            let command = if turns_away { &Command::Cancel } else { command };
            if *command == Command::Cancel && self.will_give_way(state, understood) {
                continue;
            }
            state.ending.reasons.push(absorb::describe(command));
            if let Some(decision) = self.absorb(state, command, findings) {
                return decision;
            }
            // That something was given up is said before anything else.
            if *command == Command::Cancel
                && let Some(decision) = self.say_repairs(state)
            {
                return decision;
            }
        }
        self.own_up(state, understood);
        self.run(state)
    }

    /// The customer typed the one-time code into the chat: says where it belongs, and waits on.
    pub fn code_typed(&self, state: &mut Deliberation) -> Decision {
        self.arrive(state);
        state.ending.reasons.push("a one-time code in the chat".to_owned());
        self.at_code(state, "code_in_chat")
    }

    /// Begins a turn of a customer who goes on without the person he waited for. What asking for a person interrupted is taken up again;
    /// a request that led to a person is closed.
    pub fn begin_withdrawn(
        &self,
        state: &mut Deliberation,
        understood: &Understanding,
        findings: &[Finding],
        going_on: &GoingOn,
    ) -> Decision {
        self.take_back(state, going_on);
        if understood.commands.is_empty() && state.dialogue.frames.is_empty() && state.dialogue.beside.is_none() {
            self.say(state, "", "what_else", &Map::new(), Origin::Question);
        }
        // What he wrote while he waited may have asked for the person that he now goes on without.
        let wants_nobody = *going_on == GoingOn::Alone;
        let mut understood = understood.clone();
        understood.commands.retain(|command| !(wants_nobody && *command == Command::Handoff));
        self.begin(state, &understood, findings)
    }

    /// Goes on with the outcome of the call asked for.
    pub fn resume(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Decision {
        match self.settle(state, outcome) {
            Some(decision) => decision,
            None => self.run(state),
        }
    }

    /// Ends a turn that has asked for more calls than the pack allows; the last outcome is still taken, so that a receipt is told.
    pub fn too_many_rounds(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Decision {
        match self.settle(state, outcome) {
            Some(decision @ Decision::End(_)) => decision,
            _ => {
                state.ending.reasons.push("too many calls in one turn".to_owned());
                self.hand_over(state, &close::HandingOver::because("internal_error"))
            }
        }
    }

    /// Ends a turn of which nothing goes on, `why` says why: a person takes over. An action that was sent off, and whose outcome is not known, is said to be so.
    pub fn broke_off(
        &self,
        state: &mut Deliberation,
        (signals, why): (&[String], &str),
        sent_off: SentOff,
    ) -> Decision {
        self.arrive(state);
        for signal in signals {
            if !state.dialogue.signals.contains(signal) {
                state.dialogue.signals.push(signal.clone());
            }
        }
        state.ending.reasons.push(why.to_owned());
        if sent_off == SentOff::InDoubt {
            self.say(state, "", "action_pending", &Map::new(), Origin::Template);
        }
        self.hand_over(state, &close::HandingOver::because("internal_error"))
    }

    /// Goes on with an entered one-time code.
    pub fn code_entered(&self, state: &mut Deliberation, check: CodeCheck) -> Decision {
        self.arrive(state);
        match self.settle_code(state, check) {
            Some(decision) => decision,
            None => self.run(state),
        }
    }

    /// Requests with a score that is low but worth a question, when nothing else answers.
    fn near_requests(&self, understood: &Understanding) -> Vec<String> {
        let scored = understood.scores.iter().filter(|(_, score)| *score >= NEAR_MIN);
        let flows = scored.filter_map(|(class, _)| class.strip_prefix("flow:"));
        flows.filter(|flow| self.pack.flows.contains_key(*flow)).take(NEAR_MAX).map(ToOwned::to_owned).collect()
    }

    /// Takes over what the session vouches for, and forgets a step-up that is over.
    fn arrive(&self, state: &mut Deliberation) {
        let dialogue = &mut state.dialogue;
        if dialogue.level == IdentityLevel::Verified && dialogue.verified_until_us < self.moment.now_us {
            dialogue.level = IdentityLevel::Identified;
            state.ending.reasons.push("the one-time code no longer counts".to_owned());
        }
        let is_his = dialogue.customer_id.is_none() || dialogue.customer_id == self.moment.session_customer_id;
        if is_his && self.moment.session_level >= IdentityLevel::Identified {
            dialogue.customer_id.clone_from(&self.moment.session_customer_id);
            dialogue.level = dialogue.level.max(IdentityLevel::Identified);
            dialogue.proof = Proof::Session;
        }
    }

    fn expr(
        &self,
        state: &Deliberation,
        frame: &Frame,
        expr: &Expr,
        inner: &[&Map<String, Value>],
    ) -> Result<Value, ExprError> {
        let shared = self.shared_names(state, |name| expr.variables().contains(name));
        let mut layers: Vec<&Map<String, Value>> = inner.to_vec();
        layers.push(&frame.vars);
        layers.push(&shared);
        expr.eval(Scope { layers: &layers })
    }

    /// Names every expression and template can use, as far as this one does.
    fn shared_names(&self, state: &Deliberation, is_used: impl Fn(&str) -> bool) -> Map<String, Value> {
        let mut names = Map::new();
        if is_used("customer") {
            names.insert("customer".to_owned(), state.dialogue.customer.clone());
        }
        if is_used("history") {
            names.insert("history".to_owned(), json!(state.dialogue.done));
        }
        if is_used("recent") {
            names.insert("recent".to_owned(), json!(state.dialogue.recent));
        }
        if is_used("company") {
            let manifest = &self.pack.manifest;
            let company = json!({"name": manifest.title, "assistant": manifest.assistant.name});
            names.insert("company".to_owned(), company);
        }
        if is_used("session") {
            let session = json!({
                "customer_id": state.dialogue.customer_id,
                "level": state.dialogue.level.as_str(),
                "locale": self.moment.locale,
                "market": self.moment.market,
                "today": self.moment.today,
                "desk_until": self.moment.desk.until,
                "desk_from": self.moment.desk.from,
                "desk_from_on": self.moment.desk.from_on,
                "desk_from_in": self.moment.desk.from_in,
                "now_s": self.moment.now_us / 1_000_000,
                "conversation_id": self.moment.conversation_id,
            });
            names.insert("session".to_owned(), session);
        }
        names
    }

    fn asked<'b>(
        &'b self,
        state: &'b Deliberation,
        spec: &'b ActionSpec,
        arguments: &'b Map<String, Value>,
    ) -> Asked<'b> {
        Asked {
            spec,
            arguments,
            customer_id: state.dialogue.customer_id.as_deref(),
            level: state.dialogue.level,
            proof: state.dialogue.proof,
            market: &self.moment.market,
            owned: &state.dialogue.owned,
            confirmed: false,
            approvals: 0,
            amount_minor: None,
            currency: None,
            label: Label::Session,
            standing: state.standing.as_ref(),
        }
    }

    /// Says a text of the engine or of a flow.
    fn say(&self, state: &mut Deliberation, flow: &str, key: &str, vars: &Map<String, Value>, origin: Origin) {
        let shared = self.shared_names(state, |name| self.pack.texts.mentions((&self.moment.locale, flow, key), name));
        match self.pack.texts.render(&self.moment.locale, flow, key, &[vars, &shared]) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => state.ending.sayings.push(Saying { text, origin, citations: Vec::new() }),
            Err(error) => state.ending.reasons.push(error.to_string()),
        }
    }

    fn render(&self, state: &Deliberation, flow: &str, key: &str, layers: &[&Map<String, Value>]) -> Option<String> {
        let shared = self.shared_names(state, |name| self.pack.texts.mentions((&self.moment.locale, flow, key), name));
        let mut all = layers.to_vec();
        all.push(&shared);
        self.pack.texts.render(&self.moment.locale, flow, key, &all).ok()
    }
}

/// Whether the message is read most likely as the request that runs already.
fn restates(state: &Deliberation, understood: &Understanding) -> bool {
    let best = understood.scores.first().filter(|(_, score)| *score >= RESTATED_MIN);
    let running = state.dialogue.frames.last().map(|top| top.flow.as_str());
    // What is told after a no is no yes, whatever it sounds like.
    let after_no = state.dialogue.awaiting.slot.as_deref() == Some(absorb::CORRECTION);
    !after_no && best.and_then(|(class, _)| class.strip_prefix("flow:")).is_some_and(|flow| Some(flow) == running)
}

/// The pending call of the top frame, taken out.
fn take_pending(dialogue: &mut Dialogue) -> Option<Pending> {
    dialogue.frames.last_mut().map(|frame| std::mem::take(&mut frame.pending))
}

fn vars(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
