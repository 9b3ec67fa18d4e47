//! What the company does and refuses.

use serde_json::{Value, json};

use crate::support::stories;

fn minor(money: &Value) -> i64 {
    money["minor"].as_i64().unwrap()
}

#[tokio::test]
async fn a_due_date_moves_two_weeks_once() {
    let office = stories().await;
    let before = office.get("/installments/INS-100301-1").await.ok();
    assert_eq!(before["extendable"], true);
    let path = "/installments/INS-100301-1/extend";
    office.post(path, json!({"days": 30})).await.refused(400, "invalid_request");
    let extended = office.post(path, json!({"days": 14})).await.ok();
    assert_eq!(extended["installment"]["state"], "extended");
    assert_eq!(extended["installment"]["due_on"], before["extended_due_on"]);
    assert_eq!(extended["fee"], json!({"minor": 0, "currency": "EUR"}));
    office.post(path, json!({"days": 14})).await.refused(409, "already_extended");
}

#[tokio::test]
async fn extending_a_part_of_a_plan_costs_a_fee_and_the_plan_still_adds_up() {
    let office = stories().await;
    let plan = office.get("/plans/PLN-103601").await.ok();
    let part = plan["next_due"]["installment_id"].as_str().unwrap();
    let extended = office.post(&format!("/installments/{part}/extend"), json!({"days": 14})).await.ok();
    assert!(minor(&extended["fee"]) > 0);
    assert_eq!(extended["plan"]["total"], plan["total"]);
    let payments = office.get("/customers/C-100036/payments?status=pending").await.ok();
    assert_eq!((&payments[0]["kind"], &payments[0]["amount"]), (&json!("extension_fee"), &extended["fee"]));
}

#[tokio::test]
async fn a_late_fee_is_added_on_day_14_and_once_more_on_day_28() {
    let office = stories().await;
    let late = office.get("/installments/INS-101401-1").await.ok();
    assert_eq!(late["late_fees"], json!({"minor": 6_000, "currency": "SEK"}), "15 days late");
    assert_eq!((&late["state"], &late["next_late_fee_on"]), (&json!("overdue"), &json!("2026-12-04")));
    assert_eq!(late["late_fees_due_on"], json!("2026-12-04"), "14 days after it was added");
    let in_time = office.get("/installments/INS-101402-1").await.ok();
    assert_eq!(in_time["late_fees_due_on"], Value::Null, "no fee, no day");
    assert_eq!(minor(&in_time["late_fees"]), 0, "not due yet");
    let failed = office.get("/customers/C-100014/payments?status=failed").await.ok();
    assert_eq!(failed[0]["installment_id"], late["id"], "what the limit's reasons say did happen");
}

#[tokio::test]
async fn long_overdue_paid_paused_and_financed_parts_stay_where_they_are() {
    let office = stories().await;
    let extend = json!({"days": 14});
    office.post("/installments/INS-102501-3/extend", extend.clone()).await.refused(409, "overdue_too_long");
    office.post("/installments/INS-102501-1/extend", extend.clone()).await.refused(409, "not_extendable");
    office.post("/installments/INS-103201-1/extend", extend.clone()).await.refused(409, "not_extendable");
    office.post("/installments/INS-101301-12/extend", extend.clone()).await.refused(409, "not_extendable");
    office.post("/installments/INS-999999-1/extend", extend).await.refused(404, "installment_not_found");
}

#[tokio::test]
async fn a_placed_order_is_cancelled_and_what_was_paid_comes_back() {
    let office = stories().await;
    let before = office.get("/orders/ORD-101201").await.ok();
    assert_eq!(before["cancellable"], true);
    let done = office.post("/orders/ORD-101201/cancel", json!({"reason": "by mistake"})).await.ok();
    assert_eq!(done["order"]["status"], "cancelled");
    assert_eq!(done["plan"]["state"], "cancelled");
    assert_eq!(done["refund"]["amount"], before["plan"]["paid"]);
    assert_eq!(done["refund"]["state"], "approved");
    assert_eq!(done["refund"]["expected_by"], "2026-12-01", "the seventh working day");
    office.post("/orders/ORD-101201/cancel", json!({"reason": "again"})).await.refused(409, "order_already_cancelled");
}

#[tokio::test]
async fn an_order_that_is_packed_sent_or_delivered_is_not_cancelled() {
    let office = stories().await;
    let reason = json!({"reason": "too late"});
    office.post("/orders/ORD-103701/cancel", reason.clone()).await.refused(409, "order_already_shipped");
    office.post("/orders/ORD-102201/cancel", reason.clone()).await.refused(409, "order_already_shipped");
    office.post("/orders/ORD-100101/cancel", reason.clone()).await.refused(409, "order_already_delivered");
    office.post("/orders/ORD-000000/cancel", reason).await.refused(404, "order_not_found");
    assert_eq!(office.changes("order").await, 0);
}

#[tokio::test]
async fn a_reported_return_pauses_the_plan_and_cannot_be_reported_twice() {
    let office = stories().await;
    let report = json!({"item_ids": ["ITM-100801-1"], "reason": "wrong_size"});
    let reported = office.post("/orders/ORD-100801/returns", report.clone()).await.ok();
    assert_eq!(reported["return"]["id"], "RET-900001");
    assert_eq!(reported["return"]["state"], "reported");
    assert_eq!(reported["plan"]["state"], "paused");
    assert_eq!(reported["plan"]["next_due"], Value::Null);
    assert_eq!(reported["plan"]["installments"][0]["state"], "paused");
    assert_eq!(reported["plan"]["pause"]["record_id"], "RET-900001");
    office.post("/orders/ORD-100801/returns", report).await.refused(409, "item_already_returned");
    let order = office.get("/orders/ORD-100801").await.ok();
    assert_eq!((&order["open_return_ids"], &order["returnable"]), (&json!(["RET-900001"]), &json!(false)));
}

#[tokio::test]
async fn the_return_window_is_open_on_its_last_day_and_closed_on_the_next() {
    let office = stories().await;
    let order = office.get("/orders/ORD-100801").await.ok();
    let until = order["returnable_until"].as_str().unwrap().to_owned();
    let report = json!({"item_ids": ["ITM-100801-1"]});
    let late = office.world("late").await;
    let next_day = until.parse::<jiff::civil::Date>().unwrap().tomorrow().unwrap();
    late.post("/admin/clock", json!({"now": format!("{next_day}T00:00:00Z")})).await.ok();
    late.post("/orders/ORD-100801/returns", report.clone()).await.refused(409, "return_window_closed");
    office.post("/admin/clock", json!({"now": format!("{until}T23:59:59Z")})).await.ok();
    office.post("/orders/ORD-100801/returns", report).await.ok();
}

#[tokio::test]
async fn foreign_undelivered_and_unreturnable_items_do_not_go_back() {
    let office = stories().await;
    let report = |item: &str| json!({"item_ids": [item]});
    office.post("/orders/ORD-100801/returns", report("ITM-100101-1")).await.refused(409, "item_not_in_order");
    office.post("/orders/ORD-102201/returns", report("ITM-102201-1")).await.refused(409, "order_not_delivered");
    office.post("/orders/ORD-102101/returns", report("ITM-102101-1")).await.refused(409, "item_not_returnable");
    office.post("/orders/ORD-102001/returns", report("ITM-102001-1")).await.refused(409, "return_window_closed");
    office.post("/orders/ORD-100801/returns", json!({"item_ids": []})).await.refused(400, "invalid_request");
    assert_eq!(office.changes("return").await, 0);
}

#[tokio::test]
async fn what_a_dearer_variant_costs_more_is_added_to_the_plan_and_taken_off_once() {
    let office = stories().await;
    let path = "/orders/ORD-102701/price_differences";
    let swap = |variant: &str| json!({"item_id": "ITM-102701-1", "variant_id": variant});
    let before = office.get("/plans/PLN-102701").await.ok();
    office.post(path, swap("V-1002-01")).await.refused(409, "not_dearer");
    let added = office.post(path, swap("V-1002-04")).await.ok();
    assert_eq!(minor(&added["difference"]["amount"]), 1_798);
    assert_eq!(minor(&added["plan"]["total"]), minor(&before["total"]) + 1_798);
    let id = added["difference"]["id"].as_str().unwrap();
    office
        .post(&format!("/orders/ORD-100901/price_differences/{id}/reverse"), json!({}))
        .await
        .refused(404, "price_difference_not_found");
    let reversed = office.post(&format!("{path}/{id}/reverse"), json!({})).await.ok();
    assert_eq!(reversed["plan"]["installments"], before["installments"], "as it was before");
    office.post(&format!("{path}/{id}/reverse"), json!({})).await.refused(409, "difference_reversed");
    assert_eq!(office.get(path).await.ok()[0]["state"], "reversed");
}

#[tokio::test]
async fn an_item_is_exchanged_for_another_variant_in_stock() {
    let office = stories().await;
    let path = "/orders/ORD-100901/exchanges";
    let swap = |variant: &str| json!({"item_id": "ITM-100901-1", "variant_id": variant});
    office.post(path, swap("V-1003-03")).await.refused(409, "same_variant");
    office.post(path, swap("V-1003-05")).await.refused(409, "variant_unavailable");
    office.post(path, swap("V-1001-01")).await.refused(409, "variant_not_of_product");
    let done = office.post(path, swap("V-1003-04")).await.ok();
    assert_eq!(done["exchange"]["options"], json!({"color": "grey", "size": "44"}));
    assert_eq!(minor(&done["exchange"]["price_difference"]), 0);
    office.post(path, swap("V-1003-04")).await.refused(409, "item_already_returned");
    let electronics = json!({"item_id": "ITM-100501-1", "variant_id": "V-1005-01"});
    office.post("/orders/ORD-100501/exchanges", electronics).await.refused(409, "exchange_not_offered");
}

#[tokio::test]
async fn a_dispute_pauses_the_plan_and_only_one_is_open() {
    let office = stories().await;
    let problem = json!({"kind": "not_received", "description": "It never came"});
    let opened = office.post("/orders/ORD-100101/disputes", problem.clone()).await.ok();
    assert_eq!(opened["dispute"]["respond_by"], "2026-12-05");
    assert_eq!(opened["plan"]["pause"]["reason"], "dispute");
    office.post("/orders/ORD-100101/disputes", problem).await.refused(409, "dispute_already_open");
}

#[tokio::test]
async fn a_dispute_must_fit_what_happened() {
    let office = stories().await;
    let dispute = |kind: &str| json!({"kind": kind, "description": ""});
    office.post("/orders/ORD-100702/disputes", dispute("not_received")).await.refused(409, "delivery_not_late");
    office.post("/orders/ORD-102201/disputes", dispute("defective")).await.refused(409, "order_not_delivered");
    office
        .post("/orders/ORD-100101/disputes", dispute("charged_after_cancel"))
        .await
        .refused(409, "order_not_cancelled");
    office.post("/orders/ORD-100401/disputes", dispute("charged_after_cancel")).await.ok();
    office.post("/orders/ORD-102401/disputes", dispute("not_received")).await.ok();
    office.post("/admin/clock", json!({"now": "2027-06-30T12:00:00Z"})).await.ok();
    office.post("/orders/ORD-101701/disputes", dispute("defective")).await.refused(409, "dispute_window_closed");
}

#[tokio::test]
async fn only_a_late_refund_is_traced_and_only_once() {
    let office = stories().await;
    let traced = office.post("/refunds/REF-101001-1/trace", json!({})).await.ok();
    assert_eq!(traced["refund"]["trace"]["respond_by"], "2026-11-27");
    office.post("/refunds/REF-101001-1/trace", json!({})).await.refused(409, "trace_already_open");
    office.post("/refunds/REF-103301-1/trace", json!({})).await.refused(409, "refund_rejected");
    office.post("/refunds/REF-100201-1/trace", json!({})).await.refused(409, "refund_settled");
    let refund = office.post("/orders/ORD-101201/cancel", json!({"reason": ""})).await.ok();
    let id = refund["refund"]["id"].as_str().unwrap().to_owned();
    office.post(&format!("/refunds/{id}/trace"), json!({})).await.refused(409, "refund_not_late");
}

#[tokio::test]
async fn an_unknown_purchase_is_blocked_and_so_is_the_account() {
    let office = stories().await;
    let blocked = office.post("/transactions/TXN-100501/block", json!({"reason": "not mine"})).await.ok();
    assert_eq!(blocked["transaction"]["fraud_case_id"], "FRD-900001");
    assert_eq!(blocked["customer"]["status"], "blocked");
    assert_eq!(minor(&blocked["customer"]["available_to_spend"]), 0);
    office.post("/transactions/TXN-100501/block", json!({})).await.refused(409, "transaction_already_blocked");
}

#[tokio::test]
async fn a_failed_payment_is_charged_to_another_instrument_of_the_customer() {
    let office = stories().await;
    let retry = |instrument: &str| json!({"instrument_id": instrument});
    let path = "/payments/PAY-100601-2/retry";
    office.post(path, retry("PM-100006-1")).await.refused(409, "instrument_expired");
    office.post(path, retry("PM-100007-1")).await.refused(409, "instrument_not_of_customer");
    let done = office.post(path, retry("PM-100006-2")).await.ok();
    assert_eq!(done["payment"]["state"], "succeeded");
    assert_eq!(done["plan"]["installments"][1]["state"], "paid");
    office.post(path, retry("PM-100006-2")).await.refused(409, "payment_not_failed");
    office.post("/payments/PAY-103801-2/retry", retry("PM-100038-3")).await.refused(409, "instrument_not_chargeable");
}

#[tokio::test]
async fn the_default_instrument_changes_for_open_plans_too() {
    let office = stories().await;
    let choose = |instrument: &str| json!({"instrument_id": instrument});
    let path = "/customers/C-100028/default_instrument";
    office.post(path, choose("PM-100028-1")).await.refused(409, "already_default");
    office.post(path, choose("PM-100027-1")).await.refused(409, "instrument_not_of_customer");
    office.post(path, choose("PM-100028-2")).await.ok();
    let instruments = office.get("/customers/C-100028/instruments").await.ok();
    assert_eq!((&instruments[0]["id"], &instruments[1]["is_default"]), (&json!("PM-100028-2"), &json!(false)));
    assert_eq!(office.get("/plans/PLN-102801").await.ok()["instrument_id"], "PM-100028-2");
    office.post("/customers/C-100034/default_instrument", choose("PM-100034-1")).await.refused(409, "account_blocked");
}

#[tokio::test]
async fn a_complaint_is_answered_within_fifteen_working_days() {
    let office = stories().await;
    let filed =
        office.post("/customers/C-100001/complaints", json!({"kind": "service", "description": "slow"})).await.ok();
    assert_eq!(filed["ticket"]["respond_by"], "2026-12-11");
    assert_eq!(filed["ticket"]["reference"], "NP-T-900001");
    let ticket = json!({"kind": "bereavement", "priority": "high", "description": "call back"});
    assert_eq!(office.post("/customers/C-100015/tickets", ticket).await.ok()["ticket"]["respond_by"], "2026-11-23");
    assert_eq!(office.changes("ticket").await, 2);
}

/// As payment providers do it: the key and not the reference makes a repeated request one refund, and no more is given back than was paid.
#[tokio::test]
async fn part_of_a_payment_is_given_back_and_never_more_than_was_paid() {
    let office = stories().await;
    let payments = office.get("/customers/C-100012/payments?status=succeeded").await.ok();
    let (id, paid) = (payments[0]["id"].as_str().unwrap().to_owned(), minor(&payments[0]["amount"]));
    let path = format!("/payments/{id}/refunds");
    let part = json!({"amount_minor": 100, "reference": "R-1"});
    let first = office.post_with_key(&path, part.clone(), "key-1").await.unwrap().ok();
    assert_eq!((minor(&first["refund"]["amount"]), minor(&first["refundable"])), (100, paid - 100));
    let again = office.post_with_key(&path, part.clone(), "key-1").await.unwrap().ok();
    assert_eq!(again["receipt_id"], first["receipt_id"]);
    office.post(&path, part).await.ok();
    office.post(&path, json!({"amount_minor": 1, "reference": "R-2"})).await.ok();
    assert_eq!(office.get(&format!("{path}?reference=R-1")).await.ok().as_array().unwrap().len(), 2);
    assert_eq!(office.get(&path).await.ok().as_array().unwrap().len(), 3);
    let rest = paid - 201;
    office
        .post(&path, json!({"amount_minor": rest + 1, "reference": "R-3"}))
        .await
        .refused(409, "amount_above_refundable");
    office.post(&path, json!({"amount_minor": rest, "reference": "R-3"})).await.ok();
    office.post(&path, json!({"amount_minor": 0, "reference": "R-4"})).await.refused(400, "invalid_request");
    office.post(&path, json!({"amount_minor": 1, "reference": ""})).await.refused(400, "invalid_request");
    office.get("/payments/PAY-0/refunds").await.refused(404, "payment_not_found");
    let failed = office.get("/customers/C-100006/payments?status=failed").await.ok();
    let path = format!("/payments/{}/refunds", failed[0]["id"].as_str().unwrap());
    office.post(&path, json!({"amount_minor": 1, "reference": "R-5"})).await.refused(409, "payment_not_captured");
}
