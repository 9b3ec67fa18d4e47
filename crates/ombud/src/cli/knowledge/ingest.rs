//! Documents are got, read and compared with the articles of today; what is new or other waits as a draft.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use ombud_connect::{HttpPages, Reach};
use ombud_inference::{LID_176, Lid176};
use ombud_ingest::draft::{self, Told, id_of, is_id, sha256};
use ombud_ingest::{Act, Code, Document, Entry};
use ombud_language::{Letters, TongueFile, Tongues, spoken};
use ombud_ports::LanguageIdentifier as _;
use ombud_retrieval::query::language_of;
use ombud_retrieval::{Article, Audience, Day, article};
use serde::Serialize;
use serde_json::json;

use super::sources::{Got, Source, Sources};
use super::{Desk, Part, Person, Readers, now, reading};
use crate::cli::{Context, Outcome, Output};
use crate::knowledge::{Draft, Waiting, key_of};
use crate::terminal::{bar, bold, complain, dim, say, say_json};
use crate::wiring::models_folder;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folders, files (.md, .html, .htm, .pdf, .docx) and addresses of pages.
    #[arg(value_name = "SOURCE", required_unless_present = "sitemap")]
    sources: Vec<String>,
    /// Address of a sitemap, whose pages of the same host are read.
    #[arg(long, value_name = "URL")]
    sitemap: Option<String>,
    /// Who brings them; the name in the token if left out.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Language of the documents; told from their text if left out.
    #[arg(long, value_name = "TAG")]
    locale: Option<String>,
    /// Markets for which new articles hold; all if left out.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    market: Vec<String>,
    /// Who may read new articles.
    #[arg(long, value_enum, default_value = "customer")]
    audience: Readership,
    /// Also get pages of this machine and its networks.
    #[arg(long)]
    allow_private: bool,
    /// Read documents again that have not changed, also those that were turned down.
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Readership {
    /// Everybody.
    Customer,
    /// People of the company.
    Agent,
}

/// What came of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    /// A new article waits.
    New,
    /// A change of an article waits.
    Changed,
    /// Nothing new.
    Unchanged,
    /// A withdrawal waits.
    Gone,
    /// It could not be read.
    Failed,
}

#[derive(Debug, Serialize)]
struct Line {
    source: String,
    came: Came,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    findings: BTreeSet<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) async fn run(context: &Context, all: &super::Options, options: &Options) -> anyhow::Result<Outcome> {
    let author = Person::of(context, all, options.author.as_deref(), Part::Author)?;
    let mut desk = Desk::open(context, all)?;
    let mut sources = Sources::default();
    options.sources.iter().try_for_each(|named| sources.add(named))?;
    let reach = if options.allow_private { Reach::Private } else { Reach::Public };
    let is_web = options.sitemap.is_some() || sources.documents.iter().any(Source::is_page);
    let pages = is_web.then(|| HttpPages::new(reach)).transpose()?;
    if let (Some(url), Some(pages)) = (&options.sitemap, &pages) {
        let foreign = sources.add_sitemap(url, pages).await?;
        if foreign > 0 {
            complain(format_args!("note: {foreign} addresses of other hosts in the sitemap are left out"));
        }
    }
    let sources = sources.sorted();
    let readers = Readers::of(context, &desk)?;
    let speech = Speech::of(context, &desk, options.locale.clone())?;
    let progress = bar(sources.documents.len(), "documents read");
    let mut lines = Vec::new();
    for source in &sources.documents {
        progress.set_message(source.name.clone());
        let run = Run { author: &author, speech: &speech, options };
        let came = bring(&mut desk, source, pages.as_ref(), &run).await;
        lines.push(came.unwrap_or_else(|error| Line {
            source: source.name.clone(),
            came: Came::Failed,
            article: None,
            findings: BTreeSet::new(),
            error: Some(format!("{error:#}")),
        }));
        progress.inc(1);
    }
    progress.finish_and_clear();
    lines.extend(missed(&mut desk, &sources, &author)?);
    let today = ombud_ingest::Today::new(&desk.knowledge, &readers.pii);
    for line in lines.iter_mut().filter(|line| matches!(line.came, Came::New | Came::Changed | Came::Gone)) {
        let Some(key) = &line.article else { continue };
        let findings = readers.findings(&desk.incoming.named(key)?, &today)?;
        line.findings = findings.into_iter().map(|finding| finding.code).collect();
    }
    report(context.output, &lines)
}

/// What holds for all documents of a run.
struct Run<'a> {
    author: &'a Person,
    speech: &'a Speech,
    options: &'a Options,
}

/// Gets one document, and lets it wait if it says something else than the article of today.
async fn bring(desk: &mut Desk, source: &Source, pages: Option<&HttpPages>, run: &Run<'_>) -> anyhow::Result<Line> {
    let Got { bytes, format, charset, public } = source.get(pages).await?;
    let sum = sha256(&bytes);
    let seen = desk.incoming.history.source(&source.name).cloned();
    let line = |came, article: Option<String>| Line {
        source: source.name.clone(),
        came,
        article,
        findings: BTreeSet::new(),
        error: None,
    };
    if let Some(seen) =
        seen.as_ref().filter(|seen| seen.document == sum && seen.act != Act::Missed && !run.options.again)
    {
        return Ok(line(Came::Unchanged, Some(seen.article.clone())));
    }
    let document = reading::read(format, bytes, charset)?;
    let locale = run.speech.of_document(&document)?;
    let known = seen.as_ref().map(|seen| seen.article.clone());
    let draft = proposed(desk, &document, (source, public, locale), run.options, known.as_deref())?;
    let key = key_of(&draft);
    let noted =
        |act| Entry { source: Some(source.name.clone()), document: Some(sum.clone()), ..run.author.entry(act, &key) };
    let today = desk.incoming.today(&key)?;
    let is_same = today.as_deref().and_then(|text| article::parse("", text).ok()).is_some_and(|today| {
        Article { body: today.body.trim().to_owned(), ..today }
            == Article { body: draft.body.trim().to_owned(), ..draft.clone() }
    });
    if is_same {
        desk.incoming.take_away(&key)?;
        desk.incoming.note(noted(Act::Unchanged))?;
        return Ok(line(Came::Unchanged, Some(key)));
    }
    let waiting = Waiting {
        source: source.name.clone(),
        document: sum.clone(),
        author: run.author.name.clone(),
        is_signed: run.author.is_signed,
        at: now(),
        hidden: document.hidden,
        withdraws: false,
    };
    let text = article::write(&draft)?;
    desk.incoming.put(&Draft { key: key.clone(), waiting, text })?;
    desk.incoming.note(noted(Act::Proposed))?;
    Ok(line(if today.is_some() { Came::Changed } else { Came::New }, Some(key)))
}

/// The article that a document proposes, with the id that it has always had.
fn proposed(
    desk: &Desk,
    document: &Document,
    (source, public, locale): (&Source, Option<String>, String),
    options: &Options,
    known: Option<&str>,
) -> anyhow::Result<Article> {
    let find = |key: &str| desk.knowledge.articles.iter().find(|article| key_of(article) == key);
    let at_source =
        || desk.knowledge.articles.iter().find(|article| article.source.is_some() && article.source == public);
    let id = match (&document.front, known, at_source()) {
        (Some(front), ..) => front.id.clone(),
        (None, Some(known), _) => known.rsplit_once('.').map_or(known, |(id, _)| id).to_owned(),
        (None, None, Some(article)) => article.id.clone(),
        (None, None, None) => id_of(&source.name, |id| {
            let key = format!("{id}.{locale}");
            desk.incoming.history.brings(&key).is_some_and(|other| other != source.name)
        }),
    };
    if !is_id(&id) {
        bail!("`{id}` cannot be the id of an article, use letters, digits, `-` and `_`");
    }
    let today = find(&format!("{id}.{locale}")).filter(|_| document.front.is_none());
    let valid_from = Day::parse(now().get(..10).unwrap_or_default()).context("the clock tells no day")?;
    let told = Told {
        source: source.name.clone(),
        public,
        locale,
        markets: options.market.clone(),
        audience: match options.audience {
            Readership::Customer => Audience::Customer,
            Readership::Agent => Audience::Agent,
        },
        valid_from,
    };
    Ok(draft::article(document, &told, &id, today))
}

/// What was brought before from the same folders and sites, and is no longer there.
fn missed(desk: &mut Desk, sources: &Sources, author: &Person) -> anyhow::Result<Vec<Line>> {
    let present: BTreeSet<&str> = sources.documents.iter().map(|source| source.name.as_str()).collect();
    let mut gone: Vec<(String, String)> = Vec::new();
    for collection in &sources.whole {
        let known = desk.incoming.history.of_collection(collection);
        let absent = known.filter(|(source, seen)| !present.contains(source) && seen.act != Act::Missed);
        gone.extend(absent.map(|(source, seen)| (source.to_owned(), seen.article.clone())));
    }
    let mut lines = Vec::new();
    for (source, key) in gone {
        if desk.incoming.today(&key)?.is_none() {
            continue;
        }
        let waiting = Waiting {
            source: source.clone(),
            document: String::new(),
            author: author.name.clone(),
            is_signed: author.is_signed,
            at: now(),
            hidden: Vec::new(),
            withdraws: true,
        };
        desk.incoming.put(&Draft { key: key.clone(), waiting, text: String::new() })?;
        let entry = author.entry(Act::Missed, &key);
        desk.incoming.note(Entry { source: Some(source.clone()), document: Some(String::new()), ..entry })?;
        lines.push(Line { source, came: Came::Gone, article: Some(key), findings: BTreeSet::new(), error: None });
    }
    Ok(lines)
}

/// Tells the language of documents.
struct Speech {
    told: Option<String>,
    tongues: Tongues,
    model: Option<Lid176>,
    locales: Vec<String>,
}

impl Speech {
    fn of(context: &Context, desk: &Desk, told: Option<String>) -> anyhow::Result<Self> {
        let file = |name: &str| desk.pack.language_files.get(name).with_context(|| format!("the pack has no `{name}`"));
        let words: TongueFile = serde_saphyr::from_str(file("lexicon/tongues.yaml")?)?;
        let tongues = Tongues::new(words, Letters::parse(file("lexicon/letters.txt")?)?);
        let model = Lid176::open(&models_folder(&context.config()?)?.join(LID_176.file)).ok();
        Ok(Self { told, tongues, model, locales: desk.pack.manifest.locales.clone() })
    }

    /// As told, as the front matter says, or as the text is; in the writing of the pack where it speaks the language.
    fn of_document(&self, document: &Document) -> anyhow::Result<String> {
        if let Some(front) = &document.front {
            return Ok(front.locale.clone());
        }
        if let Some(told) = &self.told {
            return Ok(told.clone());
        }
        let text = format!("{}\n{}", document.title.as_deref().unwrap_or_default(), document.body);
        let scores = self.model.as_ref().map(|model| model.identify(&spoken(&text))).unwrap_or_default();
        let (language, _) =
            self.tongues.language_of(&text, &scores).context("its language cannot be told, give it with `--locale`")?;
        let own = self.locales.iter().find(|locale| language_of(locale) == language);
        Ok(own.cloned().unwrap_or(language))
    }
}

fn report(output: Output, lines: &[Line]) -> anyhow::Result<Outcome> {
    let count = |came: Came| lines.iter().filter(|line| line.came == came).count();
    if output == Output::Json {
        say_json(&json!({
            "documents": lines, "new": count(Came::New), "changed": count(Came::Changed), "unchanged": count(Came::Unchanged),
            "gone": count(Came::Gone), "failed": count(Came::Failed),
        }))?;
    } else {
        for line in lines.iter().filter(|line| line.came != Came::Unchanged) {
            let article = line.article.as_deref().unwrap_or_default();
            let found: Vec<&str> = line.findings.iter().map(|code| code.as_str()).collect();
            match (line.came, &line.error) {
                (_, Some(error)) => say(format_args!("failed   {}: {error}", line.source)),
                (Came::Gone, _) => say(format_args!("gone     {}  {}", bold(article), dim(&line.source))),
                (Came::New, _) => {
                    say(format_args!("new      {}  {}  {}", bold(article), found.join(", "), dim(&line.source)))
                }
                _ => say(format_args!("changed  {}  {}  {}", bold(article), found.join(", "), dim(&line.source))),
            }
        }
        say(format_args!(
            "{} new, {} changed, {} gone, {} unchanged, {} failed; look at them with `ombud knowledge review`",
            count(Came::New),
            count(Came::Changed),
            count(Came::Gone),
            count(Came::Unchanged),
            count(Came::Failed)
        ));
    }
    Ok(if count(Came::Failed) > 0 { Outcome::Failed } else { Outcome::Done })
}
