//! Where does a text say that something was done?

use std::sync::LazyLock;

use regex::Regex;

/// A sentence that states a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    pub sentence: String,
    /// What was done, by the beginning of its verb: `refund`, `cancel`.
    pub stem: String,
    /// Stated as done, not under a condition, denied, or asked.
    pub is_stated_as_done: bool,
}

/// Verbs of deeds: the stem, its English beginnings, and participles of other languages.
const STEMS: &[(&str, &str, &str)] = &[
    (
        "refund",
        "refund|reimburs|money back|your money",
        "återbetal|erstatte|rembours|reembols|rimbors|terugbetaald|tilbakebetal|tilbagebetal|refundert|hyvite|palaute|zwróco|zwrócił|estorn",
    ),
    ("cancel", "cancel", "avbok|avbest|storniert|annul|cancelad|geannuleerd|kansel|peruut|anulowa|anulad|avbruti"),
    ("credit", "credit", "krediter|gutgeschrieben|crédit|abonad|accredit"),
    ("pay", "paid|payment|transfer|charged", "betalt|betalat|bezahlt|überwiesen|payé|pagad|pagat|betaald|maksett"),
    (
        "change",
        "chang|updat|modif|amend|correct|adjust|switch",
        "ändrat|ändrad|uppdater|geändert|aktualisiert|changé|cambiad|actualizad|aggiornat|gewijzigd|endret|ændret|muutett|päivitett|zmienio",
    ),
    ("extend", "extend|postpon|defer", "förläng|verlänger|prolong|prorrog|verlengd|forlenget|pidennett|przedłużo"),
    (
        "block",
        "block|frozen|froze|lock|suspend|deactivat",
        "spärrat|gesperrt|bloqu|bloccat|geblokkeerd|sperret|zablokowa",
    ),
    (
        "send",
        "sent|shipp|dispatch|post(?:ed)?|mail(?:ed)?|deliver|issued",
        "skickat|skickats|gesendet|verschickt|envoyé|enviad|inviat|verzonden|sendt|lähetett|wysłan",
    ),
    ("return", "return|exchang|replac|swap", "returner|umgetauscht|zurückgeschickt|échangé|cambiat"),
    (
        "waive",
        "waiv|remov|delet|eras|reduc|lower|rais|increas",
        "borttag|raderat|gelöscht|erlassen|supprimé|eliminad|verwijderd|slettet|poistett|usunięt",
    ),
    (
        "open",
        "open|creat|register|fil(?:ed)|submit|lodg|log(?:ged)|record|book|schedul|arrang|order(?:ed)",
        "startat|skapat|eröffnet|angelegt|ouvert|abiert|aangemaakt|opprettet|luotu|utworzon",
    ),
    (
        "approve",
        "approv|accept|confirm|verif|grant|activat",
        "godkänt|bekräftat|genehmigt|bestätigt|approuvé|confirmé|aprobad|approvat|goedgekeurd|godkjent|hyväksytt|zatwierdzon",
    ),
    (
        "process",
        "process|complet|settl|resolv|clos|finaliz|finish",
        "hanterat|slutfört|bearbeitet|abgeschlossen|traité|procesad|completat|verwerkt|behandlet|käsitelt|przetworzon",
    ),
    (
        "hand_over",
        "escalat|forward|hand(?:ed)|pass(?:ed)|inform|notifi|contact",
        "vidarebefordrat|weitergeleitet|transmis|trasmess|doorgestuurd",
    ),
];

/// A deed as done: "I have (just) ...", "has been ...", "was ...", "is now ...", "is on its way", and the like in other languages.
static DONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(concat!(
        r"(?i)\b(?:(?:i|we)(?:'ve| have)?(?: \w+ly| just| already| now| also| successfully| gone ahead and| went ahead and)* (?P<first>\w+(?:ed|ent|aid|oze|ade))\b|",
        r"(?:has|have|had)(?: \w+ly| just| already| now| also)* been(?: \w+ly| fully| partially| now| already)? (?P<passive>\w+)|",
        r"(?:was|were|is now|are now|is already|has now|got|is)(?: \w+ly| fully| now| already| just)? (?P<simple>\w+(?:ed|ent|aid|ozen))\b|",
        r"(?P<way>(?:is|are)(?: [^.!?,]{1,40})? on (?:its|their|the) way)|(?P<done>\b(?:all )?done\b[!.:,]|\bit's done\b)|",
        r"(?:har|er blitt|er blevet|ble|blev|hat|habe|haben|wurde|wurden|ist|a été|ont été|ai|avons|a|ha sido|han sido|fue|he|hemos|è stat[oa]|sono stat[ie]|ho|abbiamo|foi|foram|fui|is|zijn|werd|heb|hebben|on|olen|olemme|została|zostało|został)\b(?P<other>(?: [^\s.!?]+){1,6}))",
    ))
    .ok()
});

static FRENCH_I: LazyLock<Option<Regex>> =
    LazyLock::new(|| crate::lean::regex(r"(?i)\bj'ai(?P<other>(?: [^\s.!?]+){1,6})").ok());

/// What, said in the same clause before a deed, makes it no deed: a condition, or a doubt right before the verb.
static NOT_DONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    crate::lean::regex(r"(?i)\b(?:if|once|when|whenever|after|until|unless|as soon as|before|in case|should|assuming|provided|whether|falls|wenn|sobald|nachdem|om|när|si|quand|dès que|cuando|una volta|se|quando|als|zodra|hvis|når|kun|jos|gdy|jeśli)\b|\b(?:would|could|may|might|must|will|shall|should|not|never)\s*$").ok()
});

/// All statements of deeds in a text.
pub(super) fn read(text: &str) -> Vec<Effect> {
    let (Some(done), Some(french)) = (DONE.as_ref(), FRENCH_I.as_ref()) else { return Vec::new() };
    let straight = text.replace(['’', '‘'], "'");
    let mut effects = Vec::new();
    for sentence in sentences(&straight) {
        if let Some(stem) = stem(sentence, done, french) {
            let is_stated_as_done = !sentence.ends_with('?')
                && done
                    .find_iter(sentence)
                    .chain(french.find_iter(sentence))
                    .any(|found| is_plain(sentence, found.start(), found.as_str()));
            effects.push(Effect { sentence: sentence.to_owned(), stem: stem.to_owned(), is_stated_as_done });
        }
    }
    effects
}

/// Every word for a deed as done, in whatever sentence it stands.
pub(super) fn done_words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphabetic());
    let done = words.filter(|word| ["ed", "ent", "aid", "oze", "ozen"].iter().any(|ending| word.ends_with(ending)));
    done.filter(|word| find(word, |verbs| &verbs.english).is_some()).map(ToOwned::to_owned).collect()
}

/// Whether nothing in the clause before a deed takes it back.
fn is_plain(sentence: &str, at: usize, deed: &str) -> bool {
    let before = sentence.get(..at).unwrap_or_default();
    // "Is refunded" is what happens; a condition anywhere before makes it a rule.
    let present = deed.to_lowercase().starts_with("is ");
    let clause = if present { before } else { before.rsplit([',', ';', ':', '(']).next().unwrap_or_default() };
    NOT_DONE.as_ref().is_some_and(|not_done| !not_done.is_match(clause))
}

/// The deed of a sentence: by its own verb, or where that is a helper ("has been processed"), by what it is about.
fn stem(sentence: &str, done: &Regex, french: &Regex) -> Option<&'static str> {
    let lower = sentence.to_lowercase();
    let about = || find(&lower, |verbs| &verbs.english);
    let mut way = false;
    for captures in done.captures_iter(&lower).chain(french.captures_iter(&lower)) {
        let own = ["first", "passive", "simple"]
            .iter()
            .filter_map(|name| captures.name(name))
            .find_map(|verb| find(verb.as_str(), |verbs| &verbs.english));
        let own = own.or_else(|| captures.name("other").and_then(|words| find(words.as_str(), |verbs| &verbs.foreign)));
        match own {
            Some("process" | "send" | "open" | "approve") => return about().or(own),
            Some(stem) => return Some(stem),
            None => way |= captures.name("way").is_some() || captures.name("done").is_some(),
        }
    }
    if way { about().or(Some("process")) } else { None }
}

struct Verbs {
    stem: &'static str,
    english: Regex,
    foreign: Regex,
}

static VERBS: LazyLock<Vec<Verbs>> = LazyLock::new(|| {
    let foreign_of = |words: &str| crate::lean::regex(&format!(r"(?i)\b(?:{words})")).ok();
    // What is reactivated or unblocked is a deed as well.
    let english_of = |words: &str| crate::lean::regex(&format!(r"(?i)\b(?:re|un)?(?:{words})")).ok();
    STEMS
        .iter()
        .filter_map(|(stem, english, foreign)| {
            Some(Verbs { stem, english: english_of(english)?, foreign: foreign_of(foreign)? })
        })
        .collect()
});

fn find(text: &str, language: impl Fn(&Verbs) -> &Regex) -> Option<&'static str> {
    VERBS.iter().find(|verbs| language(verbs).is_match(text)).map(|verbs| verbs.stem)
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    let mut list = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let next = text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
        let ends = c == '\n'
            || (matches!(c, '.' | '!' | '?') && next.is_none_or(char::is_whitespace) && !before.is_ascii_digit())
            || (matches!(c, '.') && next.is_none_or(char::is_whitespace));
        if ends {
            list.extend(text.get(from..at + c.len_utf8()).map(str::trim));
            from = at + c.len_utf8();
        }
        before = c;
    }
    list.extend(text.get(from..).map(str::trim));
    list.into_iter().filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}
