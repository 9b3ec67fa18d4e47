//! People see who waits, take over, answer, give back; each act once.

use serde_json::{Value, json};

use super::world::{Wishes, World};

async fn handed_over(world: &World) -> (String, String) {
    let (token, id) = world.conversation().await;
    let reply = world
        .post(&format!("/api/v1/conversations/{id}/messages"), &token, json!({"text": "I want to talk to a person"}))
        .await;
    assert_eq!(reply.body["status"], "waiting_for_agent", "{:?}", reply.body);
    (token, id)
}

fn texts(conversation: &Value, author: &str) -> Vec<String> {
    let messages = conversation["messages"].as_array().unwrap().iter();
    messages
        .filter(|message| message["author"] == author)
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_waiting_conversation_is_listed_taken_answered_and_given_back() {
    let world = World::new();
    let (token, id) = handed_over(&world).await;
    let staff = world.staff("Maja");
    let rows = world.get("/api/v1/desk/conversations?status=waiting", &staff).await.body;
    assert_eq!(
        (rows["items"][0]["id"].as_str(), rows["items"][0]["reason_code"].as_str()),
        (Some(id.as_str()), Some("customer_request"))
    );
    assert!(rows.get("next_cursor").is_none());
    let root = format!("/api/v1/desk/conversations/{id}");
    let whole = world.get(&root, &staff).await.body;
    assert_eq!(
        (whole["handover"]["reason_code"].as_str(), whole["handover"]["identity_level"].as_str()),
        (Some("customer_request"), Some("anonymous"))
    );
    assert!(
        whole["handover"]["requested_at"].as_str().unwrap().ends_with('Z')
            && !whole["turns"].as_array().unwrap().is_empty()
    );
    assert_eq!(world.post(&format!("{root}/reply"), &staff, json!({"text": "Hi"})).await.code(), (409, "OM-0403"));
    let taken = world.post(&format!("{root}/take"), &staff, json!({})).await;
    assert_eq!(
        (taken.status, taken.body["status"].as_str(), taken.body["assignee"].as_str()),
        (200, Some("with_agent"), Some("Maja"))
    );
    assert_eq!(world.post(&format!("{root}/take"), &world.staff("Nils"), json!({})).await.code(), (409, "OM-0403"));
    assert_eq!(world.post(&format!("{root}/reply"), &staff, json!({"text": " "})).await.code(), (400, "OM-0106"));
    let replied = world.post(&format!("{root}/reply"), &staff, json!({"text": "Hi, Maja here"})).await;
    assert_eq!(texts(&replied.body, "agent"), ["Hi, Maja here"]);
    let seen = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    assert_eq!(texts(&seen, "agent"), ["Hi, Maja here"]);
    assert_eq!(seen["messages"].as_array().unwrap().last().unwrap()["author_name"], "Maja");
    assert_eq!(seen["agent_name"], "Maja");
    let words = json!({"message": "It is on its way.", "note": "sorted out"});
    let back = world.post(&format!("{root}/return"), &staff, words).await;
    assert_eq!((back.status, back.body["status"].as_str()), (200, Some("open")));
    assert_eq!(texts(&back.body, "agent"), ["Hi, Maja here", "It is on its way."]);
    let notes = back.body["notes"].as_array().unwrap();
    assert_eq!((notes[2]["act"].as_str(), notes[2]["note"].as_str()), (Some("returned"), Some("sorted out")));
    let seen = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    assert!(seen.get("notes").is_none() && !seen.to_string().contains("sorted out"), "notes stay at the desk");
    assert!(
        world.get("/api/v1/desk/conversations?status=waiting", &staff).await.body["items"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_act_with_the_same_key_is_done_once() {
    let world = World::new();
    let (_, id) = handed_over(&world).await;
    let staff = world.staff("Maja");
    let root = format!("/api/v1/desk/conversations/{id}");
    world.post(&format!("{root}/take"), &staff, json!({})).await;
    let reply = format!("{root}/reply");
    // Before anything else: a key whose act failed may be used again.
    let nils = world.staff("Nils");
    for _ in 0..2 {
        assert_eq!(world.post_with_key(&reply, &nils, "k-1", json!({"text": "Hi"})).await.code(), (409, "OM-0403"));
    }
    let first = world.post_with_key(&reply, &staff, "k-1", json!({"text": "Hi"})).await;
    let again = world.post_with_key(&reply, &staff, "k-1", json!({"text": "Hi"})).await;
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(texts(&again.body, "agent"), ["Hi"]);
    assert_eq!(world.post_with_key(&reply, &staff, "k-1", json!({"text": "Ho"})).await.code(), (409, "OM-0401"));
    assert_eq!(
        world.post_with_key(&format!("{root}/return"), &staff, "k-1", json!({"note": "Hi"})).await.code(),
        (409, "OM-0401")
    );
}

#[tokio::test]
async fn a_colleagues_conversation_is_taken_over_only_on_purpose_and_stands_among_ones_own() {
    let world = World::new();
    let (_, id) = handed_over(&world).await;
    let (maja, nils) = (world.staff("Maja"), world.staff("Nils"));
    let take = format!("/api/v1/desk/conversations/{id}/take");
    world.post(&take, &maja, json!({})).await;
    assert_eq!(world.post(&take, &nils, json!({})).await.code(), (409, "OM-0403"));
    assert_eq!(world.post(&take, &nils, json!({"from_colleague": true})).await.body["assignee"], "Nils");
    for (who, total) in [(&maja, 0_usize), (&nils, 1)] {
        let rows = world.get("/api/v1/desk/conversations?status=with_agent&mine=true", who).await.body;
        assert_eq!((&rows["total"], rows["items"].as_array().unwrap().len()), (&json!(total), total));
    }
}

#[tokio::test]
async fn a_note_stays_at_the_desk_takes_nothing_over_and_is_kept_once() {
    let world = World::new();
    let (token, id) = handed_over(&world).await;
    let (maja, nils) = (world.staff("Maja"), world.staff("Nils"));
    let root = format!("/api/v1/desk/conversations/{id}");
    world.post(&format!("{root}/take"), &maja, json!({})).await;
    let note = format!("{root}/note");
    for _ in 0..2 {
        let noted = world.post_with_key(&note, &nils, "n-1", json!({"note": "called the shop"})).await;
        assert_eq!(
            (noted.status, &noted.body["assignee"], &noted.body["status"]),
            (200, &json!("Maja"), &json!("with_agent"))
        );
        let of_nils: Vec<&Value> =
            noted.body["notes"].as_array().unwrap().iter().filter(|note| note["agent"] == "Nils").collect();
        assert_eq!(of_nils.len(), 1, "{of_nils:?}");
        assert_eq!((&of_nils[0]["act"], &of_nils[0]["note"]), (&json!("noted"), &json!("called the shop")));
    }
    assert_eq!(world.post(&note, &nils, json!({"note": "  "})).await.code(), (400, "OM-0106"));
    assert_eq!(world.post(&note, &nils, json!({})).await.status, 400);
    assert_eq!(world.post(&note, &token, json!({"note": "x"})).await.status, 403, "customers cannot note");
    let seen = world.get(&format!("/api/v1/conversations/{id}"), &token).await.body;
    assert!(!seen.to_string().contains("called the shop"), "notes stay at the desk");
}

#[tokio::test]
async fn records_are_empty_for_somebody_unknown_and_for_staff_alone() {
    let world = World::new();
    let (token, id) = handed_over(&world).await;
    let path = format!("/api/v1/desk/conversations/{id}/records");
    let read = world.get(&path, &world.staff("Maja")).await;
    assert_eq!(
        (read.status, &read.body["identity_level"], &read.body["lists"]),
        (200, &json!("anonymous"), &json!([]))
    );
    assert!(read.body.get("customer").is_none() && read.body["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(world.get(&path, &token).await.status, 403);
}

#[tokio::test]
async fn rows_come_in_pages() {
    let world = World::new();
    for _ in 0..3 {
        handed_over(&world).await;
    }
    let staff = world.staff("Maja");
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            world.get(&format!("/api/v1/desk/conversations?status=waiting&limit=2&cursor={cursor}"), &staff).await.body;
        assert_eq!(page["total"], 3, "the whole queue is counted, not the page");
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3);
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn the_demo_opens_a_desk_session_with_a_name() {
    let world = World::demo();
    let opened = world.post("/api/v1/demo/staff", "", json!({"name": " Maja "})).await;
    let token = opened.body["token"].as_str().unwrap().to_owned();
    assert_eq!(world.get("/api/v1/desk/conversations", &token).await.status, 200);
    for name in ["", "  ", &"x".repeat(61), "a\nb"] {
        assert_eq!(
            world.post("/api/v1/demo/staff", "", json!({"name": name})).await.code(),
            (400, "OM-0103"),
            "{name:?}"
        );
    }
}

#[tokio::test]
async fn an_act_that_was_refused_because_the_server_was_busy_can_be_sent_again() {
    let world = World::with(Wishes { turns_max: Some(1), ..Wishes::default() });
    let (_, id) = handed_over(&world).await;
    let staff = world.staff("Maja");
    let take = format!("/api/v1/desk/conversations/{id}/take");
    let customer = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &customer, json!({})).await;
    let path = format!("/api/v1/conversations/{}/messages", opened.body["id"].as_str().unwrap());
    world.gate.close();
    let held = world.post(&path, &customer, json!({"text": "where is my parcel?"}));
    let refused = async {
        world.gate.reached(1).await;
        let refused = world.post_with_key(&take, &staff, "k-1", json!({})).await;
        world.gate.open();
        refused
    };
    let (_, refused) = tokio::join!(held, refused);
    assert_eq!(refused.code(), (503, "OM-0503"));
    assert_eq!(world.post_with_key(&take, &staff, "k-1", json!({})).await.status, 200);
}

#[tokio::test]
async fn staff_switch_effects_off_with_a_reason_and_customers_do_not() {
    let world = World::new();
    let (customer, _) = world.conversation().await;
    let staff = world.staff("Maja");
    let path = "/api/v1/desk/switches";
    let off = json!({"target": {"kind": "risk", "name": "money"}, "to": "off", "reason": "charged twice"});
    assert_eq!(world.get(path, &customer).await.code(), (403, "OM-0204"));
    assert_eq!(world.post(path, &customer, off.clone()).await.code(), (403, "OM-0204"));
    assert_eq!(world.get(path, &staff).await.body, json!({"off": []}));
    let listed = world.post(path, &staff, off.clone()).await.body;
    let first = &listed["off"][0];
    assert_eq!(
        (&first["target"], &first["reason"], &first["by"]),
        (&off["target"], &json!("charged twice"), &json!("Maja"))
    );
    assert_eq!(world.post(path, &world.staff("Nils"), off.clone()).await.body, listed, "what is off stays as it is");
    let wrong = [
        json!({"target": {"kind": "action", "name": "no_such_thing"}, "to": "off", "reason": "x"}),
        json!({"target": {"kind": "risk", "name": "read"}, "to": "off", "reason": "x"}),
        json!({"target": {"kind": "all"}, "to": "off", "reason": "  "}),
        json!({"target": {"kind": "all"}, "to": "half", "reason": "x"}),
    ];
    for body in wrong {
        assert_eq!(world.post(path, &staff, body.clone()).await.code(), (400, "OM-0103"), "{body}");
    }
    let long = json!({"target": {"kind": "all"}, "to": "off", "reason": "x".repeat(501)});
    assert_eq!(world.post(path, &staff, long).await.code(), (413, "OM-0105"));
    let target = json!({"kind": "market", "name": "SE"});
    let held = json!({"target": target, "to": "suggest", "reason": "new system"});
    let both = world.post(path, &staff, held).await.body;
    assert_eq!((&both["off"], &both["held"][0]["to"]), (&listed["off"], &json!("suggest")));
    assert_eq!((&both["held"][0]["target"], &both["held"][0]["reason"]), (&target, &json!("new system")));
    world.post(path, &staff, json!({"target": target, "to": "on", "reason": "settled"})).await;
    let on = json!({"target": {"kind": "risk", "name": "money"}, "to": "on", "reason": "repaired"});
    assert_eq!(world.post(path, &staff, on).await.body, json!({"off": []}));
}
