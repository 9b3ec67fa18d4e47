//! How many card numbers does redaction find, and how many harmless numbers does it take for one? Prints both with n and seed.
//!
//! `cargo run --release -p ombud-language --example redact_eval -- <folder of the public data>`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use ombud_language::RedactionKind;
use ombud_language::safety::{DigitTail, redact, redact_with_tail};

const SEED: u64 = 20_261_121;
const ROUNDS: usize = 10_000;

/// A small seeded generator (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items.get(self.below(items.len())).copied().unwrap_or_default()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap_or_default())).collect()
    }
}

/// Prefixes and lengths as issued; the schemes' shares are rough.
const PREFIXES: &[(&str, usize)] = &[
    ("4", 16),
    ("4", 16),
    ("4", 16),
    ("4", 13),
    ("4", 19),
    ("51", 16),
    ("52", 16),
    ("53", 16),
    ("54", 16),
    ("55", 16),
    ("2221", 16),
    ("2500", 16),
    ("2720", 16),
    ("34", 15),
    ("37", 15),
    ("6011", 16),
    ("65", 16),
    ("644", 16),
    ("300", 14),
    ("36", 14),
    ("38", 14),
    ("3528", 16),
    ("3589", 16),
    ("62", 16),
    ("62", 19),
    ("5018", 16),
    ("6304", 16),
    ("6759", 18),
    ("6762", 19),
    ("2200", 16),
    ("9792", 16),
    ("508500", 16),
    ("5019", 16),
];
const FRAMES: &[&str] = &[
    "{}",
    "my card is {}",
    "{} exp 12/27 cvv 123",
    "please use {} for this, thanks",
    "Hi! Card number: {}.",
    "kortet är {} tack",
    "meine Nummer {} bitte",
    "refund it to {}",
    "pay with\n{}\nok?",
    "({})",
];
const WORDS: [&[&str; 10]; 5] = [
    &["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    &["noll", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio"],
    &["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
    &["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    &["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
];
const SCRIPTS: [u32; 6] = [0x660, 0x6f0, 0x966, 0x9e6, 0xff10, 0x1d7ce];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/data".to_owned());
    let mut known = Vec::new();
    for line in std::fs::read_to_string(format!("{folder}/pan_test_numbers/dev/pan.jsonl"))?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        known.push(row.get("pan").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned());
    }
    let mut random = Random(SEED);
    let mut out = std::io::stdout();
    for (name, kinds) in [
        ("standard", &["plain", "space", "dash", "dot", "slash", "group"][..]),
        ("obfuscated", &["script", "words", "alike", "singles", "ragged", "glued", "two-two"][..]),
    ] {
        let mut misses: BTreeMap<&str, usize> = BTreeMap::new();
        let mut shown = 0;
        for round in 0..ROUNDS {
            let pan = if round % 4 == 0 {
                known.get(random.below(known.len())).cloned().unwrap_or_default()
            } else {
                pan(&mut random)
            };
            let kind = random.pick(kinds);
            let text = random.pick(FRAMES).replace("{}", &written(&pan, kind, &mut random));
            if !redact(&text).redactions.iter().any(|r| r.kind == RedactionKind::CardNumber) {
                *misses.entry(kind).or_default() += 1;
                if shown < 12 {
                    shown += 1;
                    writeln!(out, "  missed: {text:?}")?;
                }
            }
        }
        let missed: usize = misses.values().sum();
        writeln!(
            out,
            "{name}: recall {:.2} % (n={ROUNDS}, seed={SEED}), missed by kind {misses:?}",
            100.0 - 100.0 * missed as f64 / ROUNDS as f64
        )?;
    }
    split_over_messages(&known, &mut random, &mut out)?;
    false_alarms(&mut random, &mut out)?;
    false_joins(&mut random, &mut out)?;
    corpora(&folder, &mut out)
}

/// Two measures of one run: whether the end of a number is known for what it is, and, which is what counts, what the messages hold afterwards of the
/// number. They differ where thirteen digits and more that are called a card are hidden at once: no end can be joined to what was never kept.
fn split_over_messages(known: &[String], random: &mut Random, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (mut joined, mut hidden_before, mut whole, mut more, mut most) = (0, 0, 0, 0, 0);
    for round in 0..ROUNDS {
        let pan = if round % 4 == 0 {
            known.get(random.below(known.len())).cloned().unwrap_or_default()
        } else {
            pan(random)
        };
        let parts = 2 + random.below(3);
        let mut cuts: Vec<usize> = (1..parts).map(|_| 3 + random.below(pan.len() - 6)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts.push(pan.len());
        let mut kept: Vec<String> = Vec::new();
        let (mut from, mut tail, mut found, mut hidden) = (0, DigitTail::default(), false, false);
        for cut in cuts {
            let part: String = pan.chars().skip(from).take(cut - from).collect();
            let frame = if from == 0 {
                random.pick(&["{}", "card {}", "my number starts with {}"])
            } else {
                random.pick(&["{}", "then {}", "{} thanks", "and the rest is {}"])
            };
            let frame = if cut < pan.len() { frame.replace(" thanks", "") } else { frame.to_owned() };
            let frame = if from > 0 && cut < pan.len() { "{}".to_owned() } else { frame };
            let read = redact_with_tail(&frame.replace("{}", &part), &tail.digits);
            if read.previous_holds_card {
                shred(&tail, &mut kept);
            }
            found |= read.previous_holds_card;
            hidden |= read.redactions.iter().any(|redaction| redaction.kind == RedactionKind::CardNumber);
            tail = tail.after(&read.text, i64::try_from(kept.len())?);
            kept.push(read.text);
            from = cut;
        }
        joined += usize::from(found);
        hidden_before += usize::from(!found && hidden);
        let left: String = kept.concat().chars().filter(char::is_ascii_digit).collect();
        whole += usize::from(left == pan);
        more += usize::from(left.len() > 4);
        most = most.max(left.len());
    }
    let percent = |count: usize| 100.0 * count as f64 / ROUNDS as f64;
    writeln!(
        out,
        "split over 2 to 4 messages: recall {:.2} % (n={ROUNDS}, seed={SEED}); end joined to its beginning {:.2} %, hidden before its end came {:.2} %",
        percent(ROUNDS - whole),
        percent(joined),
        percent(hidden_before)
    )?;
    writeln!(
        out,
        "  left afterwards: the whole number {:.2} %, more than its last four digits {:.2} % (at most {most})",
        percent(whole),
        percent(more)
    )?;
    Ok(())
}

/// Takes the beginning of a number out of the messages that hold it.
fn shred(tail: &DigitTail, kept: &mut [String]) {
    for part in &tail.parts {
        for text in kept.iter_mut() {
            if let Some(left) = part.shred(text) {
                *text = left;
            }
        }
    }
}

/// Order ids, tracking numbers, phones, references, as shops and carriers write them.
fn false_alarms(random: &mut Random, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut alarms: BTreeMap<&str, usize> = BTreeMap::new();
    let kinds = [
        "order",
        "amazon",
        "ups",
        "usps",
        "fedex12",
        "fedex15",
        "dhl10",
        "dhl20",
        "postnord",
        "s10",
        "phone",
        "phone-plain",
        "ean",
        "iban-like",
        "imei",
        "timestamp",
        "invoice",
        "dates",
        "random16",
    ];
    let each = 2_000;
    for kind in kinds {
        for _ in 0..each {
            let text = random
                .pick(&["{}", "my order {}", "where is parcel {}?", "tracking number {} says delivered", "ref {}"])
                .replace("{}", &harmless(kind, random));
            if redact(&text).redactions.iter().any(|r| r.kind == RedactionKind::CardNumber) {
                *alarms.entry(kind).or_default() += 1;
            }
        }
    }
    let realistic: usize = alarms.iter().filter(|(kind, _)| **kind != "random16").map(|(_, count)| count).sum();
    let n = (kinds.len() - 1) * each;
    writeln!(
        out,
        "false alarms on ids: {:.3} % (n={n}, seed={SEED}), by kind {alarms:?} of {each} (random16 = any 16 digits, not counted)",
        100.0 * realistic as f64 / n as f64
    )?;
    Ok(())
}

/// Ids one after the other, each in a message of its own: how often do two of them pass for the parts of a card number?
fn false_joins(random: &mut Random, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let kinds = [
        "order",
        "amazon",
        "ups",
        "fedex12",
        "dhl10",
        "postnord",
        "phone",
        "phone-plain",
        "invoice",
        "postal",
        "amount",
    ];
    let (mut alarms, mut by_kind) = (0, BTreeMap::<(&str, &str), usize>::new());
    for _ in 0..ROUNDS {
        let (one, two) = (random.pick(&kinds), random.pick(&kinds));
        let first =
            random.pick(&["{}", "my order {}", "it is {}", "my number is {}"]).replace("{}", &harmless(one, random));
        let second =
            random.pick(&["{}", "and {}", "sorry, {}", "the other one is {}"]).replace("{}", &harmless(two, random));
        let tail = DigitTail::default().after(&redact(&first).text, 1);
        if redact_with_tail(&second, &tail.digits).previous_holds_card {
            alarms += 1;
            *by_kind.entry((one, two)).or_default() += 1;
        }
    }
    writeln!(
        out,
        "false alarms on two ids in two messages: {:.3} % (n={ROUNDS}, seed={SEED}), by kind {by_kind:?}",
        100.0 * f64::from(alarms) / ROUNDS as f64
    )?;
    Ok(())
}

/// Texts without card numbers: what is touched there?
fn corpora(folder: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for (path, field) in [
        ("banking77/dev/train.jsonl", "text"),
        ("wildguard_benign/dev/wildguard_benign.jsonl", "prompt"),
        ("stdnum/dev/numbers.jsonl", "number"),
        ("phone_examples/dev/mobile_examples.jsonl", "national_number"),
        ("tau2/retail/dev/customers.jsonl", ""),
        ("pii_presidio/dev/pii.jsonl", "text"),
    ] {
        let (mut n, mut cards, mut secrets, mut missed, mut present) = (0, 0, 0, 0, 0);
        for line in std::fs::read_to_string(format!("{folder}/{path}"))?.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let text = row.get(field).and_then(serde_json::Value::as_str).unwrap_or(line);
            let spans = row.get("spans").and_then(serde_json::Value::as_array);
            let is_card = spans.is_some_and(|spans| {
                spans.iter().any(|span| span.get("type").and_then(serde_json::Value::as_str) == Some("CREDIT_CARD"))
            });
            let read = redact(text);
            let found = read.redactions.iter().any(|r| r.kind == RedactionKind::CardNumber);
            let secret = read.redactions.iter().any(|r| r.kind != RedactionKind::CardNumber);
            n += 1;
            present += usize::from(is_card);
            missed += usize::from(is_card && !found);
            cards += usize::from(!is_card && found);
            secrets += usize::from(secret);
            if secret || (found && !is_card && field != "number") || (is_card && !found) {
                writeln!(out, "  {}", read.text.chars().take(150).collect::<String>().replace('\n', " "))?;
            }
        }
        writeln!(
            out,
            "{path}: n={n}, card numbers present {present}, missed {missed}, false alarms {cards}, other secrets {secrets}"
        )?;
    }
    Ok(())
}

fn pan(random: &mut Random) -> String {
    let (prefix, length) = PREFIXES.get(random.below(PREFIXES.len())).copied().unwrap_or(("4", 16));
    let mut number = format!("{prefix}{}", random.digits(length - prefix.len() - 1));
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, d)| {
            if i % 2 == 1 {
                d
            } else if d * 2 > 9 {
                d * 2 - 9
            } else {
                d * 2
            }
        })
        .sum();
    number.push_str(&((10 - sum % 10) % 10).to_string());
    number
}

fn grouped(pan: &str, separator: &str) -> String {
    let sizes: &[usize] = if pan.len() == 15 {
        &[4, 6, 5]
    } else if pan.len() == 14 {
        &[4, 6, 4]
    } else {
        &[4, 4, 4, 4, 3]
    };
    let mut rest: Vec<char> = pan.chars().collect();
    let mut groups = Vec::new();
    for size in sizes {
        let take = (*size).min(rest.len());
        if take > 0 {
            groups.push(rest.drain(..take).collect::<String>());
        }
    }
    groups.join(separator)
}

fn written(pan: &str, kind: &str, random: &mut Random) -> String {
    match kind {
        "space" | "group" => grouped(pan, " "),
        "dash" => grouped(pan, "-"),
        "dot" => grouped(pan, "."),
        "slash" => grouped(pan, "/"),
        "script" => {
            let zero = SCRIPTS.get(random.below(SCRIPTS.len())).copied().unwrap_or(0x660);
            grouped(pan, random.pick(&["", " "]))
                .chars()
                .map(|c| c.to_digit(10).and_then(|d| char::from_u32(zero + d)).unwrap_or(c))
                .collect()
        }
        "words" => {
            let words = WORDS.get(random.below(WORDS.len())).copied().unwrap_or(WORDS[0]);
            let list: Vec<&str> = pan
                .chars()
                .filter_map(|c| c.to_digit(10))
                .filter_map(|d| words.get(usize::try_from(d).ok()?).copied())
                .collect();
            list.join(random.pick(&[" ", ", ", "-"]))
        }
        "alike" => grouped(pan, random.pick(&["", " "]))
            .chars()
            .map(|c| match c {
                '0' => 'O',
                '1' => 'l',
                other => other,
            })
            .collect(),
        "singles" => pan.chars().map(String::from).collect::<Vec<_>>().join(random.pick(&[" ", "-", ".", " - "])),
        "two-two" => pan
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        "ragged" => {
            let mut text = String::new();
            for (i, c) in pan.chars().enumerate() {
                if i > 0 && random.below(4) == 0 {
                    text.push_str(random.pick(&[" ", "-", ".", "  ", " - ", "_"]));
                }
                text.push(c);
            }
            text
        }
        "glued" => format!("card{pan}"),
        _ => pan.to_owned(),
    }
}

fn harmless(kind: &str, random: &mut Random) -> String {
    match kind {
        "order" => format!("#W{}", random.digits(7)),
        "amazon" => format!("1{}-{}-{}", random.digits(2), random.digits(7), random.digits(7)),
        "ups" => format!("1Z999AA{}", random.digits(11)),
        "usps" => format!(
            "940{} {} {} {} {} {}",
            random.digits(1),
            random.digits(4),
            random.digits(4),
            random.digits(4),
            random.digits(4),
            random.digits(2)
        ),
        "fedex12" => random.digits(12),
        "fedex15" => random.digits(15),
        "dhl10" => random.digits(10),
        "dhl20" => format!("0034043{}", random.digits(13)),
        "postnord" => format!("00373500{}", random.digits(10)),
        "s10" => format!("RR{}SE", random.digits(9)),
        "phone" => format!(
            "+{} {} {} {}",
            random.pick(&["46", "49", "44", "1"]),
            random.digits(3),
            random.digits(3),
            random.digits(4)
        ),
        "phone-plain" => {
            format!("0{}-{} {} {}", random.digits(2), random.digits(3), random.digits(2), random.digits(2))
        }
        "ean" => {
            let body = format!("{}{}", random.pick(&["73", "40", "50", "87", "64", "70"]), random.digits(10));
            let sum: u32 = body
                .chars()
                .filter_map(|c| c.to_digit(10))
                .enumerate()
                .map(|(i, d)| if i % 2 == 0 { d } else { 3 * d })
                .sum();
            format!("{body}{}", (10 - sum % 10) % 10)
        }
        "iban-like" => format!(
            "SE{} {} {} {} {} {}",
            random.digits(2),
            random.digits(4),
            random.digits(4),
            random.digits(4),
            random.digits(4),
            random.digits(4)
        ),
        "imei" => format!("35{}", random.digits(13)),
        "timestamp" => format!("17{}", random.digits(11)),
        "invoice" => format!("INV-2026-{}", random.digits(6)),
        "postal" => format!("{} {}", random.digits(3), random.digits(2)),
        "amount" => format!("{}.{}", random.digits(3), random.digits(2)),
        "dates" => format!(
            "2026-0{}-1{} {} and 2026-1{}-0{}",
            1 + random.below(9),
            random.below(10),
            random.digits(4),
            random.below(3),
            1 + random.below(9)
        ),
        _ => random.digits(16),
    }
}
