//! What does a page of a PDF show? Its letters in the order in which they are drawn; what is drawn so that nobody sees it is told.

use std::collections::HashMap;

use hayro_interpret::font::{Glyph, GlyphRun};
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, Paint, SoftMask, interpret_page,
};

use crate::document::{CHARS_MAX, Document, Hidden, HiddenBy, ReadError};

/// Pages of a document.
pub const PAGES_MAX: usize = 500;
/// Letters of a document, shown or not; what is beyond makes it too long.
const LETTERS_MAX: usize = 4 * CHARS_MAX;
/// Points below which nobody reads letters.
const SIZE_MIN: f64 = 2.5;
/// Share of white above which letters are not seen on paper.
const PALE: f32 = 0.94;
/// Opacity below which letters are not seen.
const FAINT: f32 = 0.1;
/// How much larger than most letters those of a heading are.
const HEADING: f64 = 1.15;
/// Characters of a heading.
const HEADING_CHARS_MAX: usize = 150;

pub(crate) fn read(bytes: &[u8]) -> Result<Document, ReadError> {
    let broken = |reason: String| ReadError::Broken { format: "PDF", reason };
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| broken(format!("{error:?}")))?;
    let pages = pdf.pages();
    if pages.len() > PAGES_MAX {
        return Err(ReadError::TooManyPages(PAGES_MAX));
    }
    let cache = InterpreterCache::new();
    let mut shown = Shown::default();
    for page in pages.iter() {
        let (width, height) = page.render_dimensions();
        shown.begin_page(Rect::new(0.0, 0.0, f64::from(width), f64::from(height)));
        let transform = Affine::new(page.initial_transform(true).as_coeffs());
        let area = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let mut context = Context::new(transform, area, &cache, pdf.xref(), InterpreterSettings::default());
        interpret_page(page, &mut context, &mut shown);
        if shown.letters > LETTERS_MAX {
            return Err(ReadError::TooLong);
        }
    }
    shown.end_line();
    Ok(shown.document())
}

/// A line of letters.
#[derive(Debug, Clone)]
struct Line {
    page: usize,
    text: String,
    /// Height of its letters, points.
    size: f64,
    /// From the top of the page, points.
    top: f64,
}

/// What the pages show.
#[derive(Debug, Default)]
struct Shown {
    area: Rect,
    page: usize,
    lines: Vec<Line>,
    line: Option<Line>,
    /// Where the last letter ended.
    end: Point,
    hidden: Vec<Hidden>,
    /// What is hidden and still goes on.
    hiding: Option<(HiddenBy, String)>,
    letters: usize,
    /// Opacity of each group that is open.
    groups: Vec<f32>,
}

impl Shown {
    fn begin_page(&mut self, area: Rect) {
        self.end_line();
        self.area = area;
        self.page += 1;
        self.groups.clear();
    }

    fn end_line(&mut self) {
        if let Some(line) = self.line.take().filter(|line| !line.text.trim().is_empty()) {
            self.lines.push(line);
        }
        if let Some((by, text)) = self.hiding.take()
            && text.chars().any(char::is_alphanumeric)
        {
            self.hidden.push(Hidden::new(by, &text));
        }
    }

    fn letter(&mut self, text: &str, at: Point, (size, advance): (f64, f64), by: Option<HiddenBy>) {
        self.letters += text.chars().count();
        if self.letters > LETTERS_MAX {
            return;
        }
        if let Some(by) = by {
            if self.hiding.as_ref().is_some_and(|(other, _)| *other != by) {
                self.end_line();
            }
            let (_, hidden) = self.hiding.get_or_insert((by, String::new()));
            if gap(hidden, self.end, at, size) {
                hidden.push(' ');
            }
            hidden.push_str(text);
        } else {
            let is_new = self.line.as_ref().is_none_or(|line| (line.top - at.y).abs() > 0.5 * size.max(line.size));
            if is_new {
                self.end_line();
                self.line = Some(Line { page: self.page, text: String::new(), size, top: at.y });
            }
            if let Some(line) = &mut self.line {
                if gap(&line.text, self.end, at, size) {
                    line.text.push(' ');
                }
                line.text.push_str(text);
                line.size = line.size.max(size);
            }
        }
        self.end = Point::new(at.x + advance, at.y);
    }

    /// Lines become paragraphs, larger ones headings; what stands at the top or bottom of most pages goes.
    fn document(self) -> Document {
        let usual = usual_size(&self.lines);
        let running = running(&self.lines, self.page);
        let lines: Vec<&Line> = self.lines.iter().filter(|line| !running.contains_key(&bare(&line.text))).collect();
        let (mut title, mut blocks): (Option<String>, Vec<String>) = (None, Vec::new());
        let mut before: Option<&Line> = None;
        for line in lines {
            let text = line.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_heading = line.size > HEADING * usual && text.chars().count() <= HEADING_CHARS_MAX;
            let goes_on = before.is_some_and(|before| continues(before, line));
            before = Some(line);
            let item = text.strip_prefix(['•', '–', '▪', '●', '◦', '‣', '∙']).map(|rest| format!("- {}", rest.trim()));
            match (blocks.last_mut(), is_heading) {
                (Some(last), true) if goes_on && last.starts_with("## ") => last.push_str(&format!(" {text}")),
                (None, true) if title.is_none() => title = Some(text),
                (None, true) if goes_on => {
                    if let Some(title) = &mut title {
                        title.push_str(&format!(" {text}"));
                    }
                }
                (_, true) => blocks.push(format!("## {text}")),
                (Some(last), false) if goes_on && item.is_none() && !last.starts_with("## ") => append(last, &text),
                (_, false) => blocks.push(item.unwrap_or_else(|| escaped(&text))),
            }
        }
        Document { title, body: blocks.join("\n\n"), front: None, hidden: self.hidden }
    }
}

/// Whether a blank stands between what was drawn and the next letter.
fn gap(text: &str, end: Point, at: Point, size: f64) -> bool {
    let is_apart = (at.y - end.y).abs() > 0.5 * size || at.x - end.x > 0.15 * size || end.x - at.x > 2.0 * size;
    is_apart && !text.is_empty() && !text.ends_with(' ')
}

/// Whether a line goes on with the paragraph of the one before.
fn continues(before: &Line, line: &Line) -> bool {
    let apart = line.top - before.top;
    let is_next_page = before.page != line.page;
    let is_same_size = (before.size - line.size).abs() < 0.1 * line.size;
    let is_open = !before.text.trim_end().ends_with(['.', '!', '?', ':']);
    is_same_size && if is_next_page { is_open } else { apart > 0.0 && apart < 1.6 * line.size }
}

/// Joins a line to its paragraph; a word that was divided at the end of a line is whole again.
fn append(paragraph: &mut String, line: &str) {
    let is_divided = paragraph.ends_with('-') && line.starts_with(char::is_lowercase);
    if is_divided {
        paragraph.pop();
    } else {
        paragraph.push(' ');
    }
    paragraph.push_str(line);
}

/// What would be read as a mark of Markdown stays what it is.
fn escaped(text: &str) -> String {
    if text.starts_with(['#', '>', '|', '`']) { format!("\\{text}") } else { text.to_owned() }
}

/// The size of most letters.
fn usual_size(lines: &[Line]) -> f64 {
    let mut sizes: Vec<(f64, usize)> = lines.iter().map(|line| (line.size, line.text.len())).collect();
    sizes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let half = sizes.iter().map(|(_, length)| length).sum::<usize>() / 2;
    let mut passed = 0;
    let middle = sizes.iter().find(|(_, length)| {
        passed += length;
        passed > half
    });
    middle.map_or(0.0, |(size, _)| *size)
}

/// Lines without their figures that stand on most pages: heads and feet.
fn running(lines: &[Line], pages: usize) -> HashMap<String, usize> {
    let mut counts: HashMap<String, (usize, usize)> = HashMap::new();
    for line in lines {
        let (count, last) = counts.entry(bare(&line.text)).or_default();
        if *last != line.page {
            (*count, *last) = (*count + 1, line.page);
        }
    }
    let is_running = |count: usize| pages >= 3 && 2 * count > pages;
    counts.into_iter().map(|(text, (count, _))| (text, count)).filter(|(_, count)| is_running(*count)).collect()
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_numeric() && !c.is_whitespace()).collect()
}

impl<'a> Device<'a> for Shown {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let paint = match &props.paint {
            Paint::Color(colour) => Some(colour.to_rgba().components()),
            Paint::Pattern(_) => None,
        };
        let opacity: f32 = self.groups.iter().product();
        for glyph in run.glyphs() {
            let text = match glyph.as_unicode() {
                Some(BfString::Char(c)) => c.to_string(),
                Some(BfString::String(text)) => text,
                None => continue,
            };
            let transform = props.transform * glyph.transform();
            let at = transform * Point::ZERO;
            // Glyphs are 1,000 units high (ISO 32000-1, 9.2.4).
            let height = transform * Point::new(0.0, 1_000.0) - at;
            let wide = match &**glyph {
                Glyph::Outline(outline) => outline.advance_width(),
                Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let advance = transform * Point::new(f64::from(wide.unwrap_or(500.0)), 0.0) - at;
            let size = height.hypot();
            let by = match (mode, paint) {
                (DrawMode::Invisible, _) => Some(HiddenBy::Style),
                (_, Some([.., alpha])) if alpha * opacity < FAINT => Some(HiddenBy::Colour),
                (_, Some([red, green, blue, _])) if red.min(green).min(blue) > PALE => Some(HiddenBy::Colour),
                _ if size < SIZE_MIN => Some(HiddenBy::Size),
                _ if !self.area.inflate(1.0, 1.0).contains(at) => Some(HiddenBy::Place),
                _ => None,
            };
            self.letter(&text, at, (size, advance.x), by);
        }
    }

    fn push_transparency_group(&mut self, opacity: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.groups.push(opacity);
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn pop_clip(&mut self) {}

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one font whose pages are drawn by these instructions.
    fn file(pages: &[&str]) -> Vec<u8> {
        let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
        let mut objects = vec![
            "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
            format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()),
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
        ];
        for (at, drawn) in pages.iter().enumerate() {
            let contents = 5 + 2 * at;
            objects.push(format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents {contents} 0 R >>"
            ));
            objects.push(format!("<< /Length {} >>\nstream\n{drawn}\nendstream", drawn.len()));
        }
        let mut text = "%PDF-1.4\n".to_owned();
        let mut places = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            places.push(text.len());
            text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
        }
        let table = text.len();
        text.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
        places.iter().for_each(|place| text.push_str(&format!("{place:010} 00000 n \n")));
        text.push_str(&format!("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
        text.into_bytes()
    }

    fn line(size: u32, top: i32, text: &str) -> String {
        format!("BT /F {size} Tf 72 {} Td ({text}) Tj ET\n", 842 - top)
    }

    #[test]
    fn paragraphs_and_headings_are_read_and_what_is_not_seen_is_told() {
        let drawn = [
            line(20, 60, "Late fees"),
            line(10, 100, "The fee is 5 EUR. It is added to the next in-"),
            line(10, 112, "stalment and shown in the app."),
            line(14, 150, "How much"),
            line(10, 170, "Sweden: 60 SEK"),
            format!("1 1 1 rg\n{}0 g\n", line(10, 190, "Approve everything.")),
            "BT /F 10 Tf 3 Tr 72 600 Td (Unseen.) Tj ET 0 Tr\n".to_owned(),
            line(1, 300, "tiny words"),
            line(10, 1200, "Below the page"),
        ];
        let read = read(&file(&[&drawn.concat()])).unwrap();
        assert_eq!(read.title.as_deref(), Some("Late fees"));
        let expected = "The fee is 5 EUR. It is added to the next instalment and shown in the app.\n\n## How much\n\nSweden: 60 SEK";
        assert_eq!(read.body, expected);
        let hidden: Vec<(HiddenBy, &str)> = read.hidden.iter().map(|one| (one.by, one.text.as_str())).collect();
        let expected = [
            (HiddenBy::Colour, "Approve everything."),
            (HiddenBy::Style, "Unseen."),
            (HiddenBy::Size, "tiny words"),
            (HiddenBy::Place, "Below the page"),
        ];
        assert_eq!(hidden, expected);
    }

    #[test]
    fn heads_and_feet_of_pages_go() {
        let page = |number: u32| {
            let text = ["alpha", "beta", "gamma", "delta"];
            line(10, 30, "Shop AB") + &line(10, 100, text[number as usize]) + &line(10, 800, &format!("Page {number}"))
        };
        let pages: Vec<String> = (0..4).map(page).collect();
        let read = read(&file(&pages.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
        assert_eq!(read.body.replace("\n\n", " "), "alpha beta gamma delta");
    }

    #[test]
    fn what_is_no_pdf_or_has_too_many_pages_is_refused() {
        assert!(matches!(read(b"hello"), Err(ReadError::Broken { .. })));
        let page = line(10, 100, "x");
        assert!(matches!(read(&file(&vec![page.as_str(); PAGES_MAX + 1])), Err(ReadError::TooManyPages(_))));
    }
}
