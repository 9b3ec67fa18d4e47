//! What is a flow? Steps written as data, compiled into a flat program with jumps.

use std::collections::BTreeMap;

use ombud_domain::{Count, IdentityLevel, Priority};
use serde::Deserialize;

use crate::expr::Expr;

mod compile;
mod names;
mod raw;
mod saga;

pub use compile::parse;
pub(crate) use names::{of_texts, set_by, unknown};

/// Runs of `again` in one run of a flow, at most.
pub const AGAIN_MAX: u32 = 5;

/// What a flow is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// Something a customer asks for.
    #[default]
    Request,
    /// Repairs the conversation itself; started by the engine only.
    Repair,
    /// Identifies the customer and the like; started by the engine only.
    System,
}

/// A compiled flow.
#[derive(Debug)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: FlowKind,
    /// The identity level it needs before its first step.
    pub identity: IdentityLevel,
    /// The flow that answers a question which only points back at what this one did: "and is it really stopped?"
    pub follow_up: Option<String>,
    /// Articles after which it is offered: they tell the rules of what it does.
    pub articles: Vec<String>,
    /// What takes this request's place when it is wished for while this one is open: a refund instead of the exchange.
    pub yields_to: Option<YieldsTo>,
    /// What customers ask about it, while it runs and after it.
    pub faq: Option<Faq>,
    /// The program.
    pub ops: Vec<Op>,
}

impl Flow {
    /// What it asks for, in the order of the file.
    pub fn asks(&self) -> impl Iterator<Item = &Ask> {
        self.ops.iter().filter_map(|op| match op {
            Op::Ask(ask) => Some(ask.as_ref()),
            _ => None,
        })
    }

    /// Whether it is a request that changes nothing and brings in nobody: it looks something up and says it.
    #[must_use]
    pub fn only_looks_up(&self) -> bool {
        let brings_in = |op: &Op| matches!(op, Op::Handoff { .. } | Op::Identify { .. } | Op::Wait { .. });
        self.kind == FlowKind::Request && !self.changes_something() && !self.ops.iter().any(brings_in)
    }

    /// Whether it writes.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Act(_) | Op::Saga(_)))
    }

    /// Reason of the hand-over in which it ends whatever is done before, if people see to that before others.
    #[must_use]
    pub fn ends_urgently(&self) -> Option<&str> {
        let last = self.ops.iter().rev().find(|op| !matches!(op, Op::End))?;
        match last {
            Op::Handoff { reason, priority: Priority::High, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether it may perform an action, as a step or to take one back.
    #[must_use]
    pub fn performs(&self, action: &str) -> bool {
        self.ops.iter().any(|op| match op {
            Op::Act(act) => act.action == action,
            Op::Saga(saga) => saga.actions().any(|one| one == action),
            _ => false,
        })
    }

    /// Whether it proposes several actions as one under this name.
    #[must_use]
    pub fn has_saga(&self, name: &str) -> bool {
        self.ops.iter().any(|op| matches!(op, Op::Saga(saga) if saga.name == name))
    }
}

/// A request that takes the place of another.
#[derive(Debug)]
pub struct YieldsTo {
    /// The wishes that mean it, as flows.
    pub wishes: Vec<String>,
    /// Words for it, which count when this request cannot be met: "my money back".
    pub words: Vec<String>,
    /// Words that name it in a yes, which agrees to nothing then: "yes, go ahead with the exchange".
    pub yes_words: Vec<String>,
    /// The flow that is begun.
    pub flow: String,
    /// Variables it starts with, as far as they are known.
    pub with: Vec<(String, Expr)>,
}

/// What customers ask about a request, with answers from what the request knows.
#[derive(Debug)]
pub struct Faq {
    /// The set of `nlu/choices.<locale>.jsonl` whose examples teach which of the answers is asked for.
    pub examples: String,
    /// The answers. Of several with one id the first whose condition holds is given.
    pub answers: Vec<FaqAnswer>,
}

/// An answer to a question about a request.
#[derive(Debug)]
pub struct FaqAnswer {
    /// The choice of the set that asks for it.
    pub id: String,
    /// Holds where it is the answer, over the variables of the request; always without one.
    pub when: Option<Expr>,
    /// Text key.
    pub text: String,
    /// Articles to cite.
    pub cite: Vec<String>,
}

/// One operation of a program.
#[derive(Debug)]
pub enum Op {
    /// Goes on at `otherwise` unless the condition holds.
    Test {
        /// The condition.
        when: Expr,
        /// Where to go on if it does not hold.
        otherwise: usize,
    },
    /// Goes on there.
    Jump(usize),
    /// Fills a slot.
    Ask(Box<Ask>),
    /// Reads.
    Lookup {
        /// The action.
        action: String,
        /// Its arguments.
        with: Vec<(String, Expr)>,
        /// The variable that gets the answer.
        save: String,
        /// The refusal when nothing is found; without it the variable is null.
        missing: Option<String>,
    },
    /// Writes, after a confirmation.
    Act(Box<Act>),
    /// Writes several things, all or none, after one confirmation.
    Saga(Box<Saga>),
    /// Asks yes or no without an action.
    Confirm {
        /// The question.
        text: String,
        /// The variable that gets true or false.
        save: String,
    },
    /// Asks for a one-time code outside the chat.
    Verify,
    /// Says something.
    Answer {
        /// The text.
        text: String,
        /// Articles to cite.
        cite: Vec<String>,
    },
    /// Says why not, and ends the flow.
    Refuse {
        /// The text.
        text: String,
        /// Stable code.
        reason: String,
    },
    /// Computes variables.
    Set(Vec<(String, Expr)>),
    /// Runs another flow.
    Call {
        /// Its name.
        flow: String,
        /// Variables it starts with.
        with: Vec<(String, Expr)>,
        /// Variables taken over from it.
        save: Vec<(String, Expr)>,
    },
    /// Goes back.
    Again {
        /// Where to.
        target: usize,
        /// Slots emptied on the way.
        clear: Vec<String>,
    },
    /// Hands over to a person.
    Handoff {
        /// Stable code.
        reason: String,
        /// What the customer is told.
        text: String,
        /// Who is helped first.
        priority: Priority,
        /// What the assistant would do next.
        next_step: Option<String>,
    },
    /// Binds the conversation to a customer.
    Identify {
        /// The customer's id.
        id: Expr,
        /// The customer's record.
        record: Expr,
        /// How it is proved; without it, what was said is enough.
        claim: Option<Box<Claim>>,
    },
    /// Parks the request until the company's change feed reports something.
    Wait {
        /// Name of the event, one of `[feed.events]`.
        event: String,
        /// The record it must be about; any of the customer's if absent.
        record: Option<Expr>,
        /// What the customer is told.
        text: String,
    },
    /// Ends the flow.
    End,
}

/// An identity that counts only after a one-time code. The same is said and asked whether or not there is such a customer.
#[derive(Debug)]
pub struct Claim {
    /// Who he says he is, as attempts are counted.
    pub who: Expr,
    /// What he is told.
    pub text: String,
}

/// How a slot is filled.
#[derive(Debug)]
pub struct Ask {
    /// The slot.
    pub slot: String,
    /// The question.
    pub text: String,
    /// Where values come from.
    pub source: AskSource,
    /// Taken without a question when not null.
    pub default: Option<Expr>,
    /// What is remembered of the customer and answers the question.
    pub fact: Option<KnownFact>,
    /// Whether it is about who the customer is.
    pub identifies: bool,
    /// Unread answers before `otherwise`; with 0 the question is never asked, see [`Ask::is_silent`].
    pub attempts_max: u32,
    /// What happens then.
    pub otherwise: Otherwise,
    /// Slots whose answers may also hold this one's.
    pub hears: Vec<String>,
    /// The slot whose record holds what can be picked here: an answer that fits nothing in it may mean another.
    pub within: Option<String>,
    /// A text is taken from what was told before if that has so many words or more: from the answers in `hears`, or without them from what began the request.
    pub told_words_min: Option<usize>,
    /// The set of `nlu/choices.<locale>.jsonl` whose examples teach which of the options is meant.
    pub examples: Option<String>,
}

impl Ask {
    /// Whether the slot takes what was said and is never asked for: null when nothing was.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.attempts_max == 0
    }
}

/// A fact that is taken instead of asking for it.
#[derive(Debug)]
pub struct KnownFact {
    /// Its kind.
    pub kind: String,
    /// Text key of what is said then, over `known`: its `kind`, `value`, `at` and `until`.
    pub text: String,
}

/// What happens when a slot cannot be filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// A person helps.
    #[default]
    Handoff,
    /// The slot stays null.
    Skip,
    /// The request ends.
    Refuse,
}

/// Where the value of a slot comes from.
#[derive(Debug)]
pub enum AskSource {
    /// One or more of some records.
    Records(Box<RecordChoice>),
    /// One of a closed list.
    Options(Vec<OptionSpec>),
    /// Free words, read by an extractor of this kind.
    Value(ValueKind),
    /// Several values at once.
    Fields {
        /// Variable and entity kind.
        fields: Vec<(String, String)>,
        /// Asked again until this holds.
        until: Expr,
    },
}

/// A choice among records.
#[derive(Debug)]
pub struct RecordChoice {
    /// The records.
    pub from: Expr,
    /// Id of `item`.
    pub id: Expr,
    /// What `item` is called.
    pub name: Expr,
    /// Text key of the label of `item`.
    pub label: String,
    /// Options of `item`.
    pub attributes: Option<Expr>,
    /// Other words for `item`.
    pub words: Option<Expr>,
    /// Price of `item`.
    pub price: Option<Expr>,
    /// Sortable date of `item`.
    pub at: Option<Expr>,
    /// Whether `item` may be picked.
    pub eligible: Option<Expr>,
    /// Text key and reason code when a clear pick is not eligible.
    pub refused: String,
    /// Text key of the refusal when nothing is eligible.
    pub none: String,
    /// How many.
    pub count: Count,
    /// Whether further picks wait as requests of their own.
    pub several_queue: bool,
    /// Whether the question stands after an ineligible pick; else the request ends.
    pub asks_after_refusal: bool,
    /// Whether a single eligible candidate is taken without a question.
    pub single_pick: bool,
    /// Whether what is denied is what is meant: "I never bought a phone" names the phone.
    pub denied: bool,
    /// A value in words that is taken instead of a record: a new address instead of a known one.
    pub or_value: Option<ValueKind>,
    /// One choice for each of these.
    pub variant_of: Option<Expr>,
    /// The record the customer has now.
    pub current: Option<Expr>,
}

/// One option of a closed list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionSpec {
    /// The slot's value.
    pub id: String,
    /// Text key; without it the id is shown.
    #[serde(default)]
    pub label: Option<String>,
    /// Other words for it.
    #[serde(default)]
    pub words: Vec<String>,
}

/// Kinds of free values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// The whole answer.
    Text,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// An amount of money.
    Amount,
    /// A date, as `YYYY-MM-DD`.
    Date,
    /// A postal address, as an object.
    Address,
    /// A person's name, as an object of `first_name` and `last_name`.
    Name,
    /// A postal code.
    PostalCode,
    /// A number.
    Number,
    /// Yes or no, as a boolean.
    YesNo,
    /// An order number by the pack's patterns.
    OrderNumber,
}

impl ValueKind {
    /// The entity kind an extractor gives for it.
    #[must_use]
    pub const fn entity(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::Address => "address",
            Self::Name => "name",
            Self::PostalCode => "postal_code",
            Self::Number => "number",
            Self::YesNo => "yes_no",
            Self::OrderNumber => "order_number",
        }
    }
}

/// A write.
#[derive(Debug)]
pub struct Act {
    /// The action.
    pub action: String,
    /// Its arguments.
    pub with: Vec<(String, Expr)>,
    /// Text key of what the customer confirms.
    pub confirm: String,
    /// Text key of what is said when it is done.
    pub done: String,
    /// The variable that gets the receipt's body.
    pub save: Option<String>,
    /// Text keys by reason code.
    pub refused: BTreeMap<String, String>,
}

/// Several writes that are one to the customer. Each is done in its turn; when one cannot be, those before it are taken back.
#[derive(Debug)]
pub struct Saga {
    /// Its name; stands for an action where the whole is shown and confirmed.
    pub name: String,
    /// What is done, in order.
    pub steps: Vec<SagaStep>,
    /// Text key of what the customer confirms: all of it.
    pub confirm: String,
    /// Text key of what is said when all is done.
    pub done: String,
    /// Text keys by reason code.
    pub refused: BTreeMap<String, String>,
}

impl Saga {
    /// Names of all actions that it may perform.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| {
            let undo = if let Undo::By(compensation) = &step.undo { Some(compensation.action.as_str()) } else { None };
            std::iter::once(step.action.as_str()).chain(undo)
        })
    }
}

/// One write of a saga.
#[derive(Debug)]
pub struct SagaStep {
    /// The action.
    pub action: String,
    /// Its arguments; all are known before anything is done.
    pub with: Vec<(String, Expr)>,
    /// The variable that gets the receipt's body.
    pub save: Option<String>,
    /// What becomes of it when a later one cannot be done.
    pub undo: Undo,
}

/// How a step of a saga is taken back.
#[derive(Debug)]
pub enum Undo {
    /// By another action.
    By(Compensation),
    /// Not any more: from here on the saga only goes forward.
    Pivot,
    /// It comes after the pivot, and is tried again instead.
    Forward,
}

/// The action that takes a step back.
#[derive(Debug)]
pub struct Compensation {
    /// The action.
    pub action: String,
    /// Its arguments, over the step's `receipt` and the step's own arguments alone.
    pub with: Vec<(String, Expr)>,
}

/// Text key of what an operation has the customer confirm, if it writes.
#[must_use]
pub fn confirm_key(op: &Op) -> Option<&str> {
    match op {
        Op::Act(act) => Some(&act.confirm),
        Op::Saga(saga) => Some(&saga.confirm),
        _ => None,
    }
}

/// Every text key a flow names, for validation.
#[must_use]
pub fn text_keys(flow: &Flow) -> Vec<String> {
    let steps = flow.ops.iter().filter_map(|op| match op {
        Op::Handoff { next_step, .. } => next_step.clone(),
        _ => None,
    });
    customer_text_keys(flow).into_iter().chain(steps).collect()
}

/// Keys of the texts that a flow says to customers: all but the next steps, which people of the company read.
#[must_use]
pub fn customer_text_keys(flow: &Flow) -> Vec<String> {
    let mut keys: Vec<String> =
        flow.faq.iter().flat_map(|faq| &faq.answers).map(|answer| answer.text.clone()).collect();
    for op in &flow.ops {
        match op {
            Op::Ask(ask) => {
                keys.push(ask.text.clone());
                keys.extend(ask.fact.as_ref().map(|fact| fact.text.clone()));
                match &ask.source {
                    AskSource::Records(choice) => {
                        keys.extend([choice.label.clone(), choice.refused.clone(), choice.none.clone()])
                    }
                    AskSource::Options(options) => {
                        keys.extend(options.iter().filter_map(|option| option.label.clone()))
                    }
                    AskSource::Value(_) | AskSource::Fields { .. } => {}
                }
            }
            Op::Lookup { missing, .. } => keys.extend(missing.clone()),
            Op::Act(act) => {
                keys.extend([act.confirm.clone(), act.done.clone()].into_iter().chain(act.refused.values().cloned()))
            }
            Op::Saga(saga) => {
                keys.extend([&saga.confirm, &saga.done].into_iter().chain(saga.refused.values()).cloned());
            }
            Op::Confirm { text, .. } | Op::Answer { text, .. } | Op::Refuse { text, .. } | Op::Wait { text, .. } => {
                keys.push(text.clone())
            }
            Op::Identify { claim: Some(claim), .. } => keys.push(claim.text.clone()),
            Op::Handoff { text, .. } => keys.push(text.clone()),
            _ => {}
        }
    }
    keys
}

/// Names of the actions a flow uses.
#[must_use]
pub fn actions(flow: &Flow) -> Vec<&str> {
    flow.ops
        .iter()
        .flat_map(|op| match op {
            Op::Lookup { action, .. } => vec![action.as_str()],
            Op::Act(act) => vec![act.action.as_str()],
            Op::Saga(saga) => saga.actions().collect(),
            _ => Vec::new(),
        })
        .collect()
}

/// Names of the flows a flow calls.
#[must_use]
pub fn calls(flow: &Flow) -> Vec<&str> {
    flow.ops.iter().filter_map(|op| if let Op::Call { flow, .. } = op { Some(flow.as_str()) } else { None }).collect()
}
