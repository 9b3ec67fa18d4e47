//! Where does a text give away a security code, PIN, password or one-time code?
//!
//! These have no checksum, so the words around them decide.

use std::sync::LazyLock;

use regex::Regex;

use super::digits::{Run, Unit};
use super::redact::RedactionKind;

/// A place to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub kind: RedactionKind,
    pub start: usize,
    pub end: usize,
}

/// Bytes between the word and the digits.
const REACH_MAX: usize = 48;
const WORDS_BETWEEN_MAX: usize = 7;

static CODE_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)(?P<cvv>\b(?:cvv2?|cvc2?|csc|card verification|security (?:code|number|digits?)|card code|",
        r"(?:three|3|four|4)[- ](?:digit )?(?:digits|numbers|code|security code)(?: (?:on|from) the (?:back|front))?|(?:digits|numbers?|code) on the (?:back|front)|",
        r"säkerhetskod\w*|sikkerhetskode\w*|kontrollkod\w*|prüf(?:nummer|ziffer)|sicherheitscode|kartenprüfnummer|cryptogramme|code de sécurité|",
        r"código de seguridad|codice di sicurezza|beveiligingscode|turvakoodi|kod cvv|kod zabezpieczający))|",
        r"(?P<otp>\b(?:otp|one[- ]?time (?:code|password|pass(?:code)?)|(?:verification|authentication|auth|login|log-in|sign-in|sms|2fa|access|texted) code|passcode|",
        r"code (?:i|you|they|we|that|from|in|was|just|to|by)\b|engångskod\w*|engangskode\w*|einmal(?:code|passwort|kennwort)|verifizierungscode|bestätigungscode|tan\b|",
        r"code de vérification|código de verificación|codice di verifica|verificatiecode|vahvistuskoodi|kod weryfikacyjny))|",
        r"(?P<pin>\b(?:pin(?:[- ]?(?:code|number|nummer|kod))?|bankid code|geheimzahl|pinkode|pin-?koodi|code pin))\b",
    ))
    .ok()
});

static BETWEEN_STOPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)[.!?]\s|\b(?:order|amount|zip|postal|phone|ending|ends|invoice|tracking|paid|pay|cost|euro?s?|usd|sek|kr|dollars?|address|street|but|because|rule|error|attempts?|times|days|minutes|hours|years)\b|[€$£#]").ok()
});

static BEFORE_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)^[\s,)]*(?:\(|(?:is|was|are|as|=|för|ist|är|est|es|è)\b)\s*(?:the|my|your|a|its|min|mein|meine|le|la|mi|il)?\s*(?:card(?:'s)?|debit|credit|bank)?\s*$").ok()
});

/// The words for a password, for patterns.
macro_rules! password_words {
    () => {
        concat!(
            r"(?:password|passphrase|passwd|passcode|pass ?word|pwd|pw|my\s?pass|passwort|kennwort|lösenord(?:et)?|passord(?:et)?|adgangskode|salasana(?:ni)?|",
            r"wachtwoord|mot de passe|contraseña|senha|parola|hasło|heslo|jelszó|şifre|пароль)"
        )
    };
}

static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b",
        password_words!(),
        r"\s*(?:(?:is|was|to|are|ist|war|lautet|heißt|är|var|er|est|es|è|on|to be|set to|changed to|reads|still|says)\b\s*[:=]?|[:=]|->)\s*",
        r#"(?P<secret>"[^"\n]{1,64}"|'[^'\n]{1,64}'|[^\s"']{3,64})"#,
    ))
    .ok()
});

/// What stands beside the word without a verb, or is used to sign in: taken for a password only if it looks like one ([`looks_made_up`]).
static BESIDE_PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b",
        password_words!(),
        r#"\s+(?:for (?:it|this|that|my account) )?["'(]?(?P<behind>[^\s"'()]{6,64})"#,
        r#"|(?P<before>[^\s"'()]{6,64})["')]?\s+(?:(?:is|was|as|ist|är|for)\s+)?(?:(?:my|the|a|mein|mitt|old|new|current)\s+){0,2}(?:login |account )?"#,
        password_words!(),
        r#"|\b(?:us(?:e|ed|ing)|typed?|typing|enter(?:ed|ing)?|tr(?:y|ied|ying)|put(?:ting)? in|log(?:ged|ging)? ?in with|sign(?:ed|ing)? ?in with)\s+["'(]?(?P<used>[^\s"'()]{6,64})["')]?\s+"#,
        r"(?:to|for|when|and it)\s+(?:i\s+|get\s+)?(?:log|sign|in\b|access)",
        r#"|\b(?:log(?:ged|ging)? ?in|sign(?:ed|ing)? ?in) with\s+["'(]?(?P<with>[^\s"'()]{6,64})"#,
    ))
    .ok()
});

/// Words that follow "my password is" without being one.
static NOT_A_PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)^(?:not|no|now|in|the|my|a|an|wrong|incorrect|correct|right|expired?|invalid|reset|changed?|change|weak|strong|too|still|being|never|always|different|same|",
        r"blocked|locked|lost|gone|stolen|forgotten|required|needed|missing|working|broken|rejected|refused|accepted|what|that|this|it|so|very|really|also|only|just|",
        r"log|login|sign|access|protected|safe|secure|unknown|hacked|compromised|something|else|asked|sent|stored|case|at|for|on|to|and|or|be|enter|get|use|your|our|their|nicht|falsch|fel|inte)[.,!?;:]*$",
    ))
    .ok()
});

static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)(?P<card>\b(?:(?:card|account) (?:number|details)|pan)\b)|(?P<password>\b",
        password_words!(),
        r"\b)|(?P<login>\b(?:log-?ins?|credentials|security questions?)\b)"
    ))
    .ok()
});

/// Which secrets a text speaks of, in whatever way.
pub(crate) fn named(text: &str) -> Vec<&'static str> {
    let kinds = ["cvv", "otp", "pin", "card", "password", "login"];
    let found = [CODE_WORD.as_ref(), NAMED.as_ref()].into_iter().flatten().flat_map(|named| named.captures_iter(text));
    found.filter_map(|captures| kinds.into_iter().find(|kind| captures.name(kind).is_some())).collect()
}

static TRACK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"%?[Bb]\d{12,19}\^[^^\n]{2,40}\^\d{4,}[^\s?]*\??|;\d{12,19}=\d{4,}[^\s?]*\??").ok()
});

/// Stripe data, whole.
pub(super) fn tracks(text: &str) -> Vec<Span> {
    let Some(track) = TRACK.as_ref() else { return Vec::new() };
    track
        .find_iter(text)
        .map(|found| Span { kind: RedactionKind::TrackData, start: found.start(), end: found.end() })
        .collect()
}

/// Passwords said or written as such.
pub(super) fn passwords(text: &str) -> Vec<Span> {
    let (Some(password), Some(harmless)) = (PASSWORD.as_ref(), NOT_A_PASSWORD.as_ref()) else { return Vec::new() };
    let secret = |found: regex::Captures<'_>| found.name("secret").map(|m| (m.start(), m.end(), m.as_str().to_owned()));
    let place = |start, end| Span { kind: RedactionKind::Password, start, end };
    let mut places: Vec<Span> = password
        .captures_iter(text)
        .filter_map(secret)
        .filter(|(_, _, word)| !harmless.is_match(word))
        .map(|(start, end, _)| place(start, end))
        .collect();
    let beside = BESIDE_PASSWORD.as_ref().into_iter().flat_map(|beside| beside.captures_iter(text));
    let named = |found: regex::Captures<'_>| {
        ["behind", "before", "used", "with"].iter().find_map(|name| {
            found.name(name).map(|m| (m.start(), m.as_str().trim_end_matches(['.', ',', ';', ':']).to_owned()))
        })
    };
    places.extend(
        beside
            .filter_map(named)
            .filter(|(_, word)| looks_made_up(word))
            .map(|(start, word)| place(start, start + word.len())),
    );
    places
}

/// Letters with digits or signs among them, as passwords have them; no mail address, link, order id, date or amount.
fn looks_made_up(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let lower = word.chars().filter(|c| c.is_lowercase()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let signs = word.chars().filter(|c| "!?$%&*+#^~=_".contains(*c)).count();
    let is_plain = word.contains('[') || word.contains("://") || (word.contains('@') && word.contains('.'));
    let ends_sentence = word.ends_with(['!', '?']) && digits == 0 && signs <= word.len().saturating_sub(letters);
    !is_plain && !ends_sentence && letters >= 3 && lower >= 2 && (digits >= 1 || signs >= 1) && !word.starts_with('#')
}

static NATIONAL_ID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)\b(?:ssn|social security(?: (?:number|no|nr))?)\b[^0-9\n]{0,24}(?P<number>\d{3}[- ]?\d{2}[- ]?\d{4})\b",
    )
    .ok()
});

/// Social security numbers named as such.
pub(super) fn national_ids(text: &str) -> Vec<Span> {
    let named = NATIONAL_ID.as_ref().into_iter().flat_map(|named| named.captures_iter(text));
    let numbers = named.filter_map(|found| found.name("number").map(|number| (number.start(), number.end())));
    numbers.map(|(start, end)| Span { kind: RedactionKind::NationalId, start, end }).collect()
}

/// Digits that the words around them make a code.
pub(super) fn codes(text: &str, runs: &[Run]) -> Vec<Span> {
    let Some(words) = CODE_WORD.as_ref() else { return Vec::new() };
    let mut spans: Vec<Span> = Vec::new();
    for found in words.captures_iter(text) {
        let Some(word) = found.get(0) else { continue };
        let kind = if found.name("cvv").is_some() {
            RedactionKind::SecurityCode
        } else if found.name("otp").is_some() {
            RedactionKind::OneTimeCode
        } else {
            RedactionKind::Pin
        };
        let span = after(text, runs, (word.end(), kind)).or_else(|| before(text, runs, (word.start(), kind)));
        spans.extend(span);
    }
    spans
}

static POSTAL_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(
        r"(?i)\b(?:post(?:al)?[ -]?code|zip(?:[ -]?code)?)(?:\W{1,3}(?:is|was|should be|it's|now))?\W{1,3}$",
    )
    .ok()
});

/// Digits that stand alone in a message which was asked for a code; not where somebody says again who he is.
pub(super) fn bare(text: &str, runs: &[Run], kind: RedactionKind) -> Vec<Span> {
    let is_postal = |run: &&Run| {
        let before = run.units.first().and_then(|unit| text.get(..unit.start)).unwrap_or_default();
        POSTAL_BEFORE.as_ref().is_some_and(|postal| postal.is_match(before))
    };
    let one = |run: &Run| fit(kind, run.units.len()).then(|| span(kind, &run.units)).flatten();
    if text.chars().count() > 60 || text.contains('@') {
        return Vec::new();
    }
    runs.iter().filter(|run| !is_postal(run)).filter_map(one).collect()
}

/// A security code that follows a card number, with or without the expiry date between.
pub(super) fn behind_card(text: &str, runs: &[Run], (end, four_digits): (usize, bool)) -> Option<Span> {
    let units: Vec<Unit> =
        runs.iter().flat_map(|run| run.units.iter().copied()).filter(|unit| unit.start >= end).collect();
    let groups: Vec<&[Unit]> = units.chunk_by(|_, next| !next.first).collect();
    let mut from = end;
    for group in groups.into_iter().take(4) {
        let (first, last) = (group.first()?, group.last()?);
        if first.start.saturating_sub(from) > 14 || text.get(from..first.start)?.contains(['#', '\n']) {
            return None;
        }
        if group.len() == if four_digits { 4 } else { 3 } {
            return Some(Span { kind: RedactionKind::SecurityCode, start: first.start, end: last.end });
        }
        if group.len() > 4 {
            return None;
        }
        from = last.end;
    }
    None
}

fn after(text: &str, runs: &[Run], (end, kind): (usize, RedactionKind)) -> Option<Span> {
    let stops = BETWEEN_STOPS.as_ref()?;
    let run = runs.iter().find(|run| run.units.first().is_some_and(|unit| unit.start >= end))?;
    let units: Vec<Unit> = run.units.iter().copied().filter(|unit| unit.start >= end).collect();
    let between = text.get(end..units.first()?.start)?;
    let near = between.len() <= REACH_MAX
        && between.split_whitespace().count() <= WORDS_BETWEEN_MAX
        && !stops.is_match(between);
    if !near || is_postal(text, kind, units.len()) {
        return None;
    }
    coded(kind, &units)
}

fn before(text: &str, runs: &[Run], (start, kind): (usize, RedactionKind)) -> Option<Span> {
    let run = runs.iter().rev().find(|run| run.units.last().is_some_and(|unit| unit.end <= start))?;
    let between = text.get(run.units.last()?.end..start)?;
    if !BEFORE_WORD.as_ref()?.is_match(between) {
        return None;
    }
    fit(kind, run.units.len()).then(|| span(kind, &run.units)).flatten()
}

/// The whole run if its length fits, else its first group.
fn coded(kind: RedactionKind, units: &[Unit]) -> Option<Span> {
    let group: Vec<Unit> =
        units.iter().enumerate().take_while(|(i, unit)| *i == 0 || !unit.first).map(|(_, unit)| *unit).collect();
    let kind = if kind == RedactionKind::SecurityCode && units.len() >= 5 && group.len() >= 3 {
        RedactionKind::OneTimeCode
    } else {
        kind
    };
    if fit(kind, units.len()) {
        return span(kind, units);
    }
    if fit(kind, group.len()) { span(kind, &group) } else { None }
}

fn fit(kind: RedactionKind, digits: usize) -> bool {
    match kind {
        RedactionKind::SecurityCode => (3..=4).contains(&digits),
        RedactionKind::Pin => (4..=8).contains(&digits),
        _ => (4..=8).contains(&digits),
    }
}

fn span(kind: RedactionKind, units: &[Unit]) -> Option<Span> {
    Some(Span { kind, start: units.first()?.start, end: units.last()?.end })
}

/// An Indian PIN code is a postal code: six digits where an address is spoken of.
fn is_postal(text: &str, kind: RedactionKind, digits: usize) -> bool {
    let lower = text.to_lowercase();
    kind == RedactionKind::Pin
        && digits == 6
        && ["address", "city", "street", "deliver", "road", "nagar", "state"].iter().any(|w| lower.contains(w))
}
