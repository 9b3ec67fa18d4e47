//! How does YAML become a program? Steps in order, branches as jumps, expressions compiled, problems with their lines.

use std::collections::BTreeMap;

use ombud_domain::{Count, IdentityLevel};
use serde_saphyr::Spanned;

use super::raw::{AfterRefusal, Denied, Expects, RawBranch, RawChoice, RawFlow, RawSave, RawStep, Several, Single};
use super::{Act, Ask, AskSource, Claim, Faq, FaqAnswer, Flow, KnownFact, Op, Otherwise, RecordChoice, YieldsTo};
use crate::expr::Expr;
use crate::problem::PackProblem;

/// Unread answers before `otherwise`, unless the step says so.
const ATTEMPTS_DEFAULT: u32 = 3;

/// Reads `flows/<name>/flow.yaml`.
///
/// # Errors
/// All problems found, with file and line; the author of the pack can fix them.
pub fn parse(file: &str, name: &str, source: &str) -> Result<Flow, Vec<PackProblem>> {
    let raw: RawFlow = serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])?;
    let mut compiler = Compiler {
        file,
        source,
        ops: Vec::new(),
        labels: BTreeMap::new(),
        jumps_back: Vec::new(),
        problems: Vec::new(),
    };
    if raw.flow.value != name {
        compiler.report(line_of(&raw.flow), format!("flow `{}` must be in a folder of its name", raw.flow.value));
    }
    compiler.steps(&raw.steps);
    let yields_to = raw.yields_to.map(|raw| YieldsTo {
        wishes: raw.wishes,
        words: raw.words,
        yes_words: raw.yes_words,
        flow: raw.flow,
        with: compiler.pairs(Some(&raw.arguments)),
    });
    let faq = raw.faq.map(|raw| Faq {
        examples: raw.examples,
        answers: raw
            .answers
            .into_iter()
            .map(|raw| FaqAnswer {
                id: raw.id,
                when: compiler.maybe(raw.when.as_ref()),
                text: raw.text,
                cite: raw.cite,
            })
            .collect(),
    });
    compiler.ops.push(Op::End);
    compiler.resolve_jumps_back();
    if compiler.problems.is_empty() {
        Ok(Flow {
            name: name.to_owned(),
            kind: raw.kind,
            identity: raw.identity,
            follow_up: raw.follow_up.map(|flow| flow.value),
            articles: raw.articles,
            yields_to,
            faq,
            ops: compiler.ops,
        })
    } else {
        Err(compiler.problems)
    }
}

pub(super) struct Compiler<'a> {
    file: &'a str,
    source: &'a str,
    ops: Vec<Op>,
    labels: BTreeMap<String, usize>,
    jumps_back: Vec<(usize, String, usize)>,
    problems: Vec<PackProblem>,
}

pub(super) fn line_of<T>(value: &Spanned<T>) -> usize {
    usize::try_from(value.referenced.line()).unwrap_or(0)
}

impl Compiler<'_> {
    pub(super) fn report(&mut self, line: usize, message: String) {
        self.problems.push(PackProblem { file: self.file.to_owned(), line, message });
    }

    fn expr(&mut self, text: &Spanned<String>) -> Option<Expr> {
        match Expr::compile(&text.value) {
            Ok(expr) => Some(expr),
            Err(error) => {
                self.report(line_of(text), error.to_string());
                None
            }
        }
    }

    fn maybe(&mut self, text: Option<&Spanned<String>>) -> Option<Expr> {
        text.and_then(|text| self.expr(text))
    }

    fn steps(&mut self, steps: &[RawStep]) {
        for step in steps {
            if let Some(label) = &step.id
                && self.labels.insert(label.clone(), self.ops.len()).is_some()
            {
                let problem = PackProblem::at(
                    self.file,
                    self.source,
                    &format!("id: {label}"),
                    format!("step id `{label}` is used twice"),
                );
                self.problems.push(problem);
            }
            let test = self.maybe(step.when.as_ref()).map(|when| self.push(Op::Test { when, otherwise: 0 }));
            self.step(step);
            if let Some(test) = test {
                self.land(test);
            }
        }
    }

    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    /// Makes the test or jump at `index` go on at the next operation.
    fn land(&mut self, index: usize) {
        let next = self.ops.len();
        match self.ops.get_mut(index) {
            Some(Op::Test { otherwise, .. }) => *otherwise = next,
            Some(Op::Jump(target)) => *target = next,
            _ => {}
        }
    }

    fn step(&mut self, step: &RawStep) {
        let line = main_line(step);
        match main_keys(step).as_slice() {
            [_] => {}
            [] => return self.report(line, "a step needs one of ask, lookup, act, saga, branch, confirm, verify, answer, refuse, set, call, again, handoff, identify, wait, end".to_owned()),
            [first, second, ..] => return self.report(line, format!("a step has one main key, this one has `{first}` and `{second}`")),
        }
        let op = if let Some(branches) = &step.branch {
            return self.branch(branches);
        } else if let Some(label) = &step.again {
            let index = self.push(Op::Again { target: 0, clear: step.clear.clone().unwrap_or_default() });
            self.jumps_back.push((index, label.value.clone(), line));
            return;
        } else if let Some(slot) = &step.ask {
            self.ask(slot, step).map(|ask| Op::Ask(Box::new(ask)))
        } else if let Some(action) = &step.lookup {
            self.lookup(action, step)
        } else if let Some(action) = &step.act {
            self.act(action, step)
        } else if let Some(name) = &step.saga {
            self.saga(name, step)
        } else {
            self.simple(step, line)
        };
        self.ops.extend(op);
    }

    fn simple(&mut self, step: &RawStep, line: usize) -> Option<Op> {
        if let Some(text) = &step.confirm {
            return self.saved_name(step, line).map(|save| Op::Confirm { text: text.value.clone(), save });
        }
        if let Some(level) = &step.verify {
            if level.value != IdentityLevel::Verified {
                self.report(line, "`verify` takes `verified`".to_owned());
            }
            return Some(Op::Verify);
        }
        if let Some(text) = &step.answer {
            return Some(Op::Answer { text: text.value.clone(), cite: step.cite.clone().unwrap_or_default() });
        }
        if let Some(text) = &step.refuse {
            return Some(Op::Refuse {
                text: text.value.clone(),
                reason: step.reason.clone().unwrap_or_else(|| text.value.clone()),
            });
        }
        if let Some(set) = &step.set {
            return Some(Op::Set(self.pairs(Some(set))));
        }
        if let Some(flow) = &step.call {
            let save = match &step.save {
                Some(RawSave::Many(pairs)) => pairs.clone(),
                Some(RawSave::Name(name)) => BTreeMap::from([(name.clone(), name.clone())]),
                None => BTreeMap::new(),
            };
            let save = save.iter().filter_map(|(name, text)| Some((name.clone(), self.plain_expr(text)?))).collect();
            return Some(Op::Call { flow: flow.value.clone(), with: self.pairs(step.arguments.as_ref()), save });
        }
        if let Some(reason) = &step.handoff {
            return Some(Op::Handoff {
                reason: reason.value.clone(),
                text: step.text.clone().unwrap_or_else(|| "handoff_text".to_owned()),
                priority: step.priority.unwrap_or_default(),
                next_step: step.next_step.clone(),
            });
        }
        if let Some(id) = &step.identify {
            let id = self.expr(id)?;
            let record = match &step.record {
                Some(record) => self.expr(record)?,
                None => {
                    self.report(line, "`identify` needs `record:`".to_owned());
                    return None;
                }
            };
            let claim = match &step.claim {
                Some(who) => Some(Box::new(Claim {
                    who: self.expr(who)?,
                    text: step.text.clone().unwrap_or_else(|| "ask_proof".to_owned()),
                })),
                None => None,
            };
            return Some(Op::Identify { id, record, claim });
        }
        if let Some(event) = &step.wait {
            return Some(Op::Wait {
                event: event.value.clone(),
                record: step.record.as_ref().and_then(|record| self.expr(record)),
                text: step.text.clone().unwrap_or_else(|| "wait_text".to_owned()),
            });
        }
        Some(Op::End)
    }

    fn plain_expr(&mut self, text: &str) -> Option<Expr> {
        Expr::compile(text)
            .map_err(|error| self.problems.push(PackProblem::at(self.file, self.source, text, error.to_string())))
            .ok()
    }

    pub(super) fn pairs(&mut self, pairs: Option<&BTreeMap<String, Spanned<String>>>) -> Vec<(String, Expr)> {
        pairs.into_iter().flatten().filter_map(|(name, text)| Some((name.clone(), self.expr(text)?))).collect()
    }

    fn saved_name(&mut self, step: &RawStep, line: usize) -> Option<String> {
        if let Some(RawSave::Name(name)) = &step.save {
            return Some(name.clone());
        }
        self.report(line, "this step needs `save:` with the name of a variable".to_owned());
        None
    }

    fn lookup(&mut self, action: &Spanned<String>, step: &RawStep) -> Option<Op> {
        let save = self.saved_name(step, line_of(action))?;
        Some(Op::Lookup {
            action: action.value.clone(),
            with: self.pairs(step.arguments.as_ref()),
            save,
            missing: step.missing.clone(),
        })
    }

    fn act(&mut self, action: &Spanned<String>, step: &RawStep) -> Option<Op> {
        let with = self.pairs(step.arguments.as_ref());
        let save = match &step.save {
            Some(RawSave::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let key = |given: Option<&str>, prefix: &str| {
            given.map_or_else(|| format!("{prefix}_{}", action.value), ToOwned::to_owned)
        };
        Some(Op::Act(Box::new(Act {
            action: action.value.clone(),
            with,
            confirm: key(step.confirm.as_ref().map(|text| text.value.as_str()), "confirm"),
            done: key(step.done.as_deref(), "done"),
            save,
            refused: step.refused.clone().unwrap_or_default(),
        })))
    }

    fn branch(&mut self, branches: &[RawBranch]) {
        let mut ends = Vec::new();
        for branch in branches {
            let test = self.maybe(branch.when.as_ref()).map(|when| self.push(Op::Test { when, otherwise: 0 }));
            self.steps(&branch.then);
            ends.push(self.push(Op::Jump(0)));
            if let Some(test) = test {
                self.land(test);
            }
        }
        for end in ends {
            self.land(end);
        }
    }

    fn ask(&mut self, slot: &Spanned<String>, step: &RawStep) -> Option<Ask> {
        let given = [step.choose.is_some(), step.options.is_some(), step.value.is_some(), step.fields.is_some()];
        if given.iter().filter(|given| **given).count() != 1 {
            self.report(line_of(slot), "`ask` needs exactly one of choose, options, value, fields".to_owned());
            return None;
        }
        let source = if let Some(choice) = &step.choose {
            AskSource::Records(Box::new(self.choice(choice)?))
        } else if let Some(options) = &step.options {
            AskSource::Options(options.clone())
        } else if let Some(kind) = step.value {
            AskSource::Value(kind)
        } else {
            let Some(until) = &step.until else {
                self.report(line_of(slot), "`fields` needs `until:`".to_owned());
                return None;
            };
            AskSource::Fields {
                fields: step.fields.clone().unwrap_or_default().into_iter().collect(),
                until: self.expr(until)?,
            }
        };
        Some(Ask {
            slot: slot.value.clone(),
            text: step.text.clone().unwrap_or_else(|| format!("ask_{}", slot.value)),
            source,
            default: self.maybe(step.default.as_ref()),
            fact: step.fact.as_ref().map(|kind| KnownFact {
                kind: kind.clone(),
                text: step.known.clone().unwrap_or_else(|| format!("known_{}", slot.value)),
            }),
            identifies: step.expects == Some(Expects::Identify),
            attempts_max: step.attempts.unwrap_or(ATTEMPTS_DEFAULT),
            otherwise: step.otherwise.unwrap_or(Otherwise::Handoff),
            hears: step.hears.clone().unwrap_or_default(),
            within: step.within.clone(),
            examples: step.examples.clone(),
            told_words_min: step.told_words_min,
        })
    }

    fn choice(&mut self, raw: &RawChoice) -> Option<RecordChoice> {
        Some(RecordChoice {
            from: self.expr(&raw.from)?,
            id: self.expr(&raw.id)?,
            name: self.expr(&raw.name)?,
            label: raw.label.clone(),
            attributes: self.maybe(raw.attributes.as_ref()),
            words: self.maybe(raw.words.as_ref()),
            price: self.maybe(raw.price.as_ref()),
            at: self.maybe(raw.at.as_ref()),
            eligible: self.maybe(raw.eligible.as_ref()),
            refused: raw.refused.clone().unwrap_or_else(|| "not_eligible".to_owned()),
            none: raw.none.clone().unwrap_or_else(|| "none_eligible".to_owned()),
            count: raw.count.unwrap_or(Count::One),
            several_queue: raw.several == Some(Several::Queue),
            asks_after_refusal: raw.after_refusal == Some(AfterRefusal::Ask),
            single_pick: raw.single == Some(Single::Pick),
            denied: raw.denied == Some(Denied::Meant),
            or_value: raw.or_value,
            variant_of: self.maybe(raw.variant_of.as_ref()),
            current: self.maybe(raw.current.as_ref()),
        })
    }

    fn resolve_jumps_back(&mut self) {
        for (index, label, line) in std::mem::take(&mut self.jumps_back) {
            match (self.labels.get(&label), self.ops.get_mut(index)) {
                (Some(&place), Some(Op::Again { target, .. })) => *target = place,
                _ => self.report(line, format!("`again` names step `{label}`, which does not exist")),
            }
        }
    }
}

fn main_keys(step: &RawStep) -> Vec<&'static str> {
    let keys = [
        (step.ask.is_some(), "ask"),
        (step.lookup.is_some(), "lookup"),
        (step.act.is_some(), "act"),
        (step.saga.is_some(), "saga"),
        (step.branch.is_some(), "branch"),
        (step.confirm.is_some() && step.act.is_none() && step.saga.is_none(), "confirm"),
        (step.verify.is_some(), "verify"),
        (step.answer.is_some(), "answer"),
        (step.refuse.is_some(), "refuse"),
        (step.set.is_some(), "set"),
        (step.call.is_some(), "call"),
        (step.again.is_some(), "again"),
        (step.handoff.is_some(), "handoff"),
        (step.identify.is_some(), "identify"),
        (step.wait.is_some(), "wait"),
        (step.end.is_some(), "end"),
    ];
    keys.into_iter().filter_map(|(given, key)| given.then_some(key)).collect()
}

fn main_line(step: &RawStep) -> usize {
    let texts = [
        &step.ask,
        &step.lookup,
        &step.act,
        &step.saga,
        &step.answer,
        &step.refuse,
        &step.call,
        &step.again,
        &step.handoff,
        &step.identify,
        &step.wait,
        &step.confirm,
        &step.when,
    ];
    texts.into_iter().flatten().next().map_or(0, line_of)
}
