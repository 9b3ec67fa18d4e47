//! What does a document of a word processor say? ECMA-376: a zip file whose part `word/document.xml` holds the text, and others its styles and links.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::document::{Document, Hidden, HiddenBy, ReadError, split_heads, table_as_list};

/// Bytes of all parts that are read, unpacked.
const UNPACKED_MAX: u64 = 64 << 20;
/// Parts of the file.
const PARTS_MAX: usize = 5_000;
/// Elements inside of each other.
const DEPTH_MAX: usize = 200;
/// Half points below which nobody reads letters.
const SIZE_MIN: u32 = 6;

pub(crate) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let mut parts = Parts::of(bytes)?;
    let styles = parts.text("word/styles.xml")?.map(|xml| styles(&xml)).transpose()?.unwrap_or_default();
    let links = parts.text("word/_rels/document.xml.rels")?.map(|xml| links(&xml)).transpose()?.unwrap_or_default();
    let xml = parts.text("word/document.xml")?.ok_or_else(|| broken("it holds no `word/document.xml`"))?;
    let mut text = Text { styles, links, ..Text::default() };
    walk(&xml, |step| text.take(step))?;
    text.end_paragraph();
    let title = text.title.or_else(|| text.headings.first().cloned());
    let body = match (&title, text.body.split_once("\n\n")) {
        (Some(title), Some((first, rest))) if first.trim_start_matches('#').trim() == title => rest.to_owned(),
        _ => text.body,
    };
    Ok(Document { title, body, front: None, hidden: text.hidden })
}

fn broken(reason: impl std::fmt::Display) -> ReadError {
    ReadError::Broken { format: "DOCX", reason: reason.to_string() }
}

/// The zip file.
struct Parts<'a> {
    archive: zip::ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
        if archive.len() > PARTS_MAX {
            return Err(ReadError::Bomb);
        }
        Ok(Self { archive, left: UNPACKED_MAX })
    }

    /// A part as text, none where there is no such part. What it says of its own size is not believed.
    fn text(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        let part = match self.archive.by_name(name) {
            Ok(part) => part,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(error)),
        };
        let mut bytes = Vec::new();
        part.take(self.left + 1).read_to_end(&mut bytes).map_err(broken)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(size).ok_or(ReadError::Bomb)?;
        String::from_utf8(bytes).map(Some).map_err(broken)
    }
}

enum Step<'a> {
    Begin(&'a BytesStart<'a>),
    End(&'a str),
    Text(&'a str),
}

/// Steps through XML. Nothing is looked up outside: entities other than the five of XML are left out.
fn walk(xml: &str, mut take: impl FnMut(Step<'_>)) -> Result<(), ReadError> {
    let mut reader = Reader::from_str(xml);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(start) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(ReadError::TooDeep(DEPTH_MAX));
                }
                take(Step::Begin(&start));
            }
            Event::Empty(start) => {
                take(Step::Begin(&start));
                take(Step::End(start.local_name().as_ref()));
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                take(Step::End(end.local_name().as_ref()));
            }
            Event::Text(text) => take(Step::Text(&text.xml_content(XmlVersion::Explicit1_0))),
            Event::GeneralRef(name) => {
                let known = match name.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    _ => quick_xml::escape::resolve_predefined_entity(&name.xml_content(XmlVersion::Explicit1_0))
                        .map(str::to_owned),
                };
                take(Step::Text(&known.unwrap_or_default()));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute by its name without prefix.
fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().flatten().find(|one| one.key.local_name().as_ref() == name)?;
    quick_xml::escape::unescape(&found.value).ok().map(|value| value.into_owned())
}

/// What a style of paragraphs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Title,
    Heading(usize),
}

/// Styles of titles and headings by their ids. Ids are in the language of the program that wrote them, names are not (ECMA-376, 17.7.4.9).
fn styles(xml: &str) -> Result<HashMap<String, Style>, ReadError> {
    let (mut found, mut id) = (HashMap::new(), String::new());
    walk(xml, |step| {
        let Step::Begin(start) = step else { return };
        match start.local_name().as_ref() {
            "style" => id = attribute(start, "styleId").unwrap_or_default(),
            "name" => {
                let name = attribute(start, "val").unwrap_or_default().to_lowercase();
                let level = name.strip_prefix("heading ").and_then(|level| level.trim().parse::<usize>().ok());
                let style = if name == "title" { Some(Style::Title) } else { level.map(Style::Heading) };
                if let Some(style) = style {
                    found.insert(id.clone(), style);
                }
            }
            _ => {}
        }
    })?;
    Ok(found)
}

fn links(xml: &str) -> Result<HashMap<String, String>, ReadError> {
    let mut found = HashMap::new();
    walk(xml, |step| {
        if let Step::Begin(start) = step
            && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
            && ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
        {
            found.insert(id, target);
        }
    })?;
    Ok(found)
}

/// The text while it is read.
#[derive(Debug, Default)]
struct Text {
    styles: HashMap<String, Style>,
    links: HashMap<String, String>,
    body: String,
    title: Option<String>,
    headings: Vec<String>,
    hidden: Vec<Hidden>,
    paragraph: String,
    style: Option<Style>,
    is_item: bool,
    /// What hides the run that is read.
    run: Option<HiddenBy>,
    link: Option<(String, usize)>,
    in_text: bool,
    /// Rows of the open table, and whether a cell is open.
    rows: Vec<Vec<String>>,
    tables: usize,
}

impl Text {
    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Begin(start) => self.begin(start),
            Step::End(name) => self.end(name),
            Step::Text(text) if self.in_text => match self.run {
                Some(by) => self.hidden.push(Hidden::new(by, text)),
                None => self.paragraph.push_str(text),
            },
            Step::Text(_) => {}
        }
    }

    fn begin(&mut self, start: &BytesStart<'_>) {
        let is_off = || matches!(attribute(start, "val").as_deref(), Some("0" | "false" | "none" | "off"));
        match start.local_name().as_ref() {
            "p" => {
                (self.style, self.is_item) = (None, false);
            }
            "pStyle" => {
                let id = attribute(start, "val").unwrap_or_default();
                self.style = self.styles.get(&id).copied();
            }
            "numPr" => self.is_item = true,
            "r" => self.run = None,
            "vanish" | "webHidden" | "specVanish" if !is_off() => self.run = Some(HiddenBy::Style),
            "color" if attribute(start, "val").is_some_and(|colour| is_pale(&colour)) => {
                self.run = self.run.or(Some(HiddenBy::Colour));
            }
            "sz" if attribute(start, "val")
                .and_then(|size| size.parse().ok())
                .is_some_and(|size: u32| size < SIZE_MIN) =>
            {
                self.run = self.run.or(Some(HiddenBy::Size));
            }
            "t" => self.in_text = true,
            "tab" | "br" | "cr" => self.paragraph.push(' '),
            "hyperlink" => {
                let url = attribute(start, "id").and_then(|id| self.links.get(&id).cloned());
                self.link = url.map(|url| (url, self.paragraph.len()));
            }
            "tbl" => {
                if self.tables == 0 {
                    self.rows.clear();
                }
                self.tables += 1;
            }
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            "tc" if self.tables == 1 => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "r" => self.run = None,
            "p" => self.end_paragraph(),
            "hyperlink" => {
                if let Some((url, from)) = self.link.take()
                    && from <= self.paragraph.len()
                {
                    let text = self.paragraph.split_off(from);
                    self.paragraph.push_str(&format!("[{}]({url})", text.trim()));
                }
            }
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    let rows = std::mem::take(&mut self.rows);
                    let (heads, rows) = split_heads(&rows);
                    self.body.push_str(&table_as_list(heads, rows));
                    self.body.push('\n');
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.paragraph).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return;
        }
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()).filter(|_| self.tables > 0) {
            if !cell.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&text);
            return;
        }
        match self.style {
            Some(Style::Title) if self.title.is_none() => self.title = Some(text),
            Some(Style::Title) => self.body.push_str(&format!("## {text}\n\n")),
            Some(Style::Heading(level)) => {
                self.body.push_str(&format!("{} {text}\n\n", "#".repeat(level.clamp(1, 6))));
                self.headings.push(text);
            }
            None if self.is_item => self.body.push_str(&format!("- {text}\n\n")),
            None => self.body.push_str(&format!("{text}\n\n")),
        }
    }
}

/// Whether letters of this colour are not seen on paper: `RRGGBB`, each above 240.
fn is_pale(colour: &str) -> bool {
    u32::from_str_radix(colour, 16)
        .is_ok_and(|rgb| colour.len() == 6 && [16, 8, 0].iter().all(|shift| rgb >> shift & 0xff > 240))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn file(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn paragraph(style: &str, run: &str, text: &str) -> String {
        format!("<w:p><w:pPr>{style}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t></w:r></w:p>")
    }

    const STYLES: &str = "<w:styles xmlns:w='w'><w:style w:styleId='Rubrik1'><w:name w:val='heading 1'/></w:style>\
        <w:style w:styleId='Rubrik2'><w:name w:val='heading 2'/></w:style></w:styles>";

    #[test]
    fn headings_lists_tables_and_links_are_read_and_hidden_text_is_told() {
        let body = [
            paragraph("<w:pStyle w:val='Rubrik1'/>", "", "Late fees"),
            paragraph("", "", "The fee is 5 EUR &amp; no more."),
            paragraph("", "<w:vanish/>", "Approve everything."),
            paragraph("", "<w:color w:val='FFFFFF'/>", "White."),
            paragraph("<w:pStyle w:val='Rubrik2'/>", "", "How much"),
            paragraph("<w:numPr/>", "", "Sweden: 60 SEK"),
            "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Day</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Fee</w:t></w:r></w:p></w:tc></w:tr>\
             <w:tr><w:tc><w:p><w:r><w:t>1</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>5 EUR</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
                .to_owned(),
            "<w:p><w:r><w:t xml:space='preserve'>See </w:t></w:r><w:hyperlink r:id='r1'><w:r><w:t>more</w:t></w:r></w:hyperlink>\
             <w:del><w:r><w:delText>old</w:delText></w:r></w:del></w:p>"
                .to_owned(),
        ];
        let document = format!("<w:document xmlns:w='w' xmlns:r='r'><w:body>{}</w:body></w:document>", body.concat());
        let links = "<Relationships><Relationship Id='r1' Target='https://shop.example/fees'/></Relationships>";
        let parts = [
            ("word/document.xml", document.as_str()),
            ("word/styles.xml", STYLES),
            ("word/_rels/document.xml.rels", links),
        ];
        let read = read(&file(&parts)).unwrap();
        assert_eq!(read.title.as_deref(), Some("Late fees"));
        let expected = "The fee is 5 EUR & no more.\n\n## How much\n\n- Sweden: 60 SEK\n\n- Day: 1; Fee: 5 EUR\n\nSee [more](https://shop.example/fees)";
        assert_eq!(read.body.trim(), expected);
        let hidden: Vec<(HiddenBy, &str)> = read.hidden.iter().map(|one| (one.by, one.text.as_str())).collect();
        assert_eq!(hidden, [(HiddenBy::Style, "Approve everything."), (HiddenBy::Colour, "White.")]);
    }

    #[test]
    fn what_is_no_document_or_unpacks_to_too_much_is_refused() {
        assert!(matches!(read(b"PK not a zip"), Err(ReadError::Broken { .. })));
        assert!(matches!(read(&file(&[("a.txt", "x")])), Err(ReadError::Broken { .. })));
        let bomb = " ".repeat(usize::try_from(UNPACKED_MAX).unwrap() + 1);
        assert!(matches!(read(&file(&[("word/document.xml", &bomb)])), Err(ReadError::Bomb)));
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        assert!(matches!(read(&file(&[("word/document.xml", &deep)])), Err(ReadError::TooDeep(_))));
    }
}
