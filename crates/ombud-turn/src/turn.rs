//! How does one message become one reply? Nine stages; each takes what the one before it gives.

use std::sync::Arc;

use ombud_ports::{AppendError, StoreError};

use crate::assistant::Assistant;
use crate::bounded::taken_back;
use crate::intake::{Received, Stimulus};
use crate::trail::Trail;
use crate::view::TurnReply;
use crate::waiting::{self, Answerer};
use crate::{action, answer, broken, context, decision, intake, languages, record, reply, safety, understanding};

/// Why a stimulus got no reply. Everything that goes wrong after intake ends in a hand-over instead.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// No such conversation, or not this customer's.
    #[error("there is no such conversation for this session")]
    NotFound,
    /// What was said in the conversation was erased.
    #[error("the conversation was erased")]
    Erased,
    /// The message holds no text.
    #[error("the message is empty, write something")]
    Empty,
    /// The message is too long.
    #[error("the message is longer than {chars_max} characters, send it in parts")]
    TooLong {
        /// The limit.
        chars_max: usize,
    },
    /// The idempotency key was used with another body.
    #[error("this idempotency key was used for another request, use a fresh one")]
    KeyReused,
    /// The request with this key is still being answered.
    #[error("a request with this idempotency key is still being answered, try again in a moment")]
    InFlight,
    /// No one-time code is awaited.
    #[error("no one-time code is awaited in this conversation")]
    NoCodeAwaited,
    /// What was entered cannot be a one-time code; it is no try.
    #[error("a one-time code is six digits or a few more, enter it as it was sent")]
    NotACode,
    /// Another agent, or the assistant, has the conversation.
    #[error("the conversation is not yours, take it over first")]
    NotYours,
    /// What was due is done already, by a customer's own message or another replica.
    #[error("nothing is due in this conversation any more")]
    NothingDue,
    /// No such approval in this conversation.
    #[error("there is no such approval in this conversation")]
    UnknownApproval,
    /// Whoever answers may not decide on this.
    #[error("you may not approve this: {why}")]
    MayNotApprove {
        /// Why not.
        why: &'static str,
    },
    /// What was seen is not what is asked for.
    #[error("what you saw is not what is asked for, look at it again")]
    OtherProposal,
    /// Nobody decided in time.
    #[error("the time for this approval is over")]
    ApprovalExpired,
    /// It is decided already.
    #[error("this approval is decided already")]
    ApprovalOver,
    /// The customer has taken it back.
    #[error("the customer has withdrawn this")]
    ApprovalWithdrawn,
    /// Others wrote to the conversation at the same time, again and again.
    #[error("the conversation changed meanwhile, try again")]
    Conflict,
    /// A fault of the program, also in the turn that takes the place of the one that broke off.
    #[error("the turn broke off by a fault of the program, it stands in the log")]
    BrokeOff,
    /// The ledger cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AppendError> for TurnError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict | AppendError::LimitReached { .. } => Self::Conflict,
            AppendError::KeyTaken => Self::InFlight,
            AppendError::Store(error) => Self::Store(error),
        }
    }
}

/// Why a person takes over where a message was not read in time.
const TOO_LATE: &str = "the message was not read in time";

/// Runs a stimulus through the stages.
pub(crate) async fn run(assistant: &Arc<Assistant>, stimulus: Stimulus) -> Result<TurnReply, TurnError> {
    let mut trail = Trail::begin(assistant);
    let mut received = match intake::receive(assistant, stimulus, &mut trail).await? {
        Received::Repeated(reply) => return Ok(*reply),
        Received::Fresh(received) => received,
    };
    let mut screened = safety::screen(assistant, &mut received, &mut trail);
    languages::settle(assistant, &mut received, &mut screened, &mut trail);
    let answerer = waiting::answerer(assistant, &mut received, &mut screened);
    if matches!(answerer, Answerer::Person) && received.is_from_customer() {
        return record::note_for_desk(assistant, received, &screened, trail).await;
    }
    let (shared, screened) = (Arc::new(*received), Arc::new(screened));
    let Some(understood) = understanding::understand(assistant, (&shared, &screened), &mut trail).await else {
        return broken::end(assistant, taken_back(shared), &screened, (trail, TOO_LATE)).await;
    };
    let mut grounds = context::gather(assistant, &shared, &understood, &mut trail).await;
    let mut received = taken_back(shared);
    let mut decided = decision::begin(assistant, &received, &screened, &understood, &grounds, &mut trail);
    while let Some(call) = decided.take_call() {
        let outcome = action::perform(assistant, &mut received, call, &mut trail).await;
        grounds.add_record(&outcome);
        decided = decision::resume(assistant, &received, decided, outcome, &mut trail);
    }
    let ending = context::with_customer(assistant, &received, decided.into_ending()).await;
    let checked = answer::write_and_check(assistant, (&received, &screened), &grounds, ending, &mut trail).await;
    let recorded = Box::pin(record::commit(assistant, received, &screened, checked, trail)).await?;
    Ok(reply::deliver(assistant, recorded))
}
