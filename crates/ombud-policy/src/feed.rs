//! What do the company's systems report by themselves? Events of a change feed, whose address and form the pack describes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::action::{ApiCall, Method};
use crate::dialogue::{Frame, Pending};
use crate::expr::{Expr, ExprError, Scope, plain};
use crate::problem::PackProblem;

/// Events of one page, whatever a pack asks for.
pub const PAGE_EVENTS_MAX: u32 = 1_000;

/// `[feed]` of `pack.toml`. Expressions see `result`, the answer; those of one event see `item`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedConfig {
    /// Path of the feed.
    pub path: String,
    /// Query parameter that says where to read on.
    pub after: String,
    /// Query parameter that bounds a page, if there is one.
    #[serde(default)]
    pub limit: Option<String>,
    /// Events of one page.
    #[serde(default = "hundred")]
    pub page: u32,
    /// The events, oldest first.
    pub items: String,
    /// Id of an event; the same id is never acted on twice.
    pub id: String,
    /// Where to read on after an event; its id unless said.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Whose record changed.
    pub customer: String,
    /// Id of the record.
    pub record: String,
    /// Events that flows wait for: name to condition.
    pub events: BTreeMap<String, String>,
}

const fn hundred() -> u32 {
    100
}

/// A feed that can be read.
#[derive(Debug)]
pub struct Feed {
    config: FeedConfig,
    items: Expr,
    id: Expr,
    cursor: Expr,
    customer: Expr,
    record: Expr,
    events: Vec<(String, Expr)>,
}

/// Something the company's systems have reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyEvent {
    /// Its id there.
    pub id: String,
    /// Where to read on after it.
    pub cursor: String,
    /// Whose record it is.
    pub customer_id: String,
    /// The record.
    pub record: String,
    /// What the pack calls it; none when no flow waits for its kind.
    pub names: Vec<String>,
}

impl CompanyEvent {
    /// Whether a parked request waits for this.
    #[must_use]
    pub fn wakes(&self, frame: &Frame) -> bool {
        match &frame.pending {
            Pending::Event { event, record } => {
                self.names.contains(event) && record.as_ref().is_none_or(|record| *record == self.record)
            }
            _ => false,
        }
    }
}

impl Feed {
    pub(crate) fn compile(config: &FeedConfig, file: &str, source: &str) -> Result<Self, PackProblem> {
        let compile =
            |text: &String| Expr::compile(text).map_err(|error| PackProblem::at(file, source, text, error.to_string()));
        if !config.path.starts_with('/') || !(1..=PAGE_EVENTS_MAX).contains(&config.page) {
            let message = format!("`path` of the feed must begin with `/`, and `page` be 1 to {PAGE_EVENTS_MAX}");
            return Err(PackProblem::at(file, source, "[feed]", message));
        }
        let events = config.events.iter().map(|(name, text)| Ok((name.clone(), compile(text)?)));
        Ok(Self {
            items: compile(&config.items)?,
            id: compile(&config.id)?,
            cursor: compile(config.cursor.as_ref().unwrap_or(&config.id))?,
            customer: compile(&config.customer)?,
            record: compile(&config.record)?,
            events: events.collect::<Result<_, _>>()?,
            config: config.clone(),
        })
    }

    /// Under which name the place in the feed is kept.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.config.path
    }

    /// Whether an event of this name can be reported.
    #[must_use]
    pub fn reports(&self, event: &str) -> bool {
        self.config.events.contains_key(event)
    }

    /// Events of one page; fewer come where the feed ends.
    #[must_use]
    pub const fn page(&self) -> usize {
        self.config.page as usize
    }

    /// The read of the page after a cursor.
    #[must_use]
    pub fn call(&self, cursor: Option<&str>) -> ApiCall {
        let after = cursor.map(|cursor| (self.config.after.clone(), cursor.to_owned()));
        let limit = self.config.limit.clone().map(|limit| (limit, self.config.page.to_string()));
        ApiCall {
            action: "feed".to_owned(),
            method: Method::Get,
            path: self.config.path.clone(),
            query: after.into_iter().chain(limit).collect(),
            body: Value::Null,
            deadline_ms: 5_000,
            attempts_max: 1,
            idempotency_key: false,
            reasons: BTreeMap::new(),
            receipt_member: String::new(),
            out: None,
        }
    }

    /// The events of a page.
    ///
    /// # Errors
    /// [`ExprError`] when the page, an id or a cursor cannot be read; the author of the pack can fix it.
    pub fn events(&self, page: &Value) -> Result<Vec<CompanyEvent>, ExprError> {
        let names = Map::from_iter([("result".to_owned(), page.clone())]);
        let items = match self.items.eval(Scope { layers: &[&names] })? {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        items.into_iter().take(self.page()).map(|item| self.event(item)).collect()
    }

    fn event(&self, item: Value) -> Result<CompanyEvent, ExprError> {
        let names = Map::from_iter([("item".to_owned(), item)]);
        let scope = Scope { layers: &[&names] };
        // An event that says nothing of a customer wakes nobody.
        let text = |expr: &Expr| expr.eval(scope).map(|value| plain(&value)).unwrap_or_default();
        let is_so = |expr: &Expr| expr.holds(scope).unwrap_or(false);
        let named = self.events.iter().filter(|(_, when)| is_so(when)).map(|(name, _)| name.clone());
        Ok(CompanyEvent {
            id: plain(&self.id.eval(scope)?),
            cursor: plain(&self.cursor.eval(scope)?),
            customer_id: text(&self.customer),
            record: text(&self.record),
            names: named.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn feed() -> Feed {
        let source = "path = \"/changes\"\nafter = \"after\"\nlimit = \"limit\"\npage = 2\nitems = \"result.items\"\nid = \"item.seq\"\ncustomer = \"item.customer_id\"\nrecord = \"item.id\"\n[events]\npaid = \"item.kind == 'payment' && item.change == 'succeeded'\"\n";
        Feed::compile(&toml::from_str(source).unwrap(), "p/pack.toml", source).unwrap()
    }

    fn waiting(event: &str, record: Option<&str>) -> Frame {
        let pending = Pending::Event { event: event.to_owned(), record: record.map(ToOwned::to_owned) };
        Frame { pending, ..Frame::default() }
    }

    #[test]
    fn a_page_is_asked_for_after_the_cursor_and_read_within_its_bound() {
        let call = feed().call(Some("7"));
        let query = [("after", "7"), ("limit", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((call.path.as_str(), call.query), ("/changes", query.to_vec()));
        let item =
            |seq: i64| json!({"seq": seq, "kind": "payment", "change": "succeeded", "customer_id": "C", "id": "P"});
        let events = feed().events(&json!({"items": [item(8), item(9), item(10)]})).unwrap();
        assert_eq!(events.iter().map(|event| event.id.as_str()).collect::<Vec<_>>(), ["8", "9"]);
        assert_eq!(feed().events(&json!({"items": []})).unwrap(), Vec::new());
        assert!(feed().events(&json!({})).is_err(), "an answer without its list is no page");
    }

    #[test]
    fn an_event_wakes_who_waits_for_it_and_for_its_record() {
        let item = json!({"seq": 1, "kind": "payment", "change": "succeeded", "customer_id": "C", "id": "P-1"});
        let event = feed().events(&json!({"items": [item]})).unwrap().remove(0);
        assert!(event.wakes(&waiting("paid", None)) && event.wakes(&waiting("paid", Some("P-1"))));
        assert!(!event.wakes(&waiting("paid", Some("P-2"))) && !event.wakes(&waiting("returned", None)));
        assert!(!event.wakes(&Frame::default()));
        let other = json!({"seq": 2, "kind": "payment", "change": "failed"});
        let other = feed().events(&json!({"items": [other]})).unwrap().remove(0);
        assert_eq!((other.names.len(), other.customer_id.as_str(), other.cursor.as_str()), (0, "", "2"));
    }
}
