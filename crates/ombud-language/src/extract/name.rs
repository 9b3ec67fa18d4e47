//! Who does the customer say he is?

use std::sync::LazyLock;

use regex::Regex;

use super::{Awaiting, Entity, entity};

static INTRODUCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:my (?:full |first and last )?name(?:'?s| is| was)?|name(?:'s| is|:)|i am|i'?m|im|this is|it'?s|its|call me|me is|under(?: the name)?|speaking with)[:,]?\s+").ok()
});

static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| crate::lean::regex(r"[\p{L}][\p{L}'’-]*").ok());

static REVERSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)(?:^|[.:!?;\n]\s*|\bname\s+(?:is\s+)?|\bi'?m\s+|\bit'?s\s+)([\p{L}][\p{L}'’-]+),\s*([\p{L}][\p{L}'’-]{2,})(?:\s*[,.;!?\n]|\s+\d|\s+(?:here|zip|and|speaking)\b|\s*$)").ok()
});

/// What stands behind a town: the two letters of a state.
static BEFORE_STATE: LazyLock<Option<Regex>> = LazyLock::new(|| crate::lean::regex(r"^,\s*\p{Lu}{2}\b").ok());

/// Words that are no names, wherever they stand: what people say around their names.
const STOP: &str = concat!(
    " a about account actually address afraid again ah ahead ai all already also always am amount an and another any anything anyway apartment apple are around as ask asking at avenue ",
    "away back bad because been before being believe best better big both bot but by bye call can cannot cant card change check city clue code color come contact correct could country ",
    "credit customer dear delivered did didn different do does doesn doing don done dont dunno e easy either else email enough er even ever every everything exchange fine first for forget ",
    "forgot forgotten from full fun get give glad go going gone good got great had happy has have haven haven't he hello help her here hey heya hi him his hiya hmm honestly hope how however i ",
    "id idea if in instead interested into is isn it item items its itself just keep know last lastly late let like live lives living ll lol long look looking lookup lost lot love mail ",
    "maybe me mean might mind mine moment more morning move my myself n name named names need new next nice no nope not nothing now number of off ok okay on one only oops or order ordered ",
    "orders other our out over package password pay perhaps phone please pls possible postal postcode probably problem purchase question quite rather really reason receive received refund ",
    "remember reply return right said same say says see send she shipped should show sign since so some something soon sorry state still street such sure system tell than thank thanks that ",
    "thats the their them then there these they thing think this tho those though time to today told tomorrow too total track tried trying two uh uhh um under unfortunately unsure until up ",
    "upset urgent us use used user username using very waiting wait want wanted was wasn way we welcome well were what whats when where which while who whoever why will wish with without won ",
    "wondering word would wow writing wrong yea yeah yep yes yesterday yet you your yours yup zip zipcode located based calling angry frustrated confused curious unable able currently ",
    "recall caveman anymore somebody someone anyone nobody sir madam mr mrs ms miss dr day evening afternoon night cancel item sorry speaking human person agent ",
);

/// Whether a word in small letters is one that people say around names.
pub(super) fn is_no_name(word: &str) -> bool {
    STOP.contains(&format!(" {word} "))
}

/// The first name found, as a whole and in its parts.
pub(super) fn read(text: &str, awaiting: Awaiting, taken: &[Entity]) -> Option<(Entity, Vec<Entity>)> {
    let words = words(text, taken);
    let introduced: Vec<usize> = INTRODUCED.as_ref()?.find_iter(text).map(|found| found.end()).collect();
    let start_of = |at: &usize| words.iter().position(|word| word.start == *at);
    let after_introduction =
        introduced.iter().filter_map(start_of).find_map(|at| sequence(&words, at, Spelling::Capitals));
    // "Byron, Ada. San Jose, CA": with a name that is written so, two words before a state are a town.
    let family_first = reversed(text, &words);
    let is_name = |found: &&[Word<'_>]| {
        let after = found.last().and_then(|last| text.get(last.end..)).unwrap_or_default();
        found.len() > 1 && !(family_first.is_some() && BEFORE_STATE.as_ref().is_some_and(|state| state.is_match(after)))
    };
    let written = || (0..words.len()).find_map(|at| sequence(&words, at, Spelling::Capitals).filter(is_name));
    let careless = || {
        let introduced = introduced
            .iter()
            .filter_map(start_of)
            .find_map(|at| sequence(&words, at, Spelling::Any).filter(|words| words.len() > 1));
        introduced.or_else(|| {
            (0..words.len())
                .find_map(|at| sequence(&words, at, Spelling::Any).filter(|found| is_name(found) && alone(found, text)))
        })
    };
    let found = match awaiting {
        Awaiting::Identity => {
            match after_introduction.filter(|words| words.len() > 1).or_else(written).or_else(careless) {
                Some(found) => found,
                None => return family_first,
            }
        }
        _ => after_introduction.filter(|words| words.len() > 1)?,
    };
    Some(build(text, found))
}

/// "Byron, Ada": the family name first.
fn reversed(text: &str, words: &[Word<'_>]) -> Option<(Entity, Vec<Entity>)> {
    let captures = REVERSED.as_ref()?.captures(text)?;
    let word =
        |group: usize| words.iter().find(|word| captures.get(group).is_some_and(|found| word.start == found.start()));
    let (last, first) = (word(1).filter(|word| !word.is_stop())?, word(2).filter(|word| !word.is_stop())?);
    let (last_name, first_name) = (capital(last.text), capital(first.text));
    let parts = vec![
        entity("first_name", text, (first.start, first.end), first_name.clone()),
        entity("last_name", text, (last.start, last.end), last_name.clone()),
    ];
    Some((entity("name", text, (last.start, first.end), format!("{first_name} {last_name}")), parts))
}

#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Word<'_> {
    fn is_stop(&self) -> bool {
        let lower = self.text.to_lowercase();
        lower.contains(['\'', '’']) && !lower.starts_with(['o', 'd']) || STOP.contains(&format!(" {lower} "))
    }

    fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }
}

fn words<'a>(text: &'a str, taken: &[Entity]) -> Vec<Word<'a>> {
    let free = |start: usize| taken.iter().all(|entity| start < entity.start || start >= entity.end);
    WORD.as_ref()
        .into_iter()
        .flat_map(|word| word.find_iter(text))
        .map(|found| Word { text: found.as_str(), start: found.start(), end: found.end() })
        .filter(|word| free(word.start))
        .collect()
}

/// How names must be written to be taken for such.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Capitals,
    Any,
}

/// Two to four words in a row, only blanks between, none of them a common word.
fn sequence<'w, 'a>(words: &'w [Word<'a>], at: usize, spelling: Spelling) -> Option<&'w [Word<'a>]> {
    let rest = words.get(at..)?;
    let mut length = 0;
    for (i, word) in rest.iter().take(4).enumerate() {
        let next_to = i == 0 || rest.get(i - 1).is_some_and(|before| word.start == before.end + 1);
        if !next_to
            || word.is_stop()
            || (spelling == Spelling::Capitals && !word.is_capital())
            || word.text.chars().count() < 2
        {
            break;
        }
        length = i + 1;
    }
    if length == 0 { None } else { rest.get(..length.min(3)) }
}

/// Lower-case words are only a name between pauses, or at the beginning before one: "yara ito, zip 75284".
fn alone(found: &[Word<'_>], text: &str) -> bool {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return false };
    let before = text.get(..first.start).unwrap_or_default().trim_end();
    let after = text.get(last.end..).unwrap_or_default();
    let opens = before.is_empty()
        || before.ends_with([',', '.', '!', ':', ';', '\n', '-'])
        || before.to_lowercase().ends_with("name");
    let closes = after.trim_start().is_empty()
        || after.starts_with([',', '.', '!', ';', '\n'])
        || after.trim_start().starts_with(|c: char| c.is_numeric())
        || ["zip", "here", "and ", "my ", "postal", "post"]
            .iter()
            .any(|word| after.trim_start().to_lowercase().starts_with(word));
    opens && closes && found.len() <= 3
}

fn build(text: &str, found: &[Word<'_>]) -> (Entity, Vec<Entity>) {
    let (first, last) = (found.first().copied(), found.last().copied());
    let (start, end) = (first.map_or(0, |word| word.start), last.map_or(0, |word| word.end));
    let full: Vec<String> = found.iter().map(|word| capital(word.text)).collect();
    let mut parts = Vec::new();
    if let Some(word) = first {
        parts.push(entity("first_name", text, (word.start, word.end), capital(word.text)));
    }
    if let (Some(second), Some(word)) = (found.get(1), last) {
        let family: Vec<String> = full.iter().skip(1).cloned().collect();
        parts.push(entity("last_name", text, (second.start, word.end), family.join(" ")));
    }
    (entity("name", text, (start, end), full.join(" ")), parts)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(letters).collect(),
        _ => word.to_owned(),
    }
}
