//! How is a saga written? `saga:` with `steps:`, each with `compensate:` or after the one with `pivot: true`.

use serde_saphyr::Spanned;

use super::compile::{Compiler, line_of};
use super::raw::{RawSagaStep, RawStep};
use super::{Compensation, Op, Saga, SagaStep, Undo};

/// Steps of a saga at most.
const STEPS_MAX: usize = 8;

impl Compiler<'_> {
    pub(super) fn saga(&mut self, name: &Spanned<String>, step: &RawStep) -> Option<Op> {
        let (line, raw) = (line_of(name), step.steps.as_deref().unwrap_or_default());
        if !(2..=STEPS_MAX).contains(&raw.len()) {
            self.report(line, format!("a saga has `steps:`, 2 to {STEPS_MAX} of them; one is an `act`"));
            return None;
        }
        let pivots: Vec<usize> = raw.iter().enumerate().filter(|(_, one)| one.pivot).map(|(place, _)| place).collect();
        if pivots.len() > 1 {
            self.report(line, "a saga has one `pivot: true` at most".to_owned());
        }
        let pivot = pivots.first().copied().unwrap_or(raw.len());
        let steps = raw.iter().enumerate().map(|(place, one)| self.saga_step(one, (place, pivot))).collect();
        let key = |given: Option<&str>, prefix: &str| {
            given.map_or_else(|| format!("{prefix}_{}", name.value), ToOwned::to_owned)
        };
        Some(Op::Saga(Box::new(Saga {
            name: name.value.clone(),
            steps,
            confirm: key(step.confirm.as_ref().map(|text| text.value.as_str()), "confirm"),
            done: key(step.done.as_deref(), "done"),
            refused: step.refused.clone().unwrap_or_default(),
        })))
    }

    fn saga_step(&mut self, raw: &RawSagaStep, (place, pivot): (usize, usize)) -> SagaStep {
        let undo = match &raw.compensate {
            Some(_) if place >= pivot => {
                let message = format!("`{}` stands at or after the pivot: it is never taken back", raw.act.value);
                self.report(line_of(&raw.act), message);
                Undo::Forward
            }
            Some(undo) => {
                Undo::By(Compensation { action: undo.act.value.clone(), with: self.pairs(Some(&undo.arguments)) })
            }
            None if place < pivot => {
                let message = format!("`{}` needs `compensate:`, or is the `pivot: true`", raw.act.value);
                self.report(line_of(&raw.act), message);
                Undo::Forward
            }
            None if place == pivot => Undo::Pivot,
            None => Undo::Forward,
        };
        SagaStep { action: raw.act.value.clone(), with: self.pairs(Some(&raw.arguments)), save: raw.save.clone(), undo }
    }
}
