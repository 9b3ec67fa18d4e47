//! What was done for a customer lately, and how much of it may be done? Counted in the commit of the intent, so that nobody passes a limit beside another.

use ombud_domain::TimestampUs;
use ombud_policy::spec::Risk;
use serde::{Deserialize, Serialize};

/// What an intent is about to do, as it counts. It counts from the commit of its intent until it is known not to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// Id of the intent.
    pub intent_id: String,
    /// For whom.
    pub customer_id: String,
    /// The action.
    pub action: String,
    /// Its class.
    pub risk: Risk,
    /// Market code.
    pub market: String,
    /// Minor units and currency, if it has an amount.
    pub amount: Option<(i64, String)>,
}

/// The most of something within a time, with the effect that is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Which limit of the pack this is.
    pub rule: String,
    /// Whose effects are counted.
    pub per: CapPer,
    /// The actions that count; all of the class if empty.
    pub actions: Vec<String>,
    /// The class that counts, if one is named.
    pub risk: Option<Risk>,
    /// The markets that count; all if empty.
    pub markets: Vec<String>,
    /// Effects after this moment count.
    pub since: TimestampUs,
    /// Effects at most.
    pub count_max: Option<i64>,
    /// Sum of the amounts in the effect's currency at most, minor units.
    pub minor_max: Option<i64>,
}

/// Whose effects a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapPer {
    /// Those of the customer.
    Customer,
    /// Those of all customers.
    Company,
}

/// How the effects of a customer change with a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counting {
    /// One begins: refused when it passes a cap, or when more was done lately than the decision knew.
    Begun {
        /// What.
        effect: Effect,
        /// What it must not pass.
        caps: Vec<Cap>,
        /// What was known of the customer's effects when this was decided.
        known: Option<Known>,
    },
    /// The one of this intent was not done after all.
    NotDone(String),
}

/// What a decision knew of a customer's effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Actions and classes that the policies ask for.
    pub names: Vec<String>,
    /// Effects after this moment.
    pub since: TimestampUs,
    /// How many there were.
    pub count: i64,
}

/// One that was begun, and is not known to have failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEffect {
    /// The action.
    pub action: String,
    /// Its class, by its wire name.
    pub risk: String,
    /// When it began.
    pub at: TimestampUs,
}

impl PastEffect {
    /// Whether it is one of these actions, or of these classes.
    #[must_use]
    pub fn is_of(&self, names: &[String]) -> bool {
        names.iter().any(|name| *name == self.action || *name == self.risk)
    }
}

/// How long effects are kept: no limit and no policy looks further back.
pub const KEPT_US: i64 = 31 * 24 * 3_600 * 1_000_000;
/// Effects of a customer read in one go, the newest first.
pub const EFFECTS_MAX: usize = 1_000;
