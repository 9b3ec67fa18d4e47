//! People see what needs their approval, and each answers for himself alone.

use serde_json::{Value, json};

use super::world::World;

/// A signed-in customer who has agreed to something that needs two people: his token and conversation, and what lies before the desk.
async fn asked_for_approval(world: &World) -> (String, String, Value) {
    let customer = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &customer, json!({})).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/conversations/{id}/messages");
    let proposed = world.post(&path, &customer, json!({"text": "please leave a note for the driver"})).await;
    assert_eq!(proposed.body["awaiting"]["kind"], "confirm", "{:?}", proposed.body);
    let agreed = world.post(&path, &customer, json!({"text": "yes"})).await;
    assert_eq!(agreed.status, 200, "{:?}", agreed.body);
    let listed = world.get("/api/v1/desk/approvals", &world.staff("Maja")).await;
    let items = listed.body["items"].as_array().unwrap().clone();
    (customer, id, items.into_iter().next().unwrap())
}

fn path_of(approval: &Value) -> String {
    let part = |name: &str| approval[name].as_str().unwrap().to_owned();
    format!("/api/v1/desk/conversations/{}/approvals/{}", part("conversation_id"), part("id"))
}

fn yes(approval: &Value) -> Value {
    json!({"answer": "approve", "digest": approval["digest"]})
}

/// R12: who, what, why, by which rule, until when; then two answers, and the customer hears what came of it.
#[tokio::test]
async fn two_people_see_it_approve_it_and_the_customer_is_told() {
    let world = World::new();
    let (customer, id, approval) = asked_for_approval(&world).await;
    assert_eq!(
        (&approval["action"], &approval["arguments"], &approval["rules"], &approval["approvers"]),
        (&json!("leave_note"), &json!({"customer_id": "C-1"}), &json!(["notes-by-two"]), &json!(2))
    );
    assert_eq!((&approval["summary"], &approval["is_yours"]), (&json!("Shall I leave the note?"), &json!(true)));
    assert_eq!((&approval["said"], &approval["given"]), (&json!("please leave a note for the driver"), &json!([])));
    let (from, until) = (approval["requested_at"].as_str().unwrap(), approval["expires_at"].as_str().unwrap());
    assert!(from.ends_with('Z') && until > from, "{from} {until}");
    let path = path_of(&approval);
    let first = world.post(&path, &world.staff("Maja"), yes(&approval)).await;
    assert_eq!((first.status, &first.body["given"][0]["name"]), (200, &json!("Maja")));
    assert_eq!(first.body["is_yours"], false);
    let second = world.post(&path, &world.staff("Ivan"), yes(&approval)).await;
    assert_eq!((second.status, second.body["given"].as_array().unwrap().len()), (200, 2));
    let seen = world.get(&format!("/api/v1/conversations/{id}"), &customer).await.body;
    let last = seen["messages"].as_array().unwrap().last().unwrap().clone();
    assert!(last["text"].as_str().unwrap().starts_with("The note is left."), "{last}");
    assert_eq!(world.get("/api/v1/desk/approvals", &world.staff("Maja")).await.body, json!({"items": []}));
    let late = world.post(&path, &world.staff("Nils"), yes(&approval)).await;
    assert_eq!(late.code(), (409, "OM-0408"));
}

/// R12: customers, programs, delegates and people who are not named have no voice; a guess at what is approved neither.
#[tokio::test]
async fn nobody_else_approves() {
    let world = World::new();
    let (customer, id, approval) = asked_for_approval(&world).await;
    let path = path_of(&approval);
    let delegated = world.staff_by("Ivan", Some(json!({"sub": "scheduling-agent"})));
    let callers = [
        (customer.clone(), (403, "OM-0204")),
        (String::new(), (401, "OM-0201")),
        (world.staff("Bot"), (403, "OM-0205")),
        (world.staff(""), (403, "OM-0205")),
        (delegated, (403, "OM-0205")),
    ];
    for (token, expected) in callers {
        assert_eq!(world.post(&path, &token, yes(&approval)).await.code(), expected, "{token}");
    }
    assert_eq!(world.get("/api/v1/desk/approvals", &customer).await.code(), (403, "OM-0204"));
    let maja = world.staff("Maja");
    for _ in 0..3 {
        let again = world.post(&path, &maja, yes(&approval)).await;
        assert_eq!(
            (again.status, again.body["given"].as_array().unwrap().len()),
            (200, 1),
            "the same person counts once"
        );
    }
    let another = world.staff("maja");
    assert_eq!(world.post(&path, &another, yes(&approval)).await.body["given"].as_array().unwrap().len(), 1);
    let ivan = world.staff("Ivan");
    let taken = world.post(&format!("/api/v1/desk/conversations/{id}/take"), &ivan, json!({})).await;
    assert_eq!(taken.status, 200);
    assert_eq!(
        world.post(&path, &ivan, yes(&approval)).await.code(),
        (403, "OM-0205"),
        "he speaks for the customer now"
    );
    let nils = world.staff("Nils");
    let wrong = [
        (json!({"answer": "approve", "digest": "0".repeat(64)}), (409, "OM-0406")),
        (json!({"answer": "approve", "digest": approval["digest"], "on_behalf_of": "Ivan"}), (400, "OM-0103")),
        (json!({"answer": "refuse", "digest": approval["digest"]}), (400, "OM-0103")),
        (json!({"answer": "refuse", "digest": approval["digest"], "reason": "x".repeat(501)}), (413, "OM-0105")),
    ];
    for (body, expected) in wrong {
        assert_eq!(world.post(&path, &nils, body.clone()).await.code(), expected, "{body}");
    }
    let unknown = format!("/api/v1/desk/conversations/{id}/approvals/{id}");
    assert_eq!(world.post(&unknown, &nils, yes(&approval)).await.code(), (404, "OM-0306"));
    let elsewhere = path.replace(&id, "018f0000-0000-7000-8000-000000000001");
    assert_eq!(world.post(&elsewhere, &nils, yes(&approval)).await.code(), (404, "OM-0301"));
    world.clock.advance_s(24 * 3_600);
    let late = world.post(&path, &world.staff("Nils"), yes(&approval)).await;
    assert_eq!(late.code(), (409, "OM-0407"));
}

/// R12: a token whose holder was revoked opens nothing from the next request on; what the customer withdraws is called so.
#[tokio::test]
async fn who_is_revoked_sees_nothing_and_what_is_withdrawn_is_called_so() {
    let world = World::new();
    let (customer, id, approval) = asked_for_approval(&world).await;
    let (path, maja) = (path_of(&approval), world.staff("Maja"));
    assert_eq!(world.post(&path, &maja, yes(&approval)).await.status, 200);
    let change = ombud_turn::AccessChange { name: "maja".to_owned(), reason: "left".to_owned(), by: "ivan".to_owned() };
    let people = world.app.assistant().people();
    people.change(&change, ombud_turn::Access::Revoked, ombud_domain::TimestampUs(1)).await.unwrap();
    assert_eq!(world.get("/api/v1/desk/approvals", &maja).await.code(), (403, "OM-0206"));
    assert_eq!(world.post(&path, &maja, yes(&approval)).await.code(), (403, "OM-0206"));
    let second = world.post(&path, &world.staff("Ivan"), yes(&approval)).await;
    assert_eq!((second.status, second.body["given"].as_array().unwrap().len()), (200, 1), "{:?}", second.body);
    let forget = json!({"text": "never mind, forget it"});
    assert_eq!(world.post(&format!("/api/v1/conversations/{id}/messages"), &customer, forget).await.status, 200);
    assert_eq!(world.post(&path, &world.staff("Nils"), yes(&approval)).await.code(), (409, "OM-0409"));
    assert_eq!(world.get("/api/v1/desk/approvals", &world.staff("Nils")).await.body, json!({"items": []}));
}
