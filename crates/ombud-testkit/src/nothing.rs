//! Ports with nothing behind them.

use ombud_domain::{ConversationId, Passage, TenantId};
use ombud_ports::{KnowledgeIndex, KnowledgeQuery, LiveBus, LiveEvent, StoreError};

/// No article answers anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKnowledge;

impl KnowledgeIndex for NoKnowledge {
    fn search(&self, _query: &KnowledgeQuery) -> Result<Vec<Passage>, StoreError> {
        Ok(Vec::new())
    }

    fn speaks(&self, _locale: &str) -> bool {
        false
    }

    fn lessons(&self) -> Vec<String> {
        Vec::new()
    }

    fn deepen(&self, _vectors: &[&[f32]]) {}

    fn lessons_abroad(&self) -> Vec<String> {
        Vec::new()
    }

    fn deepen_abroad(&self, _vectors: &[&[f32]]) {}

    fn version(&self) -> &'static str {
        "none"
    }
}

/// No page is open.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPages;

impl LiveBus for NoPages {
    fn publish(&self, _tenant: &TenantId, _conversation: ConversationId, _event: LiveEvent) {}
}
