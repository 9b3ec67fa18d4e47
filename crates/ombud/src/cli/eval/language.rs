//! Which languages are told apart, and which are taken for each other?

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use ombud_inference::{LID_176, Lid176, ModelFault};
use ombud_language::{TongueFile, Tongues, spoken};
use ombud_ports::LanguageIdentifier;

use super::Figure;
use crate::cli::{Context, Outcome, Output};
use crate::packs::PackSource;
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
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    test: Vec<PathBuf>,
}

/// A text with its language.
struct Labelled {
    /// Its tag; `None` for a language that has none here.
    tag: String,
    kind: String,
    text: String,
}

pub(super) fn run(context: &Context, options: &Options) -> anyhow::Result<Outcome> {
    let mut texts = Vec::new();
    for file in &options.test {
        let content = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        texts.extend(read(&content).with_context(|| format!("`{}` is wrong", file.display()))?);
    }
    let tongues = tongues()?;
    let path = models_folder(&context.config()?)?.join(LID_176.file);
    match Lid176::open(&path) {
        Ok(model) => {
            measure(context, &texts, &tongues, &format!("with {}", LID_176.id), |text| model.identify(&spoken(text)))?
        }
        Err(fault @ ModelFault::Absent { .. }) => complain(format_args!("ombud: {fault}")),
        Err(fault) => return Err(fault.into()),
    }
    measure(context, &texts, &tongues, "without a model", |_| Vec::new())?;
    Ok(Outcome::Done)
}

/// What the base pack tells languages from.
fn tongues() -> anyhow::Result<Tongues> {
    const FILE: &str = "base/lexicon/tongues.yaml";
    let pack = PackSource::find("base")?;
    let source = pack.files.get(FILE).with_context(|| format!("the program carries no `{FILE}`"))?;
    let file: TongueFile = serde_saphyr::from_str(source).with_context(|| format!("`{FILE}` is wrong"))?;
    Ok(Tongues::new(file))
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

fn measure(
    context: &Context,
    texts: &[Labelled],
    tongues: &Tongues,
    how: &str,
    scores: impl Fn(&str) -> Vec<(String, f32)>,
) -> anyhow::Result<()> {
    let known: Vec<&str> = tongues.languages().collect();
    let is_known = |tag: &str| known.contains(&tag);
    let mut kinds: BTreeMap<&str, Counts> = BTreeMap::new();
    for text in texts {
        let scores = scores(&text.text);
        let found = tongues.language_of(&text.text, &scores).map_or("none".to_owned(), |(language, _)| language);
        let counts = kinds.entry(&text.kind).or_default();
        let (right, all) = counts.by_language.entry(text.tag.clone()).or_default();
        *right += usize::from(found == text.tag);
        *all += 1;
        if !is_known(&text.tag) {
            counts.others.0 += 1;
            counts.others.1 += usize::from(is_known(&found));
        } else if found != text.tag {
            *counts.confused.entry((text.tag.clone(), found)).or_default() += 1;
        }
    }
    for (kind, counts) in &kinds {
        for figure in figures(&format!("{kind}, {how}"), counts, &is_known) {
            figure.show(context)?;
        }
        if context.output == Output::Text {
            say(format_args!("        most confused: {}", confusions(counts)));
        }
    }
    Ok(())
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
        let tongues = tongues().unwrap();
        assert_eq!(tongues.languages().count(), 35);
        let mut counts = Counts::default();
        counts.by_language = [("de".to_owned(), (3, 4)), ("sw".to_owned(), (0, 4))].into();
        counts.others = (4, 1);
        counts.confused = [(("de".to_owned(), "nl".to_owned()), 1)].into();
        let found = figures("x", &counts, &|tag| tag == "de");
        let values: Vec<_> = found.iter().map(|figure| (figure.value, figure.n)).collect();
        assert_eq!(values, [(0.75, 4), (0.75, 4), (0.375, 8), (0.25, 4)]);
        assert_eq!(confusions(&counts), "de>nl 1");
    }
}
