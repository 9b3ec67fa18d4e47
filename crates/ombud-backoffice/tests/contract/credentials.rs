//! Codes, and what they protect.

use serde_json::json;

use crate::support::{Office, stories};

async fn challenge(office: &Office) -> (String, String) {
    let opened = office.post("/challenges", json!({"customer_id": "C-100026", "purpose": "change_address"})).await.ok();
    assert_eq!(opened["masked_destination"], "+44 *** ** 26");
    let outbox = office.get("/admin/outbox?customer_id=C-100026").await.ok();
    let code = outbox[0]["code"].as_str().unwrap().to_owned();
    assert!(outbox[0]["text"].as_str().unwrap().contains(&code));
    (format!("/challenges/{}/verify", opened["challenge_id"].as_str().unwrap()), code)
}

#[tokio::test]
async fn a_code_is_right_once_within_five_minutes() {
    let office = stories().await;
    let (path, code) = challenge(&office).await;
    let right = json!({"code": code});
    assert_eq!(office.post(&path, json!({"code": "0"})).await.ok(), json!({"verified": false, "attempts_left": 4}));
    assert_eq!(office.post(&path, right.clone()).await.ok(), json!({"verified": true, "attempts_left": 3}));
    office.post(&path, right.clone()).await.refused(409, "challenge_used");
    let (path, code) = challenge(&office).await;
    office.post("/admin/clock", json!({"now": "2026-11-21T12:05:01Z"})).await.ok();
    office.post(&path, json!({"code": code})).await.refused(409, "challenge_expired");
}

#[tokio::test]
async fn a_code_is_dead_after_five_wrong_attempts() {
    let office = stories().await;
    let (path, code) = challenge(&office).await;
    for left in (0..5).rev() {
        assert_eq!(
            office.post(&path, json!({"code": "abc"})).await.ok(),
            json!({"verified": false, "attempts_left": left})
        );
    }
    office.post(&path, json!({"code": code})).await.refused(409, "challenge_exhausted");
}

/// As every real code service: a new challenge is no new chance to guess.
#[tokio::test]
async fn wrong_codes_count_over_all_challenges_of_a_customer_within_an_hour() {
    let office = stories().await;
    for wrong in [4, 4, 2] {
        let (path, _) = challenge(&office).await;
        for _ in 0..wrong {
            office.post(&path, json!({"code": "abc"})).await.ok();
        }
    }
    let (path, code) = challenge(&office).await;
    office.post(&path, json!({"code": code})).await.refused(409, "wrong_codes_too_many");
    let other = office.post("/challenges", json!({"customer_id": "C-100027", "purpose": "x"})).await.ok();
    let other = format!("/challenges/{}/verify", other["challenge_id"].as_str().unwrap());
    assert_eq!(office.post(&other, json!({"code": "abc"})).await.ok()["attempts_left"], 4, "others are not affected");
    office.post("/admin/clock", json!({"now": "2026-11-21T13:00:00Z"})).await.ok();
    let (path, code) = challenge(&office).await;
    assert_eq!(office.post(&path, json!({"code": code})).await.ok()["verified"], true);
}

#[tokio::test]
async fn ten_codes_are_sent_to_a_customer_within_an_hour_and_no_eleventh() {
    let office = stories().await;
    let wish = json!({"customer_id": "C-100026", "purpose": "change_address"});
    for _ in 0..10 {
        office.post("/challenges", wish.clone()).await.ok();
    }
    office.post("/challenges", wish.clone()).await.refused(409, "challenges_too_many");
    office.post("/challenges", json!({"customer_id": "C-100027", "purpose": "x"})).await.ok();
    office.post("/admin/clock", json!({"now": "2026-11-21T12:59:59Z"})).await.ok();
    office.post("/challenges", wish.clone()).await.refused(409, "challenges_too_many");
    office.post("/admin/clock", json!({"now": "2026-11-21T13:00:00Z"})).await.ok();
    office.post("/challenges", wish).await.ok();
}

#[tokio::test]
async fn a_changed_email_is_told_to_the_old_one_and_found_at_once() {
    let office = stories().await;
    let path = "/customers/C-100027/email";
    office.patch(path, json!({"email": "nonsense"})).await.refused(400, "invalid_request");
    office.patch(path, json!({"email": "astrid.lindqvist@example.se"})).await.refused(409, "email_in_use");
    let old = office.get("/customers/C-100027").await.ok()["email"].as_str().unwrap().to_owned();
    let changed = office.patch(path, json!({"email": "Thomas@Neu.example"})).await.ok();
    assert_eq!(changed["customer"]["credentials_changed_at"], "2026-11-21T12:00:00Z");
    assert_eq!(office.get("/customers?email=thomas@neu.example").await.ok()[0]["id"], "C-100027");
    assert_eq!(office.get(&format!("/customers?email={old}")).await.ok(), json!([]));
    assert_eq!(office.get("/admin/outbox?customer_id=C-100027").await.ok()[0]["to"], json!(old));
    // Whoever is not signed in has his code from the messages to everybody.
    assert_eq!(office.get("/admin/outbox").await.ok()[0]["to"], json!(old));
}

#[tokio::test]
async fn address_and_phone_change_but_not_on_a_blocked_account() {
    let office = stories().await;
    let address = json!({"line1": "1 New Street", "postal_code": "EX1 1AA", "city": "Exeter"});
    let moved = office.patch("/customers/C-100026/address", address.clone()).await.ok();
    assert_eq!(
        (&moved["customer"]["postal_code"], &moved["customer"]["addresses"][0]["country"]),
        (&json!("EX1 1AA"), &json!("GB"))
    );
    assert_eq!(
        office.get("/customers?first_name=grace&last_name=OKAFOR&postal_code=ex11aa").await.ok()[0]["id"],
        "C-100026"
    );
    office.patch("/customers/C-100034/address", address).await.refused(409, "account_blocked");
    office.patch("/customers/C-100026/phone", json!({"phone": "0701"})).await.refused(400, "invalid_request");
    office.patch("/customers/C-100026/phone", json!({"phone": "+44 7700 900123"})).await.ok();
    assert_eq!(office.get("/customers?phone=07700900123").await.ok()[0]["id"], "C-100026");
}
