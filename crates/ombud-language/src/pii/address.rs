//! Where are postal addresses? By the words of streets, or by a house number before a town with its code.

use regex::Regex;

use super::words::Streets;

/// A word of a street's name.
const WORD: &str = r"[\p{Lu}\d][\p{L}\d.'’\-]*";
/// A house number.
const HOUSE: &str = r"\d{1,5}(?:[-/]\d{1,4})?(?: ?[A-Za-z]\b)?";
/// A town.
const TOWN: &str =
    r"\p{Lu}[\p{L}.'’\-]*(?: (?:(?:de|del|la|le|les|am|an|der|den|do|da|sur|upon|i|på) )?\p{Lu}[\p{L}.'’\-]*){0,3}";
/// Its code, as most countries write it.
const CODE: &str = r"(?:[A-Z]{1,2}-)?(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} [A-Z]{2}\b|\d{3} \d{2}\b|\d{2}-\d{3}\b|\d{5}-\d{3,4}\b|\d{4,6}\b)";

#[derive(Debug, Clone)]
pub(super) struct Addresses {
    streets: Vec<Regex>,
    /// What goes on behind a street.
    rest: Regex,
}

impl Addresses {
    pub(super) fn new(words: &Streets) -> Result<Self, regex::Error> {
        let any = |words: &[String]| words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|");
        let (behind, joined, before) = (any(&words.behind), any(&words.joined), any(&words.before));
        let between =
            r"(?:(?i:de|du|des|del|della|dei|la|le|las|los|l['’]|d['’]|da|do|dos|di|of|the|św\.|gen\.) ?){0,3}";
        let patterns = [
            format!(r"\b{HOUSE},? (?:{WORD} ){{0,4}}(?i:{behind})\b\.?"),
            format!(r"\b{HOUSE}(?: bis| ter)?,? (?i:{before}) {between}{WORD}(?: {between}{WORD}){{0,3}}"),
            format!(r"\b(?i:{before}) {between}{WORD}(?: {between}{WORD}){{0,3}},? (?:n[°º.] ?)?{HOUSE}"),
            format!(r"(?:{WORD} ){{0,2}}[\p{{Lu}}\d][\p{{L}}.'’\-]*(?i:{joined}) {HOUSE}"),
            format!(r"(?:{WORD} ){{0,2}}(?i:{joined}) {HOUSE}"),
            format!(r"{WORD}(?: [\p{{L}}.'’\-]+){{0,3}} {HOUSE}\.?, ?(?:{CODE} {TOWN}|{TOWN} {CODE})"),
            format!(r"\b{HOUSE},? {WORD}(?: [\p{{L}}.'’\-]+){{0,3}}, ?(?:{CODE} {TOWN}|{TOWN} {CODE})"),
        ];
        let used = [
            !words.behind.is_empty(),
            !words.before.is_empty(),
            !words.before.is_empty(),
            !words.joined.is_empty(),
            !words.joined.is_empty(),
            true,
            true,
        ];
        let streets = patterns
            .iter()
            .zip(used)
            .filter(|(_, is_used)| *is_used)
            .map(|(pattern, _)| Regex::new(pattern))
            .collect::<Result<_, _>>()?;
        let unit = if words.units.is_empty() {
            String::new()
        } else {
            format!(r"(?:[,\s]{{1,4}}(?i:{})\.? ?#?[\w\-]+)?", any(&words.units))
        };
        let rest = Regex::new(&format!(
            r"^{unit}(?:\s*[,\n]\s*(?:{CODE}\s+{TOWN}|{TOWN}(?:,?\s+(?:[A-Z]{{2}},?\s+)?{CODE}(?-u:\b))?))?"
        ))?;
        Ok(Self { streets, rest })
    }

    pub(super) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for street in self.streets.iter().flat_map(|street| street.find_iter(text)) {
            let rest = text.get(street.end()..).and_then(|behind| self.rest.find(behind)).map_or(0, |rest| rest.end());
            found.push((street.start(), street.end() + rest));
        }
        // The longest first: it takes the place of its parts.
        found.sort_by_key(|(start, end)| std::cmp::Reverse(end - start));
        found
    }
}
