//! Stage 4: what do we know that bears on it? Passages of articles, filtered by market, language, audience and validity before ranking.

use ombud_domain::knowledge::Finding;
use ombud_domain::{Command, Passage, Stage};
use ombud_ports::KnowledgeQuery;
use serde_json::json;

use crate::assistant::Assistant;
use crate::intake::Arrival;
use crate::reader::today;
use crate::trail::Trail;
use crate::understanding::Understood;

/// Passages looked at for one question.
const PASSAGES_MAX: usize = 12;
/// Questions answered in one turn.
const QUESTIONS_MAX: usize = 3;

/// What was found. Made by this stage alone.
pub(crate) struct Grounds {
    findings: Vec<Finding>,
    passages: Vec<Passage>,
}

impl Grounds {
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Texts that a draft of a model may rest on.
    pub(crate) fn passages(&self) -> &[Passage] {
        &self.passages
    }
}

pub(crate) fn gather(
    assistant: &Assistant,
    received: &Arrival<'_>,
    understood: &Understood,
    trail: &mut Trail<'_>,
) -> Grounds {
    let questions = understood.understanding().commands.iter().filter_map(|command| match command {
        Command::Ask { query, .. } => Some(query),
        _ => None,
    });
    let mut grounds = Grounds { findings: Vec::new(), passages: Vec::new() };
    let mut failed = None;
    for query in questions.take(QUESTIONS_MAX) {
        let wanted = KnowledgeQuery {
            text: query.clone(),
            locale: received.conversation.locale.clone(),
            market: received.conversation.market.clone(),
            audience: "customer".to_owned(),
            today: today(assistant).to_string(),
            passages_max: PASSAGES_MAX,
        };
        match assistant.ports.knowledge.search(&wanted) {
            Ok(passages) => {
                grounds.findings.push(finding(query, &passages));
                grounds.passages.extend(passages);
            }
            Err(error) => failed = Some(error.to_string()),
        }
    }
    let answered = grounds.findings.iter().filter(|finding| !finding.sentences.is_empty()).count();
    let summary = match (grounds.findings.len(), answered) {
        (0, _) => "nothing to look up".to_owned(),
        (asked, answered) => {
            format!("{answered} of {asked} question{} supported by an article", if asked == 1 { "" } else { "s" })
        }
    };
    let detail: Vec<_> = grounds
        .findings
        .iter()
        .map(|finding| json!({"query": finding.query, "support": finding.support, "article": finding.citation.as_ref().map(|citation| &citation.article_id)}))
        .collect();
    trail.note(
        Stage::Context,
        summary,
        json!({"questions": detail, "knowledge_version": assistant.ports.knowledge.version(), "failed": failed}),
    );
    grounds
}

fn finding(query: &str, passages: &[Passage]) -> Finding {
    match ombud_retrieval::answer::extract(query, passages) {
        Some(extract) => Finding {
            query: query.to_owned(),
            sentences: extract.sentences,
            citation: Some(extract.citation),
            support: extract.support,
        },
        None => Finding { query: query.to_owned(), ..Finding::default() },
    }
}
