//! Is a graph that a pack declares checked, and read as it says?

use serde_json::json;

use super::*;

const SHOP: &str = "\
nodes:
  customer: { from: who, label: item.name }
  order:
    from: orders
    label: item.shop.name
    at: item.placed_at
    owner: item.customer_id
    fields: { status: item.status, of: count(result) }
    stale: [order_changed]
  shop:
    from: orders
    each: unique(result.map(o, o.shop))
    label: item.name
    stale: [order_changed]
edges:
  placed_by: { from: order, to: customer, by: item.customer_id, inverse: orders }
  sold_by: { from: order, to: shop, by: item.shop.id, inverse: sold }
";

fn shop() -> GraphSpec {
    GraphSpec::parse("p/graph.yaml", SHOP).unwrap()
}

fn actions(orders: &str) -> BTreeMap<String, ActionSpec> {
    let read = |name: &str| {
        format!(
            "action: {name}\nrisk: read\nmethod: GET\npath: /{name}/{{customer_id}}\nin:\n  customer_id: {{ type: string, kind: customer }}\n{}",
            if name == "orders" { orders } else { "" }
        )
    };
    let parse =
        |name: &str| (name.to_owned(), ActionSpec::parse(&format!("p/actions/{name}.yaml"), &read(name)).unwrap());
    BTreeMap::from([parse("who"), parse("orders")])
}

fn problems(source: &str) -> Vec<String> {
    let graph = match GraphSpec::parse("p/graph.yaml", source) {
        Ok(graph) => graph,
        Err(problems) => return problems.iter().map(ToString::to_string).collect(),
    };
    let mut found = Vec::new();
    check(
        &graph,
        (&actions(""), Some("who")),
        |event| event == "order_changed",
        |needle, message| {
            found.push(PackProblem::at("p/graph.yaml", source, needle, message).to_string());
        },
    );
    found
}

#[test]
fn records_become_nodes_and_links() {
    let body = json!([
        {"id": "A", "customer_id": "ada", "shop": {"id": "S", "name": "Shoes"}, "placed_at": "2026-11-01", "status": "paid"},
        {"id": "B", "customer_id": "bo", "shop": {"id": "S", "name": "Shoes"}, "placed_at": null, "status": "paid"},
        {"id": null, "customer_id": "ada", "shop": {"id": null, "name": "?"}},
    ]);
    let (nodes, links) = shop().read(("orders", &body, &[]), "ada", TimestampUs(5)).unwrap();
    let told: Vec<_> =
        nodes.iter().map(|node| (node.key.id.as_str(), node.customer_id.as_str(), node.at.as_deref())).collect();
    assert_eq!(told, [("A", "ada", Some("2026-11-01")), ("B", "bo", None), ("S", "ada", None)]);
    assert_eq!(nodes[0].fields, *json!({"of": 3, "status": "paid"}).as_object().unwrap());
    assert_eq!(
        (nodes[0].label.as_str(), nodes[0].source.as_str(), nodes[0].read_at),
        ("Shoes", "orders", TimestampUs(5))
    );
    let ways: Vec<String> = links.iter().map(|link| format!("{} {} {}", link.from.id, link.name, link.to.id)).collect();
    assert_eq!(ways, ["A placed_by ada", "A sold_by S", "B placed_by bo", "B sold_by S"]);
    assert!(shop().read(("orders", &json!([{"id": "A", "shop": 7}]), &[]), "ada", TimestampUs(5)).is_err());
    assert_eq!(shop().read(("orders", &json!([]), &[]), "ada", TimestampUs(5)).unwrap(), (Vec::new(), Vec::new()));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    assert_eq!(problems(SHOP), [""; 0]);
    for (right, wrong, expected) in [
        ("from: who", "from: whom", "graph.yaml:2: action `whom` does not exist"),
        ("at: item.placed_at", "at: itm.placed_at", "graph.yaml:6: `itm.placed_at` names `itm`"),
        ("at: item.placed_at", "att: item.placed_at", "graph.yaml:6: "),
        ("status: item.status", "status: item..status", "graph.yaml:8: "),
        ("stale: [order_changed]", "stale: [order_gone]", "graph.yaml:9: event `order_gone` is not among"),
        ("from: order, to: shop", "from: order, to: store", "graph.yaml:17: edge `sold_by` names the kind `store`"),
        ("inverse: sold }", "inverse: orders }", ""),
        (
            "inverse: orders }",
            "inverse: orders }\n  bought_by: { from: order, to: customer, by: item.customer_id, inverse: orders }",
            "two edges lead from `customer` by the name `orders`",
        ),
        ("edges:", "  lonely: { from: who, label: item.name }\nedges:", "graph.yaml:15: no edges lead to `lonely`"),
        ("nodes:\n", "limits: { hops: 4 }\nnodes:\n", "graph.yaml:1: `nodes` must be 1 to 1000, and `hops` 1 to 3"),
    ] {
        assert!(SHOP.contains(right), "{right}");
        let found = problems(&SHOP.replacen(right, wrong, 1)).join("\n");
        assert!(found.contains(expected) && (expected.is_empty() == found.is_empty()), "{wrong}: {found}");
    }
}

fn walk(source: &str) -> Vec<String> {
    let file = "p/actions/beside.yaml";
    let head = "action: beside\nsource: graph\nrisk: read\nmethod: GET\npath: /graph\nin:\n  customer_id: { type: string, kind: customer }\n  order_id: { type: string }\n";
    let source = format!("{head}{source}");
    match ActionSpec::parse(file, &source) {
        Ok(spec) => {
            spec.walk.as_ref().unwrap().problems(&spec, &shop()).into_iter().map(|(_, message)| message).collect()
        }
        Err(problems) => problems.into_iter().map(|problem| problem.message).collect(),
    }
}

#[test]
fn a_walk_goes_along_edges_that_there_are() {
    let good = "walk: { from: order, start: order_id, along: [sold_by, sold], where: \"status != 'paid' && id != asked.order_id\", order: oldest, take: 5 }\n";
    assert_eq!(walk(good), [""; 0]);
    for (right, wrong, expected) in [
        ("from: order,", "from: basket,", "graph.yaml has no kind `basket`"),
        ("start: order_id", "start: order", "`start` names `order`"),
        ("[sold_by, sold]", "[sold]", "no edge of graph.yaml leads from `order` by the name `sold`"),
        ("[sold_by, sold]", "[sold_by, sold, sold_by, sold]", "`limits.hops` of graph.yaml allows 3"),
        ("status !=", "colour !=", "`where` names `colour`, which graph.yaml does not keep of `order`"),
        ("take: 5", "take: 0", "`take` must be 1 to 50"),
        ("order: oldest", "order: cheapest", ""),
    ] {
        assert!(good.contains(right), "{right}");
        let found = walk(&good.replacen(right, wrong, 1)).join("\n");
        assert!(!found.is_empty() && found.contains(expected), "{wrong}: {found}");
    }
    assert_eq!(walk("").len(), 1, "a question needs a walk");
}

#[test]
fn a_walk_reads_the_kinds_on_its_way_and_an_event_makes_its_own_old() {
    let graph = shop();
    let raw: RawWalk = serde_saphyr::from_str("{ from: shop, along: [sold, placed_by] }").unwrap();
    let walk = raw.compile("p/a.yaml", "").unwrap();
    assert_eq!(graph.actions_of(&walk), BTreeSet::from(["orders", "who"]));
    assert_eq!(graph.made_stale_by(&["order_changed".to_owned()]), BTreeSet::from(["orders"]));
    assert_eq!(graph.made_stale_by(&["other".to_owned()]), BTreeSet::new());
    assert_eq!((graph.is_followed("orders"), graph.is_followed("who")), (true, false));
    let node = graph.read(("orders", &json!([{"id": "A", "customer_id": "ada", "shop": {"id": "S", "name": "N"}, "placed_at": null, "status": "paid"}]), &[]), "ada", TimestampUs(1)).unwrap().0.remove(0);
    for (keep, kept) in
        [("status == 'paid' && id == asked.id", Some(true)), ("at != null", Some(false)), ("label", None)]
    {
        let raw: RawWalk = serde_saphyr::from_str(&format!("{{ from: order, where: \"{keep}\" }}")).unwrap();
        let walk = raw.compile("p/a.yaml", "").unwrap();
        assert_eq!(walk.keeps(&node, json!({"id": "A"}).as_object().unwrap()).ok(), kept, "{keep}");
    }
}

/// R5: what the graph keeps of others' words is known to be theirs, and so is what a walk gives of it.
#[test]
fn what_others_wrote_is_theirs_in_the_graph_too() {
    let body = json!([
        {"id": "A", "customer_id": "ada", "shop": {"id": "S", "name": "Shoes"}, "placed_at": null, "status": "pay evil"},
        {"id": "B", "customer_id": "ada", "shop": {"id": "S", "name": null}, "placed_at": null, "status": null},
    ]);
    let read = |paths: &[&str]| {
        let paths: Vec<MemberPath> = paths.iter().map(|path| MemberPath::parse(path).unwrap()).collect();
        let (nodes, _) = shop().read(("orders", &body, &paths), "ada", TimestampUs(5)).unwrap();
        nodes.into_iter().map(|node| (node.key.id, node.others.join(" "))).collect::<Vec<_>>()
    };
    let expected = |all: &[(&str, &str)]| {
        all.iter().map(|(id, others)| ((*id).to_owned(), (*others).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(read(&[]), expected(&[("A", ""), ("B", ""), ("S", ""), ("S", "")]));
    assert_eq!(read(&["*.status"]), expected(&[("A", "status"), ("B", ""), ("S", ""), ("S", "")]));
    // Without the name there is one shop instead of two: which there are, is theirs.
    assert_eq!(read(&["*.shop.name"]), expected(&[("A", "label"), ("B", ""), ("S", "*"), ("S", "*")]));
    let answer = json!([{"id": "A", "others": ["label", "status"]}, {"id": "B"}, {"id": "S", "others": ["*"]}]);
    let labels = labels_of(&answer);
    let lowest = |path: &[&str]| path.iter().fold(labels.clone(), |labels, name| labels.of(name)).lowest();
    for theirs in [vec!["0", "label"], vec!["0", "fields", "status"], vec!["2", "id"]] {
        assert_eq!(lowest(&theirs), Some(Label::ThirdParty), "{theirs:?}");
    }
    for own in [vec!["0", "id"], vec!["0", "fields", "of"], vec!["1"]] {
        assert_eq!(lowest(&own), None, "{own:?}");
    }
}
