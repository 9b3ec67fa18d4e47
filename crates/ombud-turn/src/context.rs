//! Stage 4: what do we know that bears on it? Passages of articles, filtered by market, language, audience and validity before ranking.

use std::sync::Arc;
use std::time::Duration;

use ombud_domain::knowledge::Finding;
use ombud_domain::{ActionOutcome, Command, IdentityLevel, Label, Passage, Stage};
use ombud_policy::authorize::{Asked, OwnedRecords, Proof, ReadVerdict};
use ombud_policy::spec::ActionSpec;
use ombud_policy::{ApiCall, Dialogue, Ending, LastAnswer};
use serde_json::{Value, json};

use crate::assistant::Assistant;
use crate::bounded::{Computing, in_time};
use crate::graph::{self, Reading};
use crate::intake::{Arrival, Hears};
use crate::search::Search;
use crate::trail::Trail;
use crate::understanding::Understood;
use crate::waiting::about_awaited;

/// Questions answered in one turn.
const QUESTIONS_MAX: usize = 3;

/// A greeting and a hand-over do without the customer's record rather than wait longer for the company's system.
pub(crate) const RECORD_WAIT_MAX: Duration = Duration::from_secs(1);

/// What was found. Made by this stage alone.
pub(crate) struct Grounds {
    findings: Vec<Finding>,
    passages: Vec<Passage>,
    records: Vec<Value>,
    near: Vec<Value>,
}

impl Grounds {
    /// Records near the one in question, as far as they are at hand; each with its source, label and age.
    pub(crate) fn near(&self) -> &[Value] {
        &self.near
    }

    /// Takes in what the company's system answered in this turn.
    pub(crate) fn add_record(&mut self, outcome: &ActionOutcome) {
        match outcome {
            ActionOutcome::Found { body } => self.records.push(body.clone()),
            ActionOutcome::Done { receipt } => self.records.push(receipt.body.clone()),
            _ => {}
        }
    }

    /// Records and receipts of this turn.
    pub(crate) fn records(&self) -> &[Value] {
        &self.records
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Texts that a draft of a model may rest on.
    pub(crate) fn passages(&self) -> &[Passage] {
        &self.passages
    }
}

pub(crate) async fn gather(
    assistant: &Arc<Assistant>,
    received: &Arc<Arrival>,
    understood: &Arc<Understood>,
    trail: &mut Trail<'_>,
) -> Grounds {
    let conversation = &received.conversation;
    let near = graph::near(assistant, conversation, (&conversation.dialogue, Reading::Held)).await;
    let shared = (Arc::clone(assistant), Arc::clone(received), Arc::clone(understood));
    let work = move || look_up(&shared.0, &shared.1, &shared.2);
    let (looked_up, late) = if questions(understood).next().is_none() {
        (LookedUp::default(), false)
    } else {
        let found = in_time(assistant, Computing::Search, work).await;
        let late = found.is_none();
        (found.unwrap_or_else(|| nothing_found(understood)), late)
    };
    let LookedUp { findings, passages, embedded, failed } = looked_up;
    let grounds = Grounds { findings, passages, records: Vec::new(), near };
    let answered = grounds.findings.iter().filter(|finding| !finding.sentences.is_empty()).count();
    let summary = match (grounds.findings.len(), answered) {
        _ if late => "not searched in time, answered as if nothing had been found".to_owned(),
        (0, _) => "nothing to look up".to_owned(),
        (asked, answered) => {
            format!("{answered} of {asked} question{} supported by an article", if asked == 1 { "" } else { "s" })
        }
    };
    let asked: Vec<_> = grounds
        .findings
        .iter()
        .map(|finding| json!({"query": finding.query, "support": finding.support, "article": finding.citation.as_ref().map(|citation| &citation.article_id)}))
        .collect();
    let mut detail = json!({"questions": asked, "knowledge_version": assistant.ports.knowledge.version(), "embedded": embedded, "failed": failed});
    if let Some(detail) = detail.as_object_mut().filter(|_| late) {
        detail.insert("late".to_owned(), Value::Bool(true));
    }
    if let Some(detail) = detail.as_object_mut().filter(|_| !grounds.near.is_empty()) {
        let near = members(&grounds.near, &["kind", "id", "source", "age_s"]);
        detail.insert("near".to_owned(), Value::Array(near));
    }
    trail.note(Stage::Context, summary, detail);
    grounds
}

/// What the articles say to the questions of a message.
#[derive(Default)]
struct LookedUp {
    findings: Vec<Finding>,
    passages: Vec<Passage>,
    /// Texts that were embedded for it.
    embedded: usize,
    /// Why something could not be searched for.
    failed: Option<String>,
}

/// What a message asks, as far as it is answered in one turn.
fn questions(understood: &Understood) -> impl Iterator<Item = &String> {
    let asked = understood.understanding().commands.iter().filter_map(|command| match command {
        Command::Ask { query, .. } => Some(query),
        _ => None,
    });
    asked.take(QUESTIONS_MAX)
}

fn nothing_found(understood: &Understood) -> LookedUp {
    let nothing = |query: &String| Finding { query: query.clone(), ..Finding::default() };
    LookedUp { findings: questions(understood).map(nothing).collect(), ..LookedUp::default() }
}

fn look_up(assistant: &Assistant, received: &Arrival, understood: &Understood) -> LookedUp {
    let mut looked_up = LookedUp::default();
    let search = Search::new(assistant, (&received.conversation.locale, understood.market()));
    let mut before = received.conversation.dialogue.last_answer.clone();
    let about = about_request(assistant, &received.conversation.dialogue);
    for query in questions(understood) {
        let found = match about {
            _ if received.hears == Hears::CareQuestion => {
                search.look_up_only(query, about_awaited(assistant, &received.conversation.dialogue))
            }
            [] => search.look_up(query, before.as_ref()),
            about => search.look_up_within(query, about),
        };
        match found {
            Ok((finding, passages)) => {
                before = LastAnswer::after(before, &finding);
                looked_up.findings.push(finding);
                looked_up.passages.extend(passages);
            }
            Err(error) => looked_up.failed = Some(error.to_string()),
        }
    }
    looked_up.embedded = search.embedded();
    looked_up
}

/// These members of records alone.
fn members(records: &[Value], names: &[&str]) -> Vec<Value> {
    let of = |record: &Value| {
        names.iter().filter_map(|name| Some(((*name).to_owned(), record.get(*name)?.clone()))).collect()
    };
    records.iter().map(|record| Value::Object(of(record))).collect()
}

/// Articles about the request that is open, below what it called, or about the one that came to its end just now.
fn about_request<'a>(assistant: &'a Assistant, dialogue: &Dialogue) -> &'a [String] {
    let open = dialogue.frames.iter().rev().find(|frame| !frame.called).map(|frame| &frame.flow);
    let ended = dialogue.last_flow.as_ref().filter(|_| dialogue.last_answer.is_none());
    let flow = open.or(ended).and_then(|flow| assistant.pack.flows.get(flow));
    flow.map_or(&[], |flow| flow.articles.as_slice())
}

/// The hand-over with the record of the customer and what lies near the record in question, if the session or the chat has identified him: a person sees who
/// writes and what about. They are read again where something was done since.
pub(crate) async fn with_customer(
    assistant: &Assistant,
    received: &Arrival,
    (mut ending, mut dialogue): (Ending, Dialogue),
) -> (Ending, Dialogue) {
    let Some(handover) = ending.handover.as_mut() else { return (ending, dialogue) };
    let conversation = &received.conversation;
    let near = graph::near(assistant, conversation, (&dialogue, Reading::Anew));
    let wait = assistant.deadline().min(RECORD_WAIT_MAX);
    let near = tokio::time::timeout(wait, near).await.unwrap_or_default();
    handover.near = members(&near, &["kind", "id", "label", "at", "source", "age_s"]);
    if !handover.customer.is_null() && dialogue.done.is_empty() {
        return (ending, dialogue);
    }
    let Some(asker) = Asker::of(&dialogue, &conversation.market) else { return (ending, dialogue) };
    if let Some(record) = customer_record(assistant, &asker).await {
        handover.customer = record.clone();
        dialogue.customer = record;
        dialogue.customer_read = true;
    }
    (ending, dialogue)
}

/// Who asks, as far as it is known.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub customer_id: String,
    pub level: IdentityLevel,
    pub proof: Proof,
    pub market: String,
}

impl Asker {
    /// The customer of a dialogue; none while nobody knows who it is.
    pub(crate) fn of(dialogue: &Dialogue, market: &str) -> Option<Self> {
        let customer_id = dialogue.customer_id.clone()?;
        Some(Self { customer_id, level: dialogue.level, proof: dialogue.proof, market: market.to_owned() })
    }
}

/// The call of a read by `customer_id` that a customer may make himself; none where the policies do not let him.
pub(crate) fn own_read<'a>(
    assistant: &'a Assistant,
    asker: &Asker,
    action: &str,
) -> Option<(&'a ActionSpec, Box<ApiCall>)> {
    let spec = assistant.pack.actions.get(action)?;
    let arguments = json!({"customer_id": asker.customer_id});
    let asked = Asked {
        spec,
        arguments: arguments.as_object()?,
        customer_id: Some(&asker.customer_id),
        level: asker.level,
        proof: asker.proof,
        market: &asker.market,
        owned: &OwnedRecords::new(),
        confirmed: false,
        approvals: 0,
        amount_minor: None,
        currency: None,
        label: Label::Session,
        standing: None,
    };
    match assistant.pack.policies.authorize_read(&asked) {
        ReadVerdict::Allowed(call) => Some((spec, call)),
        ReadVerdict::Denied { .. } => None,
    }
}

/// The record of a customer, as the company's system has it; none when it cannot be read.
pub(crate) async fn customer_record(assistant: &Assistant, asker: &Asker) -> Option<Value> {
    let (_, call) = own_read(assistant, asker, assistant.pack.manifest.identity.customer.as_ref()?)?;
    match tokio::time::timeout(assistant.deadline().min(RECORD_WAIT_MAX), assistant.ports.back_office.read(&call)).await
    {
        Ok(ActionOutcome::Found { body }) => Some(body),
        _ => None,
    }
}

/// First and last name in a customer's record, if it has them under one of the usual names.
pub(crate) fn customer_name(record: &Value) -> Option<String> {
    let nested = record.get("name");
    let part = |name: &str| record.get(name).or_else(|| nested?.get(name)).and_then(Value::as_str);
    match (part("first_name"), part("last_name")) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        _ => nested.and_then(Value::as_str).map(ToOwned::to_owned),
    }
}
