//! Where does a saga stand, and what comes next? Forward to its end; or back, by the compensations of what was done; or to a person.
//!
//! INVARIANT: it ends in one of three named states, whatever its actions come to (test: `every_step_that_fails_ends_in_a_named_state`).

use std::collections::BTreeMap;

use ombud_domain::{ActionOutcome, IdentityLevel, Label, Leg, Receipt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authorize::Proof;
use crate::flow::{Saga, Undo};

/// Times that a step after the pivot, or a compensation, is tried when it is known not to have been done.
pub const TRIES_MAX: u32 = 3;
/// Reason of a step that failed.
pub const FAILED: &str = "failed";

/// A saga on its way, as it is kept with each of its intents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SagaRun {
    /// The flow that it stands in.
    pub flow: String,
    /// Its operation there.
    pub pc: usize,
    /// Its name.
    pub saga: String,
    /// Digest of the whole that the customer said yes to.
    pub digest: String,
    /// What he was shown.
    pub summary: String,
    /// All that he said yes to, in order.
    pub steps: Vec<RunStep>,
    /// Where it goes.
    pub way: Way,
    /// Tries of the next action that failed.
    pub tries: u32,
    /// How sure we were who the customer is when he agreed.
    pub level: IdentityLevel,
    /// By what.
    pub proof: Proof,
    /// How many people have approved the whole.
    pub approvals: u8,
}

/// A step as it was agreed to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStep {
    /// The action.
    pub action: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// Minor units and currency, as far as they are known.
    pub amount_minor: Option<i64>,
    /// Its currency.
    pub currency: Option<String>,
    /// What it moves.
    pub legs: Vec<Leg>,
    /// Who stands behind its arguments, as in [`ombud_domain::Proposal::labels`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Label>,
    /// The lowest label of what is critical; what is not below the customer's word is kept as that.
    #[serde(default, skip_serializing_if = "is_customers")]
    pub label: Label,
    /// What became of it.
    pub state: StepState,
}

fn is_customers(label: &Label) -> bool {
    *label >= Label::UserTyped
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepState {
    /// Nothing yet.
    Open,
    /// It was done.
    Done {
        /// Its receipt.
        receipt: Receipt,
    },
    /// It was done and taken back.
    Undone {
        /// Receipt of the step.
        receipt: Receipt,
        /// Id of the compensation's receipt.
        undo_receipt_id: String,
    },
    /// It was not done.
    NotDone {
        /// Reason code.
        reason_code: String,
    },
    /// Nobody knows whether it was done.
    Unknown,
    /// It was done, and could not be taken back, or nobody knows whether it was.
    Left {
        /// Its receipt.
        receipt: Receipt,
    },
}

impl StepState {
    /// The wire name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done { .. } => "done",
            Self::Undone { .. } => "undone",
            Self::NotDone { .. } => "not_done",
            Self::Unknown => "unknown",
            Self::Left { .. } => "left",
        }
    }

    /// The receipt of what stands.
    #[must_use]
    pub const fn standing(&self) -> Option<&Receipt> {
        match self {
            Self::Done { receipt } | Self::Left { receipt } => Some(receipt),
            _ => None,
        }
    }
}

/// Where a saga goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// To its end.
    Forward,
    /// Back to where it began.
    Back,
    /// Nowhere: a person must look at it.
    Stuck,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The step of this number is done.
    Do(usize),
    /// It is taken back.
    Undo(usize),
    /// Nothing.
    End(SagaEnd),
}

/// How a saga ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SagaEnd {
    /// All of it was done.
    Completed,
    /// Nothing of it stands.
    Compensated,
    /// Part of it stands, or may stand, and a person puts it right.
    NeedsPerson,
}

impl SagaEnd {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Compensated => "compensated",
            Self::NeedsPerson => "needs_person",
        }
    }
}

/// A saga at its end, for the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SagaEnded {
    /// Its name.
    pub saga: String,
    /// Digest of the whole.
    pub digest: String,
    /// How.
    pub end: SagaEnd,
    /// What became of each step.
    pub steps: Vec<RunStep>,
}

impl SagaRun {
    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next {
        let place = |wanted: fn(&StepState) -> bool| move |step: &RunStep| wanted(&step.state);
        match self.way {
            Way::Forward => {
                let open = self.steps.iter().position(place(|state| *state == StepState::Open));
                open.map_or(Next::End(SagaEnd::Completed), Next::Do)
            }
            Way::Back => {
                let done = self.steps.iter().rposition(place(|state| matches!(state, StepState::Done { .. })));
                done.map_or(Next::End(SagaEnd::Compensated), Next::Undo)
            }
            Way::Stuck => Next::End(SagaEnd::NeedsPerson),
        }
    }

    /// Takes in what came of the next action. `Unknown` is given when nobody can find out any more.
    pub fn settle(&mut self, saga: &Saga, outcome: &ActionOutcome) {
        let next = self.next();
        let (Next::Do(place) | Next::Undo(place)) = next else { return };
        let undo = saga.steps.get(place).map(|step| &step.undo);
        let Some(step) = self.steps.get_mut(place) else { return };
        match (next, outcome) {
            (Next::Do(_), ActionOutcome::Done { receipt }) => {
                step.state = StepState::Done { receipt: receipt.clone() };
                self.tries = 0;
            }
            (Next::Do(_), ActionOutcome::Unknown) => {
                step.state = StepState::Unknown;
                self.way = Way::Stuck;
            }
            (Next::Do(_), outcome) => {
                let goes_on = matches!(undo, Some(Undo::Forward) | None);
                self.tries += 1;
                if goes_on && !is_refusal(outcome) && self.tries < TRIES_MAX {
                    return;
                }
                step.state = StepState::NotDone { reason_code: reason(outcome) };
                self.way = if goes_on { Way::Stuck } else { Way::Back };
                self.tries = 0;
            }
            (_, ActionOutcome::Done { receipt: undo }) => {
                if let StepState::Done { receipt } = &step.state {
                    let (receipt, undo_receipt_id) = (receipt.clone(), undo.receipt_id.clone());
                    step.state = StepState::Undone { receipt, undo_receipt_id };
                }
                self.tries = 0;
            }
            (_, outcome) => {
                self.tries += 1;
                let may_try = !is_refusal(outcome) && *outcome != ActionOutcome::Unknown;
                if may_try && self.tries < TRIES_MAX {
                    return;
                }
                self.stick();
            }
        }
    }

    /// It cannot go on by itself.
    pub fn stick(&mut self) {
        if let Next::Undo(place) = self.next()
            && let Some(step) = self.steps.get_mut(place)
            && let StepState::Done { receipt } = &step.state
        {
            step.state = StepState::Left { receipt: receipt.clone() };
        }
        self.way = Way::Stuck;
    }

    /// Why it did not go to its end.
    #[must_use]
    pub fn reason_code(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match &step.state {
            StepState::NotDone { reason_code } => Some(reason_code.as_str()),
            _ => None,
        })
    }

    /// Whether anything of it was done, if only for a while.
    #[must_use]
    pub fn has_acted(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.state, StepState::Open | StepState::NotDone { .. }))
    }

    /// Whether these are the steps of the saga as it is written now.
    #[must_use]
    pub fn fits(&self, saga: &Saga) -> bool {
        let written = saga.steps.iter().map(|step| step.action.as_str());
        self.saga == saga.name && self.steps.iter().map(|step| step.action.as_str()).eq(written)
    }

    /// Itself at its end.
    #[must_use]
    pub fn ended(&self, end: SagaEnd) -> SagaEnded {
        SagaEnded { saga: self.saga.clone(), digest: self.digest.clone(), end, steps: self.steps.clone() }
    }
}

const fn is_refusal(outcome: &ActionOutcome) -> bool {
    matches!(outcome, ActionOutcome::Refused { .. })
}

fn reason(outcome: &ActionOutcome) -> String {
    match outcome {
        ActionOutcome::Refused { reason_code } => reason_code.clone(),
        _ => FAILED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use ombud_domain::CallFailure;
    use serde_json::json;

    use super::*;
    use crate::flow::Op;

    const FLOW: &str = "flow: move\nsteps:\n  - saga: all\n    steps:\n      - { act: a, compensate: { act: undo_a } }\n      \
        - { act: b, compensate: { act: undo_b } }\n      - { act: c, pivot: true }\n      - { act: d }\n";

    fn saga() -> Box<Saga> {
        let mut flow = crate::flow::parse("flow.yaml", "move", FLOW).unwrap();
        let Op::Saga(saga) = flow.ops.remove(0) else { panic!("a saga") };
        saga
    }

    fn run(saga: &Saga) -> SagaRun {
        let step = |action: &str| RunStep {
            action: action.to_owned(),
            arguments: Map::new(),
            amount_minor: None,
            currency: None,
            legs: Vec::new(),
            labels: BTreeMap::new(),
            label: Label::Session,
            state: StepState::Open,
        };
        SagaRun {
            flow: "move".to_owned(),
            pc: 0,
            saga: "all".to_owned(),
            digest: String::new(),
            summary: String::new(),
            steps: saga.steps.iter().map(|one| step(&one.action)).collect(),
            way: Way::Forward,
            tries: 0,
            level: IdentityLevel::Identified,
            proof: Proof::Session,
            approvals: 0,
        }
    }

    fn done(id: &str) -> ActionOutcome {
        ActionOutcome::Done { receipt: Receipt { receipt_id: id.to_owned(), body: json!({}) } }
    }

    fn bad() -> [ActionOutcome; 3] {
        let refused = ActionOutcome::Refused { reason_code: "no".to_owned() };
        [refused, ActionOutcome::Failed { failure: CallFailure::Timeout }, ActionOutcome::Unknown]
    }

    /// Every action fails in every way, alone and with every other one; gives the state of each step.
    fn play(saga: &Saga, fails: &dyn Fn(Next) -> Option<ActionOutcome>) -> (SagaEnd, Vec<&'static str>, usize) {
        let mut run = run(saga);
        for calls in 0..100 {
            let next = run.next();
            if let Next::End(end) = next {
                return (end, run.steps.iter().map(|step| step.state.as_str()).collect(), calls);
            }
            run.settle(saga, &fails(next).unwrap_or_else(|| done("R")));
        }
        panic!("it does not end");
    }

    /// R73.
    #[test]
    fn every_step_that_fails_ends_in_a_named_state() {
        let saga = saga();
        assert!(run(&saga).fits(&saga));
        for outcome in bad() {
            let unknown = outcome == ActionOutcome::Unknown;
            for place in 0..4 {
                let fails = |next: Next| (next == Next::Do(place)).then(|| outcome.clone());
                let (end, states, _) = play(&saga, &fails);
                let expected = if unknown || place == 3 { SagaEnd::NeedsPerson } else { SagaEnd::Compensated };
                assert_eq!(end, expected, "{place} {outcome:?}: {states:?}");
                let before = if expected == SagaEnd::Compensated { "undone" } else { "done" };
                assert!(states.iter().take(place).all(|state| *state == before), "{place} {outcome:?}: {states:?}");
                assert!(states.iter().skip(place + 1).all(|state| *state == "open"), "{place} {outcome:?}: {states:?}");
                // And the compensations on the way back fail too.
                for undo in 0..place.min(2) {
                    for other in bad() {
                        let fails = |next: Next| match next {
                            Next::Do(one) if one == place => Some(outcome.clone()),
                            Next::Undo(one) if one == undo => Some(other.clone()),
                            _ => None,
                        };
                        let (end, states, calls) = play(&saga, &fails);
                        assert_eq!(end, SagaEnd::NeedsPerson, "{place} {undo}: {states:?}");
                        assert!(calls <= 10, "{calls} calls");
                    }
                }
            }
        }
        assert_eq!(play(&saga, &|_| None), (SagaEnd::Completed, vec!["done"; 4], 4));
    }

    #[test]
    fn after_the_pivot_and_on_the_way_back_a_failure_is_tried_again() {
        let saga = saga();
        for target in [Next::Do(3), Next::Undo(0)] {
            let left = std::cell::Cell::new(2);
            let fails = |next: Next| match next {
                next if next == target && left.get() > 0 => {
                    left.set(left.get() - 1);
                    Some(ActionOutcome::Failed { failure: CallFailure::Unreachable })
                }
                Next::Do(2) if target == Next::Undo(0) => Some(ActionOutcome::Refused { reason_code: "no".to_owned() }),
                _ => None,
            };
            let end = play(&saga, &fails).0;
            assert_eq!(end, if target == Next::Do(3) { SagaEnd::Completed } else { SagaEnd::Compensated });
        }
    }

    #[test]
    fn a_saga_that_could_not_be_taken_back_is_refused_with_its_line() {
        let problem = |source: &str| {
            let problems = crate::flow::parse("flow.yaml", "move", source).unwrap_err();
            problems
                .iter()
                .map(|problem| format!("{}: {}", problem.line, problem.message))
                .collect::<Vec<_>>()
                .join("; ")
        };
        let without = problem(&FLOW.replace(", compensate: { act: undo_b }", ""));
        assert_eq!(without, "6: `b` needs `compensate:`, or is the `pivot: true`");
        let after = problem(&FLOW.replace("act: d", "act: d, compensate: { act: undo_d }"));
        assert_eq!(after, "8: `d` stands at or after the pivot: it is never taken back");
        assert!(problem(&FLOW.replace("act: d", "act: d, pivot: true")).contains("one `pivot: true` at most"));
        assert!(
            problem("flow: move\nsteps:\n  - saga: all\n    steps: [ { act: a, pivot: true } ]\n").contains("2 to 8")
        );
        assert!(problem("flow: move\nsteps:\n  - saga: all\n").contains("2 to 8"));
        assert!(problem(&FLOW.replace("saga: all", "saga: all\n    act: a")).contains("one main key"));
    }
}
