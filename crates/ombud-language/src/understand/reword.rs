//! How should a text that is shown be worded otherwise?
//!
//! A customer names a sentence or a word to be taken out, exchanged or added, or gives the whole text anew. What he wrote is never lost: an edit
//! that cannot be placed changes nothing.

use std::collections::BTreeMap;

use regex::Regex;

use ombud_domain::Rewording;

use super::edit::{Text, bare};
use super::model::NluError;
use super::pieces::sentences;
use super::rules::{Rules, compile, compile_if_there};

/// Edits in one message, at most; more are read as one.
const EDITS_MAX: usize = 6;
/// Words stripped in front of an edit, at most: "no, wait, please ...".
const LEADS_MAX: usize = 8;

/// Rules for how a shown text should read.
#[derive(Debug, Clone)]
pub(super) struct RewordRules {
    /// Said before an edit: yes, no, please, "can you".
    lead: Regex,
    /// The whole text follows, word for word.
    verbatim: Regex,
    /// The text reads as it should.
    approved: Regex,
    /// What stands instead of everything.
    replace: Regex,
    /// What is said as well.
    add: Regex,
    /// An addition that is only described: "my name".
    vague: Regex,
    /// Opens an addition: "as long as it says".
    opens: Regex,
    /// The words of one, behind what opens it.
    told: Regex,
    /// Words that are a place or another thing to point at: "at the end".
    points: Regex,
    /// An order in front of an addition, which is captured.
    ordered: Regex,
    /// What should be in it, without its words: "with my phone number in it".
    described: Regex,
    /// What alone is to stay, by its place.
    keep: Regex,
    /// What goes: a sentence, by its place or what it is about.
    remove: Regex,
    /// One thing for another, the old one first.
    swap: Regex,
    /// The same in words that only mean it where the old one stands in the text: "20 should be 19.90".
    swap_told: Regex,
    /// The same with the new one first: "19.90, not 20".
    swap_back: Regex,
    /// Names the whole text: "it", "everything".
    whole: Regex,
    /// Courtesies behind an edit.
    tail: Regex,
    /// Where another edit begins in the same sentence.
    next: Regex,
    /// What is exchanged as well, without a word that says so: "change October to November, and Monday to Friday".
    pair: Regex,
    /// Joins two things that are to be exchanged.
    joins: Regex,
    /// Joins two things that are to be added.
    adds_on: Regex,
    /// A sentence that only orders the text to be sent, beside an edit.
    sent: Regex,
    /// Words around the description of a part: "the part about".
    pub(super) part: Regex,
    /// A sentence by its place: "the last sentence".
    pub(super) sentence: Regex,
    /// Words that are meant as words: "the word stupid".
    pub(super) literal: Regex,
    /// Words in quotation marks, with more behind them.
    marked: Regex,
    /// A text in quotation marks that all of it should be, with more around it.
    quote: Regex,
    /// One that is to be added, by what stands around it.
    quote_added: Regex,
    /// Where a clause of a sentence begins.
    pub(super) clause: Regex,
}

/// What became of one edit.
enum Edited {
    /// The text reads like this.
    Reads(String),
    /// It is an edit, but what it is about is not found.
    Lost,
    /// It is no edit.
    No,
}

impl RewordRules {
    pub(super) fn new(patterns: &BTreeMap<String, Vec<String>>) -> Result<Self, NluError> {
        let rule = |name: &str| compile(patterns, name);
        Ok(Self {
            lead: rule("reword_lead")?,
            verbatim: rule("reword_verbatim")?,
            approved: rule("reword_approved")?,
            replace: rule("reword_replace")?,
            add: rule("reword_add")?,
            vague: rule("reword_vague")?,
            opens: compile_if_there(patterns, "reword_opens")?,
            told: compile_if_there(patterns, "reword_told")?,
            points: compile_if_there(patterns, "reword_points")?,
            ordered: compile_if_there(patterns, "reword_ordered")?,
            described: compile_if_there(patterns, "reword_described")?,
            keep: rule("reword_keep")?,
            remove: rule("reword_remove")?,
            swap: rule("reword_swap")?,
            swap_told: rule("reword_swap_told")?,
            swap_back: rule("reword_swap_back")?,
            whole: rule("reword_whole")?,
            tail: rule("reword_tail")?,
            next: rule("reword_next")?,
            pair: rule("reword_pair")?,
            joins: rule("reword_joins")?,
            adds_on: rule("reword_adds_on")?,
            sent: rule("reword_sent")?,
            part: rule("reword_part")?,
            sentence: rule("reword_sentence")?,
            literal: rule("reword_literal")?,
            marked: rule("reword_marked")?,
            quote: rule("reword_quote")?,
            quote_added: rule("reword_quote_added")?,
            clause: rule("reword_clause")?,
        })
    }

    /// The text that is given word for word: "write exactly this: ...".
    pub(super) fn verbatim<'t>(&self, said: &'t str) -> Option<&'t str> {
        captured(&self.verbatim, self.without_lead(said)).map(unquoted).filter(|words| !bare(words).is_empty())
    }

    /// The text with one that stands in quotation marks: `Better, but please write "...". And what happens then?`
    fn quoted(&self, known: &str, said: &str) -> Option<String> {
        // Of two, one stands for the other.
        if said.chars().filter(|c| matches!(c, '"' | '“' | '”' | '„' | '«' | '»')).count() > 2 {
            return None;
        }
        let (adds, replaces) = (captured(&self.quote_added, said), captured(&self.quote, said));
        let known_words = known.to_lowercase();
        let is_new = |words: &&str| !known_words.contains(&words.to_lowercase());
        match (adds.filter(is_new), replaces.filter(is_new)) {
            (Some(more), _) => Some(extended(known, more.trim())),
            (None, Some(words)) => Some(words.trim().to_owned()),
            (None, None) => None,
        }
    }

    fn without_lead<'t>(&self, text: &'t str) -> &'t str {
        let mut rest = text.trim_start();
        for _ in 0..LEADS_MAX {
            let after = self.lead.find(rest).and_then(|found| rest.get(found.end()..));
            let Some(after) = after.filter(|after| !bare(after).is_empty() && after.len() < rest.len()) else { break };
            rest = after;
        }
        rest
    }

    /// Old and new words that are to be exchanged.
    pub(super) fn exchange<'t>(&self, body: &'t str) -> Option<(&'t str, &'t str)> {
        let back = || self.two(&self.swap_back, body).map(|(new, old)| (old, new));
        self.two(&self.swap, body).or_else(|| self.two(&self.swap_told, body)).or_else(back)
    }

    /// The two groups of a rule, without quotation marks.
    fn two<'t>(&self, rule: &Regex, body: &'t str) -> Option<(&'t str, &'t str)> {
        let found = rule.captures(body)?;
        let mut parts = found.iter().skip(1).flatten().map(|part| part.as_str());
        let (first, second) = (parts.next()?, parts.next()?);
        // "Change 'stolen' to 'taken', I didn't see it": what stands behind the mark is no part of it.
        let marked = |part: &'t str| captured(&self.marked, part).unwrap_or_else(|| unquoted(part));
        Some((marked(first), marked(second))).filter(|(one, other)| !one.is_empty() && !other.is_empty())
    }

    /// Two things exchanged in one sentence: "October to November, and Monday to Friday".
    fn exchanged_both(&self, rules: &Rules, known: &str, body: &str) -> Option<String> {
        self.joins.find_iter(body).find_map(|joint| {
            let (old, new) = self.exchange(body.get(..joint.start())?)?;
            let rest = body.get(joint.end()..)?;
            let (old_too, new_too) = self.exchange(rest).or_else(|| self.two(&self.pair, rest))?;
            let once = Text::new(rules, known).exchanged(old, new)?;
            Text::new(rules, &once).exchanged(old_too, new_too)
        })
    }

    /// The edit without the words around it.
    pub(super) fn body<'t>(&self, said: &'t str) -> &'t str {
        let mut body = self.without_lead(said).trim_end_matches(['.', '!', '?', ' ', '\n', '…', ',', ';']);
        for _ in 0..LEADS_MAX {
            let Some(found) = self.tail.find(body).filter(|found| found.start() > 0) else { break };
            body = body.get(..found.start()).unwrap_or(body);
        }
        body
    }

    /// The text with what is to be said as well, where its words are given: "open it, as long as it says that both went in one parcel".
    fn with_more(&self, known: &str, said: &str) -> Edited {
        let said = self.without_lead(said);
        let said = captured(&self.ordered, said).map_or(said, |edit| self.without_lead(edit));
        let Some(rest) = self.opens.find(said).and_then(|opened| said.get(opened.end()..)) else {
            return if self.described.is_match(said) { Edited::Lost } else { Edited::No };
        };
        match captured(&self.told, rest).map(unquoted) {
            Some(more) if !self.points.is_match(more) && more.contains(char::is_whitespace) => {
                Edited::Reads(extended(known, &self.adds_on.replace_all(more, " $1 ")))
            }
            _ => Edited::Lost,
        }
    }

    /// One edit done.
    fn edit(&self, rules: &Rules, known: &str, said: &str) -> Edited {
        let body = self.body(said);
        let text = Text::new(rules, known);
        let mut lost = match self.with_more(known, said) {
            Edited::Reads(text) => return Edited::Reads(text),
            Edited::Lost => true,
            Edited::No => false,
        };
        if let Some(changed) = self.exchanged_both(rules, known, body) {
            return Edited::Reads(changed);
        }
        if let Some((old, new)) = self.exchange(body) {
            let whole = self.whole.is_match(old);
            if let Some(changed) = if whole { text.with_number(new) } else { text.exchanged(old, new) } {
                return Edited::Reads(changed);
            }
            // Where all of it should be something else, only a whole sentence can be meant.
            lost |= whole || self.swap.is_match(body);
        }
        if let Some(what) = captured(&self.remove, body).filter(|what| !self.whole.is_match(what)) {
            return text.without(what).map_or(Edited::Lost, Edited::Reads);
        }
        if let Some(kept) = captured(&self.keep, body).and_then(|what| text.only(what)) {
            return Edited::Reads(kept);
        }
        let words = |rule: &Regex| captured(rule, self.without_lead(said)).map(unquoted);
        match words(&self.replace).filter(|words| !bare(words).is_empty()) {
            Some(words) if words.contains(char::is_whitespace) => return Edited::Reads(words.to_owned()),
            Some(_) => return Edited::Lost,
            None => {}
        }
        match words(&self.add).filter(|words| !bare(words).is_empty() && !self.points.is_match(words)) {
            Some(more) => Edited::Reads(extended(known, &self.adds_on.replace_all(more, " $1 "))),
            None if lost || self.vague.is_match(body) => Edited::Lost,
            None => Edited::No,
        }
    }
}

impl Rules {
    /// How a text that is shown should read, if the words say so.
    pub(super) fn rewording(&self, known: &str, said: &str) -> Option<Rewording> {
        let rules = &self.written.reword;
        if rules.approved.is_match(said) {
            return None;
        }
        let said = self.without_sending(said);
        // "That was for you, not for them. Replace it with: ..."
        let mut from_any =
            sentences(said, self).into_iter().filter_map(|sentence| rules.verbatim(said.get(said.find(sentence)?..)?));
        if let Some(words) = rules.verbatim(said).or_else(|| from_any.next()) {
            return Some(Rewording::Reads(words.to_owned()));
        }
        if let Some(text) = self.edited_in_turn(known, said) {
            return Some(Rewording::Reads(text));
        }
        if let Some(text) = rules.quoted(known, said) {
            return Some(Rewording::Reads(text));
        }
        match rules.edit(self, known, said) {
            Edited::Reads(text) => Some(Rewording::Reads(text)),
            Edited::Lost => Some(Rewording::Unplaced),
            Edited::No => None,
        }
    }

    /// Whether something should be said as well, with its words or without.
    pub(super) fn asks_for_more(&self, said: &str) -> bool {
        !matches!(self.written.reword.with_more("", self.without_sending(said)), Edited::No)
    }

    /// What is said without the orders to send it before and behind: "add that it was wet. Then send it".
    fn without_sending<'t>(&self, said: &'t str) -> &'t str {
        let is_sent = |sentence: &&str| self.written.reword.sent.is_match(sentence.trim());
        let told = sentences(said, self);
        let (Some(first), Some(last)) =
            (told.iter().find(|one| !is_sent(one)), told.iter().rev().find(|one| !is_sent(one)))
        else {
            return said;
        };
        let (from, to) = (said.find(first), said.rfind(last).map(|at| at.saturating_add(last.len())));
        from.zip(to).and_then(|(from, to)| said.get(from..to)).unwrap_or(said)
    }

    /// Several edits one after the other, if every part of the message is one that can be done.
    fn edited_in_turn(&self, known: &str, said: &str) -> Option<String> {
        let rules = &self.written.reword;
        let mut edits: Vec<&str> = Vec::new();
        for sentence in sentences(said, self) {
            let mut from = 0;
            for next in rules.next.captures_iter(sentence).filter_map(|found| found.get(1)) {
                edits.extend(sentence.get(from..next.start()));
                from = next.start();
            }
            edits.extend(sentence.get(from..));
        }
        edits.retain(|edit| !bare(rules.without_lead(edit)).is_empty() && rules.lead.replace(edit, "").trim() != "");
        if !(2..=EDITS_MAX).contains(&edits.len()) {
            return None;
        }
        edits.into_iter().try_fold(known.to_owned(), |text, edit| {
            let edit = edit.trim_end_matches([',', ' ', ';']);
            let edit = edit.strip_suffix(" and").unwrap_or(edit);
            match rules.edit(self, &text, edit) {
                Edited::Reads(text) => Some(text),
                Edited::Lost | Edited::No => None,
            }
        })
    }
}

/// The first group of a rule.
fn captured<'t>(rule: &Regex, text: &'t str) -> Option<&'t str> {
    rule.captures(text)?.iter().skip(1).flatten().next().map(|found| found.as_str())
}

/// Words without the quotation marks around them.
fn unquoted(words: &str) -> &str {
    let words = words.trim().trim_start_matches([':', ' ', '\n']).trim();
    let inner = words
        .strip_prefix(['"', '“', '„', '«', '\''])
        .and_then(|inner| inner.trim_end_matches(['.', ' ']).strip_suffix(['"', '”', '“', '»', '\'']));
    inner.map_or(words, str::trim)
}

/// Another sentence behind what is written.
fn extended(known: &str, more: &str) -> String {
    let known = known.trim_end();
    let stop = if known.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{known}{stop} {}", super::edit::capital(more))
}
