//! What is shown.

use serde_json::{Value, json};

use crate::support::{settings, start, stories};

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let office = stories().await;
    let client = &office.client;
    let url = |path: &str| format!("{}{path}", office.base);
    assert_eq!(client.get(url("/customers/C-100001")).send().await.unwrap().status(), 401);
    assert_eq!(client.get(url("/customers/C-100001")).bearer_auth("wrong").send().await.unwrap().status(), 401);
    assert_eq!(client.get(url("/health")).send().await.unwrap().status(), 200);
    let document: Value = client.get(url("/openapi.json")).send().await.unwrap().json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert!(document["paths"]["/orders/{id}/cancel"]["post"].is_object());
}

#[tokio::test]
async fn a_customer_is_found_by_email_phone_or_name() {
    let office = stories().await;
    for query in [
        "email=ASTRID.lindqvist@example.se",
        "phone=%2B46%2070-174%2000%2001",
        "phone=0701740001",
        "first_name=astrid&last_name=lindqvist&postal_code=114%2038",
    ] {
        assert_eq!(office.get(&format!("/customers?{query}")).await.ok()[0]["id"], "C-100001", "{query}");
    }
    assert_eq!(office.get("/customers?email=nobody@example.se").await.ok(), json!([]));
    office.get("/customers?first_name=astrid").await.refused(400, "invalid_request");
    office.get("/custmers").await.refused(404, "path_not_found");
    office.get("/customers/C-999999").await.refused(404, "customer_not_found");
    office.get("/customers/C-999999/orders").await.refused(404, "customer_not_found");
}

#[tokio::test]
async fn the_overview_shows_what_is_open() {
    let office = stories().await;
    let overview = office.get("/customers/C-100013/overview").await.ok();
    assert_eq!(overview["plans"].as_array().unwrap().len(), 4);
    let owed: i64 =
        overview["plans"].as_array().unwrap().iter().map(|plan| plan["remaining"]["minor"].as_i64().unwrap()).sum();
    assert_eq!(overview["outstanding"]["minor"], owed);
    let limit = overview["customer"]["spending_limit"]["minor"].as_i64().unwrap();
    assert_eq!(overview["customer"]["available_to_spend"]["minor"], (limit - owed).max(0));
    let settled = office.get("/customers/C-100016/overview").await.ok();
    assert_eq!((&settled["plans"], &settled["next_due"]), (&json!([]), &Value::Null));
    assert_eq!(settled["outstanding"]["minor"], 0);
}

#[tokio::test]
async fn lists_are_newest_first_and_can_be_narrowed() {
    let office = stories().await;
    let orders = office.get("/customers/C-100007/orders").await.ok();
    assert_eq!((&orders[0]["id"], &orders[1]["id"]), (&json!("ORD-100702"), &json!("ORD-100701")));
    let shipped = office.get("/customers/C-100007/orders?status=shipped").await.ok();
    assert_eq!(shipped.as_array().unwrap().len(), 1);
    office.get("/customers/C-100007/orders?status=eaten").await.refused(400, "invalid_request");
    assert_eq!(
        office.get("/customers/C-100006/payments?status=failed").await.ok()[0]["failure"]["code"],
        "card_expired"
    );
}

#[tokio::test]
async fn variants_of_an_item_are_priced_in_the_orders_currency() {
    let office = stories().await;
    let variants = office.get("/orders/ORD-100701/items/ITM-100701-1/variants").await.ok();
    assert_eq!(variants[0]["price"]["currency"], "NOK");
    assert_eq!(variants.as_array().unwrap().iter().filter(|variant| variant["is_current"] == true).count(), 1);
    assert_eq!(
        office.get("/products/P-1001/variants").await.ok()[1]["price"],
        json!({"minor": 6990, "currency": "EUR"})
    );
    assert_eq!(office.get("/products/P-1001/variants?currency=SEK").await.ok()[1]["price"]["minor"], 79_900);
}

#[tokio::test]
async fn malformed_bodies_are_named_as_such() {
    let office = stories().await;
    office.post("/orders/ORD-101201/cancel", json!({"reasn": "typo"})).await.refused(400, "invalid_request");
    office.post("/orders/ORD-101201/cancel", json!([1])).await.refused(400, "invalid_request");
    let request =
        office.client.post(format!("{}/orders/ORD-101201/cancel", office.base)).bearer_auth(crate::support::TOKEN);
    assert_eq!(request.body(vec![0xff, 0xfe]).send().await.unwrap().status(), 400);
    assert_eq!(office.get("/orders/ORD-101201").await.ok()["status"], "placed");
}

#[tokio::test]
async fn the_load_harness_finds_any_order_and_its_customer() {
    let office = start(settings("bench")).await;
    let order = office.get("/orders/ORD-424242").await.ok();
    assert_eq!((&order["status"], &order["customer_id"]), (&json!("shipped"), &json!("C-424242")));
    assert_eq!(office.get("/customers?email=c424242@bench.example").await.ok()[0]["id"], "C-424242");
    office.get("/orders/ORD-42").await.refused(404, "order_not_found");
}
