//! A whole server without a socket: memory instead of a database, a fixed clock, a company with one flow, and a back office that can be held up.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use ombud_domain::{ActionOutcome, CallFailure, Receipt, Sensitive, TenantId};
use ombud_policy::{ApiCall, Intent, Pack, PackFiles};
use ombud_ports::{BackOffice, Inbox, SealWatch};
use ombud_testkit::{FixedClock, MemoryLedger, NoKnowledge};
use ombud_turn::{Assistant, Ports, Settings};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::{App, DemoCompany, DemoError, HttpSettings, LimitSettings, LiveHub, Parts, Rate, router};

pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A back office that is broken, and from when it is closed does not even answer until it is opened again.
pub(super) struct Gate {
    is_closed: AtomicBool,
    passes: Semaphore,
    /// Calls that came while it was closed.
    pub(super) calls: AtomicUsize,
}

impl Gate {
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    pub(super) fn open(&self) {
        self.is_closed.store(false, Ordering::SeqCst);
        self.passes.add_permits(self.calls.load(Ordering::SeqCst));
    }

    /// Waits until a call is at the gate.
    pub(super) async fn reached(&self, calls: usize) {
        while self.calls.load(Ordering::SeqCst) < calls {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl BackOffice for Gate {
    async fn read(&self, _call: &ApiCall) -> ActionOutcome {
        if self.is_closed.load(Ordering::SeqCst) {
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.passes.acquire().await.unwrap().forget();
        }
        ActionOutcome::Failed { failure: CallFailure::Server }
    }

    async fn perform(&self, intent: &Intent) -> ActionOutcome {
        let receipt_id = format!("RCT-{}", intent.id());
        let body = json!({"receipt_id": receipt_id});
        ActionOutcome::Done { receipt: Receipt { receipt_id, body } }
    }

    async fn pass_secret(&self, _call: &ApiCall) -> ActionOutcome {
        ActionOutcome::Unknown
    }
}

struct Company;

#[async_trait]
impl DemoCompany for Company {
    async fn customers(&self) -> Result<Vec<Value>, DemoError> {
        Ok(vec![
            json!({"id": "C-1", "name": "Ada", "email": "ada@shop.example", "postal_code": "11438", "story": null, "spending_limit": 7}),
        ])
    }

    async fn customer(&self, id: &str) -> Result<Option<Value>, DemoError> {
        if id == "C-broken" {
            return Err(DemoError("the connection was refused".into()));
        }
        Ok(self.customers().await?.into_iter().find(|customer| customer["id"] == id))
    }

    async fn outbox(&self, customer_id: Option<&str>) -> Result<Vec<Value>, DemoError> {
        Ok(vec![
            json!({"at": "2026-11-21T12:00:00Z", "channel": "sms", "to": "+46", "text": format!("for {customer_id:?}")}),
        ])
    }
}

/// How a world differs from the usual one.
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) demo: bool,
    pub(super) limits: Option<LimitSettings>,
    pub(super) streams_max: Option<usize>,
    pub(super) turns_max: Option<usize>,
    pub(super) turns_at_once: Option<usize>,
    pub(super) inbox: Option<Arc<dyn Inbox>>,
    pub(super) ledger: Option<Arc<MemoryLedger>>,
    pub(super) seal: Option<Arc<dyn SealWatch>>,
}

pub(super) struct World {
    pub(super) app: App,
    pub(super) router: Router,
    pub(super) gate: Arc<Gate>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) live: Arc<LiveHub>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Wishes::default())
    }

    pub(super) fn demo() -> Self {
        Self::with(Wishes { demo: true, ..Wishes::default() })
    }

    pub(super) fn with(wishes: Wishes) -> Self {
        let ledger = wishes.ledger.unwrap_or_default();
        let gate =
            Arc::new(Gate { is_closed: AtomicBool::new(false), passes: Semaphore::new(0), calls: AtomicUsize::new(0) });
        let clock = Arc::new(FixedClock::default());
        let live = Arc::new(LiveHub::default());
        let ports = Ports {
            ledger: ledger.clone(),
            attempts: ledger.clone(),
            inbox: wishes.inbox.unwrap_or(ledger),
            back_office: gate.clone(),
            knowledge: Arc::new(NoKnowledge),
            model: None,
            clock: clock.clone(),
            live: live.clone(),
        };
        let approvers = ["Maja", "Ivan", "Nils"].iter().collect();
        let settings = Settings {
            tenant: TenantId("test".to_owned()),
            approvers,
            shelf: ombud_testkit::shelf(),
            ..Settings::default()
        };
        let assistant = Arc::new(Assistant::new(ports, Arc::new(pack()), settings).unwrap());
        let unlimited = Rate { per_minute: 0, burst: 0 };
        let limits = LimitSettings {
            address_pages: unlimited,
            address_requests: unlimited,
            address_sessions: unlimited,
            session_requests: unlimited,
            session_messages: unlimited,
            session_codes: unlimited,
            keys_max: 100,
        };
        let settings = HttpSettings {
            session_secret: Sensitive::new(SECRET.to_owned()),
            session_s: 600,
            staff_session_s: 600,
            limits: wishes.limits.unwrap_or(limits),
            trusted_proxies: Vec::new(),
            streams_max: wishes.streams_max.unwrap_or(8),
            turns_max: wishes.turns_max.unwrap_or(8),
            turns_at_once: wishes.turns_at_once.unwrap_or(8),
            version: "0.0.0-test",
        };
        let demo = wishes.demo.then(|| Arc::new(Company) as Arc<dyn DemoCompany>);
        let seal = wishes.seal;
        let app =
            App::new(Parts { assistant, clock: clock.clone(), live: live.clone(), seal, demo, settings }).unwrap();
        Self { router: router(app.clone()), app, gate, clock, live }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(request("GET", path, token, Body::empty())).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(request("POST", path, token, Body::from(body.to_string()))).await
    }

    pub(super) async fn post_with_key(&self, path: &str, token: &str, key: &str, body: Value) -> Answer {
        self.send(keyed(path, token, key, body)).await
    }

    /// A session token of somebody nobody knows.
    pub(super) async fn session(&self) -> String {
        let opened = self.post("/api/v1/sessions", "", json!({})).await;
        assert_eq!(opened.status, StatusCode::CREATED.as_u16(), "{:?}", opened.body);
        opened.body["token"].as_str().unwrap().to_owned()
    }

    /// A token and a conversation of it.
    pub(super) async fn conversation(&self) -> (String, String) {
        let token = self.session().await;
        let opened = self.post("/api/v1/conversations", &token, json!({})).await;
        assert_eq!(opened.status, StatusCode::CREATED.as_u16(), "{:?}", opened.body);
        (token, opened.body["id"].as_str().unwrap().to_owned())
    }

    /// A staff token, as a company would sign it.
    pub(super) fn staff(&self, name: &str) -> String {
        self.staff_by(name, None)
    }

    /// One with which somebody else acts, or a program.
    pub(super) fn staff_by(&self, name: &str, act: Option<Value>) -> String {
        let claims = |sub| crate::Claims {
            sub,
            role: crate::Role::Staff,
            customer_id: None,
            level: ombud_domain::IdentityLevel::Anonymous,
            name: Some(name.to_owned()),
            act,
            iat: 0,
            exp: 0,
        };
        self.app.open(claims, 600).unwrap().0
    }

    /// A token of a customer whom the company's site has signed in.
    pub(super) fn signed_in(&self, customer_id: &str) -> String {
        let claims = |sub| crate::Claims {
            sub,
            role: crate::Role::Customer,
            customer_id: Some(ombud_domain::CustomerId(customer_id.to_owned())),
            level: ombud_domain::IdentityLevel::Identified,
            name: None,
            act: None,
            iat: 0,
            exp: 0,
        };
        self.app.open(claims, 600).unwrap().0
    }
}

pub(super) fn request(method: &str, path: &str, token: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
    request.body(body).unwrap()
}

pub(super) fn keyed(path: &str, token: &str, key: &str, body: Value) -> Request<Body> {
    let mut request = request("POST", path, token, Body::from(body.to_string()));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

/// The base and a company with one read, and one write that needs two people.
fn pack() -> Pack {
    let mut files = PackFiles::new();
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    read(&packs, &packs.join("base"), &mut files);
    for (file, text) in COMPANY {
        files.insert((*file).to_owned(), (*text).to_owned());
    }
    Pack::parse("shop", &files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn read(packs: &Path, folder: &Path, files: &mut PackFiles) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(packs, &path, files);
        } else {
            let name = path.strip_prefix(packs).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

const COMPANY: &[(&str, &str)] = &[
    (
        "shop/pack.toml",
        "name = \"shop\"\ntitle = \"The Shop\"\nlocales = [\"en\"]\ndefault_locale = \"en\"\nmarkets = [\"SE\"]\n[identity]\ncustomer = \"load_customer\"\n[menu]\nflows = [\"parcel\"]\n",
    ),
    (
        "shop/actions/load_customer.yaml",
        "action: load_customer\nrisk: read\nmethod: GET\npath: /customers/{customer_id}\nin:\n  customer_id: { type: string, kind: customer }\nowner: \"result.id\"\n",
    ),
    ("shop/flows/parcel/flow.yaml", "flow: parcel\nidentity: identified\nsteps:\n  - answer: here\n"),
    (
        "shop/actions/leave_note.yaml",
        "action: leave_note\nrisk: write\nmethod: POST\npath: /customers/{customer_id}/notes\nin:\n  customer_id: { type: string, kind: customer }\n",
    ),
    (
        "shop/policies/shop.cedar",
        "@id(\"notes-by-two\") @reason(\"approval_needed\")\nforbid (principal, action == Action::\"leave_note\", resource) unless { context.approvals >= 2 };\n",
    ),
    (
        "shop/flows/note/flow.yaml",
        "flow: note\nsteps:\n  - act: leave_note\n    with: { customer_id: session.customer_id }\n    confirm: shall_i\n    done: noted\n",
    ),
    (
        "shop/flows/note/texts/en.yaml",
        "title: Leave a note\nexamples:\n  - leave a note for the driver\n  - please leave a note\n  - write a note for the courier\n  - I want to leave a note\n  - put a note on my account\n  - note for the driver\nshall_i: Shall I leave the note?\nnoted: The note is left.\n",
    ),
    (
        "shop/flows/parcel/texts/en.yaml",
        "title: Where is my parcel?\nexamples:\n  - where is my parcel\n  - where is my order\n  - track my parcel\n  - has my parcel been sent\n  - when will my parcel come\n  - parcel status\n  - my parcel has not come\nhere: It is on its way.\n",
    ),
];
