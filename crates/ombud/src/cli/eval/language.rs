//! Which languages are told apart, and which are taken for each other?

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_inference::{LID_176, Lid176, ModelFault};
use ombud_language::{Letters, TongueFile, Tongues, spoken};
use ombud_ports::LanguageIdentifier;

use super::{Figure, Shown, carried};
use crate::cli::{Context, Outcome, Output};
use crate::terminal::{complain, say};
use crate::wiring::models_folder;

/// Pairs of languages shown that are most often taken for each other.
const PAIRS_SHOWN: usize = 15;

/// English names of languages, as test files write them, and their tags. What a tag counts as is that of [`LanguageIdentifier`].
const NAMES: &[(&str, &str)] = &[
    ("afrikaans", "af"),
    ("albanian", "sq"),
    ("arabic", "ar"),
    ("armenian", "hy"),
    ("azerbaijani", "az"),
    ("basque", "eu"),
    ("belarusian", "be"),
    ("bengali", "bn"),
    ("bokmal", "nb"),
    ("bosnian", "hr"),
    ("bulgarian", "bg"),
    ("catalan", "ca"),
    ("chinese", "zh"),
    ("croatian", "hr"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("esperanto", "eo"),
    ("estonian", "et"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("ganda", "lg"),
    ("georgian", "ka"),
    ("german", "de"),
    ("greek", "el"),
    ("gujarati", "gu"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("icelandic", "is"),
    ("indonesian", "id"),
    ("irish", "ga"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("kazakh", "kk"),
    ("korean", "ko"),
    ("latin", "la"),
    ("latvian", "lv"),
    ("lithuanian", "lt"),
    ("macedonian", "mk"),
    ("malay", "ms"),
    ("maori", "mi"),
    ("marathi", "mr"),
    ("mongolian", "mn"),
    ("nynorsk", "nb"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("punjabi", "pa"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("serbian", "sr"),
    ("shona", "sn"),
    ("slovak", "sk"),
    ("slovene", "sl"),
    ("somali", "so"),
    ("sotho", "st"),
    ("spanish", "es"),
    ("swahili", "sw"),
    ("swedish", "sv"),
    ("tagalog", "tl"),
    ("tamil", "ta"),
    ("telugu", "te"),
    ("thai", "th"),
    ("tsonga", "ts"),
    ("tswana", "tn"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("urdu", "ur"),
    ("vietnamese", "vi"),
    ("welsh", "cy"),
    ("xhosa", "xh"),
    ("yoruba", "yo"),
    ("zulu", "zu"),
];

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Texts: `language`, `kind` and `text` separated by tabs, with these names in the first line. A language is an English name or a tag.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "write")]
    test: Vec<PathBuf>,
    /// Learn the letters of languages from these files of the same shape, instead of those that the base pack carries.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    train: Vec<PathBuf>,
    /// Write what was learnt, as `packs/base/lexicon/letters.txt` has it.
    #[arg(long, value_name = "FILE", requires = "train")]
    write: Option<PathBuf>,
    /// Cut the test files into so many parts, and measure each with letters learnt from the others.
    #[arg(long, value_name = "NUMBER", conflicts_with = "train", value_parser = clap::value_parser!(u64).range(2..=100))]
    folds: Option<u64>,
    /// What decides which text falls into which part.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

/// A text with its language.
struct Labelled {
    /// Its tag, as [`LanguageIdentifier`] counts it.
    tag: String,
    kind: String,
    text: String,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let learnt = match options.train.as_slice() {
        [] => None,
        files => Some(learn(read_all(files)?.iter())),
    };
    if let Some((file, learnt)) = options.write.as_ref().zip(learnt.as_ref()) {
        std::fs::write(file, learnt).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    let texts = read_all(&options.test)?;
    let path = models_folder(&context.config()?)?.join(LID_176.file);
    let model = match Lid176::open(&path) {
        Ok(model) => Some(model),
        Err(fault @ ModelFault::Absent { .. }) => {
            complain(format_args!("ombud: {fault}"));
            None
        }
        Err(fault) => return Err(fault.into()),
    };
    let parts = options.folds.unwrap_or(1);
    let mut measured = Measured::default();
    for part in 0..parts {
        let is_tested = |at: u64| parts == 1 || part_of(at, options.seed, parts) == part;
        let numbered = || (0..).zip(&texts);
        let tongues = match (options.folds, &learnt) {
            (Some(_), _) => tongues(&learn(numbered().filter(|(at, _)| !is_tested(*at)).map(|(_, text)| text)))?,
            (None, Some(learnt)) => tongues(learnt)?,
            (None, None) => tongues(&carried(LETTERS)?)?,
        };
        for (_, text) in numbered().filter(|(at, _)| is_tested(*at)) {
            if let Some(model) = &model {
                measured.count(text, &tongues, &model.identify(&spoken(&text.text)), "with lid.176");
            }
            measured.count(text, &tongues, &[], "without a model");
        }
    }
    measured.show(context, if options.folds.is_some() { options.seed } else { 0 })?;
    Ok(Outcome::Done)
}

const LETTERS: &str = "base/lexicon/letters.txt";
const TONGUES: &str = "base/lexicon/tongues.yaml";

/// What the base pack tells languages from, with these letters.
fn tongues(letters: &str) -> anyhow::Result<Tongues> {
    let file: TongueFile =
        serde_saphyr::from_str(&carried(TONGUES)?).with_context(|| format!("`{TONGUES}` is wrong"))?;
    Ok(Tongues::new(file, Letters::parse(letters).with_context(|| format!("`{LETTERS}` is wrong"))?))
}

fn learn<'t>(texts: impl Iterator<Item = &'t Labelled>) -> String {
    Letters::learn(texts.map(|text| (text.tag.as_str(), text.text.as_str())))
}

/// The part that a text falls into, drawn from the seed (SplitMix64).
fn part_of(at: u64, seed: u64, parts: u64) -> u64 {
    let mut bits = at.wrapping_add(seed << 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    (bits ^ bits >> 31) % parts
}

fn read_all(files: &[PathBuf]) -> anyhow::Result<Vec<Labelled>> {
    let mut texts = Vec::new();
    for file in files {
        let content = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        texts.extend(read(&content).with_context(|| format!("`{}` is wrong", file.display()))?);
    }
    Ok(texts)
}

fn read(content: &str) -> anyhow::Result<Vec<Labelled>> {
    let mut lines = content.lines().enumerate();
    if lines.next().map(|(_, line)| line) != Some("language\tkind\ttext") {
        bail!("its first line is not `language`, `kind`, `text` with tabs between");
    }
    let mut texts = Vec::new();
    for (at, line) in lines {
        let mut fields = line.splitn(3, '\t');
        let (Some(language), Some(kind), Some(text)) = (fields.next(), fields.next(), fields.next()) else {
            bail!("line {} has fewer than three fields", at + 1);
        };
        let tag = NAMES.iter().find(|(name, _)| *name == language).map_or(language, |(_, tag)| tag);
        texts.push(Labelled { tag: tag.to_owned(), kind: kind.to_owned(), text: text.to_owned() });
    }
    Ok(texts)
}

/// Of one kind of texts.
#[derive(Debug, Default)]
struct Counts {
    /// Right ones and all, by language.
    by_language: BTreeMap<String, (usize, usize)>,
    /// Texts of a language that has data, taken for another: (is, taken for).
    confused: BTreeMap<(String, String), usize>,
    /// Texts of other languages, and how many of them were taken for one that has data.
    others: (usize, usize),
}

/// What was counted, by kind of text and by what was used.
#[derive(Debug, Default)]
struct Measured {
    counts: BTreeMap<(String, &'static str), Counts>,
    known: BTreeSet<String>,
}

impl Measured {
    fn count(&mut self, text: &Labelled, tongues: &Tongues, scores: &[(String, f32)], how: &'static str) {
        if self.known.is_empty() {
            self.known = tongues.languages().map(str::to_owned).collect();
        }
        let found = tongues.language_of(&text.text, scores).map_or("none".to_owned(), |(language, _)| language);
        let counts = self.counts.entry((text.kind.clone(), how)).or_default();
        let (right, all) = counts.by_language.entry(text.tag.clone()).or_default();
        *right += usize::from(found == text.tag);
        *all += 1;
        if !self.known.contains(&text.tag) {
            counts.others.0 += 1;
            counts.others.1 += usize::from(self.known.contains(&found));
        } else if found != text.tag {
            *counts.confused.entry((text.tag.clone(), found)).or_default() += 1;
        }
    }

    fn show(&self, context: &Context, seed: u64) -> anyhow::Result<()> {
        for ((kind, how), counts) in &self.counts {
            for figure in figures(&format!("{kind}, {how}"), counts, &|tag| self.known.contains(tag)) {
                Figure { seed, ..figure }.show(context)?;
            }
            if context.output == Output::Text {
                say(format_args!("        most confused: {}", confusions(counts)));
            }
        }
        Ok(())
    }
}

fn figures(what: &str, counts: &Counts, is_known: &dyn Fn(&str) -> bool) -> Vec<Figure> {
    let sum = |of: &dyn Fn(&str) -> bool| {
        let chosen = counts.by_language.iter().filter(|(tag, _)| of(tag));
        chosen.fold((0, 0), |(right, all), (_, (r, a))| (right + r, all + a))
    };
    let languages = counts.by_language.keys().filter(|tag| is_known(tag)).count();
    let (right, all) = sum(is_known);
    let mut figures = vec![Figure::share(format!("{what}: right, {languages} languages"), right, all)];
    let known = counts.by_language.iter().filter(|(tag, _)| is_known(tag));
    let mut single: Vec<Figure> =
        known.map(|(tag, (right, all))| Figure::share(format!("{what}: right, {tag}"), *right, *all)).collect();
    single.sort_by(|one, other| one.value.total_cmp(&other.value));
    figures.extend(single);
    let (right, all) = sum(&|_| true);
    figures.push(Figure::share(format!("{what}: right, all {} languages", counts.by_language.len()), right, all));
    let (all, taken) = counts.others;
    figures.push(Figure::share(format!("{what}: other languages taken for one of the {languages}"), taken, all));
    figures
}

/// The pairs most often taken for each other, `is>taken for` with the number.
fn confusions(counts: &Counts) -> String {
    let mut pairs: Vec<_> = counts.confused.iter().collect();
    pairs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let shown = pairs.iter().take(PAIRS_SHOWN);
    shown.map(|((is, taken), count)| format!("{is}>{taken} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_with_names_or_tags_and_a_line_that_is_short_is_told() {
        let texts = read("language\tkind\ttext\nbokmal\tsentences\tHvor er\tden?\nde\twords\tWo\n").unwrap();
        let found: Vec<_> = texts.iter().map(|text| (text.tag.as_str(), text.text.as_str())).collect();
        assert_eq!(found, [("nb", "Hvor er\tden?"), ("de", "Wo")]);
        assert!(read("language\tkind\ttext\nde\tWo\n").err().unwrap().to_string().contains("line 2"));
        assert!(read("de\twords\tWo\n").is_err());
    }

    #[test]
    fn every_language_of_the_base_is_measured_and_shares_add_up() {
        let tongues = tongues(&carried(LETTERS).unwrap()).unwrap();
        assert_eq!(tongues.languages().count(), 35);
        let counts = Counts {
            by_language: [("de".to_owned(), (3, 4)), ("sw".to_owned(), (0, 4))].into(),
            others: (4, 1),
            confused: [(("de".to_owned(), "nl".to_owned()), 1)].into(),
        };
        let found = figures("x", &counts, &|tag| tag == "de");
        let values: Vec<_> = found.iter().map(|figure| (figure.value, figure.n)).collect();
        assert_eq!(values, [(0.75, 4), (0.75, 4), (0.375, 8), (0.25, 4)]);
        assert_eq!(confusions(&counts), "de>nl 1");
    }
}
