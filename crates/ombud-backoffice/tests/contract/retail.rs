//! The retail shop does what the public benchmark's tools do: its gold actions give its gold end states.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Office, public_data, settings, start};

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Equal but for the order of lists, the last cent of decimal numbers, and null against absent.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => (one.as_f64().unwrap() - other.as_f64().unwrap()).abs() < 0.011,
        (Value::Array(one), Value::Array(other)) => {
            let mut left: Vec<&Value> = other.iter().collect();
            one.len() == other.len()
                && one.iter().all(|item| {
                    left.iter().position(|wanted| same(item, wanted)).map(|found| left.remove(found)).is_some()
                })
        }
        (Value::Object(one), Value::Object(other)) => one
            .keys()
            .chain(other.keys())
            .all(|key| same(one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null))),
        _ => one == other,
    }
}

/// The path of a write tool of the benchmark; none for those that only read.
fn path(name: &str, arguments: &Value) -> Option<String> {
    let order = || arguments["order_id"].as_str().unwrap().replace('#', "%23");
    let action = match name {
        "cancel_pending_order" => "cancel",
        "modify_pending_order_address" => "modify_address",
        "modify_pending_order_payment" => "modify_payment",
        "modify_pending_order_items" => "modify_items",
        "return_delivered_order_items" => "return",
        "exchange_delivered_order_items" => "exchange",
        "modify_user_address" => {
            return Some(format!("/retail/users/{}/modify_address", arguments["user_id"].as_str().unwrap()));
        }
        _ => return None,
    };
    Some(format!("/retail/orders/{}/{action}", order()))
}

/// Plays a task's gold actions; gives the codes of those that were refused.
async fn play(world: &Office, task: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    for action in task["evaluation_criteria"]["actions"].as_array().into_iter().flatten() {
        let Some(path) = path(action["name"].as_str().unwrap(), &action["arguments"]) else { continue };
        let mut body = action["arguments"].clone();
        body.as_object_mut().unwrap().retain(|name, _| name != "order_id" && name != "user_id");
        let answer = world.post(&path, body).await;
        if answer.status != 200 {
            refused.push(answer.code().to_owned());
        }
    }
    refused
}

/// The records that differ from the start, by table and id.
fn changed(export: &Value, start: &Value) -> BTreeMap<(String, String), Value> {
    let mut changed = BTreeMap::new();
    for table in ["orders", "users", "products"] {
        for (id, record) in export[table].as_object().unwrap() {
            if !same(record, &start[table][id]) {
                changed.insert((table.to_owned(), id.clone()), record.clone());
            }
        }
    }
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gold_actions_give_the_gold_end_states() {
    let Some(data) = public_data() else { return };
    let folder = data.join("tau2/retail/dev");
    let office = start(settings(&format!("tau2:{}", folder.join("db.json").display()))).await;
    let start: Value = serde_json::from_slice(&std::fs::read(folder.join("db.json")).unwrap()).unwrap();
    let gold = lines(&folder.join("gold_end_state.jsonl"));
    let mut failed = Vec::new();
    let tasks = lines(&folder.join("tasks.jsonl"));
    for task in &tasks {
        let id = task["id"].as_str().unwrap();
        let world = office.world(&format!("task-{id}")).await;
        let refused = play(&world, task).await;
        let export = world.get("/admin/export?shape=tau2&changed=true").await.ok();
        let changed = changed(&export, &start);
        let wanted = gold.iter().find(|gold| gold["id"] == id).unwrap();
        let wanted: BTreeMap<_, _> = wanted["diff"]
            .as_array()
            .unwrap()
            .iter()
            .map(|diff| {
                (
                    (diff["table"].as_str().unwrap().to_owned(), diff["id"].as_str().unwrap().to_owned()),
                    diff["after"].clone(),
                )
            })
            .collect();
        let equal = changed.len() == wanted.len()
            && wanted.iter().all(|(key, after)| changed.get(key).is_some_and(|ours| same(ours, after)));
        if !equal {
            failed.push(format!("task {id}: refused {refused:?}\n  ours {changed:?}\n  gold {wanted:?}"));
        }
    }
    println!("{} of {} tasks end as the gold says", tasks.len() - failed.len(), tasks.len());
    assert!(tasks.len() == 74 && failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

/// A shop of one user, one product and three orders, for the rules the gold never breaks.
fn shop() -> Value {
    let item = json!({"name": "Mug", "product_id": "1", "item_id": "11", "price": 10.0, "options": {"color": "red"}});
    let address = json!({"address1": "a", "address2": "", "city": "c", "country": "USA", "state": "s", "zip": "1"});
    let order = |id: &str, status: &str, method: &str| {
        json!({"order_id": id, "user_id": "ann_lee_1", "address": address, "items": [item, item], "status": status, "fulfillments": [],
               "payment_history": [{"transaction_type": "payment", "amount": 20.0, "payment_method_id": method}]})
    };
    let variant = |id: &str, price: f64, available: bool| json!({"item_id": id, "options": {"color": id}, "available": available, "price": price});
    json!({
        "products": {"1": {"name": "Mug", "product_id": "1", "variants": {
            "11": variant("11", 10.0, true), "12": variant("12", 12.5, true), "13": variant("13", 9.0, false), "14": variant("14", 900.0, true)}}},
        "users": {"ann_lee_1": {"user_id": "ann_lee_1", "name": {"first_name": "Ann", "last_name": "Lee"}, "address": address, "email": "ann@example.com",
            "payment_methods": {"gift_card_1": {"source": "gift_card", "id": "gift_card_1", "balance": 15.0},
                                "paypal_1": {"source": "paypal", "id": "paypal_1"},
                                "credit_card_1": {"source": "credit_card", "id": "credit_card_1", "brand": "visa", "last_four": "1111"}},
            "orders": ["#W1", "#W2", "#W3"]}},
        "orders": {"#W1": order("#W1", "pending", "gift_card_1"), "#W2": order("#W2", "delivered", "credit_card_1"), "#W3": order("#W3", "processed", "paypal_1")}
    })
}

async fn small_shop(name: &str) -> Office {
    let path = std::env::temp_dir().join(format!("ombud-backoffice-{name}-{}.json", std::process::id()));
    std::fs::write(&path, shop().to_string()).unwrap();
    let office = start(settings(&format!("tau2:{}", path.display()))).await;
    std::fs::remove_file(&path).unwrap();
    office
}

#[tokio::test]
async fn a_cancelled_order_gives_the_gift_card_its_money_back() {
    let office = small_shop("cancel").await;
    office.post("/retail/orders/W1/cancel", json!({"reason": "bored"})).await.refused(409, "reason_not_allowed");
    office
        .post("/retail/orders/W3/cancel", json!({"reason": "no longer needed"}))
        .await
        .refused(409, "order_not_pending");
    let done = office.post("/retail/orders/%23W1/cancel", json!({"reason": "no longer needed"})).await.ok();
    assert_eq!((&done["status"], &done["receipt_id"]), (&json!("cancelled"), &json!("RCT-000001")));
    assert_eq!(
        done["payment_history"][1],
        json!({"transaction_type": "refund", "amount": 20.0, "payment_method_id": "gift_card_1"})
    );
    assert_eq!(office.get("/retail/users/ann_lee_1").await.ok()["payment_methods"]["gift_card_1"]["balance"], 35.0);
}

#[tokio::test]
async fn what_was_changed_and_changed_back_is_not_among_what_changed() {
    let office = small_shop("back").await;
    let world = office.world("back").await;
    let path = "/retail/users/ann_lee_1/modify_address";
    let address = |street: &str| json!({"address1": street, "address2": "", "city": "c", "country": "USA", "state": "s", "zip": "1"});
    world.post(path, address("elsewhere")).await.ok();
    let changed = world.get("/admin/export?shape=tau2&changed=true").await.ok();
    assert_eq!(changed["users"]["ann_lee_1"]["address"]["address1"], "elsewhere");
    world.post(path, address("a")).await.ok();
    let changed = world.get("/admin/export?shape=tau2&changed=true").await.ok();
    assert_eq!(changed["users"], json!({}));
    let whole = world.get("/admin/export?shape=tau2").await.ok();
    assert_eq!(whole["users"]["ann_lee_1"]["address"]["address1"], "a");
}

#[tokio::test]
async fn items_of_a_pending_order_are_swapped_once_and_the_difference_settled() {
    let office = small_shop("modify").await;
    let path = "/retail/orders/W1/modify_items";
    let swap = |old: &[&str], new: &[&str], method: &str| json!({"item_ids": old, "new_item_ids": new, "payment_method_id": method});
    office.post(path, swap(&["99"], &["12"], "gift_card_1")).await.refused(409, "item_not_in_order");
    office
        .post(path, swap(&["11", "11", "11"], &["12", "12", "12"], "gift_card_1"))
        .await
        .refused(409, "item_not_in_order");
    office.post(path, swap(&["11", "11"], &["12"], "gift_card_1")).await.refused(409, "item_count_mismatch");
    office.post(path, swap(&["11"], &["13"], "gift_card_1")).await.refused(409, "item_unavailable");
    office.post(path, swap(&["11"], &["99"], "gift_card_1")).await.refused(404, "variant_not_found");
    office.post(path, swap(&["11"], &["12"], "gift_card_9")).await.refused(404, "payment_method_not_found");
    office.post(path, swap(&["11"], &["14"], "gift_card_1")).await.refused(409, "gift_card_balance_too_low");
    let done = office.post(path, swap(&["11", "11"], &["12", "12"], "gift_card_1")).await.ok();
    assert_eq!(done["status"], "pending (item modified)");
    assert_eq!(
        done["payment_history"][1],
        json!({"transaction_type": "payment", "amount": 5.0, "payment_method_id": "gift_card_1"})
    );
    assert!(done["items"].as_array().unwrap().iter().all(|item| item["item_id"] == "12" && item["price"] == 12.5));
    assert_eq!(office.get("/retail/users/ann_lee_1").await.ok()["payment_methods"]["gift_card_1"]["balance"], 10.0);
    office.post(path, swap(&["12"], &["11"], "paypal_1")).await.refused(409, "order_not_pending");
    office
        .post("/retail/orders/W1/cancel", json!({"reason": "no longer needed"}))
        .await
        .refused(409, "order_not_pending");
}

#[tokio::test]
async fn swapped_items_carry_the_last_variants_price_and_options_as_upstream() {
    let office = small_shop("quirk").await;
    let swap = json!({"item_ids": ["11", "11"], "new_item_ids": ["14", "12"], "payment_method_id": "paypal_1"});
    let done = office.post("/retail/orders/W1/modify_items", swap).await.ok();
    assert_eq!((&done["items"][0]["item_id"], &done["items"][0]["price"]), (&json!("14"), &json!(12.5)));
    assert_eq!(done["payment_history"][1]["amount"], 892.5);
}

#[tokio::test]
async fn the_payment_of_a_pending_order_moves_to_another_method() {
    let office = small_shop("payment").await;
    let path = "/retail/orders/W1/modify_payment";
    office.post(path, json!({"payment_method_id": "gift_card_1"})).await.refused(409, "payment_method_unchanged");
    let done = office.post(path, json!({"payment_method_id": "paypal_1"})).await.ok();
    assert_eq!(done["payment_history"].as_array().unwrap().len(), 3);
    assert_eq!(office.get("/retail/users/ann_lee_1").await.ok()["payment_methods"]["gift_card_1"]["balance"], 35.0);
    office.post(path, json!({"payment_method_id": "credit_card_1"})).await.refused(409, "payment_history_not_single");
}

#[tokio::test]
async fn returns_go_to_the_original_method_or_a_gift_card_and_exchanges_are_not_charged_yet() {
    let office = small_shop("return").await;
    let back = |method: &str| json!({"item_ids": ["11"], "payment_method_id": method});
    office.post("/retail/orders/W1/return", back("gift_card_1")).await.refused(409, "order_not_delivered");
    office.post("/retail/orders/W2/return", back("paypal_1")).await.refused(409, "payment_method_not_original");
    let world = office.world("exchange").await;
    let done = office.post("/retail/orders/W2/return", back("gift_card_1")).await.ok();
    assert_eq!((&done["status"], &done["return_items"]), (&json!("return requested"), &json!(["11"])));
    let swap = json!({"item_ids": ["11"], "new_item_ids": ["12"], "payment_method_id": "paypal_1"});
    office.post("/retail/orders/W2/exchange", swap.clone()).await.refused(409, "order_not_delivered");
    let done = world.post("/retail/orders/W2/exchange", swap).await.ok();
    assert_eq!(
        (&done["exchange_price_difference"], &done["payment_history"].as_array().unwrap().len()),
        (&json!(2.5), &1)
    );
}

#[tokio::test]
async fn users_orders_and_products_are_found_as_the_tools_find_them() {
    let office = small_shop("reads").await;
    assert_eq!(office.get("/retail/users?email=ANN@example.com").await.ok()[0]["user_id"], "ann_lee_1");
    assert_eq!(office.get("/retail/users?first_name=ann&last_name=LEE&zip=1").await.ok()[0]["user_id"], "ann_lee_1");
    assert_eq!(office.get("/retail/users?first_name=ann&last_name=LEE&zip=2").await.ok(), json!([]));
    assert_eq!(office.get("/retail/users/ann_lee_1/orders").await.ok().as_array().unwrap().len(), 3);
    assert_eq!(office.get("/retail/orders/W1").await.ok(), office.get("/retail/orders/%23W1").await.ok());
    assert_eq!(office.get("/retail/products").await.ok(), json!([{"product_id": "1", "name": "Mug"}]));
    assert_eq!(office.get("/retail/products?ids=1").await.ok()[0]["variants"]["12"]["price"], 12.5);
    assert_eq!(office.get("/retail/items/12").await.ok()["name"], "Mug");
    office.get("/retail/items/99").await.refused(404, "item_not_found");
    office.get("/retail/orders/W9").await.refused(404, "order_not_found");
    let address = json!({"address1": "b", "address2": "", "city": "c", "country": "USA", "state": "s", "zip": "2"});
    office.post("/retail/users/ann_lee_1/modify_address", address.clone()).await.ok();
    assert_eq!(office.get("/retail/users?first_name=ann&last_name=LEE&zip=2").await.ok()[0]["address"], address);
    office.post("/retail/orders/W3/modify_address", address).await.refused(409, "order_not_pending");
}
