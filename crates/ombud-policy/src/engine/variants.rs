//! Which variant is chosen for each of several things?

use ombud_domain::{Candidate, Choice};
use serde_json::{Value, json};

use super::candidates::Offer;
use super::hearing::heard;
use super::{Deliberation, Engine, vars};
use crate::flow::{Ask, RecordChoice};
use crate::labels::{Labelled, Labels};

/// Variants, as they are chosen.
pub(super) struct Variants {
    /// For what one is chosen.
    pub things: Vec<Value>,
    /// What each is now, and what it can be.
    pub groups: Vec<(Candidate, Vec<Offer>)>,
    /// What the words pick for each.
    pub found: Vec<Choice>,
}

impl Engine<'_> {
    /// What the words pick for each thing.
    pub(super) fn variants(&self, state: &Deliberation, ask: &Ask, choice: &RecordChoice) -> Result<Variants, String> {
        let things = match choice.variant_of.as_ref().map(|expr| self.value(state, expr, &[])).transpose()? {
            Some(Value::Array(things)) => things,
            _ => return Err(format!("`variant_of` of slot `{}` gives no list", ask.slot)),
        };
        let mut groups = Vec::new();
        for thing in &things {
            groups.push((self.current(state, choice, thing)?, self.offers(state, choice, Some(thing))?));
        }
        let items: Vec<(Candidate, Vec<Candidate>)> = groups
            .iter()
            .map(|(current, offers)| (current.clone(), offers.iter().map(|offer| offer.candidate.clone()).collect()))
            .collect();
        let found = self.read_variants(state, ask, &items);
        Ok(Variants { things, groups, found })
    }

    fn current(&self, state: &Deliberation, choice: &RecordChoice, thing: &Value) -> Result<Candidate, String> {
        let scope = vars(json!({"of": thing}));
        let record = match &choice.current {
            Some(expr) => self.value(state, expr, &[&scope])?,
            None => thing.clone(),
        };
        self.offer(state, choice, &scope, record).map(|offer| offer.candidate)
    }

    fn read_variants(&self, state: &Deliberation, ask: &Ask, items: &[(Candidate, Vec<Candidate>)]) -> Vec<Choice> {
        let Some(top) = state.dialogue.frames.last() else { return Vec::new() };
        let picked = top.picked.get(&ask.slot);
        let (utterances, direct) = heard(top, ask);
        let mut found = if utterances.is_empty() {
            vec![Choice::Unread; items.len()]
        } else {
            self.reader.choose_each(&utterances, direct, items)
        };
        if let Some(id) = picked {
            for ((_, variants), found) in items.iter().zip(found.iter_mut()) {
                if variants.iter().any(|variant| variant.id == *id) {
                    *found = Choice::Picked { ids: vec![id.clone()], because: "picked".to_owned() };
                }
            }
        }
        found
    }
}

/// The records picked, one for each thing that has one.
pub(super) fn variants_picked(groups: &[(Candidate, Vec<Offer>)], found: &[Choice]) -> Vec<Value> {
    found.iter().zip(groups).filter_map(|(found, (_, offers))| single(found, offers)).collect()
}

/// What is the cheapest already stays as it is: the slot it came from then holds the others, for which is chosen anew.
pub(super) fn leaves_unchanged(state: &mut Deliberation, choice: &RecordChoice, changing: Option<Vec<Value>>) -> bool {
    let slot = choice.variant_of.as_ref().map(|expr| expr.source());
    let Some((top, slot)) = state.dialogue.frames.last_mut().zip(slot) else { return false };
    match (top.vars.get(slot).filter(|held| held.is_array()), changing) {
        (Some(_), Some(changing)) => {
            let labels = top.labels.of(slot).lowest().map(Labels::whole).unwrap_or_default();
            top.set(slot, Labelled { value: Value::Array(changing), labels });
            true
        }
        _ => false,
    }
}

/// The things that change, where others among them stay.
pub(super) fn changing(things: &[Value], groups: &[(Candidate, Vec<Offer>)], found: &[Choice]) -> Option<Vec<Value>> {
    let stays = |at: &usize| match (found.get(*at), groups.get(*at)) {
        (Some(Choice::Picked { ids, .. }), Some((current, offers))) => {
            let eligible = offers.iter().any(|offer| offer.candidate.id == current.id && offer.candidate.eligible);
            !eligible && ids.iter().eq([&current.id])
        }
        _ => false,
    };
    let left: Vec<Value> = (0..things.len()).filter(|at| !stays(at)).filter_map(|at| things.get(at).cloned()).collect();
    (!left.is_empty() && left.len() < things.len()).then_some(left)
}

pub(super) fn single(found: &Choice, offers: &[Offer]) -> Option<Value> {
    match found {
        Choice::Picked { ids, .. } if ids.len() == 1 => offers
            .iter()
            .find(|offer| Some(&offer.candidate.id) == ids.first() && offer.candidate.eligible)
            .map(|offer| offer.record.clone()),
        _ => None,
    }
}
