//! How is an article cut into passages? By headings, then at sentence borders; lines for one market stay apart from the others.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::article::Article;
use crate::sentence::{sentences, word_count};

/// Words of a passage at most, unless one sentence is longer.
pub const PASSAGE_WORDS_MAX: usize = 120;

/// A sentence of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Plain text.
    pub text: String,
    /// Markets it holds for; empty means all of the article's. Written as a list item that begins `**SE, NO**:`.
    pub markets: Vec<String>,
}

/// A passage, for all markets at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Position in the article; 0 is the opening.
    pub ordinal: u32,
    /// Nearest heading above; empty for the opening.
    pub heading: String,
    /// Sentences in order.
    pub lines: Vec<Line>,
}

impl Chunk {
    /// Markets that some line names, sorted.
    #[must_use]
    pub fn named_markets(&self) -> Vec<String> {
        let mut named: Vec<String> = self.lines.iter().flat_map(|line| line.markets.iter().cloned()).collect();
        named.sort();
        named.dedup();
        named
    }

    /// What holds in a market; for none, what holds in markets that no line names. Empty when nothing does.
    #[must_use]
    pub fn text_for(&self, market: Option<&str>) -> String {
        let holds = |line: &&Line| match market {
            _ if line.markets.is_empty() => true,
            None => false,
            Some(market) => line.markets.iter().any(|named| named.eq_ignore_ascii_case(market)),
        };
        self.lines.iter().filter(holds).map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// The passages of an article, in order.
#[must_use]
pub fn chunks(article: &Article) -> Vec<Chunk> {
    let mut cut = Vec::new();
    for section in sections(&article.body) {
        let mut lines: Vec<Line> = Vec::new();
        let mut words = 0;
        for line in section.lines {
            let more = word_count(&line.text);
            if words + more > PASSAGE_WORDS_MAX && !lines.is_empty() {
                cut.push((section.heading.clone(), std::mem::take(&mut lines)));
                words = 0;
            }
            words += more;
            lines.push(line);
        }
        if !lines.is_empty() {
            cut.push((section.heading, lines));
        }
    }
    (0..).zip(cut).map(|(ordinal, (heading, lines))| Chunk { ordinal, heading, lines }).collect()
}

#[derive(Default)]
struct Section {
    heading: String,
    lines: Vec<Line>,
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    section: Section,
    /// Text of the open block.
    block: String,
    /// Bold text at the beginning of the open block.
    label: Option<String>,
    in_label: bool,
}

fn sections(markdown: &str) -> Vec<Section> {
    let mut reader = Reader::default();
    for event in Parser::new(markdown) {
        reader.take(event);
    }
    reader.end_block();
    reader.sections.push(reader.section);
    reader.sections
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                self.end_block();
                self.sections.push(std::mem::take(&mut self.section));
            }
            Event::End(TagEnd::Heading(_)) => self.section.heading = std::mem::take(&mut self.block).trim().to_owned(),
            Event::Start(Tag::Strong) if self.block.trim().is_empty() && self.label.is_none() => self.in_label = true,
            Event::End(TagEnd::Strong) => self.in_label = false,
            Event::Start(Tag::Item | Tag::Paragraph | Tag::CodeBlock(_) | Tag::List(_))
            | Event::End(TagEnd::Item | TagEnd::Paragraph | TagEnd::CodeBlock) => self.end_block(),
            Event::Text(text) | Event::Code(text) if self.in_label => {
                self.label.get_or_insert_default().push_str(&text);
            }
            Event::Text(text) | Event::Code(text) => self.block.push_str(&text),
            Event::SoftBreak | Event::HardBreak => self.block.push(' '),
            _ => {}
        }
    }

    fn end_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        let label = self.label.take();
        self.in_label = false;
        let (markets, text) = match label {
            None => (Vec::new(), block),
            Some(label) => match (markets_of(&label), block.trim_start().strip_prefix(':')) {
                (Some(markets), Some(text)) => (markets, text.to_owned()),
                _ => (Vec::new(), label + &block),
            },
        };
        for text in sentences(&text) {
            self.section.lines.push(Line { text, markets: markets.clone() });
        }
    }
}

/// Market codes of a label such as `SE, NO`; none when it is ordinary bold text.
fn markets_of(label: &str) -> Option<Vec<String>> {
    let codes: Vec<&str> = label.trim().trim_end_matches(':').split(',').map(str::trim).collect();
    let is_code = |code: &&str| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    codes.iter().all(is_code).then(|| codes.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::parse;

    fn article(body: &str) -> Article {
        parse("a.md", &format!("---\nid: a\ntitle: A\nlocale: en\n---\n{body}")).unwrap()
    }

    #[test]
    fn sections_list_items_and_market_lines_become_passages() {
        let body = "Opening answer. Second\nsentence.\n\n## Amounts\n\n- **SE, NO**: In Scandinavia 350.\n- **GB**: In Britain 30 GBP.\n\
            - **Bold**: not a market.\n\n## Empty\n\n## `Code` and [links](x)\n\nText *here*.\n";
        let cut = chunks(&article(body));
        let headings: Vec<(u32, &str)> = cut.iter().map(|chunk| (chunk.ordinal, chunk.heading.as_str())).collect();
        assert_eq!(headings, [(0, ""), (1, "Amounts"), (2, "Code and links")]);
        assert_eq!(cut[0].text_for(None), "Opening answer.\nSecond sentence.");
        assert_eq!(cut[1].named_markets(), ["GB", "NO", "SE"]);
        assert_eq!(cut[1].text_for(Some("NO")), "In Scandinavia 350.\nBold: not a market.");
        assert_eq!(cut[1].text_for(Some("gb")), "In Britain 30 GBP.\nBold: not a market.");
        assert_eq!(cut[1].text_for(None), "Bold: not a market.");
        assert_eq!(cut[2].text_for(None), "Text here.");
    }

    #[test]
    fn a_long_section_is_cut_at_sentence_borders() {
        let sentence = "Word ".repeat(50) + "end. ";
        let cut = chunks(&article(&sentence.repeat(5)));
        assert_eq!(cut.iter().map(|chunk| chunk.lines.len()).collect::<Vec<_>>(), [2, 2, 1]);
        assert!(cut.iter().all(|chunk| word_count(&chunk.text_for(None)) <= PASSAGE_WORDS_MAX));
        let longer = chunks(&article(&("word ".repeat(300) + "end.")));
        assert_eq!(longer.len(), 1);
    }
}
