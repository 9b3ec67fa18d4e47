//! When is a customer silent who was asked something? After the pack's minutes: a reminder or several, then the end.

use ombud_domain::{ConversationStatus, TimestampUs};
use ombud_policy::{Pack, Silence, is_question};
use ombud_ports::{Due, StoreError};

use crate::assistant::Assistant;
use crate::conversation::Conversation;
use crate::intake::Input;

/// Conversations looked at in one go.
const BATCH_MAX: usize = 50;

impl Assistant {
    /// Reminds silent customers of open questions, closes conversations in which that did not help, and gives the number of conversations looked
    /// at. Call it again and again.
    ///
    /// # Errors
    /// [`StoreError`]; what is due stays due.
    pub async fn break_silence(&self) -> Result<usize, StoreError> {
        let Some(since) = since(self) else { return Ok(0) };
        let due = self.ports.inbox.due(&self.settings.tenant, &Due::Silence(since), BATCH_MAX).await?;
        let looked_at = due.len();
        for id in due {
            self.unasked(&id, Input::Timer).await?;
        }
        Ok(looked_at)
    }
}

/// Who has said nothing since then is silent; none when the pack waits for ever.
fn since(assistant: &Assistant) -> Option<TimestampUs> {
    let minutes = assistant.pack.manifest.limits.silence_minutes;
    let us = i64::from(minutes).saturating_mul(60_000_000);
    (minutes > 0).then(|| TimestampUs(assistant.ports.clock.now().0.saturating_sub(us)))
}

/// Whether a question of the assistant stands open in this conversation, and has long enough.
pub(crate) fn is_due(assistant: &Assistant, conversation: &Conversation) -> bool {
    conversation.status == ConversationStatus::Open
        && is_question(conversation.dialogue.awaiting.kind)
        && since(assistant).is_some_and(|since| conversation.spoke_at <= since)
}

/// What is to be done about it.
pub(crate) fn next(conversation: &Conversation, pack: &Pack) -> Silence {
    if conversation.reminders < pack.manifest.limits.silence_reminders { Silence::Remind } else { Silence::Close }
}
