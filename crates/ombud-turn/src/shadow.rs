//! What of a shadow reaches anybody? Nothing but the desk: replies are written and withheld, writes are decided and not done.
//!
//! INVARIANT: in shadow mode no write is sent to the company's systems, and no customer gets a word of the assistant, also later in live mode
//! (test: `a_shadow_does_nothing_and_says_nothing`).

use ombud_domain::{ActionOutcome, Author, Awaiting, Stage};
use ombud_policy::Authorized;
use serde_json::json;

use crate::action;
use crate::assistant::{Assistant, Mode};
use crate::intake::Arrival;
use crate::trail::Trail;
use crate::view::{ConversationView, TurnReply};

/// Reason code of what would have been done.
pub const SHADOWED: &str = "shadow_mode";
/// Kind of the event of what would have been done.
const WOULD_HAVE_DONE: &str = "action.shadowed";

/// Whether a message of somebody is kept from the customer. What people write themselves is not.
pub(crate) fn withholds(assistant: &Assistant, author: Author) -> bool {
    assistant.settings.mode == Mode::Shadow && matches!(author, Author::Assistant | Author::System)
}

/// Writes down what would have been done, and refuses it; none where it may be done.
pub(crate) async fn refused(
    assistant: &Assistant,
    received: &mut Arrival,
    authorized: &Authorized,
    trail: &mut Trail<'_>,
) -> Option<ActionOutcome> {
    if assistant.settings.mode == Mode::Live {
        return None;
    }
    let proposal = authorized.proposal();
    let detail = json!({"action": proposal.action, "arguments": proposal.arguments});
    trail.note(Stage::Action, format!("{}: would have been done", proposal.action), detail);
    let payload = json!({"turn_id": received.turn_id, "proposal": proposal, "by": authorized.reasons()});
    if let Err(error) = action::append(assistant, received, WOULD_HAVE_DONE, payload).await {
        tracing::warn!(%error, "what would have been done was not written down");
    }
    Some(ActionOutcome::Refused { reason_code: SHADOWED.to_owned() })
}

/// A reply as whoever wrote gets it.
pub(crate) fn for_customer(assistant: &Assistant, mut reply: TurnReply) -> TurnReply {
    if assistant.settings.mode == Mode::Shadow {
        reply.messages.retain(|message| !message.withheld);
        reply.awaiting = Awaiting::default();
        reply.refused.clear();
        reply.done.clear();
    }
    reply
}

/// A conversation as its customer sees it.
pub(crate) fn seen_by_customer(assistant: &Assistant, mut view: ConversationView) -> ConversationView {
    let hides = view.messages.last().is_some_and(|message| message.withheld);
    view.messages.retain(|message| !message.withheld);
    if assistant.settings.mode == Mode::Shadow || hides {
        view.awaiting = Awaiting::default();
    }
    view
}
