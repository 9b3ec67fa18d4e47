//! How does a page follow a conversation? Server-sent events that resume after the last one it saw, read from the ledger.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream};
use futures::Stream;
use futures::stream::unfold;
use ombud_domain::{ConversationId, Message as DomainMessage};
use ombud_ports::LiveEvent;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::app::{App, StreamPlace};
use crate::auth::Party;
use crate::dto::conversation::Status;
use crate::dto::{Awaiting, Message};
use crate::problem::ApiError;
use ombud_turn::ConversationView;

/// Silence after which a `ping` is sent, seconds; proxies commonly close after 60.
const PING_S: u64 = 15;

type Boxed = Pin<Box<dyn Stream<Item = Result<Event, Infallible>> + Send>>;

/// Streams of events as handlers return them; the header keeps proxies from holding events back.
pub type Events = ([(&'static str, &'static str); 1], Sse<KeepAliveStream<Boxed>>);

/// A conversation as a party may see it.
///
/// # Errors
/// [`ApiError::UnknownConversation`] when there is none or it is somebody else's.
pub async fn visible(app: &App, party: &Party, id: ConversationId) -> Result<ConversationView, ApiError> {
    let view = match party {
        Party::Customer(customer) => app.assistant().view(&customer.principal, id).await?,
        Party::Staff(_) => app.assistant().desk_view(id).await?.map(|desk| desk.conversation),
    };
    view.ok_or(ApiError::UnknownConversation)
}

/// The events of one conversation; after the `Last-Event-ID` sent, or from now on.
///
/// # Errors
/// [`ApiError`] when the conversation is not the party's or too many streams are open.
pub async fn follow_conversation(
    app: App,
    party: Party,
    id: ConversationId,
    headers: &HeaderMap,
) -> Result<Events, ApiError> {
    let last_event_id = last_event_id(headers)?;
    let place = app.stream_place(party.session_id())?;
    // Watching begins before the ledger is read, so that nothing falls between.
    let receiver = app.live().watch(id).ok_or(ApiError::Busy)?;
    let view = visible(&app, &party, id).await?;
    let ends_at = ends_at(&app, &party);
    let newest = view.messages.last().map_or(0, |message| message.seq);
    let mut follower = Follower {
        app,
        party,
        id,
        receiver,
        pending: VecDeque::new(),
        last_seq: last_event_id.unwrap_or(newest),
        ends_at,
        _place: place,
    };
    if last_event_id.is_some() {
        follower.catch_up(view);
    }
    Ok(respond(unfold(
        follower,
        |mut follower| async move { follower.next().await.map(|event| (Ok(event), follower)) },
    )))
}

/// The events of the desk, from now on.
///
/// # Errors
/// [`ApiError`] when too many streams are open.
pub fn follow_desk(app: &App, party: &Party) -> Result<Events, ApiError> {
    let place = app.stream_place(party.session_id())?;
    let receiver = app.live().watch_desk().ok_or(ApiError::Busy)?;
    let ends_at = ends_at(app, party);
    Ok(respond(unfold((receiver, place), move |(mut receiver, place)| async move {
        let event = match next_of(&mut receiver, ends_at).await {
            Next::Event(event) => plain(&event.kind, &event.data),
            // What was missed is in the inbox; one event makes the page read it.
            Next::Missed => plain("conversation.updated", &json!({})),
            Next::End => return None,
        };
        Some((Ok(event), (receiver, place)))
    })))
}

fn respond(stream: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Events {
    let ping = Event::default().event("ping").data("{}");
    let stream: Boxed = Box::pin(stream);
    let events = Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(PING_S)).event(ping));
    ([("x-accel-buffering", "no")], events)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, ApiError> {
    let wrong = ApiError::BadParameter { name: "Last-Event-ID", expected: "the id of an event of this stream" };
    match headers.get("last-event-id").map(|value| value.to_str()) {
        None | Some(Ok("")) => Ok(None),
        Some(Ok(text)) => text.parse().map(Some).map_err(|_| wrong),
        Some(Err(_)) => Err(wrong),
    }
}

/// A stream ends with its token; the page opens a new one with a new token.
fn ends_at(app: &App, party: &Party) -> Instant {
    let now_s = app.clock().now().0.div_euclid(1_000_000);
    let left_s = u64::try_from(party.expires_at_s().saturating_sub(now_s)).unwrap_or(0);
    // A day at most: an instant far in the future would overflow.
    Instant::now() + Duration::from_secs(left_s.min(86_400))
}

enum Next {
    Event(LiveEvent),
    Missed,
    End,
}

async fn next_of(receiver: &mut Receiver<LiveEvent>, ends_at: Instant) -> Next {
    tokio::select! {
        received = receiver.recv() => match received {
            Ok(event) => Next::Event(event),
            Err(RecvError::Lagged(_)) => Next::Missed,
            Err(RecvError::Closed) => Next::End,
        },
        () = sleep_until(ends_at) => Next::End,
    }
}

struct Follower {
    app: App,
    party: Party,
    id: ConversationId,
    receiver: Receiver<LiveEvent>,
    pending: VecDeque<Event>,
    last_seq: i64,
    ends_at: Instant,
    _place: StreamPlace,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            match next_of(&mut self.receiver, self.ends_at).await {
                Next::Event(event) => self.take(event),
                Next::Missed => match visible(&self.app, &self.party, self.id).await {
                    Ok(view) => self.catch_up(view),
                    // The page comes back with its last id and reads the ledger then.
                    Err(_) => return None,
                },
                Next::End => return None,
            }
        }
    }

    fn take(&mut self, event: LiveEvent) {
        if event.kind != "message.created" {
            self.pending.push_back(plain(&event.kind, &event.data));
            return;
        }
        if event.id <= self.last_seq {
            return;
        }
        self.last_seq = event.id;
        let data = serde_json::from_value::<DomainMessage>(event.data.clone())
            .map_or(event.data, |message| json!(Message::from(message)));
        self.pending.push_back(plain(&event.kind, &data).id(event.id.to_string()));
    }

    /// Everything in the ledger after the last message sent, and how the conversation stands.
    fn catch_up(&mut self, view: ConversationView) {
        let last_seq = self.last_seq;
        for message in view.messages.into_iter().filter(|message| message.seq > last_seq) {
            let seq = message.seq;
            self.pending.push_back(plain("message.created", &json!(Message::from(message))).id(seq.to_string()));
            self.last_seq = seq;
        }
        let state = json!({"status": Status::from(view.status), "awaiting": Awaiting::from(view.awaiting)});
        self.pending.push_back(plain("conversation.updated", &state));
    }
}

fn plain(kind: &str, data: &Value) -> Event {
    // JSON text holds no line breaks, which is what `data` refuses.
    Event::default().event(kind).data(data.to_string())
}
