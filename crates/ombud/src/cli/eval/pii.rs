//! How much personal data is found before a language model would see it, and what harmless text is taken for some?

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use ombud_language::safety::redact;
use ombud_language::{PiiFile, PiiKind, PiiReader, PiiSpan, RedactionKind};
use ombud_learning::eval::{FileFault, Line};
use serde_json::Value;

use super::{Figure, Shown, carried, files};
use crate::cli::{Context, Outcome, Output};
use crate::terminal::say;

const WORDS: &str = "base/lexicon/pii.yaml";
/// Ids drawn of each writing.
const IDS_EACH: usize = 2_000;
/// Misses shown of each kind.
const MISSES_SHOWN: usize = 6;

/// Labels of public data and what they are here; a second name is that of a field within the label.
const LABELS: &[(&str, &str, &str)] = &[
    ("PHONE_NUMBER", "", "phone"),
    ("STREET_ADDRESS", "address", "postal_address"),
    ("EMAIL_ADDRESS", "", "email"),
    ("IBAN_CODE", "", "iban"),
    ("US_SSN", "", "us_ssn"),
    ("IP_ADDRESS", "", "ip_address"),
    ("PERSON", "", "person_name"),
    ("ZIP_CODE", "", "postal_code"),
    ("DATE_TIME", "date_of_birth", "date_of_birth"),
    ("CREDIT_CARD", "", CARD),
];
/// Modules of python-stdnum and what their numbers are here, where that is not the same name.
const MODULES: &[(&str, &str)] = &[
    ("bitcoin", "crypto_address"),
    ("ch_vat", "vat_number"),
    ("cz_rc", "cz_rodne_cislo"),
    ("eu_vat", "vat_number"),
    ("it_codicefiscale", "it_codice_fiscale"),
    ("lt_asmens", "baltic_id"),
    ("no_mva", "vat_number"),
    ("tr_tckimlik", "tr_kimlik"),
    ("za_idnr", "za_id"),
];
const CARD: &str = "card_number";

/// Writings of ids of shops and carriers: each low line is any digit.
const IDS: &[(&str, &str)] = &[
    ("shop order", "#W_______"),
    ("order", "ORD-______"),
    ("order by date", "2026-______"),
    ("marketplace order", "1__-_______-_______"),
    ("order of nine digits", "_________"),
    ("order of ten digits", "1_________"),
    ("invoice", "INV-2026-______"),
    ("parcel, 1Z", "1Z999AA1__________"),
    ("parcel, 12 digits", "____________"),
    ("parcel, 15 digits", "_______________"),
    ("parcel, 20 digits", "0034043_____________"),
    ("parcel, 22 digits in groups", "940_ ____ ____ ____ ____ __"),
    ("postal item, S10", "RR_________SE"),
];
const FRAMES: &[&str] = &["{}", "my order {}", "where is parcel {}?", "tracking number {} says delivered", "ref {}"];

#[derive(Debug, Args)]
pub(super) struct Options {
    /// One JSON object a line, of one of these shapes: `text` with `spans` (`start`, `end` in characters, `type`); `module` and `number` with `expect`;
    /// `region` and `national_number`; `pan`.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    test: Vec<PathBuf>,
    /// What decides which ids of shops and carriers are drawn.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Show what was missed.
    #[arg(long)]
    show: bool,
}

/// Of one kind: all, hidden, and hidden as what it is.
#[derive(Debug, Default)]
struct Counts {
    all: usize,
    hidden: usize,
    named: usize,
    misses: Vec<String>,
}

#[derive(Debug, Default)]
struct Measured {
    kinds: BTreeMap<String, Counts>,
    /// Texts with labels, places found in them, and those of no label.
    texts: usize,
    found: usize,
    false_alarms: usize,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let file: PiiFile = serde_saphyr::from_str(&carried(WORDS)?).with_context(|| format!("`{WORDS}` is wrong"))?;
    let reader = PiiReader::new(file.clone(), [])?;
    let mut measured = Measured::default();
    for line in files::read(&options.test, |line: &Line| Ok::<_, FileFault>(line.clone()))? {
        measured.count(&reader, &file, &line).with_context(|| format!("line {}", line.number))?;
    }
    measured.show(context, options)?;
    for figure in false_alarms(&reader, options.seed) {
        figure.show(context)?;
    }
    Ok(Outcome::Done)
}

impl Measured {
    fn count(&mut self, reader: &PiiReader, file: &PiiFile, line: &Line) -> anyhow::Result<()> {
        if let Some(text) = line.text("text") {
            let spans = line.value(&["spans"]).and_then(Value::as_array).context("`spans` is no list")?;
            return self.text(reader, text, spans);
        }
        if let Some(pan) = line.text("pan") {
            for text in [pan.to_owned(), format!("my card is {pan}, thanks"), grouped(pan)] {
                let is_hidden = redact(&text).redactions.iter().any(|one| one.kind == RedactionKind::CardNumber);
                self.add(CARD, (is_hidden, is_hidden), &text);
            }
            return Ok(());
        }
        if let Some(number) = line.text("national_number") {
            for (kind, text) in [("phone, named", "my phone number is "), ("phone, alone", "it is ")] {
                self.number(reader, kind, ("phone", &format!("{text}{number}")), text.len());
            }
            return Ok(());
        }
        let number = line.text("number").context("there is none of `text`, `pan`, `national_number` and `number`")?;
        let module = line.text("module").unwrap_or_default();
        let name = MODULES.iter().find(|(known, _)| *known == module).map_or(module, |(_, name)| name);
        match (PiiKind::named(name), line.text("expect")) {
            (Some(kind), Some("valid")) => {
                let word = file.words.get(&kind).and_then(|words| words.first()).map_or("number", String::as_str);
                let before = format!("my {word} is ");
                self.number(reader, &format!("{name}, named"), (name, &format!("{before}{number}")), before.len());
                self.number(reader, &format!("{name}, alone"), (name, &format!("it is {number}")), "it is ".len());
            }
            (Some(kind), Some("invalid")) => {
                let taken = reader.find(&format!("it is {number}")).iter().any(|span| span.kind == kind);
                self.add(&format!("{name}, wrong ones left"), (!taken, !taken), number);
            }
            (None, Some("valid")) => {
                let taken = !reader.find(&format!("it is {number}")).is_empty();
                self.add("numbers of other registers left", (!taken, !taken), &format!("{module} {number}"));
            }
            _ => {}
        }
        Ok(())
    }

    fn number(&mut self, reader: &PiiReader, label: &str, (kind, text): (&str, &str), start: usize) {
        let found = reader.find(text);
        let is_named =
            found.iter().any(|span| span.kind.as_str() == kind && covers(text, &[*span], (start, text.len())));
        self.add(label, (covers(text, &found, (start, text.len())), is_named), text);
    }

    fn text(&mut self, reader: &PiiReader, text: &str, spans: &[Value]) -> anyhow::Result<()> {
        let found = reader.find(text);
        let redacted = redact(text).text;
        let mut labelled = Vec::new();
        for span in spans {
            let place = |name: &str| span.get(name).and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
            let (start, end) = place("start").zip(place("end")).context("a span has no place")?;
            let (start, end) = (offset(text, start), offset(text, end));
            labelled.push((start, end));
            let field = |name: &str| span.get(name).and_then(Value::as_str).unwrap_or_default();
            let label =
                LABELS.iter().find(|(kind, of, _)| *kind == field("type") && (of.is_empty() || *of == field("field")));
            let Some((_, _, name)) = label else { continue };
            let value = text.get(start..end).unwrap_or_default();
            let is_hidden = covers(text, &found, (start, end)) || !redacted.contains(value);
            let of_kind: Vec<PiiSpan> = found.iter().filter(|span| span.kind.as_str() == *name).copied().collect();
            let is_named = covers(text, &of_kind, (start, end)) || *name == CARD && !redacted.contains(value);
            self.add(name, (is_hidden, is_named), &text.replace('\n', " "));
        }
        self.texts += 1;
        self.found += found.len();
        let alarms =
            found.iter().filter(|span| !labelled.iter().any(|(start, end)| span.start < *end && *start < span.end));
        self.false_alarms += alarms.count();
        Ok(())
    }

    fn add(&mut self, kind: &str, (is_hidden, is_named): (bool, bool), text: &str) {
        let counts = self.kinds.entry(kind.to_owned()).or_default();
        counts.all += 1;
        counts.hidden += usize::from(is_hidden);
        counts.named += usize::from(is_named);
        if !is_hidden && counts.misses.len() < MISSES_SHOWN {
            counts.misses.push(text.to_owned());
        }
    }

    fn show(&self, context: &Context, options: &Options) -> anyhow::Result<()> {
        for (kind, counts) in &self.kinds {
            Figure::share(format!("hidden: {kind}"), counts.hidden, counts.all).show(context)?;
            Figure::share(format!("hidden as what it is: {kind}"), counts.named, counts.all).show(context)?;
            if options.show && context.output == Output::Text {
                counts.misses.iter().for_each(|miss| say(format_args!("        missed: {miss}")));
            }
        }
        if self.texts > 0 {
            Figure::share("found where nothing is labelled", self.false_alarms, self.found).show(context)?;
        }
        Ok(())
    }
}

/// Whether every letter and digit of a place lies in what was found.
fn covers(text: &str, found: &[PiiSpan], (start, end): (usize, usize)) -> bool {
    let signs = text.get(start..end).unwrap_or_default().char_indices().filter(|(_, c)| c.is_alphanumeric());
    let mut places = signs.map(|(at, _)| start + at);
    places.all(|at| found.iter().any(|span| (span.start..span.end).contains(&at)))
}

/// The byte at which a character stands.
fn offset(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn grouped(pan: &str) -> String {
    let groups: Vec<String> = pan.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    groups.join(" ")
}

/// Ids of shops and carriers taken for a card number, and for anything of a person.
fn false_alarms(reader: &PiiReader, seed: u64) -> Vec<Figure> {
    let mut dice = seed;
    let (mut cards, mut personal) = (0, BTreeMap::<&str, usize>::new());
    for (name, writing) in IDS {
        for at in 0..IDS_EACH {
            let id: String =
                writing.chars().map(|c| if c == '_' { char::from(b'0' + digit(&mut dice)) } else { c }).collect();
            let text = FRAMES.get(at % FRAMES.len()).copied().unwrap_or("{}").replace("{}", &id);
            cards += usize::from(redact(&text).redactions.iter().any(|one| one.kind == RedactionKind::CardNumber));
            *personal.entry(name).or_default() += usize::from(!reader.find(&text).is_empty());
        }
    }
    let n = IDS.len() * IDS_EACH;
    let mut figures = vec![
        Figure::share("orders and parcels taken for a card number", cards, n),
        Figure::share("orders and parcels taken for something of a person", personal.values().sum(), n),
    ];
    let names: BTreeSet<&str> = personal.keys().copied().collect();
    figures.extend(names.into_iter().map(|name| {
        let alarms = personal.get(name).copied().unwrap_or_default();
        Figure::share(format!("taken for something of a person: {name}"), alarms, IDS_EACH)
    }));
    figures.into_iter().map(|figure| Figure { seed, ..figure }).collect()
}

/// A digit at random (SplitMix64).
fn digit(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut bits = *state;
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    u8::try_from((bits ^ bits >> 31) % 10).unwrap_or_default()
}
