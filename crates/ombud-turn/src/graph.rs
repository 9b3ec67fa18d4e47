//! What lies near to what among a customer's records? Walks over the customer graph of the pack, made of what the company's systems hold now.
//!
//! Packs ask by an action with `source: graph`. The records are read as the customer may read them himself, held in memory, and read again once the company's
//! feed reports a change ([`held`]).

mod held;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use ombud_domain::{ActionOutcome, CallFailure, IdentityLevel, Node, NodeKey};
use ombud_policy::graph::{GraphSpec, Walk, WalkOrder};
use ombud_policy::spec::Source;
use ombud_policy::{ApiCall, CompanyEvent, Dialogue, Proof};
use ombud_ports::{BackOffice, Clock};
use ombud_retrieval::Graph;
use ombud_retrieval::graph::{Order, sort};
use serde_json::{Map, Value, json};

use crate::assistant::{Assistant, Ports};
use crate::context::{self, Asker};
use crate::conversation::Conversation;
use crate::facts;
use crate::intake::Arrival;
use crate::memory;
use held::{Held, Part, View};

/// Records near the one in question that are given with it.
const NEAR_MAX: usize = 12;
/// Links to them.
const NEAR_HOPS: usize = 2;

/// What is held of customers' records, and how it is read. Not through a turn's tape: what a turn takes from it is on the tape as one answer.
pub(crate) struct Graphs {
    held: Held,
    back_office: Arc<dyn BackOffice>,
    clock: Arc<dyn Clock>,
    /// Where this process reads on in the company's feed.
    cursor: Mutex<Option<String>>,
}

impl Graphs {
    pub(crate) fn new(ports: &Ports) -> Self {
        let (back_office, clock) = (Arc::clone(&ports.back_office), Arc::clone(&ports.clock));
        Self { held: Held::default(), back_office, clock, cursor: Mutex::default() }
    }

    /// Where this process reads on in the feed; none before its first page.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn move_cursor(&self, cursor: &str) {
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor.to_owned());
    }

    pub(crate) fn now_us(&self) -> u64 {
        self.clock.monotonic_us()
    }

    /// The feed was read to its end, by a reading that began then.
    pub(crate) fn followed(&self, began_us: u64) {
        self.held.followed(began_us);
    }

    /// Forgets what is held, after an erasure.
    pub(crate) fn clear(&self) {
        self.held.clear();
    }
}

impl Assistant {
    /// The company has reported something: what was read of it is old.
    pub(crate) fn note_change(&self, event: &CompanyEvent) {
        if let Some(graph) = &self.pack.graph {
            let old = graph.made_stale_by(&event.names);
            if !old.is_empty() {
                self.graphs.held.changed(&event.customer_id, old);
            }
        }
    }

    /// Something was done for a customer: whatever was read of him may be old, before the company reports it.
    pub(crate) fn note_deed(&self, customer_id: Option<&str>) {
        if let (Some(graph), Some(customer_id)) = (&self.pack.graph, customer_id) {
            self.graphs.held.changed(customer_id, graph.actions());
        }
    }

    /// Forgets the records of all customers that this process holds, after somebody was erased.
    pub fn forget_records(&self) {
        self.graphs.clear();
    }

    /// The records of a customer who is signed in, as a question to the graph would find them now; for measuring how fresh they are. None where the pack has no
    /// graph, or they cannot be read.
    pub async fn records_of(&self, customer_id: &str, market: &str) -> Option<Vec<Node>> {
        let spec = self.pack.graph.as_ref()?;
        let asker = Asker {
            customer_id: customer_id.to_owned(),
            level: IdentityLevel::Identified,
            proof: Proof::Session,
            market: market.to_owned(),
        };
        let actions = spec.actions().into_iter().filter(|action| self.source_of(action) == Some(Source::Company));
        let graph = read(self, (spec, &actions.collect()), (&asker, None)).await?;
        Some(graph.nodes().cloned().collect())
    }

    fn source_of(&self, action: &str) -> Option<Source> {
        self.pack.actions.get(action).map(|spec| spec.source)
    }
}

/// Whether an action is a question to the graph.
pub(crate) fn is_of_graph(assistant: &Assistant, action: &str) -> bool {
    assistant.source_of(action) == Some(Source::Graph)
}

/// What the walk of an action comes to: `kind`, `id`, `label`, `at`, `source`, `age_s` and the `fields` that are kept of each record.
pub(crate) async fn answer(
    assistant: &Assistant,
    received: &Arrival,
    (call, asker): (&ApiCall, Option<&Asker>),
) -> ActionOutcome {
    let walk = assistant.pack.actions.get(&call.action).and_then(|spec| spec.walk.as_ref());
    let (Some(spec), Some(walk), Some(asker)) = (&assistant.pack.graph, walk, asker) else {
        return ActionOutcome::Found { body: json!([]) };
    };
    if share_of(assistant, walk.take) == 0 {
        return ActionOutcome::Found { body: json!([]) };
    }
    let arguments = call.query.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    let walked = Box::pin(go(assistant, (spec, walk), (asker, &received.conversation), &arguments));
    let found = match assistant.tape() {
        Some(tape) => tape.ask(format!("graph {} of {}", call.action, asker.customer_id), walked).await,
        None => walked.await,
    };
    match found {
        Some(nodes) => ActionOutcome::Found { body: Value::Array(nodes) },
        None => ActionOutcome::Failed { failure: CallFailure::Unreachable },
    }
}

async fn go(
    assistant: &Assistant,
    (spec, walk): (&GraphSpec, &Walk),
    (asker, now): (&Asker, &Conversation),
    arguments: &Map<String, Value>,
) -> Option<Vec<Value>> {
    let graph = read(assistant, (spec, &spec.actions_of(walk)), (asker, Some(now))).await?;
    let key = |id: &str| NodeKey { kind: walk.from.clone(), id: id.to_owned() };
    let starts: Vec<NodeKey> = match &walk.start {
        Some(start) => arguments.get(start).and_then(Value::as_str).map(key).into_iter().collect(),
        None => graph.of_kind(&walk.from).map(|node| node.key.clone()).collect(),
    };
    let mut found = Vec::new();
    for node in graph.walk(&starts, &walk.along) {
        match walk.keeps(node, arguments) {
            Ok(true) => found.push(node),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "the walk of an action does not fit the records, correct its `where`");
                return None;
            }
        }
    }
    let order = if walk.order == WalkOrder::Oldest { Order::Oldest } else { Order::Newest };
    sort(&mut found, order, |node| node);
    Some(found.into_iter().take(share_of(assistant, walk.take)).map(|node| told(assistant, node)).collect())
}

/// How many of so many records are given: the pack's weight of the graph.
fn share_of(assistant: &Assistant, nodes: usize) -> usize {
    assistant.weights.graph.share_of(nodes)
}

fn told(assistant: &Assistant, node: &Node) -> Value {
    let age_s = assistant.graphs.clock.now().0.saturating_sub(node.read_at.0).div_euclid(1_000_000);
    let mut told = json!({
        "kind": node.key.kind, "id": node.key.id, "label": node.label, "at": node.at, "source": node.source, "age_s": age_s, "fields": node.fields,
    });
    if let Some(members) = told.as_object_mut().filter(|_| !node.others.is_empty()) {
        members.insert("others".to_owned(), json!(node.others));
    }
    told
}

/// Whether what is not held is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Only what is held already is told: nobody waits.
    Held,
    /// The company's systems are asked for the rest.
    Anew,
}

/// What lies near the records that the conversation is about, the nearest and newest first, told as [`answer`] tells it; nothing where no record is spoken of.
pub(crate) async fn near(
    assistant: &Assistant,
    conversation: &Conversation,
    (dialogue, reading): (&Dialogue, Reading),
) -> Vec<Value> {
    let nodes_max = share_of(assistant, NEAR_MAX);
    let (Some(spec), Some(asker)) = (&assistant.pack.graph, Asker::of(dialogue, &conversation.market)) else {
        return Vec::new();
    };
    if nodes_max == 0 || dialogue.recent.is_empty() {
        return Vec::new();
    }
    let spoken_of: BTreeSet<&String> = dialogue.recent.values().collect();
    let looked = Box::pin(async {
        let actions = spec.actions().into_iter().filter(|action| assistant.source_of(action) == Some(Source::Company));
        let actions: BTreeSet<&str> = match reading {
            Reading::Held => actions.filter(|action| held_part(assistant, (spec, action), &asker).is_some()).collect(),
            Reading::Anew => actions.collect(),
        };
        let Some(graph) = read(assistant, (spec, &actions), (&asker, None)).await else { return Vec::new() };
        let starts: Vec<NodeKey> =
            graph.nodes().filter(|node| spoken_of.contains(&node.key.id)).map(|node| node.key.clone()).collect();
        graph.near(&starts, NEAR_HOPS, nodes_max).into_iter().map(|(_, node)| told(assistant, node)).collect()
    });
    match assistant.tape() {
        Some(tape) => tape.ask(format!("near records of {}", asker.customer_id), looked).await,
        None => looked.await,
    }
}

fn view(asker: &Asker) -> View {
    (format!("{} {}", asker.level.as_str(), asker.proof.as_str()), asker.market.clone())
}

/// What is held of one action's records and may be used now.
fn held_part(assistant: &Assistant, (spec, action): (&GraphSpec, &str), asker: &Asker) -> Option<Arc<Part>> {
    let Graphs { held, clock, .. } = assistant.graphs.as_ref();
    let reported = if assistant.pack.feed.is_some() && spec.is_followed(action) { Some(action) } else { None };
    let of_customer = held.of(&asker.customer_id);
    of_customer.part((&view(asker), action), (held, &reported.into_iter().collect()), clock.monotonic_us())
}

/// The graph of what these actions read; none where one of them cannot be read.
async fn read(
    assistant: &Assistant,
    (spec, actions): (&GraphSpec, &BTreeSet<&str>),
    (asker, now): (&Asker, Option<&Conversation>),
) -> Option<Graph> {
    let parts = actions.iter().map(|action| part(assistant, (spec, action), (asker, now)));
    let parts: Option<Vec<Arc<Part>>> = futures::future::join_all(parts).await.into_iter().collect();
    let (mut nodes, mut links) = (Vec::new(), Vec::new());
    for part in parts? {
        nodes.extend(part.nodes.iter().cloned());
        links.extend(part.links.iter().cloned());
    }
    let graph = Graph::build(&asker.customer_id, nodes, &links, spec.limits.nodes);
    if graph.left_out() > 0 {
        tracing::info!(
            left_out = graph.left_out(),
            "a customer has more records than `limits.nodes` of graph.yaml keeps"
        );
    }
    Some(graph)
}

async fn part(
    assistant: &Assistant,
    (spec, action): (&GraphSpec, &str),
    (asker, now): (&Asker, Option<&Conversation>),
) -> Option<Arc<Part>> {
    if let Some(part) = held_part(assistant, (spec, action), asker) {
        return Some(part);
    }
    let Graphs { held, clock, back_office, .. } = assistant.graphs.as_ref();
    let of_customer = held.of(&asker.customer_id);
    let (since, read_at) = (held.begin(clock.monotonic_us()), clock.now());
    let (action_spec, call) = context::own_read(assistant, asker, action)?;
    let is_of_memory = action_spec.source == Source::Memory;
    let body = if action_spec.tells_facts() {
        Some(facts::told(assistant, &asker.customer_id).await.ok()?)
    } else if is_of_memory {
        Some(json!(memory::look_back(assistant, now?, &asker.customer_id).await.ok()?))
    } else {
        match back_office.read(&call).await {
            ActionOutcome::Found { body } => Some(body).filter(|body| action_spec.is_own(body, &asker.customer_id)),
            ActionOutcome::NotFound => None,
            _ => return None,
        }
    };
    // What is somebody else's is not there.
    let read = body.map_or(Ok(Default::default()), |body| {
        spec.read((action, &body, &action_spec.third_party), &asker.customer_id, read_at)
    });
    let read = read.map_err(|error| tracing::error!(%error, action, "records do not fit graph.yaml, correct it"));
    let (nodes, links) = read.ok()?;
    let part = Arc::new(Part { nodes, links, since });
    // What the ledger remembers is in memory already, and may be forgotten at any time.
    if !is_of_memory {
        of_customer.keep((&view(asker), action), &part);
    }
    Some(part)
}
