//! What do the articles say to a question? By itself, or read together with the answer before it.

use ombud_domain::Passage;
use ombud_domain::knowledge::Finding;
use ombud_policy::LastAnswer;
use ombud_ports::{KnowledgeQuery, StoreError};
use ombud_retrieval::Analyzer;
use ombud_retrieval::answer::{Extract, extract, extract_beyond};

use crate::assistant::Assistant;
use crate::reader::today;

/// Passages looked at for one question.
const PASSAGES_MAX: usize = 12;
/// A question that an article supports this well needs no answer before it to be understood ...
const CLEAR_ALONE: f32 = 0.6;
/// ... unless it has hardly a word of its own: "and how long does that take?"
const OWN_TERMS_MIN: usize = 3;

/// A search for customers of one market.
pub(crate) struct Search<'a> {
    pub assistant: &'a Assistant,
    pub locale: &'a str,
    pub market: &'a str,
}

impl Search<'_> {
    /// What the articles say to a question. One that goes on from the answer `before` and is not clear by itself ("and if I don't?") is read
    /// together with the question before, and answered from the same article if that says more to it.
    pub(crate) fn look_up(
        &self,
        query: &str,
        before: Option<&LastAnswer>,
    ) -> Result<(Finding, Vec<Passage>), StoreError> {
        let passages = self.passages(query.to_owned())?;
        let alone = finding(query, extract(query, &passages));
        let Some(before) = before.filter(|_| self.goes_on(query, &alone)) else { return Ok((alone, passages)) };
        let further = self.passages(format!("{} {query}", before.query))?;
        let of_before: Vec<Passage> =
            further.iter().filter(|passage| passage.article_id == before.article_id).cloned().collect();
        let extract = match of_before.as_slice() {
            // The article before is not for this market: "is it the same in Germany?" asks for the one that is.
            [] => extract(&before.query, &self.passages(before.query.clone())?).filter(|_| alone.sentences.is_empty()),
            of_before => extract_beyond(&before.sentences, query, of_before),
        };
        Ok(match extract {
            Some(extract) => (finding(query, Some(extract)), further),
            None => (alone, passages),
        })
    }

    fn goes_on(&self, query: &str, alone: &Finding) -> bool {
        let understander = &self.assistant.learnt.understander;
        let bare = Analyzer::general(self.locale).terms(query).len() < OWN_TERMS_MIN && understander.points_back(query);
        (bare || alone.support < CLEAR_ALONE) && understander.goes_on(query)
    }

    fn passages(&self, text: String) -> Result<Vec<Passage>, StoreError> {
        self.assistant.ports.knowledge.search(&KnowledgeQuery {
            text,
            locale: self.locale.to_owned(),
            market: self.market.to_owned(),
            audience: "customer".to_owned(),
            today: today(self.assistant).to_string(),
            passages_max: PASSAGES_MAX,
        })
    }
}

fn finding(query: &str, extract: Option<Extract>) -> Finding {
    match extract {
        Some(extract) => Finding {
            query: query.to_owned(),
            sentences: extract.sentences,
            citation: Some(extract.citation),
            support: extract.support,
        },
        None => Finding { query: query.to_owned(), ..Finding::default() },
    }
}
