//! What does a company of a test write into its books? Records by collection, read and changed by path alone: no rule of any business.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use async_trait::async_trait;
use ombud_domain::{ActionOutcome, CallFailure, Receipt};
use ombud_policy::{ApiCall, Intent, Method};
use ombud_ports::BackOffice;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How the books are filled from a file of somebody else's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub customer_id: String,
    pub now: String,
    collections: BTreeMap<String, Source>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    at: String,
    is: Shape,
    /// What a new record has besides what it was made with.
    #[serde(default)]
    new: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Record,
    List,
    Texts,
}

/// The books, and every write to them.
#[derive(Debug)]
pub struct Books {
    records: Mutex<BTreeMap<String, Vec<Value>>>,
    new: BTreeMap<String, Map<String, Value>>,
    performed: Mutex<Vec<(ApiCall, ActionOutcome)>>,
}

impl Books {
    /// Fills them.
    pub fn of(plan: &Plan, environment: &Value) -> anyhow::Result<Self> {
        let customer = json!(plan.customer_id);
        let mut records = BTreeMap::new();
        for (name, source) in &plan.collections {
            let value = environment.pointer(&source.at).with_context(|| source.at.clone())?;
            let mut of_name: Vec<Map<String, Value>> = match source.is {
                Shape::Record => {
                    let plain = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_array());
                    let mut record: Map<String, Value> =
                        plain.map(|(key, value)| (key.clone(), value.clone())).collect();
                    record.insert("id".to_owned(), customer.clone());
                    vec![record]
                }
                Shape::List => {
                    value.as_array().context("a list")?.iter().filter_map(Value::as_object).cloned().collect()
                }
                Shape::Texts => {
                    let texts = value.as_object().context("texts")?.iter();
                    let named = texts.map(|(key, text)| json!({"id": key, "name": key, "text": text}));
                    named.filter_map(|text| text.as_object().cloned()).collect()
                }
            };
            for record in &mut of_name {
                record.insert("customer_id".to_owned(), customer.clone());
                if let Some(number) = record.get("id").and_then(Value::as_i64) {
                    record.insert("id".to_owned(), json!(format!("{name}-{number}")));
                }
            }
            records.insert(name.clone(), of_name.into_iter().map(Value::Object).collect());
        }
        let new = plan.collections.iter().map(|(name, source)| (name.clone(), source.new.clone())).collect();
        Ok(Self { records: Mutex::new(records), new, performed: Mutex::default() })
    }

    /// Writes since the last look.
    pub fn take(&self) -> Vec<(ApiCall, ActionOutcome)> {
        std::mem::take(&mut *self.performed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Kind to id to record.
    pub fn all(&self) -> Value {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |records: &Vec<Value>| {
            let named =
                records.iter().filter_map(|record| Some((record.get("id")?.as_str()?.to_owned(), record.clone())));
            named.collect::<Map<String, Value>>()
        };
        records.iter().map(|(kind, records)| (kind.clone(), Value::Object(of(records)))).collect::<Map<_, _>>().into()
    }

    fn find(&self, call: &ApiCall) -> Option<Value> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut path = call.path.trim_start_matches('/').split('/');
        let of_kind = records.get(path.next()?)?;
        match path.next() {
            Some(id) => of_kind.iter().find(|record| record.get("id").and_then(Value::as_str) == Some(id)).cloned(),
            None => {
                let fits = |record: &&Value| {
                    call.query.iter().all(|(key, value)| record.get(key).and_then(Value::as_str) == Some(value))
                };
                Some(of_kind.iter().filter(fits).cloned().collect())
            }
        }
    }

    fn write(&self, call: &ApiCall) -> Option<Value> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut path = call.path.trim_start_matches('/').split('/');
        let kind = path.next()?;
        let of_kind = records.get_mut(kind)?;
        let said = call.body.as_object()?.clone();
        match (call.method, path.next()) {
            (Method::Post, None) => {
                let mut record = self.new.get(kind).cloned().unwrap_or_default();
                record.extend(said);
                record.insert("id".to_owned(), json!(format!("{kind}-new-{}", of_kind.len())));
                of_kind.push(Value::Object(record.clone()));
                Some(Value::Object(record))
            }
            (Method::Patch, Some(id)) => {
                let record = of_kind.iter_mut().find(|record| record.get("id").and_then(Value::as_str) == Some(id))?;
                record.as_object_mut()?.extend(said);
                Some(record.clone())
            }
            _ => None,
        }
    }
}

#[async_trait]
impl BackOffice for Books {
    async fn read(&self, call: &ApiCall) -> ActionOutcome {
        self.find(call).map_or(ActionOutcome::NotFound, |body| ActionOutcome::Found { body })
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        let receipt_id = intent.id().to_string();
        let outcome = match self.write(intent.call()) {
            Some(mut body) => {
                body["receipt_id"] = json!(receipt_id);
                ActionOutcome::Done { receipt: Receipt { receipt_id, body } }
            }
            None => ActionOutcome::Failed { failure: CallFailure::Malformed },
        };
        let performed = (intent.call().clone(), outcome.clone());
        self.performed.lock().unwrap_or_else(PoisonError::into_inner).push(performed);
        outcome
    }

    async fn pass_secret(&self, _call: &ApiCall) -> ActionOutcome {
        ActionOutcome::Failed { failure: CallFailure::Malformed }
    }
}
