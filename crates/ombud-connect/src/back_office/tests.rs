//! The fault matrix, against a real server on loopback that keeps idempotency keys as Stripe defines them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use ombud_domain::{ActionOutcome, CallFailure, Sensitive};
use ombud_policy::ApiCall;
use ombud_policy::action::Method;
use ombud_policy::spec::ActionSpec;
use ombud_ports::BackOffice;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{ANSWER_BYTES_MAX, BackOfficeSettings, HttpBackOffice};

/// What the server does with one request, in the order of the script; then everything goes well.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Nothing goes wrong.
    Fine,
    /// Acts, promises an answer and drops the connection in the middle of it.
    DropAfterCommit,
    /// Acts and answers after the caller's deadline.
    SlowAfterCommit,
    /// Acts and answers with this status.
    StatusAfterCommit(u16),
    /// Does not act and answers with this status and error code.
    Refuse(u16, &'static str),
    /// Does not act, answers 429 and asks to come back after a second.
    TooMany,
    /// Acts and answers with half a JSON document.
    InvalidJson,
    /// Acts and answers with more than the bound.
    Huge,
    /// Acts and answers without a receipt.
    NoReceipt,
    /// Acts and answers with a member of another type.
    OtherType,
    /// Sends the caller elsewhere.
    Redirect,
}

#[derive(Default)]
struct Shop {
    script: VecDeque<Fault>,
    stored: HashMap<String, Value>,
    commits: usize,
    seen: Vec<(HttpMethod, Uri, HeaderMap, Bytes)>,
}

type Shared = Arc<Mutex<Shop>>;

async fn serve(State(shop): State<Shared>, method: HttpMethod, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let is_read = method == HttpMethod::GET;
    let fault = {
        let mut shop = shop.lock().unwrap();
        shop.seen.push((method, uri, headers, body));
        shop.script.pop_front().unwrap_or(Fault::Fine)
    };
    match fault {
        Fault::Refuse(status, code) => {
            return answer(status, &json!({"error": {"code": code, "message": "no"}}).to_string());
        }
        Fault::TooMany => {
            return ([("retry-after", "1")], answer(429, "{}")).into_response();
        }
        Fault::Redirect => return ([("location", "http://127.0.0.1:9/stolen")], answer(307, "")).into_response(),
        _ => {}
    }
    let done = if is_read { json!({"id": "ORD-1"}) } else { commit(&shop, key) };
    match fault {
        Fault::DropAfterCommit => {
            let half =
                futures::stream::iter([Ok(Bytes::from_static(b"{\"receipt")), Err(std::io::Error::other("gone"))]);
            Body::from_stream(half).into_response()
        }
        Fault::SlowAfterCommit => {
            tokio::time::sleep(Duration::from_millis(600)).await;
            answer(200, &done.to_string())
        }
        Fault::StatusAfterCommit(status) => answer(status, "oops"),
        Fault::InvalidJson => answer(200, "{\"receipt_id\": "),
        Fault::Huge => answer(200, &json!({"receipt_id": "x".repeat(ANSWER_BYTES_MAX)}).to_string()),
        Fault::NoReceipt => answer(200, "{\"order\": {}}"),
        Fault::OtherType => answer(200, &json!({"receipt_id": "RCT-1", "id": 1, "order": {"id": 1}}).to_string()),
        _ => answer(200, &done.to_string()),
    }
}

/// Acts, once for each key.
fn commit(shop: &Shared, key: Option<String>) -> Value {
    let mut shop = shop.lock().unwrap();
    if let Some(stored) = key.as_ref().and_then(|key| shop.stored.get(key)) {
        return stored.clone();
    }
    shop.commits += 1;
    let done = json!({"receipt_id": format!("RCT-{}", shop.commits), "order": {"id": "ORD-1"}});
    if let Some(key) = key {
        shop.stored.insert(key, done.clone());
    }
    done
}

fn answer(status: u16, body: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response()
}

struct World {
    shop: Shared,
    office: HttpBackOffice,
    _server: JoinSet<()>,
}

impl World {
    async fn with(script: &[Fault]) -> Self {
        let shop = Shared::default();
        shop.lock().unwrap().script.extend(script);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shop));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { shop, office: office(address), _server: server }
    }

    async fn read(&self) -> ActionOutcome {
        self.office.read(&get()).await
    }

    async fn write(&self, call: &ApiCall) -> ActionOutcome {
        self.office.write(call, "key-1").await
    }

    fn commits(&self) -> usize {
        self.shop.lock().unwrap().commits
    }

    fn requests(&self) -> usize {
        self.shop.lock().unwrap().seen.len()
    }
}

fn office(address: SocketAddr) -> HttpBackOffice {
    let settings = BackOfficeSettings {
        base_url: format!("http://{address}/api"),
        token: Some(Sensitive::new("secret".to_owned())),
        headers: vec![("X-World".to_owned(), "task-7".to_owned())],
        ..BackOfficeSettings::default()
    };
    HttpBackOffice::new(&settings).unwrap()
}

fn get() -> ApiCall {
    ApiCall {
        action: "get_order".to_owned(),
        method: Method::Get,
        path: "/orders/ORD-1".to_owned(),
        query: vec![("status".to_owned(), "in transit&more".to_owned())],
        body: Value::Null,
        deadline_ms: 300,
        attempts_max: 3,
        idempotency_key: false,
        reasons: BTreeMap::from([("order_already_shipped".to_owned(), "already_shipped".to_owned())]),
        receipt_member: "receipt_id".to_owned(),
        out: None,
    }
}

fn keyed() -> ApiCall {
    ApiCall {
        method: Method::Post,
        path: "/orders/ORD-1/cancel".to_owned(),
        query: Vec::new(),
        body: json!({"reason": "late"}),
        idempotency_key: true,
        ..get()
    }
}

fn unkeyed() -> ApiCall {
    ApiCall { idempotency_key: false, ..keyed() }
}

fn found() -> ActionOutcome {
    ActionOutcome::Found { body: json!({"id": "ORD-1"}) }
}

fn failed(failure: CallFailure) -> ActionOutcome {
    ActionOutcome::Failed { failure }
}

fn refused(reason_code: &str) -> ActionOutcome {
    ActionOutcome::Refused { reason_code: reason_code.to_owned() }
}

fn is_done(outcome: &ActionOutcome, receipt_id: &str) -> bool {
    matches!(outcome, ActionOutcome::Done { receipt } if receipt.receipt_id == receipt_id && receipt.body["order"]["id"] == "ORD-1")
}

/// An address where nothing listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_read_is_tried_again_until_it_answers_or_the_attempts_are_used() {
    use Fault::{
        DropAfterCommit, Fine, Huge, InvalidJson, Redirect, Refuse, SlowAfterCommit, StatusAfterCommit, TooMany,
    };
    let cases: [(&[Fault], ActionOutcome, usize); 15] = [
        (&[], found(), 1),
        (&[StatusAfterCommit(500), Fine], found(), 2),
        (&[StatusAfterCommit(503), DropAfterCommit, Fine], found(), 3),
        (&[SlowAfterCommit, Fine], found(), 2),
        (&[TooMany, Fine], found(), 2),
        (&[StatusAfterCommit(500); 4], failed(CallFailure::Server), 3),
        (&[SlowAfterCommit; 4], failed(CallFailure::Timeout), 3),
        (&[DropAfterCommit; 4], failed(CallFailure::Unreachable), 3),
        (&[InvalidJson, Fine], failed(CallFailure::Malformed), 1),
        (&[Huge, Fine], failed(CallFailure::Malformed), 1),
        (&[Refuse(404, "order_not_found")], ActionOutcome::NotFound, 1),
        (&[Refuse(401, "unauthorized")], failed(CallFailure::Server), 1),
        (&[Refuse(409, "order_already_shipped")], refused("already_shipped"), 1),
        (&[Refuse(409, "never_heard_of")], refused("refused"), 1),
        (&[Redirect, Fine], failed(CallFailure::Server), 1),
    ];
    for (script, outcome, requests) in cases {
        let world = World::with(script).await;
        assert_eq!(world.read().await, outcome, "{script:?}");
        assert_eq!(world.requests(), requests, "{script:?}");
    }
}

#[tokio::test]
async fn a_keyed_write_is_done_once_however_its_answers_are_lost() {
    use Fault::{
        DropAfterCommit, Fine, Huge, InvalidJson, NoReceipt, Refuse, SlowAfterCommit, StatusAfterCommit, TooMany,
    };
    let cases: [&[Fault]; 11] = [
        &[],
        &[DropAfterCommit, Fine],
        &[DropAfterCommit, DropAfterCommit, Fine],
        &[SlowAfterCommit, Fine],
        &[StatusAfterCommit(500), Fine],
        &[StatusAfterCommit(502), StatusAfterCommit(504), Fine],
        &[InvalidJson, Fine],
        &[Huge, Fine],
        &[NoReceipt, Fine],
        &[TooMany, Fine],
        &[DropAfterCommit, Refuse(409, "idempotency_in_flight"), Fine],
    ];
    for script in cases {
        let world = World::with(script).await;
        let outcome = world.write(&keyed()).await;
        assert!(is_done(&outcome, "RCT-1"), "{script:?}: {outcome:?}");
        assert_eq!(world.commits(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn a_keyed_write_whose_answer_never_comes_is_unknown() {
    use Fault::{DropAfterCommit, Huge, InvalidJson, NoReceipt, Refuse, SlowAfterCommit, StatusAfterCommit, TooMany};
    let cases: [&[Fault]; 10] = [
        &[DropAfterCommit; 3],
        &[SlowAfterCommit; 3],
        &[StatusAfterCommit(500); 3],
        &[InvalidJson; 3],
        &[Huge; 3],
        &[NoReceipt; 3],
        &[DropAfterCommit, Refuse(401, "unauthorized")],
        &[SlowAfterCommit, TooMany, TooMany],
        &[
            Refuse(409, "idempotency_in_flight"),
            Refuse(409, "idempotency_in_flight"),
            Refuse(409, "idempotency_in_flight"),
        ],
        &[Refuse(422, "idempotency_mismatch")],
    ];
    for script in cases {
        let world = World::with(script).await;
        assert_eq!(world.write(&keyed()).await, ActionOutcome::Unknown, "{script:?}");
        assert!(world.commits() <= 1, "{script:?}");
    }
}

/// The calls with what their answers must be.
fn typed(call: ApiCall, members: &str) -> ApiCall {
    let file = "p/actions/typed.yaml";
    let source =
        format!("action: typed\nrisk: read\nmethod: GET\npath: /orders\nout: {{ type: object, of: {members} }}\n");
    let spec = ActionSpec::parse(file, &source).unwrap();
    ApiCall { out: spec.out, ..call }
}

#[tokio::test]
async fn an_answer_of_another_type_is_not_used_and_a_write_that_gave_it_is_unknown() {
    let is_order = "{ id: { type: string } }";
    let has_order = "{ order: { type: object, of: { id: { type: string } } } }";
    for fault in [Fault::OtherType, Fault::NoReceipt] {
        let world = World::with(&[fault]).await;
        assert_eq!(world.office.read(&typed(get(), is_order)).await, failed(CallFailure::Malformed), "{fault:?}");
        assert_eq!(world.requests(), 1, "what is answered wrongly is answered so again");

        let world = World::with(&[fault; 3]).await;
        assert_eq!(world.write(&typed(keyed(), has_order)).await, ActionOutcome::Unknown, "{fault:?}");
        assert_eq!((world.requests(), world.commits()), (3, 1), "it was done, and nobody may say so: {fault:?}");

        let world = World::with(&[fault]).await;
        assert_eq!(world.write(&typed(unkeyed(), has_order)).await, ActionOutcome::Unknown, "{fault:?}");
        assert_eq!((world.requests(), world.commits()), (1, 1), "{fault:?}");

        let world = World::with(&[fault]).await;
        assert_eq!(world.office.pass_secret(&typed(keyed(), has_order)).await, ActionOutcome::Unknown, "{fault:?}");
    }
    let world = World::with(&[Fault::OtherType, Fault::Fine]).await;
    assert_eq!(
        world.office.read(&typed(get(), "{ id: { type: integer } }")).await,
        ActionOutcome::Found { body: json!({"receipt_id": "RCT-1", "id": 1, "order": {"id": 1}}) }
    );
    let outcome = world.write(&typed(keyed(), has_order)).await;
    assert!(is_done(&outcome, "RCT-1"), "{outcome:?}");
    let refused_anyway = World::with(&[Fault::Refuse(409, "order_already_shipped")]).await;
    assert_eq!(refused_anyway.write(&typed(keyed(), has_order)).await, refused("already_shipped"));
}

#[tokio::test]
async fn a_write_that_the_system_refuses_changed_nothing() {
    let cases = [
        (Fault::Refuse(409, "order_already_shipped"), refused("already_shipped")),
        (Fault::Refuse(409, "never_heard_of"), refused("refused")),
        (Fault::Refuse(404, "order_not_found"), refused("refused")),
        (Fault::Refuse(400, ""), failed(CallFailure::Malformed)),
        (Fault::Refuse(401, "unauthorized"), failed(CallFailure::Server)),
    ];
    for (fault, outcome) in cases {
        for call in [keyed(), unkeyed()] {
            let world = World::with(&[fault]).await;
            assert_eq!(world.write(&call).await, outcome, "{fault:?}");
            assert_eq!((world.requests(), world.commits()), (1, 0), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_write_without_a_key_is_sent_once() {
    use Fault::{DropAfterCommit, Huge, InvalidJson, NoReceipt, SlowAfterCommit, StatusAfterCommit};
    for fault in [DropAfterCommit, SlowAfterCommit, StatusAfterCommit(500), InvalidJson, Huge, NoReceipt] {
        let world = World::with(&[fault]).await;
        assert_eq!(world.write(&unkeyed()).await, ActionOutcome::Unknown, "{fault:?}");
        assert_eq!((world.requests(), world.commits()), (1, 1), "{fault:?}");
        assert!(world.shop.lock().unwrap().seen[0].2.get("idempotency-key").is_none(), "{fault:?}");
    }
    let world = World::with(&[Fault::TooMany]).await;
    assert_eq!(world.write(&unkeyed()).await, failed(CallFailure::Server));
}

#[tokio::test]
async fn a_connection_that_was_never_made_changed_nothing() {
    let office = office(nowhere().await);
    assert_eq!(office.read(&get()).await, failed(CallFailure::Unreachable));
    assert_eq!(office.write(&keyed(), "key-1").await, failed(CallFailure::Unreachable));
    assert_eq!(office.write(&unkeyed(), "key-1").await, failed(CallFailure::Unreachable));
    assert_eq!(office.pass_secret(&unkeyed()).await, failed(CallFailure::Unreachable));
}

#[tokio::test]
async fn a_server_that_hangs_up_without_a_word_may_have_acted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
        }
    });
    let office = office(address);
    assert_eq!(office.read(&get()).await, failed(CallFailure::Unreachable));
    assert_eq!(office.write(&keyed(), "key-1").await, ActionOutcome::Unknown);
    assert_eq!(office.write(&unkeyed(), "key-1").await, ActionOutcome::Unknown);
}

#[tokio::test]
async fn a_secret_is_sent_once_and_its_answer_is_given_as_it_stands() {
    let world = World::with(&[]).await;
    assert_eq!(
        world.office.pass_secret(&keyed()).await,
        ActionOutcome::Found { body: json!({"receipt_id": "RCT-1", "order": {"id": "ORD-1"}}) }
    );
    for fault in [Fault::DropAfterCommit, Fault::StatusAfterCommit(500), Fault::SlowAfterCommit] {
        let world = World::with(&[fault]).await;
        assert_eq!(world.office.pass_secret(&keyed()).await, ActionOutcome::Unknown, "{fault:?}");
        assert_eq!(world.requests(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_call_carries_its_key_token_headers_query_and_body_and_nothing_else() {
    let world = World::with(&[]).await;
    world.read().await;
    world.write(&keyed()).await;
    let shop = world.shop.lock().unwrap();
    let (method, uri, headers, body) = &shop.seen[0];
    assert_eq!((method, uri.to_string().as_str()), (&HttpMethod::GET, "/api/orders/ORD-1?status=in+transit%26more"));
    assert_eq!(
        (headers["authorization"].to_str().unwrap(), headers["x-world"].to_str().unwrap()),
        ("Bearer secret", "task-7")
    );
    assert!(body.is_empty() && headers.get("idempotency-key").is_none());
    let (method, uri, headers, body) = &shop.seen[1];
    assert_eq!((method, uri.to_string().as_str()), (&HttpMethod::POST, "/api/orders/ORD-1/cancel"));
    assert_eq!(
        (headers["idempotency-key"].to_str().unwrap(), body.as_ref()),
        ("key-1", br#"{"reason":"late"}"#.as_slice())
    );
}

#[tokio::test]
async fn a_read_is_never_a_write_and_a_write_never_a_read() {
    let world = World::with(&[]).await;
    assert_eq!(world.office.read(&keyed()).await, failed(CallFailure::Malformed));
    assert_eq!(world.write(&get()).await, failed(CallFailure::Malformed));
    let climbing = ApiCall { path: "/orders/../admin/reset".to_owned(), ..get() };
    assert_eq!(world.office.read(&climbing).await, failed(CallFailure::Malformed));
    assert_eq!(world.requests(), 0);
}

#[tokio::test]
async fn calls_beyond_the_bound_wait_within_their_deadline_and_send_nothing() {
    let world = World::with(&[Fault::SlowAfterCommit]).await;
    let settings =
        BackOfficeSettings { base_url: world.office.base.to_string(), calls_max: 1, ..BackOfficeSettings::default() };
    let narrow = HttpBackOffice::new(&settings).unwrap();
    let slow = ApiCall { deadline_ms: 2_000, attempts_max: 1, ..get() };
    let hasty = ApiCall { deadline_ms: 50, attempts_max: 1, ..get() };
    let (first, second) = tokio::join!(narrow.read(&slow), narrow.read(&hasty));
    assert_eq!((first, second), (found(), failed(CallFailure::Timeout)));
    assert_eq!(world.requests(), 1);
}
