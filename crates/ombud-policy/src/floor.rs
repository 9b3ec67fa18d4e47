//! Do the policies together still imply what must always hold? The space of requests is searched: each value that a policy or an invariant
//! names, the ones beside it, and requests at random.
//!
//! An invariant is a Cedar `forbid` that is no policy: it decides nothing, but no request that it matches may be permitted. What was searched
//! is bounded: that nothing was found is no proof, though each comparison of a policy was met on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Effect, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};
use ombud_domain::{IdentityLevel, Label};
use serde_json::{Map, Value, json};

use crate::authorize::{Policies, Proof};
use crate::pack::Pack;
use crate::problem::PackProblem;
use crate::question::Question;
use crate::spec::{ActionSpec, Autonomy, Risk};
use crate::vocabulary::Vocabulary;

mod axes;
mod blame;
mod words;

use axes::{Axes, Point, names_of};

/// Broken invariants that are shown.
const SHOWN_MAX: usize = 20;
/// The customer of every request.
const CUSTOMER: &str = "C-1";
/// Somebody else.
const OTHER: &str = "C-2";
/// The name of an action that stands for all those of its class that nothing names.
const ANY: &str = "(any other)";
/// A policy that permits everything, beside which an invariant is what forbids.
const EVERYTHING: &str = "permit (principal, action, resource);";

/// What must always hold.
#[derive(Debug)]
pub struct Invariants {
    set: PolicySet,
    says: BTreeMap<String, Invariant>,
}

#[derive(Debug)]
struct Invariant {
    id: String,
    /// In words.
    says: String,
    file: String,
    line: usize,
}

/// How far the search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Requests of one action that are asked in full; more are taken from among them at random.
    pub each_max: u64,
    /// Requests at random, over all actions.
    pub random: u64,
    /// Where the random ones begin.
    pub seed: u64,
}

impl Search {
    /// At every start with a pack of one's own, and in `ombud validate`.
    pub const QUICK: Self = Self { each_max: 20_000, random: 2_000, seed: 1 };
    /// Before a set of policies is published (R11).
    pub const THOROUGH: Self = Self { each_max: 400_000, random: 1_000_000, seed: 1 };
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Searched {
    /// Requests that were asked.
    pub requests: u64,
    /// Actions of which all requests were asked.
    pub whole: usize,
    /// Actions of which only some were.
    pub sampled: usize,
    /// Counterexamples, one for each invariant and action, at most twenty.
    pub problems: Vec<PackProblem>,
}

impl Invariants {
    /// Reads Cedar files, given as (file, source): each policy a `forbid` with `@id` and, in words, `@says`.
    ///
    /// # Errors
    /// All problems found; their author can fix them.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<PackProblem>> {
        let (mut says, mut problems) = (BTreeMap::new(), Vec::new());
        let mut set = PolicySet::from_str(EVERYTHING).unwrap_or_default();
        for (file, source) in files {
            let parsed = match PolicySet::from_str(source) {
                Ok(parsed) => parsed,
                Err(error) => {
                    problems.push(PackProblem { file: file.clone(), line: 0, message: error.to_string() });
                    continue;
                }
            };
            for policy in parsed.policies() {
                let (id, words) = (policy.annotation("id"), policy.annotation("says"));
                let (Some(id), Some(words)) = (id, words.filter(|_| policy.effect() == Effect::Forbid)) else {
                    let message = "an invariant is a `forbid` with `@id` and `@says`".to_owned();
                    problems.push(PackProblem { file: file.clone(), line: 0, message });
                    continue;
                };
                let line = PackProblem::at(file, source, &format!("@id(\"{id}\")"), String::new()).line;
                let key = format!("{file}#{id}");
                let known = Invariant { id: id.to_owned(), says: words.to_owned(), file: file.clone(), line };
                if set.add(policy.new_id(PolicyId::new(&key))).is_err() {
                    problems.push(PackProblem { line, file: file.clone(), message: format!("`{id}` is there twice") });
                }
                says.insert(key, known);
            }
        }
        if problems.is_empty() { Ok(Self { set, says }) } else { Err(problems) }
    }

    /// What they name that the pack does not have: such an invariant would always hold.
    fn misnamed(&self, pack: &Pack) -> Vec<PackProblem> {
        let found = Vocabulary::of(&pack.actions).map(|vocabulary| vocabulary.problems(&self.set));
        let problem = |(key, message): (String, String)| {
            let known = self.says.get(&key);
            PackProblem {
                file: known.map_or_else(String::new, |known| known.file.clone()),
                line: known.map_or(0, |known| known.line),
                message,
            }
        };
        found.unwrap_or_else(|error| vec![(String::new(), error)]).into_iter().map(problem).collect()
    }

    /// The invariants that a request breaks if it is permitted; all of them if that cannot be said.
    fn broken_by(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> Vec<&Invariant> {
        let answer = authorizer.is_authorized(request, &self.set, entities);
        if answer.diagnostics().errors().next().is_some() {
            return self.says.values().collect();
        }
        if answer.decision() == Decision::Allow {
            return Vec::new();
        }
        answer.diagnostics().reason().filter_map(|id| self.says.get(&id.to_string())).collect()
    }
}

/// An action of the search, with the policies that can match it; none of the pack where it stands for all those of its class that nothing names.
struct Subject<'a> {
    name: &'a str,
    risk: Risk,
    spec: Option<&'a ActionSpec>,
    policies: PolicySet,
    axes: Axes,
}

/// Searches for requests that the pack's policies permit though an invariant forbids them.
#[must_use]
pub fn search(pack: &Pack, invariants: &Invariants, search: Search) -> Searched {
    let problems = invariants.misnamed(pack);
    if !problems.is_empty() {
        return Searched { problems, ..Searched::default() };
    }
    let subjects = subjects(pack, invariants);
    let mut found = Finder {
        pack: &pack.manifest.name,
        places: &pack.policies,
        invariants,
        authorizer: Authorizer::new(),
        known: BTreeSet::new(),
        searched: Searched::default(),
    };
    let mut dice = Dice(search.seed);
    for subject in &subjects {
        let points = subject.axes.points();
        if points <= search.each_max {
            (0..points).for_each(|number| found.ask(subject, &subject.axes.at(number)));
            found.searched.whole += 1;
        } else {
            (0..search.each_max).for_each(|_| found.ask(subject, &subject.axes.at(dice.roll() % points)));
            found.searched.sampled += 1;
        }
    }
    let count = u64::try_from(subjects.len()).unwrap_or(u64::MAX).max(1);
    for _ in 0..search.random {
        let place = usize::try_from(dice.roll() % count).unwrap_or_default();
        if let Some(subject) = subjects.get(place) {
            found.ask(subject, &subject.axes.anywhere(|| dice.roll()));
        }
    }
    found.searched
}

/// Every action that a policy or invariant names or that its pack lets go further than others, and one for all others of each class: policies cannot
/// tell those apart.
fn subjects<'a>(pack: &'a Pack, invariants: &'a Invariants) -> Vec<Subject<'a>> {
    let all = || pack.policies.all().policies().chain(invariants.set.policies());
    let named: BTreeSet<String> = all().flat_map(named_by).collect();
    let is_special =
        |spec: &&ActionSpec| named.contains(&spec.name) || spec.autonomy != Autonomy::default() || spec.reversible;
    let special = pack.actions.values().filter(is_special).map(|spec| (spec.name.as_str(), spec.risk, Some(spec)));
    let classes = [Risk::Read, Risk::Write, Risk::Money, Risk::Credential, Risk::Challenge];
    let others = classes.into_iter().map(|risk| (ANY, risk, None));
    let has_invariant = |(name, risk, _): &(&str, Risk, Option<&ActionSpec>)| {
        invariants.set.policies().any(|policy| policy.effect() == Effect::Forbid && speaks_of(policy, (name, *risk)))
    };
    special
        .chain(others)
        .filter(has_invariant)
        .map(|(name, risk, spec)| {
            let own = pack.policies.all().policies().filter(|policy| speaks_of(policy, (name, risk)));
            // Ids of one set differ, so that they make a set again.
            let policies = PolicySet::from_policies(own.cloned()).unwrap_or_default();
            let relevant =
                all().filter(|policy| speaks_of(policy, (name, risk))).filter_map(|policy| policy.to_json().ok());
            let axes = Axes::of(relevant, spec, &pack.manifest.markets);
            Subject { name, risk, spec, policies, axes }
        })
        .collect()
}

/// Names of actions and classes in a policy's head.
fn named_by(policy: &Policy) -> Vec<String> {
    let name = |action: &EntityUid| action.id().unescaped().to_owned();
    match policy.action_constraint() {
        ActionConstraint::Any => Vec::new(),
        ActionConstraint::In(actions) => actions.iter().map(name).collect(),
        ActionConstraint::Eq(action) => vec![name(&action)],
    }
}

/// Whether a policy can match an action, by its head.
fn speaks_of(policy: &Policy, (action, risk): (&str, Risk)) -> bool {
    let named = named_by(policy);
    policy.action_constraint() == ActionConstraint::Any
        || named.iter().any(|name| name == action || name == risk.as_str())
}

struct Finder<'a> {
    /// Name of the pack's folder.
    pack: &'a str,
    /// Who knows where each policy stands.
    places: &'a Policies,
    invariants: &'a Invariants,
    authorizer: Authorizer,
    /// What was shown already: invariant and action.
    known: BTreeSet<(String, String)>,
    searched: Searched,
}

impl Finder<'_> {
    fn ask(&mut self, subject: &Subject<'_>, point: &Point) {
        self.searched.requests += 1;
        let (arguments, hours_since) = (point.arguments(), point.hours_since());
        let question = question(subject, point, (&arguments, &hours_since));
        let Some((request, entities)) = question.to_cedar() else { return };
        let answer = self.authorizer.is_authorized(&request, &subject.policies, &entities);
        // As in a decision: what cannot be evaluated denies.
        let is_permitted = answer.decision() == Decision::Allow && answer.diagnostics().errors().next().is_none();
        if !is_permitted || self.searched.problems.len() >= SHOWN_MAX {
            return;
        }
        let mut permits: Vec<String> = answer.diagnostics().reason().map(ToString::to_string).collect();
        permits.sort_unstable();
        for invariant in self.invariants.broken_by(&self.authorizer, &request, &entities) {
            let action = words::action(subject.spec.map(|spec| spec.name.as_str()), subject.risk);
            if !self.known.insert((invariant.id.clone(), action.clone())) {
                continue;
            }
            let key = format!("{}#{}", invariant.file, invariant.id);
            let asked = self.invariants.set.policy(&PolicyId::new(key)).map(names_of).unwrap_or_default();
            let near = blame::near(self.places, (subject.name, &permits), &asked);
            let (file, line) = near.place(self.places);
            let Invariant { id, says, file: stands, line: at } = invariant;
            let request = words::of(point);
            let (by, advice) = (self.places.told(&permits), near.advice(self.places, self.pack));
            let message = format!(
                "`{id}` does not hold ({says}; {stands}:{at}): {action} is permitted by {by} {request}. {advice}"
            );
            self.searched.problems.push(PackProblem { file, line, message });
        }
    }
}

fn question<'a>(
    action: &'a Subject<'_>,
    point: &'a Point,
    (arguments, hours_since): (&'a Map<String, Value>, &'a BTreeMap<String, i64>),
) -> Question<'a> {
    let autonomy = match point.text("autonomy") {
        Some("auto") => Autonomy::Auto,
        Some("suggest") => Autonomy::Suggest,
        _ => Autonomy::Confirm,
    };
    Question {
        action: action.name,
        risk: action.risk,
        customer: CUSTOMER,
        record: (point.text("resource.kind").unwrap_or("record"), "R-1"),
        owner: if point.is("owner") { CUSTOMER } else { OTHER },
        level: match point.number("level") {
            Some(0) => IdentityLevel::Anonymous,
            Some(1) => IdentityLevel::Identified,
            _ => IdentityLevel::Verified,
        },
        proof: point.text("proof").and_then(Proof::named).unwrap_or(Proof::Session),
        market: point.text("market").unwrap_or_default(),
        confirmed: point.is("confirmed"),
        approvals: point.number("approvals").and_then(|count| u8::try_from(count).ok()).unwrap_or_default(),
        autonomy,
        reversible: point.is("reversible"),
        amount_minor: point.number("amount_minor"),
        currency: point.text("currency"),
        label: point.number("label").and_then(Label::ranked).unwrap_or(Label::Session),
        hours_since,
        arguments,
    }
}

/// Numbers that look random and are the same for the same seed (SplitMix64, Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The members of a value that are what a policy compares with.
pub(super) fn literal(value: &Value) -> Option<Value> {
    value.get("Value").filter(|value| !value.is_object()).map(|value| json!(value))
}
