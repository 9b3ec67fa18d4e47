//! What lies near to what among one customer's records? A graph of bounded size, and walks of a few links over it.
//!
//! A graph is one customer's: what belongs to another never enters it, so that no walk can come upon it.

use std::collections::{BTreeMap, BTreeSet};

use ombud_domain::graph::HOPS_MAX;
use ombud_domain::{Link, Node, NodeKey};

/// The records of one customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    nodes: BTreeMap<NodeKey, Node>,
    /// From where, by which name, to where.
    ways: BTreeMap<NodeKey, BTreeMap<String, Vec<NodeKey>>>,
    left_out: usize,
}

/// In which order nodes are given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first; what has no time comes last.
    #[default]
    Newest,
    /// The oldest first; what has no time comes last.
    Oldest,
}

impl Graph {
    /// Makes the graph of a customer: of each kind the newest `of_kind_max` nodes that are his, and the links between them. A record that was read
    /// twice is kept as it was read last.
    #[must_use]
    pub fn build(customer_id: &str, nodes: Vec<Node>, links: &[Link], of_kind_max: usize) -> Self {
        let mut by_kind: BTreeMap<String, BTreeMap<NodeKey, Node>> = BTreeMap::new();
        for node in nodes.into_iter().filter(|node| node.customer_id == customer_id) {
            let known = by_kind.entry(node.key.kind.clone()).or_default();
            if known.get(&node.key).is_none_or(|known| known.read_at <= node.read_at) {
                known.insert(node.key.clone(), node);
            }
        }
        let mut graph = Self::default();
        for of_kind in by_kind.into_values() {
            let mut of_kind: Vec<Node> = of_kind.into_values().collect();
            sort(&mut of_kind, Order::Newest, |node| node);
            graph.left_out = graph.left_out.saturating_add(of_kind.len().saturating_sub(of_kind_max));
            of_kind.truncate(of_kind_max);
            graph.nodes.extend(of_kind.into_iter().map(|node| (node.key.clone(), node)));
        }
        for link in links {
            graph.link(&link.name, &link.from, &link.to);
            if let Some(inverse) = &link.inverse {
                graph.link(inverse, &link.to, &link.from);
            }
        }
        graph
    }

    fn link(&mut self, name: &str, from: &NodeKey, to: &NodeKey) {
        if self.nodes.contains_key(from) && self.nodes.contains_key(to) {
            let ends = self.ways.entry(from.clone()).or_default().entry(name.to_owned()).or_default();
            if !ends.contains(to) {
                ends.push(to.clone());
            }
        }
    }

    /// How many nodes were left out because there were too many of their kind.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// All nodes, by kind and id.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// The nodes of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Node> {
        self.nodes.values().filter(move |node| node.key.kind == kind)
    }

    /// The nodes at the end of these ways, gone one after the other from each start; the starts themselves are not among them. No more than
    /// [`HOPS_MAX`] ways are gone; every node is given once.
    #[must_use]
    pub fn walk(&self, starts: &[NodeKey], along: &[String]) -> Vec<&Node> {
        let mut ends: BTreeSet<&NodeKey> = starts.iter().filter(|start| self.nodes.contains_key(start)).collect();
        for name in along.iter().take(HOPS_MAX) {
            let ways = ends.iter().filter_map(|from| self.ways.get(*from)?.get(name));
            ends = ways.flatten().collect();
        }
        ends.retain(|end| along.is_empty() || !starts.contains(end));
        ends.into_iter().filter_map(|end| self.nodes.get(end)).collect()
    }

    /// What lies at most so many links from the starts, whatever the links are called: the nearest first, then the newest; with the number of links.
    /// The starts themselves are not among them.
    #[must_use]
    pub fn near(&self, starts: &[NodeKey], hops: usize, nodes_max: usize) -> Vec<(usize, &Node)> {
        let mut seen: BTreeSet<&NodeKey> = starts.iter().filter(|start| self.nodes.contains_key(start)).collect();
        let mut edge: Vec<&NodeKey> = seen.iter().copied().collect();
        let mut near = Vec::new();
        for hop in 1..=hops.min(HOPS_MAX) {
            let ways = edge.iter().filter_map(|from| self.ways.get(*from));
            let next: BTreeSet<&NodeKey> =
                ways.flat_map(BTreeMap::values).flatten().filter(|to| !seen.contains(to)).collect();
            seen.extend(&next);
            let mut found: Vec<(usize, &Node)> =
                next.iter().filter_map(|to| Some((hop, self.nodes.get(*to)?))).collect();
            sort(&mut found, Order::Newest, |(_, node)| node);
            near.append(&mut found);
            edge = next.into_iter().collect();
        }
        near.truncate(nodes_max);
        near
    }
}

/// Brings nodes into an order; of the same time, by kind and id.
pub fn sort<T>(nodes: &mut [T], order: Order, node: impl Fn(&T) -> &Node) {
    nodes.sort_by(|one, other| {
        let (one, other) = (node(one), node(other));
        let by_time = match (&one.at, &other.at) {
            (Some(one), Some(other)) if order == Order::Newest => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        by_time.then_with(|| one.key.cmp(&other.key))
    });
}

#[cfg(test)]
mod tests {
    use ombud_domain::TimestampUs;
    use proptest::prelude::*;
    use serde_json::Map;

    use super::*;

    fn key(kind: &str, id: impl Into<String>) -> NodeKey {
        NodeKey { kind: kind.to_owned(), id: id.into() }
    }

    fn node(customer: &str, key: NodeKey, at: Option<&str>) -> Node {
        let (customer_id, source) = (customer.to_owned(), "read".to_owned());
        let (label, at) = (key.id.clone(), at.map(ToOwned::to_owned));
        Node { key, customer_id, label, at, source, read_at: TimestampUs(1), fields: Map::new(), others: Vec::new() }
    }

    fn link(name: &str, from: &NodeKey, to: &NodeKey) -> Link {
        Link { name: name.to_owned(), inverse: Some(format!("{name}_of")), from: from.clone(), to: to.clone() }
    }

    fn ids<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Vec<&'a str> {
        nodes.into_iter().map(|node| node.key.id.as_str()).collect()
    }

    /// Three orders at two shops.
    fn shopping() -> Graph {
        let (here, there) = (key("shop", "HERE"), key("shop", "THERE"));
        let orders = [("A", "2026-11-01", &here), ("B", "2026-11-03", &here), ("C", "2026-11-02", &there)];
        let mut nodes = vec![node("ada", here.clone(), None), node("ada", there.clone(), None)];
        nodes.extend(orders.iter().map(|(id, at, _)| node("ada", key("order", *id), Some(at))));
        let links: Vec<Link> = orders.iter().map(|(id, _, shop)| link("sold_by", &key("order", *id), shop)).collect();
        Graph::build("ada", nodes, &links, 10)
    }

    #[test]
    fn the_other_order_at_the_same_shop_is_two_links_away_and_not_the_one_itself() {
        let graph = shopping();
        let along = ["sold_by".to_owned(), "sold_by_of".to_owned()];
        assert_eq!(ids(graph.walk(&[key("order", "A")], &along)), ["B"]);
        assert_eq!(ids(graph.walk(&[key("order", "C")], &along)), [""; 0]);
        assert_eq!(ids(graph.walk(&[key("order", "Z")], &along)), [""; 0], "what there is not has nothing beside it");
        assert_eq!(ids(graph.walk(&[key("order", "A")], &["unknown".to_owned()])), [""; 0]);
        assert_eq!(ids(graph.walk(&[key("order", "A")], &[])), ["A"]);
    }

    #[test]
    fn the_nearest_comes_first_and_of_those_the_newest() {
        let graph = shopping();
        let near: Vec<(usize, &str)> =
            graph.near(&[key("order", "A")], 3, 9).iter().map(|(hop, node)| (*hop, node.key.id.as_str())).collect();
        assert_eq!(near, [(1, "HERE"), (2, "B")]);
        let shops = [key("shop", "HERE"), key("shop", "THERE")];
        let near: Vec<&str> = graph.near(&shops, 1, 9).iter().map(|(_, node)| node.key.id.as_str()).collect();
        assert_eq!(near, ["B", "C", "A"]);
        assert_eq!(graph.near(&shops, 1, 2).len(), 2);
    }

    #[test]
    fn of_too_many_the_newest_are_kept_and_a_record_as_it_was_read_last() {
        let many =
            (0..12).map(|day| node("ada", key("order", format!("{day:02}")), Some(&format!("2026-11-{day:02}"))));
        let graph = Graph::build("ada", many.collect(), &[], 3);
        assert_eq!((ids(graph.nodes()), graph.left_out()), (vec!["09", "10", "11"], 9));
        let older = node("ada", key("order", "A"), Some("old"));
        let newer = Node { read_at: TimestampUs(2), ..node("ada", key("order", "A"), Some("new")) };
        for read in [[older.clone(), newer.clone()], [newer, older]] {
            let graph = Graph::build("ada", read.to_vec(), &[], 3);
            assert_eq!(graph.nodes().map(|node| node.at.as_deref()).collect::<Vec<_>>(), [Some("new")]);
        }
    }

    /// Records of two customers, linked at random, in circles too.
    fn records() -> impl Strategy<Value = (Vec<Node>, Vec<Link>)> {
        let whose = prop::sample::select(vec!["ada", "bo"]);
        let nodes = prop::collection::vec((whose, 0_u8..3, 0_u8..8, prop::option::of(0_u8..9)), 0..40);
        let links = prop::collection::vec((0_u8..3, 0_u8..8, 0_u8..3, 0_u8..8, 0_u8..3), 0..80);
        (nodes, links).prop_map(|(nodes, links)| {
            let at = |kind: u8, id: u8| key(&format!("k{kind}"), id.to_string());
            let nodes = nodes.into_iter().map(|(whose, kind, id, day)| {
                let day = day.map(|day| day.to_string());
                // An id is one customer's, as in the company's systems.
                node(
                    whose,
                    key(&format!("k{kind}"), format!("{id}{}", if whose == "ada" { "" } else { "b" })),
                    day.as_deref(),
                )
            });
            let ends = |id: u8, odd: bool| if odd { format!("{id}b") } else { id.to_string() };
            let links = links.into_iter().flat_map(|(one, from, other, to, name)| {
                let crossing = Link {
                    to: key(&format!("k{other}"), ends(to, true)),
                    ..link(&format!("n{name}"), &at(one, from), &at(other, to))
                };
                [link(&format!("n{name}"), &at(one, from), &at(other, to)), crossing]
            });
            (nodes.collect(), links.collect())
        })
    }

    proptest! {
        /// R7 and R30: whatever is asked, and however records are linked, nothing of another customer comes up.
        #[test]
        fn no_walk_comes_upon_another_customers_record(
            (nodes, links) in records(), along in prop::collection::vec(0_u8..3, 0..6), back in any::<bool>(), hops in 0_usize..9,
        ) {
            let graph = Graph::build("ada", nodes.clone(), &links, 20);
            let along: Vec<String> = along.iter().map(|name| if back { format!("n{name}_of") } else { format!("n{name}") }).collect();
            let starts: Vec<NodeKey> = nodes.iter().map(|node| node.key.clone()).collect();
            for node in graph.walk(&starts[..starts.len().min(2)], &along) {
                prop_assert_eq!(node.customer_id.as_str(), "ada");
            }
            for (hop, node) in graph.near(&starts[..starts.len().min(2)], hops, 50) {
                prop_assert_eq!(node.customer_id.as_str(), "ada");
                prop_assert!(hop <= HOPS_MAX);
            }
        }

        /// However links run in circles, a walk ends, and gives every node once.
        #[test]
        fn walks_end_and_give_every_node_once((nodes, links) in records(), hops in 0_usize..9, nodes_max in 0_usize..30) {
            let graph = Graph::build("ada", nodes.clone(), &links, 20);
            let starts: Vec<NodeKey> = graph.nodes().take(1).map(|node| node.key.clone()).collect();
            let near = graph.near(&starts, hops, nodes_max);
            let different: BTreeSet<&NodeKey> = near.iter().map(|(_, node)| &node.key).collect();
            prop_assert_eq!(different.len(), near.len());
            prop_assert!(near.len() <= nodes_max);
            prop_assert!(near.iter().all(|(_, node)| !starts.contains(&node.key)));
            let walked = graph.walk(&starts, &vec!["n0".to_owned(); 99]);
            let different: BTreeSet<&NodeKey> = walked.iter().map(|node| &node.key).collect();
            prop_assert_eq!(different.len(), walked.len());
        }
    }
}
