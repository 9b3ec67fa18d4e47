//! How is a question put to Cedar? In its own values: going through JSON took ten times as long.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;
use std::sync::LazyLock;

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};
use ombud_domain::{IdentityLevel, Label};
use serde_json::{Map, Value};

use crate::authorize::{Asked, Proof, autonomy};
use crate::spec::{Autonomy, Risk};

/// Who nobody knows.
const ANONYMOUS: &str = "anonymous";
/// Whose records are that belong to none who is known.
const NOBODY: &str = "nobody";

/// A question with all that policies can see of it.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub action: &'a str,
    pub risk: Risk,
    pub customer: &'a str,
    /// Kind and id of what it is about.
    pub record: (&'a str, &'a str),
    /// Whose that is.
    pub owner: &'a str,
    pub level: IdentityLevel,
    pub proof: Proof,
    pub market: &'a str,
    pub confirmed: bool,
    pub approvals: u8,
    pub autonomy: Autonomy,
    pub reversible: bool,
    pub amount_minor: Option<i64>,
    pub currency: Option<&'a str>,
    pub label: Label,
    pub hours_since: &'a BTreeMap<String, i64>,
    pub arguments: &'a Map<String, Value>,
}

/// Nothing is known of the past in reads, and before it was looked up.
static NO_PAST: BTreeMap<String, i64> = BTreeMap::new();

impl<'a> Question<'a> {
    /// The question of a request whose records were checked to be the customer's own.
    pub(crate) fn of(asked: &Asked<'a>) -> Self {
        Self {
            action: &asked.spec.name,
            risk: asked.spec.risk,
            customer: asked.customer_id.unwrap_or(ANONYMOUS),
            record: record_of(asked),
            owner: asked.customer_id.unwrap_or(NOBODY),
            level: asked.level,
            proof: asked.proof,
            market: asked.market,
            confirmed: asked.confirmed,
            approvals: asked.approvals,
            autonomy: autonomy(asked),
            reversible: asked.spec.reversible,
            amount_minor: asked.amount_minor,
            currency: asked.currency,
            label: asked.label,
            hours_since: asked.standing.map_or(&NO_PAST, |standing| &standing.hours_since),
            arguments: asked.arguments,
        }
    }

    /// Request and entities; none when a value has no place in Cedar, which nothing permits.
    pub(crate) fn to_cedar(&self) -> Option<(Request, Entities)> {
        let types = TYPES.as_ref()?;
        let principal = uid(&types.customer, self.customer);
        let action = uid(&types.action, self.action);
        let (kind, id) = self.record;
        let resource = uid(&types.record, &format!("{kind}:{id}"));
        let level = RestrictedExpression::new_long(match self.level {
            IdentityLevel::Anonymous => 0,
            IdentityLevel::Identified => 1,
            IdentityLevel::Verified => 2,
        });
        let record_attributes = HashMap::from([
            ("kind".to_owned(), RestrictedExpression::new_string(kind.to_owned())),
            ("owner".to_owned(), RestrictedExpression::new_entity_uid(uid(&types.customer, self.owner))),
        ]);
        let context = Context::from_pairs(self.context(level.clone())?).ok()?;
        let risk = uid(&types.action, self.risk.as_str());
        let entities = [
            Entity::new(principal.clone(), HashMap::from([("level".to_owned(), level)]), HashSet::new()).ok()?,
            Entity::new(action.clone(), HashMap::new(), HashSet::from([risk])).ok()?,
            Entity::new(resource.clone(), record_attributes, HashSet::new()).ok()?,
        ];
        let request = Request::new(principal, action, resource, context, None).ok()?;
        Some((request, Entities::from_entities(entities, None).ok()?))
    }

    fn context(&self, level: RestrictedExpression) -> Option<impl Iterator<Item = (String, RestrictedExpression)>> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let hours = self.hours_since.iter().map(|(name, hours)| (name.clone(), RestrictedExpression::new_long(*hours)));
        let always = [
            ("confirmed", RestrictedExpression::new_bool(self.confirmed)),
            ("approvals", RestrictedExpression::new_long(i64::from(self.approvals))),
            ("autonomy", text(self.autonomy.as_str())),
            ("reversible", RestrictedExpression::new_bool(self.reversible)),
            ("level", level),
            ("label", RestrictedExpression::new_long(self.label.rank())),
            ("proof", text(self.proof.as_str())),
            ("market", text(self.market)),
            ("hours_since", RestrictedExpression::new_record(hours).ok()?),
            ("args", RestrictedExpression::new_record(plain_arguments(self.arguments)).ok()?),
        ];
        let amount = self.amount_minor.map(|amount| ("amount_minor", RestrictedExpression::new_long(amount)));
        let currency = self.currency.map(|currency| ("currency", text(currency)));
        let all = always.into_iter().chain(amount).chain(currency);
        Some(all.map(|(name, value)| (name.to_owned(), value)))
    }
}

/// The types of a request, read once: Cedar's parser is slower than a whole decision.
struct Types {
    customer: EntityTypeName,
    action: EntityTypeName,
    record: EntityTypeName,
}

static TYPES: LazyLock<Option<Types>> = LazyLock::new(|| {
    let named = |name| EntityTypeName::from_str(name).ok();
    Some(Types { customer: named("Customer")?, action: named("Action")?, record: named("Record")? })
});

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

/// The first argument that names a record, else the customer himself.
fn record_of<'a>(asked: &Asked<'a>) -> (&'a str, &'a str) {
    let named = asked.spec.arguments.iter().find_map(|(name, spec)| match (&spec.kind, asked.arguments.get(name)) {
        (Some(kind), Some(Value::String(id))) => Some((kind.as_str(), id.as_str())),
        _ => None,
    });
    named.unwrap_or(("customer", asked.customer_id.unwrap_or(ANONYMOUS)))
}

/// Cedar has no floats and no null: such members are left out.
fn plain_arguments(arguments: &Map<String, Value>) -> impl Iterator<Item = (String, RestrictedExpression)> {
    arguments.iter().filter_map(|(name, value)| {
        let plain = match value {
            Value::String(text) => RestrictedExpression::new_string(text.clone()),
            Value::Bool(flag) => RestrictedExpression::new_bool(*flag),
            Value::Number(number) => RestrictedExpression::new_long(number.as_i64()?),
            Value::Array(elements) => {
                let texts: Option<Vec<&str>> = elements.iter().map(Value::as_str).collect();
                let texts = texts?.into_iter().map(|text| RestrictedExpression::new_string(text.to_owned()));
                RestrictedExpression::new_set(texts)
            }
            Value::Null | Value::Object(_) => return None,
        };
        Some((name.clone(), plain))
    })
}
