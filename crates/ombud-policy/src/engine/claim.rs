//! Who does somebody say he is, and how is that proved? By a code to the phone on file, and not a word before it on whether there is one.
//!
//! INVARIANT: until the code is entered, the same is said and awaited whether the details fit a customer, do not fit, or fit one that no
//! code can be sent to (test: `nobody_learns_whether_an_account_exists`).

use ombud_domain::{ActionOutcome, AwaitingKind, IdentityLevel, Proposal};
use serde_json::{Map, Value, json};

use super::absorb::reopen;
use super::close::HandingOver;
use super::run::{Step, bind, top_flow, top_vars};
use super::{CodeCheck, Decision, Deliberation, Engine, Heard, vars};
use crate::authorize::{Asked, Proof, Verdict};
use crate::dialogue::{Claimed, ONE_TIME_CODE, Origin, Pending};
use crate::expr::{Expr, plain};
use crate::flow::{AskSource, Claim, Op};

/// Wrong codes for one claim.
const WRONG_CODES_MAX: u32 = 5;
/// Claims in one request: the first, and corrections of typing mistakes.
const CLAIMS_MAX: u32 = 3;

impl Engine<'_> {
    /// Notes who somebody says he is; it is counted before anything is sent.
    pub(super) fn claim(&self, state: &mut Deliberation, (id, record): (&Expr, &Expr), claim: &Claim) -> Step {
        if state.dialogue.claim().is_some() {
            return Step::Out(self.ask_proof(state));
        }
        let read = |expr| self.value(state, expr, &[]);
        let (id, record, who) = match (read(id), read(record), read(&claim.who)) {
            (Ok(id), Ok(record), Ok(Value::String(who))) => (id, record, who),
            (Ok(_), Ok(_), Ok(other)) => {
                return self.broken(state, format!("`{}` gives {other}, not a text", claim.who.source()));
            }
            (Err(reason), ..) | (_, Err(reason), _) | (.., Err(reason)) => return self.broken(state, reason),
        };
        let customer_id = id.as_str().filter(|_| record.is_object()).map(ToOwned::to_owned);
        let Some(top) = state.dialogue.frames.last_mut() else { return Step::On };
        top.agains += 1;
        if top.agains > CLAIMS_MAX {
            return Step::Out(self.hand_over(state, &HandingOver::because("not_identified")));
        }
        top.claim = Some(Claimed { who: who.clone(), customer_id, record, ..Claimed::default() });
        top.pending = Pending::Claim;
        Step::Out(Decision::Count { who })
    }

    /// Has a code sent to the claimed customer, if there is one and one more claim is allowed.
    pub(super) fn settle_claim(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Decision {
        match outcome {
            ActionOutcome::Found { .. } => {}
            ActionOutcome::Refused { reason_code } => {
                state.ending.reasons.push(format!("no further claim: {reason_code}"));
                self.say(state, "", "claims_too_many", &Map::new(), Origin::Template);
                return self.hand_over(state, &HandingOver::because("too_many_attempts"));
            }
            _ => return self.tool_failure(state),
        }
        match self.code_to_claim(state) {
            Some(authorized) => {
                if let Some(top) = state.dialogue.frames.last_mut() {
                    top.pending = Pending::Challenge;
                }
                Decision::Perform(authorized)
            }
            None => self.ask_proof(state),
        }
    }

    fn code_to_claim(&self, state: &mut Deliberation) -> Option<Box<crate::action::Authorized>> {
        let customer_id = state.dialogue.claim()?.customer_id.clone()?;
        let spec = self.pack.actions.get(self.pack.manifest.identity.send_code.as_ref()?)?;
        let arguments = vars(json!({"customer_id": customer_id, "purpose": top_flow(state)}));
        let proposal = Proposal { action: spec.name.clone(), arguments: arguments.clone(), ..Proposal::default() };
        let asked = Asked {
            customer_id: Some(&customer_id),
            level: IdentityLevel::Anonymous,
            proof: Proof::Claim,
            ..self.asked(state, spec, &arguments)
        };
        match self.pack.policies.authorize(&asked, proposal) {
            Verdict::Authorized(authorized) => Some(authorized),
            _ => {
                state.ending.reasons.push("the policies allow no code for this claim".to_owned());
                None
            }
        }
    }

    /// What became of the code is for the trail alone.
    pub(super) fn settle_sent_to_claim(&self, state: &mut Deliberation, outcome: &ActionOutcome) -> Decision {
        match outcome {
            ActionOutcome::Done { receipt } => {
                let challenge_id = receipt.body.get("challenge_id").map(plain);
                if let Some(claim) = state.dialogue.frames.last_mut().and_then(|top| top.claim.as_mut()) {
                    claim.challenge_id = challenge_id;
                }
            }
            ActionOutcome::Refused { reason_code } => {
                state.ending.reasons.push(format!("no code was sent: {reason_code}"));
            }
            _ => state.ending.reasons.push("it is not known whether a code was sent".to_owned()),
        }
        self.ask_proof(state)
    }

    fn ask_proof(&self, state: &mut Deliberation) -> Decision {
        let flow = top_flow(state);
        let pc = state.dialogue.frames.last().map_or(0, |top| top.pc);
        let op = self.pack.flows.get(&flow).and_then(|flow| flow.ops.get(pc));
        if let Some(Op::Identify { claim: Some(claim), .. }) = op {
            self.say(state, &flow, &claim.text, &top_vars(state), Origin::Question);
        }
        self.wait_for_code(state)
    }

    fn wait_for_code(&self, state: &mut Deliberation) -> Decision {
        if let Some(top) = state.dialogue.frames.last_mut() {
            top.pending = Pending::Code;
        }
        self.finish(state, AwaitingKind::Identify, Some(ONE_TIME_CODE.to_owned()), Vec::new())
    }

    /// A right code binds the conversation to the claimed customer; its freshness is for this alone, so that what needs a code of its own
    /// still asks for one.
    pub(super) fn settle_proof(&self, state: &mut Deliberation, check: CodeCheck) -> Option<Decision> {
        let top = state.dialogue.frames.last_mut()?;
        let claim = top.claim.as_mut()?;
        match check {
            CodeCheck::Accepted => {
                let claim = top.claim.take()?;
                top.pending = Pending::Nothing;
                top.pc += 1;
                let Some(id) = claim.customer_id else {
                    return Some(self.hand_over(state, &HandingOver::because("not_identified")));
                };
                bind(state, (id, claim.record), Proof::Code);
                state.ending.reasons.push("the customer is identified by a one-time code".to_owned());
                self.say(state, "", "code_accepted", &Map::new(), Origin::Template);
                None
            }
            CodeCheck::Wrong | CodeCheck::Expired if claim.wrong.saturating_add(1) < WRONG_CODES_MAX => {
                claim.wrong = claim.wrong.saturating_add(1);
                self.say(state, "", "proof_wrong", &Map::new(), Origin::Template);
                Some(self.wait_for_code(state))
            }
            CodeCheck::Wrong | CodeCheck::Expired | CodeCheck::Blocked => {
                top.claim = None;
                self.say(state, "", "code_blocked", &Map::new(), Origin::Template);
                Some(self.hand_over(state, &HandingOver::because("not_identified")))
            }
            CodeCheck::Failed => Some(self.tool_failure(state)),
        }
    }

    /// Whether these words, said while the code of a claim is awaited, give other details of who it is.
    pub(super) fn claims_anew(&self, state: &Deliberation, text: &str) -> bool {
        let Some(top) = state.dialogue.frames.last().filter(|top| top.claim.is_some()) else { return false };
        let ops = self.pack.flows.get(&top.flow).map(|flow| flow.ops.as_slice()).unwrap_or_default();
        let kinds = ops.iter().filter_map(|op| match op {
            Op::Ask(ask) if ask.identifies => match &ask.source {
                AskSource::Fields { fields, .. } => Some(fields.iter().map(|(_, kind)| kind.as_str())),
                _ => None,
            },
            _ => None,
        });
        let kinds: Vec<&str> = kinds.flatten().collect();
        !self.reader.entities(text, &kinds, Heard::Aside).is_empty()
    }

    /// Begins the claim again with the corrected details.
    pub(super) fn correct_claim(&self, state: &mut Deliberation, text: &str) {
        let said = self.said(state, None, text);
        let Some(top) = state.dialogue.frames.last_mut() else { return };
        reopen(top, said);
        top.claim = None;
        top.pending = Pending::Nothing;
        state.answered = true;
        state.ending.reasons.push("the details are read again".to_owned());
    }
}
