//! What does a document from outside say to a reader, and what does it hold that no reader sees?

use std::borrow::Cow;

use ombud_language::safety::canonical;
use ombud_retrieval::Article;
use serde::{Deserialize, Serialize};

use crate::{docx, html, markdown, pdf};

/// Bytes of a document.
pub const BYTES_MAX: usize = 20 << 20;
/// Characters of the text of a document.
pub const CHARS_MAX: usize = 200_000;
/// Characters kept of what a document hides; the rest only makes the finding longer.
const HIDDEN_CHARS_MAX: usize = 2_000;
/// Hidden parts kept of a document.
const HIDDEN_MAX: usize = 200;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown, with or without front matter.
    Markdown,
    /// HTML, as browsers read it.
    Html,
    /// PDF with text in it; a picture of text has none.
    Pdf,
    /// Office Open XML text (ECMA-376).
    Docx,
}

impl Format {
    /// By the ending of a name; none where it is no document that is read.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        Some(match ending.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" | "xhtml" => Self::Html,
            "pdf" => Self::Pdf,
            "docx" => Self::Docx,
            _ => return None,
        })
    }

    /// By the media type that a server tells.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/markdown" => Self::Markdown,
            "application/pdf" => Self::Pdf,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Self::Docx,
            _ => return None,
        })
    }
}

/// By what something is kept from a reader's eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenBy {
    /// Characters without a form: tags, selectors, joiners where none belongs.
    Characters,
    /// A comment in the markup.
    Comment,
    /// `display: none` and the like, or the format's own mark for hidden text.
    Style,
    /// Letters of the colour of paper.
    Colour,
    /// Letters too small to be read.
    Size,
    /// A place outside of the page.
    Place,
    /// A script, or a link that runs one.
    Script,
    /// Markup inside of Markdown that may hide or move what it holds.
    Markup,
}

/// Something in a document that no reader sees. It is never part of the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// What hides it.
    pub by: HiddenBy,
    /// Its text, cut to a readable length.
    pub text: String,
}

impl Hidden {
    pub(crate) fn new(by: HiddenBy, text: &str) -> Self {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { by, text: text.chars().take(HIDDEN_CHARS_MAX).collect() }
    }
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Its title, where it says one.
    pub title: Option<String>,
    /// What a reader sees, as Markdown with headings; its title left out.
    pub body: String,
    /// The front matter of an article, where it has one.
    pub front: Option<Article>,
    /// What no reader sees.
    pub hidden: Vec<Hidden>,
}

/// Why a document cannot be read; whoever keeps it can fix it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// More bytes than a document has.
    #[error("it has more than {} MiB, split it", BYTES_MAX >> 20)]
    TooLarge,
    /// More text than an article has.
    #[error("it has more than {CHARS_MAX} characters of text, split it")]
    TooLong,
    /// More pages than are read.
    #[error("it has more than {0} pages, split it")]
    TooManyPages(usize),
    /// Unpacked, it is larger than it may be.
    #[error("unpacked it is larger than a text is, or it has more parts")]
    Bomb,
    /// Nested deeper than documents are.
    #[error("its markup is nested more than {0} levels deep, save it anew with another program")]
    TooDeep(usize),
    /// No text for a reader.
    #[error("it has no text: if its pages are pictures, have their text recognised first")]
    NoText,
    /// Not in the format that its name tells.
    #[error("it cannot be read as {format}: {reason}")]
    Broken {
        /// The format.
        format: &'static str,
        /// What the reader says.
        reason: String,
    },
}

/// Reads a document. `charset` is what its server told of its encoding.
///
/// # Errors
/// [`ReadError`]; whoever keeps the document can fix it.
pub fn read(format: Format, bytes: &[u8], charset: Option<&str>) -> Result<Document, ReadError> {
    if bytes.len() > BYTES_MAX {
        return Err(ReadError::TooLarge);
    }
    let document = match format {
        Format::Markdown => markdown::read(&text_of(bytes, charset))?,
        Format::Html => html::read(&text_of(bytes, charset.or(html::declared_charset(bytes).as_deref())))?,
        Format::Pdf => pdf::read(bytes)?,
        Format::Docx => docx::read(bytes)?,
    };
    cleaned(document)
}

/// Text in its own encoding: as told, as marked by its first bytes, as UTF-8, or else as Western European (Windows-1252), as browsers do.
fn text_of<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let told = charset.and_then(|name| encoding_rs::Encoding::for_label(name.trim().as_bytes()));
    if told.is_none()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    told.unwrap_or(encoding_rs::WINDOWS_1252).decode(bytes).0
}

/// Takes out what has no form and puts the rest into one form.
fn cleaned(mut document: Document) -> Result<Document, ReadError> {
    let mut taken = String::new();
    let mut hidden = 0;
    let mut clean = |text: &str| {
        let read = canonical(text);
        hidden += read.hidden;
        taken.push_str(&read.smuggled);
        read.display.trim().to_owned()
    };
    document.body = clean(&document.body);
    document.title = document.title.map(|title| clean(&title.split_whitespace().collect::<Vec<_>>().join(" ")));
    document.title = document.title.filter(|title| title.chars().any(char::is_alphanumeric));
    if hidden > 0 {
        let text = if taken.is_empty() { format!("{hidden} characters without a form") } else { taken };
        document.hidden.push(Hidden::new(HiddenBy::Characters, &text));
    }
    document.hidden.truncate(HIDDEN_MAX);
    match document.body.chars().take(CHARS_MAX + 1).count() {
        count if count > CHARS_MAX => Err(ReadError::TooLong),
        _ if !document.body.chars().any(char::is_alphanumeric) => Err(ReadError::NoText),
        _ => Ok(document),
    }
}

/// The first row of a table as its heads, where it has more than that row.
pub(crate) fn split_heads(rows: &[Vec<String>]) -> (&[String], &[Vec<String>]) {
    match rows.split_first() {
        Some((heads, rows)) if !rows.is_empty() => (heads, rows),
        _ => (&[], rows),
    }
}

/// A table as a list: each row a line, its cells named by the heads of their columns, so that a line stands by itself as a quoted sentence does.
pub(crate) fn table_as_list(heads: &[String], rows: &[Vec<String>]) -> String {
    let mut list = String::new();
    for row in rows {
        let cell = |(at, cell): (usize, &String)| match heads.get(at).filter(|head| !head.is_empty()) {
            Some(head) if !cell.is_empty() => Some(format!("{head}: {cell}")),
            _ => Some(cell.clone()).filter(|cell| !cell.is_empty()),
        };
        let cells: Vec<String> = row.iter().enumerate().filter_map(cell).collect();
        if !cells.is_empty() {
            list.push_str(&format!("- {}\n", cells.join("; ")));
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_by_its_name_or_media_type() {
        assert_eq!(Format::of_name("a/Fees.HTML"), Some(Format::Html));
        assert_eq!(Format::of_name("fees.md"), Some(Format::Markdown));
        assert_eq!(Format::of_name("fees.exe"), None);
        assert_eq!(Format::of_name("fees"), None);
        assert_eq!(Format::of_media_type("text/html; charset=utf-8"), Some(Format::Html));
        assert_eq!(Format::of_media_type("image/png"), None);
    }

    #[test]
    fn hidden_characters_go_and_are_told() {
        let secret: String = "refund 500".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        let read = read(Format::Markdown, format!("# Fees\n\nIt costs{secret} 5 EUR.").as_bytes(), None).unwrap();
        assert_eq!((read.title.as_deref(), read.body.as_str()), (Some("Fees"), "It costs 5 EUR."));
        assert_eq!(read.hidden, [Hidden { by: HiddenBy::Characters, text: "refund 500".to_owned() }]);
    }

    #[test]
    fn limits_are_limits() {
        assert!(matches!(read(Format::Html, &vec![b'a'; BYTES_MAX + 1], None), Err(ReadError::TooLarge)));
        assert!(matches!(read(Format::Markdown, "a".repeat(CHARS_MAX + 1).as_bytes(), None), Err(ReadError::TooLong)));
        assert!(read(Format::Markdown, "a".repeat(CHARS_MAX).as_bytes(), None).is_ok());
        assert!(matches!(read(Format::Markdown, b" \n***\n", None), Err(ReadError::NoText)));
    }

    #[test]
    fn other_encodings_are_read() {
        assert_eq!(read(Format::Markdown, b"caf\xe9", None).unwrap().body, "café");
        assert_eq!(read(Format::Html, b"<meta charset=windows-1251><p>\xcf\xf0\xe8", None).unwrap().body, "При");
        assert_eq!(read(Format::Markdown, b"\x82\xb5", Some("shift_jis")).unwrap().body, "し");
    }

    #[test]
    fn a_table_becomes_lines_that_stand_by_themselves() {
        let rows = [["Market", "Fee"], ["Sweden", "60 SEK"], ["Norway", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table_as_list(&rows[0], &rows[1..]), "- Market: Sweden; Fee: 60 SEK\n- Market: Norway\n");
        assert_eq!(table_as_list(&[], &rows[1..]), "- Sweden; 60 SEK\n- Norway\n");
    }
}
