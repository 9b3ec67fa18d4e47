//! Seeds are repeatable, and what they make adds up.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{Office, settings, start, stories};

async fn export(seed: &str) -> Value {
    start(settings(seed)).await.get("/admin/export").await.ok()
}

#[tokio::test]
async fn the_same_seed_gives_the_same_world_and_another_gives_another() {
    let first = export("generated:60,7").await;
    assert_eq!(first, export("generated:60,7").await);
    let other = export("generated:60,8").await;
    assert_ne!(first["records"]["customer"]["C-200001"], other["records"]["customer"]["C-200001"]);
    let more = export("generated:61,7").await;
    assert_eq!(first["records"]["customer"]["C-200060"], more["records"]["customer"]["C-200060"]);
}

fn records<'a>(export: &'a Value, kind: &str) -> Vec<&'a Value> {
    export["records"][kind].as_object().unwrap().values().collect()
}

fn minor(money: &Value) -> i64 {
    money["minor"].as_i64().unwrap()
}

#[tokio::test]
async fn plans_add_up_in_every_seed() {
    let export = export("generated:400,3").await;
    let plans = records(&export, "plan");
    assert!(plans.len() > 400, "{}", plans.len());
    for plan in plans {
        let order = &export["records"]["order"][plan["order_id"].as_str().unwrap()];
        let parts: i64 = plan["installments"].as_array().unwrap().iter().map(|part| minor(&part["amount"])).sum();
        assert_eq!(parts + minor(&plan["credited"]), minor(&order["total"]), "{}", plan["id"]);
        let items = order["items"].as_array().unwrap().iter();
        let goods: i64 = items.map(|item| minor(&item["price"]) * item["quantity"].as_i64().unwrap()).sum();
        assert_eq!(goods + minor(&order["shipping_fee"]), minor(&order["total"]), "{}", order["id"]);
    }
}

#[tokio::test]
async fn every_record_belongs_to_somebody_and_times_lie_in_order() {
    let export = export("generated:400,3").await;
    let customers: HashSet<&str> =
        records(&export, "customer").iter().map(|customer| customer["id"].as_str().unwrap()).collect();
    for kind in ["order", "plan", "payment", "refund", "return", "dispute", "invoice", "instrument", "transaction"] {
        for record in records(&export, kind) {
            assert!(customers.contains(record["customer_id"].as_str().unwrap()), "{kind} {}", record["id"]);
        }
    }
    let now = "2026-11-21T12:00:00Z";
    for order in records(&export, "order") {
        let times: Vec<&str> =
            ["placed_at", "shipped_at", "delivered_at"].iter().filter_map(|name| order[name].as_str()).collect();
        assert!(times.is_sorted() && times.iter().all(|time| *time <= now), "{order}");
        if let Some(events) = order["parcel"]["events"].as_array() {
            let times: Vec<&str> = events.iter().map(|event| event["at"].as_str().unwrap()).collect();
            assert!(times.is_sorted(), "{order}");
        }
    }
    for payment in records(&export, "payment") {
        let placed_at = &export["records"]["order"][payment["order_id"].as_str().unwrap()]["placed_at"];
        let at = payment["at"].as_str().unwrap();
        assert!(placed_at.as_str().unwrap() <= at && at <= now, "{payment} {placed_at}");
    }
    let markets: HashSet<&str> =
        records(&export, "customer").iter().map(|customer| customer["market"].as_str().unwrap()).collect();
    assert!(markets.len() >= 8, "{markets:?}");
}

async fn read(office: &Office, path: &str) -> Value {
    office.get(path).await.ok()
}

#[tokio::test]
async fn the_stories_are_what_they_say() {
    let office = stories().await;
    let roster = read(&office, "/admin/customers?limit=100").await;
    assert_eq!(roster.as_array().unwrap().len(), 41);
    assert_eq!((&roster[0]["id"], roster[0]["story"].is_string()), (&json!("C-100001"), true));
    assert_eq!(read(&office, "/orders/ORD-100101/parcel").await["status"], "delivered");
    assert_eq!(read(&office, "/orders/ORD-101201").await["cancellable"], true);
    assert_eq!(read(&office, "/refunds/REF-101001-1").await["late"], true);
    assert_eq!(read(&office, "/installments/INS-100301-1").await["extendable"], true);
    assert_eq!(read(&office, "/installments/INS-101101-1").await["not_extendable_reason"], "already_extended");
    assert_eq!(read(&office, "/installments/INS-102501-3").await["not_extendable_reason"], "overdue_too_long");
    assert!(read(&office, "/plans/PLN-100401").await["next_due"].is_object());
    assert_eq!(read(&office, "/orders/ORD-100401").await["status"], "cancelled");
    assert_eq!(read(&office, "/plans/PLN-103201").await["state"], "paused");
    assert_eq!(read(&office, "/plans/PLN-103101").await["pause"]["reason"], "dispute");
    assert_eq!(read(&office, "/orders/ORD-102001").await["returnable"], false);
    assert_eq!(read(&office, "/customers/C-100014").await["limit_reasons"][0]["code"], "overdue_installments");
    assert_eq!(read(&office, "/customers/C-100006/instruments").await[0]["expired"], true);
    assert_eq!(read(&office, "/customers/C-100034").await["status"], "blocked");
}
