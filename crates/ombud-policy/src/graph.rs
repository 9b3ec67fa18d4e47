//! Which records form the customer graph, and how do they link? `graph.yaml` of a pack, and the walks that actions ask for.

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::graph::HOPS_MAX;
use ombud_domain::{Label, Link, Node, NodeKey, TimestampUs};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::expr::{Expr, ExprError, Scope, plain};
use crate::labels::{Labels, MemberPath, without_others};
use crate::problem::PackProblem;
use crate::spec::{ActionSpec, ArgumentType, Risk, Source};

/// Records of one answer that become nodes, at most.
const RECORDS_MAX: usize = 1_000;
/// Records that one record is linked with by one edge, at most.
const ENDS_MAX: usize = 100;
/// Nodes of one kind that a pack may keep.
const NODES_MAX: usize = 1_000;
/// Nodes that a walk may give.
const TAKE_MAX: usize = 50;
/// Names that the filter of a walk sees of every node, beside the fields that are kept of its kind, and what was asked with.
const NODE_NAMES: [&str; 4] = ["id", "label", "at", "asked"];

/// Stands for the label of a record among what others wrote, and for all of it.
const LABEL: &str = "label";
const ALL: &str = "*";

/// `graph.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGraph {
    #[serde(default)]
    limits: GraphLimits,
    nodes: BTreeMap<String, RawNode>,
    #[serde(default)]
    edges: BTreeMap<String, RawEdge>,
}

/// How large a graph becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GraphLimits {
    /// Nodes of one kind, the newest; 1 to 1,000.
    pub nodes: usize,
    /// Links of the longest walk, 1 to 3.
    pub hops: usize,
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self { nodes: 200, hops: HOPS_MAX }
    }
}

/// Expressions of a kind see `result`, the answer of the action, and for each record `item`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNode {
    from: String,
    #[serde(default)]
    each: Option<String>,
    #[serde(default = "own_id")]
    id: String,
    #[serde(default)]
    owner: Option<String>,
    label: String,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default)]
    stale: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdge {
    from: String,
    to: String,
    by: String,
    #[serde(default)]
    inverse: Option<String>,
}

fn own_id() -> String {
    "item.id".to_owned()
}

/// A kind of record.
#[derive(Debug)]
pub struct NodeSpec {
    /// Its name.
    pub kind: String,
    /// The action that reads it.
    pub from: String,
    each: Option<Expr>,
    id: Expr,
    owner: Option<Expr>,
    label: Expr,
    at: Option<Expr>,
    fields: Vec<(String, Expr)>,
    /// Events of the feed after which what was read is old.
    pub stale: Vec<String>,
}

/// A way from records of one kind to those of another.
#[derive(Debug)]
pub struct EdgeSpec {
    /// Its name.
    pub name: String,
    /// The kind it begins at.
    pub from: String,
    /// The kind it ends at.
    pub to: String,
    /// Name of the way back.
    pub inverse: Option<String>,
    by: Expr,
}

/// The customer graph of a pack.
#[derive(Debug)]
pub struct GraphSpec {
    /// How large it becomes.
    pub limits: GraphLimits,
    /// Its kinds of records.
    pub nodes: Vec<NodeSpec>,
    /// How they link.
    pub edges: Vec<EdgeSpec>,
}

impl GraphSpec {
    /// Reads `graph.yaml`.
    ///
    /// # Errors
    /// All problems found, with file and line; the author of the pack can fix them.
    pub fn parse(file: &str, source: &str) -> Result<Self, Vec<PackProblem>> {
        let raw: RawGraph = serde_saphyr::from_str(source).map_err(|error| vec![PackProblem::of_yaml(file, &error)])?;
        let mut problems = Vec::new();
        let mut compile = |text: &str, seen: &[&str]| {
            let compiled = Expr::compile(text).map_err(|error| error.to_string());
            let known = compiled.and_then(|expr| {
                let unknown = expr.free_variables().find(|name| !seen.contains(name)).map(ToOwned::to_owned);
                let told = |name| format!("`{text}` names `{name}`; it sees {}", seen.join(" and "));
                unknown.map_or(Ok(expr), |name| Err(told(name)))
            });
            known.map_err(|message| problems.push(PackProblem::at(file, source, text, message))).ok()
        };
        let each = ["item", "result"];
        let nodes = raw.nodes.into_iter().filter_map(|(kind, node)| {
            let named = node.fields.iter().filter_map(|(name, text)| Some((name.clone(), compile(text, &each)?)));
            let fields = named.collect();
            Some(NodeSpec {
                from: node.from,
                each: node.each.and_then(|text| compile(&text, &["result"])),
                owner: node.owner.and_then(|text| compile(&text, &each)),
                at: node.at.and_then(|text| compile(&text, &each)),
                id: compile(&node.id, &each)?,
                label: compile(&node.label, &each)?,
                fields,
                stale: node.stale,
                kind,
            })
        });
        let nodes = nodes.collect();
        let edges = raw.edges.into_iter().filter_map(|(name, edge)| {
            let RawEdge { from, to, by, inverse } = edge;
            Some(EdgeSpec { name, from, to, inverse, by: compile(&by, &each)? })
        });
        let edges = edges.collect();
        if problems.is_empty() { Ok(Self { limits: raw.limits, nodes, edges }) } else { Err(problems) }
    }

    /// The kind of this name.
    #[must_use]
    pub fn node(&self, kind: &str) -> Option<&NodeSpec> {
        self.nodes.iter().find(|node| node.kind == kind)
    }

    /// The actions that all kinds are read by, each once.
    #[must_use]
    pub fn actions(&self) -> BTreeSet<&str> {
        self.nodes.iter().map(|node| node.from.as_str()).collect()
    }

    /// The actions that the kinds on a walk are read by, and those whose records say how they link.
    #[must_use]
    pub fn actions_of(&self, walk: &Walk) -> BTreeSet<&str> {
        let mut kinds = BTreeSet::from([walk.from.as_str()]);
        let mut at = walk.from.as_str();
        for name in &walk.along {
            let Some((_, to)) = self.way(at, name) else { break };
            kinds.insert(to);
            at = to;
        }
        kinds.into_iter().filter_map(|kind| Some(self.node(kind)?.from.as_str())).collect()
    }

    /// The actions whose answers are old after an event of one of these names.
    #[must_use]
    pub fn made_stale_by(&self, names: &[String]) -> BTreeSet<&str> {
        let is_hit = |node: &&NodeSpec| node.stale.iter().any(|event| names.contains(event));
        self.nodes.iter().filter(is_hit).map(|node| node.from.as_str()).collect()
    }

    /// Whether events of the feed tell when an answer of this action is old: of every kind it gives.
    #[must_use]
    pub fn is_followed(&self, action: &str) -> bool {
        self.nodes.iter().filter(|node| node.from == action).all(|node| !node.stale.is_empty())
    }

    /// Where a way leads from a kind: the edge, and the kind at its end.
    fn way(&self, kind: &str, name: &str) -> Option<(&EdgeSpec, &str)> {
        self.edges.iter().find_map(|edge| {
            if edge.from == kind && edge.name == name {
                return Some((edge, edge.to.as_str()));
            }
            (edge.to == kind && edge.inverse.as_deref() == Some(name)).then_some((edge, edge.from.as_str()))
        })
    }

    /// The nodes and links in what an action has read of a customer. A record without an id is left out.
    ///
    /// # Errors
    /// [`ExprError`] when an expression does not fit the answer; the author of the pack can fix it.
    pub fn read(
        &self,
        (action, body, third_party): (&str, &Value, &[MemberPath]),
        customer_id: &str,
        read_at: TimestampUs,
    ) -> Result<(Vec<Node>, Vec<Link>), ExprError> {
        let (mut nodes, mut links) = (Vec::new(), Vec::new());
        let result = Map::from_iter([("result".to_owned(), body.clone())]);
        let bare = without_others(third_party, body);
        let bare_result = Map::from_iter([("result".to_owned(), bare.clone())]);
        for spec in self.nodes.iter().filter(|spec| spec.from == action) {
            let items = spec.items(body, &result)?;
            // Where others have a say in which records there are, all of them are theirs.
            let bare_items = spec.items(&bare, &bare_result).ok();
            let bare_items = bare_items.filter(|bare| !third_party.is_empty() && bare.len() == items.len());
            for (place, item) in items.into_iter().enumerate() {
                let bare_item = bare_items.as_ref().and_then(|items| items.get(place)).cloned();
                let names = Map::from_iter([("item".to_owned(), item)]);
                let scope = Scope { layers: &[&names, &result] };
                let id = plain(&spec.id.eval(scope)?);
                if id.is_empty() {
                    continue;
                }
                let key = NodeKey { kind: spec.kind.clone(), id };
                for edge in self.edges.iter().filter(|edge| edge.from == spec.kind) {
                    links.extend(edge.links(&key, scope)?);
                }
                let node = spec.node(key, scope, (customer_id, read_at))?;
                let without = bare_item.and_then(|item| {
                    let names = Map::from_iter([("item".to_owned(), item)]);
                    let scope = Scope { layers: &[&names, &bare_result] };
                    spec.node(node.key.clone(), scope, (customer_id, read_at)).ok()
                });
                let others = if third_party.is_empty() { Vec::new() } else { others(&node, without.as_ref()) };
                nodes.push(Node { others, ..node });
            }
        }
        Ok((nodes, links))
    }
}

/// What of a record is otherwise without what others wrote.
fn others(node: &Node, without: Option<&Node>) -> Vec<String> {
    let Some(without) = without else { return vec![ALL.to_owned()] };
    let fields = node.fields.iter().filter(|(name, value)| without.fields.get(*name) != Some(*value));
    let label = (node.label != without.label).then(|| LABEL.to_owned());
    label.into_iter().chain(fields.map(|(name, _)| name.clone())).collect()
}

/// The labels of an answer of the graph, which says of each record what others wrote.
pub(crate) fn labels_of(answer: &Value) -> Labels {
    let mut labels = Labels::default();
    let theirs = Labels::whole(Label::ThirdParty);
    for (place, record) in answer.as_array().into_iter().flatten().enumerate() {
        let place = place.to_string();
        for name in record.get("others").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            match name {
                ALL => labels.put_at(&[&place], &theirs),
                LABEL => labels.put_at(&[&place, LABEL], &theirs),
                field => labels.put_at(&[&place, "fields", field], &theirs),
            }
        }
    }
    labels
}

impl NodeSpec {
    fn items(&self, body: &Value, result: &Map<String, Value>) -> Result<Vec<Value>, ExprError> {
        let found = match &self.each {
            Some(each) => each.eval(Scope { layers: &[result] })?,
            None => body.clone(),
        };
        Ok(match found {
            Value::Array(mut items) => {
                items.truncate(RECORDS_MAX);
                items
            }
            Value::Null => Vec::new(),
            one => vec![one],
        })
    }

    fn node(
        &self,
        key: NodeKey,
        scope: Scope<'_>,
        (customer_id, read_at): (&str, TimestampUs),
    ) -> Result<Node, ExprError> {
        let text = |expr: &Option<Expr>| -> Result<Option<String>, ExprError> {
            let value = expr.as_ref().map(|expr| expr.eval(scope)).transpose()?;
            Ok(value.filter(|value| !value.is_null()).map(|value| plain(&value)))
        };
        let fields = self.fields.iter().map(|(name, expr)| Ok((name.clone(), expr.eval(scope)?)));
        Ok(Node {
            key,
            customer_id: text(&self.owner)?.unwrap_or_else(|| customer_id.to_owned()),
            label: plain(&self.label.eval(scope)?),
            at: text(&self.at)?,
            source: self.from.clone(),
            read_at,
            fields: fields.collect::<Result<_, ExprError>>()?,
            others: Vec::new(),
        })
    }
}

impl EdgeSpec {
    fn links(&self, from: &NodeKey, scope: Scope<'_>) -> Result<Vec<Link>, ExprError> {
        let ends = match self.by.eval(scope)? {
            Value::Array(ends) => ends,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let to = |id: &Value| NodeKey { kind: self.to.clone(), id: plain(id) };
        let link = |id: &Value| Link {
            name: self.name.clone(),
            inverse: self.inverse.clone(),
            from: from.clone(),
            to: to(id),
        };
        Ok(ends.iter().take(ENDS_MAX).filter(|id| !id.is_null()).map(link).collect())
    }
}

/// `walk` of an action, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWalk {
    from: String,
    #[serde(default)]
    start: Option<String>,
    #[serde(default)]
    along: Vec<String>,
    #[serde(default, rename = "where")]
    keep: Option<String>,
    #[serde(default)]
    order: WalkOrder,
    #[serde(default = "ten")]
    take: usize,
}

const fn ten() -> usize {
    10
}

/// What comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WalkOrder {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// A question to the graph.
#[derive(Debug)]
pub struct Walk {
    /// The kind it begins at.
    pub from: String,
    /// The argument with the id it begins at; without one it begins at all of the kind.
    pub start: Option<String>,
    /// The ways that are gone, one after the other.
    pub along: Vec<String>,
    /// Which of the ends are given.
    keep: Option<Expr>,
    /// In which order.
    pub order: WalkOrder,
    /// How many at most.
    pub take: usize,
}

impl RawWalk {
    pub(crate) fn compile(self, file: &str, source: &str) -> Result<Walk, PackProblem> {
        let compile =
            |text: &String| Expr::compile(text).map_err(|error| PackProblem::at(file, source, text, error.to_string()));
        let keep = self.keep.as_ref().map(compile).transpose()?;
        let Self { from, start, along, order, take, .. } = self;
        Ok(Walk { from, start, along, keep, order, take })
    }
}

impl Walk {
    /// Whether a node at the end is given; `asked` are the arguments of the action.
    ///
    /// # Errors
    /// [`ExprError`] when the filter gives neither true nor false; the author of the pack can fix it.
    pub fn keeps(&self, node: &Node, asked: &Map<String, Value>) -> Result<bool, ExprError> {
        let Some(keep) = &self.keep else { return Ok(true) };
        let names = Map::from_iter([
            ("id".to_owned(), Value::from(node.key.id.clone())),
            ("label".to_owned(), Value::from(node.label.clone())),
            ("at".to_owned(), node.at.clone().map_or(Value::Null, Value::from)),
            ("asked".to_owned(), Value::Object(asked.clone())),
        ]);
        keep.holds(Scope { layers: &[&node.fields, &names] })
    }

    /// What is wrong with the walk of an action: (what to look for in its file, what to say).
    pub(crate) fn problems(&self, spec: &ActionSpec, graph: &GraphSpec) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut report = |needle: &str, message: String| problems.push((needle.to_owned(), message));
        if let Some(start) = &self.start
            && spec.arguments.get(start).is_none_or(|argument| argument.json_type != ArgumentType::String)
        {
            report("start:", format!("`start` names `{start}`, which is no argument of type string"));
        }
        if !(1..=TAKE_MAX).contains(&self.take) {
            report("take:", format!("`take` must be 1 to {TAKE_MAX}"));
        }
        if self.along.len() > graph.limits.hops {
            let message = format!(
                "the walk goes {} ways, `limits.hops` of graph.yaml allows {}",
                self.along.len(),
                graph.limits.hops
            );
            report("along:", message);
        }
        if graph.node(&self.from).is_none() {
            report("from:", format!("graph.yaml has no kind `{}`", self.from));
            return problems;
        }
        let mut at = self.from.as_str();
        for name in &self.along {
            let Some((_, to)) = graph.way(at, name) else {
                report("along:", format!("no edge of graph.yaml leads from `{at}` by the name `{name}`"));
                return problems;
            };
            at = to;
        }
        let kept = graph.node(at).map(|node| &node.fields);
        let is_known = |name: &str| {
            NODE_NAMES.contains(&name) || kept.is_some_and(|kept| kept.iter().any(|(field, _)| field == name))
        };
        for name in self.keep.iter().flat_map(Expr::free_variables).filter(|name| !is_known(name)) {
            report("where:", format!("`where` names `{name}`, which graph.yaml does not keep of `{at}`"));
        }
        problems
    }
}

/// What is wrong with a graph as a part of its pack. `report` takes what to look for in the file, and what to say.
pub(crate) fn check(
    graph: &GraphSpec,
    (actions, root): (&BTreeMap<String, ActionSpec>, Option<&str>),
    reports: impl Fn(&str) -> bool,
    mut report: impl FnMut(&str, String),
) {
    if !(1..=NODES_MAX).contains(&graph.limits.nodes) || !(1..=HOPS_MAX).contains(&graph.limits.hops) {
        report("limits:", format!("`nodes` must be 1 to {NODES_MAX}, and `hops` 1 to {HOPS_MAX}"));
    }
    for node in &graph.nodes {
        let asks_more = |spec: &ActionSpec| {
            spec.arguments.iter().any(|(name, argument)| name != "customer_id" && !argument.optional)
        };
        match actions.get(&node.from) {
            None => {
                report(&format!("from: {}", node.from), format!("action `{}` does not exist under actions/", node.from))
            }
            Some(spec) if spec.risk != Risk::Read || spec.source == Source::Graph || asks_more(spec) => {
                let message = format!("action `{}` is no read of records by `customer_id` alone", node.from);
                report(&format!("from: {}", node.from), message);
            }
            Some(_) => {}
        }
        for event in node.stale.iter().filter(|event| !reports(event)) {
            report(event, format!("event `{event}` is not among `[feed.events]` of pack.toml"));
        }
    }
    let mut names = BTreeSet::new();
    for edge in &graph.edges {
        let needle = format!("{}:", edge.name);
        for kind in [&edge.from, &edge.to].into_iter().filter(|kind| graph.node(kind).is_none()) {
            report(&needle, format!("edge `{}` names the kind `{kind}`, which is not among `nodes`", edge.name));
        }
        let ways = [(&edge.from, Some(&edge.name)), (&edge.to, edge.inverse.as_ref())];
        for (kind, name) in ways.into_iter().filter_map(|(kind, name)| Some((kind, name?))) {
            if !names.insert((kind, name)) {
                report(&needle, format!("two edges lead from `{kind}` by the name `{name}`"));
            }
        }
    }
    for kind in unreachable(graph, root) {
        report(&format!("{kind}:"), format!("no edges lead to `{kind}` from the customer's own record"));
    }
}

/// Kinds that no links connect with the customer's own record, or with the first kind where that is none of the graph.
fn unreachable<'a>(graph: &'a GraphSpec, root: Option<&str>) -> Vec<&'a str> {
    let of_customer = graph.nodes.iter().find(|node| Some(node.from.as_str()) == root);
    let Some(root) = of_customer.or_else(|| graph.nodes.first()) else { return Vec::new() };
    let mut reached = BTreeSet::from([root.kind.as_str()]);
    for _ in &graph.nodes {
        for edge in &graph.edges {
            if reached.contains(edge.from.as_str()) || reached.contains(edge.to.as_str()) {
                reached.extend([edge.from.as_str(), edge.to.as_str()]);
            }
        }
    }
    graph.nodes.iter().map(|node| node.kind.as_str()).filter(|kind| !reached.contains(kind)).collect()
}

#[cfg(test)]
mod tests;
