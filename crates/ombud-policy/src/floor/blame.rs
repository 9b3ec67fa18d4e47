//! Which policy of a company has to be looked at when an invariant does not hold? What permits is mostly the floor, which nobody edits; what was
//! edited is a `forbid` of the company that does not reach as far any more.

use std::collections::BTreeSet;

use cedar_policy::{Effect, Policy};

use super::axes::names_of;
use super::named_by;
use crate::authorize::Policies;

/// Policies that are named, at most.
const NAMED_MAX: usize = 6;
/// What it counts that a policy names the action, and each name that it shares with the invariant; a name that only it has counts one less.
const OWN_ACTION: usize = 3;
const EACH_NAME: usize = 2;
/// More names than a policy has.
const NAMES_MAX: usize = 64;
/// Folder of the floor, which companies do not edit.
const BASE: &str = "base/";

/// Where to look.
pub(super) enum Near {
    /// What permits is the company's own, or the floor itself was edited: the first of these.
    Permits(Vec<String>),
    /// The company's own policies that could forbid it and do not, the likeliest first.
    Forbids(Vec<String>),
    /// No policy of the company speaks of it; the floor permits it.
    Nothing(Vec<String>),
}

/// Where to look for a request of an action that `permits` let through, against an invariant that asks for these names.
pub(super) fn near(policies: &Policies, (action, permits): (&str, &[String]), asked: &BTreeSet<String>) -> Near {
    let is_own = |id: &str| !policies.place(id).0.starts_with(BASE);
    let own: Vec<String> = permits.iter().filter(|id| is_own(id)).cloned().collect();
    if !own.is_empty() {
        return Near::Permits(own);
    }
    // One whose head or names were edited does not speak of the action, or of what the invariant asks for, any more.
    let forbids = policies.all().policies().filter(|policy| policy.effect() == Effect::Forbid);
    let mut likely: Vec<(usize, (String, usize), String)> = forbids
        .filter_map(|policy| Some((likeness(policy, action, asked)?, policy.id().to_string())))
        .filter(|(_, id)| is_own(id))
        .map(|(likeness, id)| (likeness, policies.place(&id), id))
        .collect();
    likely.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let ids: Vec<String> = likely.into_iter().map(|(.., id)| id).take(NAMED_MAX).collect();
    if ids.is_empty() { Near::Nothing(permits.to_vec()) } else { Near::Forbids(ids) }
}

/// How much a policy has to do with an action and with what an invariant asks for; none where it has nothing to do with either.
fn likeness(policy: &Policy, action: &str, asked: &BTreeSet<String>) -> Option<usize> {
    let (names, speaks) = (names_of(policy), named_by(policy).iter().any(|name| name == action));
    let shared = names.intersection(asked).count();
    let told = OWN_ACTION * usize::from(speaks) + EACH_NAME * shared;
    (speaks || shared > 0).then(|| NAMES_MAX.saturating_add(told).saturating_sub(names.len().saturating_sub(shared)))
}

impl Near {
    /// File and line of what to look at first.
    pub(super) fn place(&self, places: &Policies) -> (String, usize) {
        let (Self::Permits(ids) | Self::Forbids(ids) | Self::Nothing(ids)) = self;
        ids.first().map(|id| places.place(id)).unwrap_or_default()
    }

    /// What to do next.
    pub(super) fn advice(&self, places: &Policies, pack: &str) -> String {
        match self {
            Self::Permits(_) => {
                "Narrow what permits it, or forbid it beside; then run `ombud validate` again".to_owned()
            }
            Self::Forbids(ids) => format!(
                "What could forbid it and does not reach so far: {}. Put right what was changed there; if the rule of the company has changed, change the invariant with it, and run `ombud validate` again",
                places.told(ids)
            ),
            Self::Nothing(_) => format!(
                "No policy of {pack}/policies/ forbids it: put back the `forbid` that was taken out, or write one; if the rule of the company has changed, change the invariant with it, and run `ombud validate` again"
            ),
        }
    }
}
