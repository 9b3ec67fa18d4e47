//! What is an article, and how is it read from Markdown with front matter?

use serde::{Deserialize, Serialize};

/// An article of a pack's `knowledge` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Stable id, unique in a pack for each language.
    pub id: String,
    /// Title, often a question.
    pub title: String,
    /// Language tag.
    pub locale: String,
    /// Market codes; empty means all markets.
    pub markets: Vec<String>,
    /// Who may read it.
    pub audience: Audience,
    /// First day on which it holds.
    pub valid_from: Day,
    /// Last day on which it holds.
    pub valid_to: Day,
    /// Where the public can read it.
    pub source: Option<String>,
    /// Questions of customers that it answers, in their words.
    pub questions: Vec<String>,
    /// Markdown below the front matter.
    pub body: String,
}

/// Who may read an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    Customer,
    /// The company's people only.
    Agent,
}

impl Audience {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

/// A day as the number `YYYYMMDD`, so that days compare as numbers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(u32);

impl Day {
    /// Before all days.
    pub const FIRST: Self = Self(0);
    /// After all days.
    pub const LAST: Self = Self(99_991_231);

    /// Reads `YYYY-MM-DD`; none when it is not a day of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        if parts.next().is_some() || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return None;
        }
        let (year, month, day): (u32, u32, u32) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        let days_of_month = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        ((1..=days_of_month).contains(&day)).then_some(Self(year * 10_000 + month * 100 + day))
    }

    /// The number `YYYYMMDD`.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// As it is written, `YYYY-MM-DD`; none for [`Day::FIRST`] and [`Day::LAST`], which nobody writes.
    fn written(self) -> Option<String> {
        let Self(number) = self;
        (self != Self::FIRST && self != Self::LAST)
            .then(|| format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100))
    }
}

/// Why an article, or another file of knowledge, cannot be used; the author can fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct ArticleError {
    /// The file, as it was named to [`parse`].
    pub file: String,
    /// Line from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub problem: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    locale: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    markets: Vec<String>,
    #[serde(default)]
    audience: Audience,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    questions: Vec<String>,
}

/// Questions of one article at most; more make ranking slow without making it better.
pub const QUESTIONS_MAX: usize = 100;

/// Reads an article; `file` names it in errors.
///
/// # Errors
/// [`ArticleError`] with file and line: no front matter, a field that is missing, unknown or cannot be read, a day that is none, an empty
/// body. The author can fix it.
pub fn parse(file: &str, text: &str) -> Result<Article, ArticleError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let error = |line: usize, problem: String| ArticleError { file: file.to_owned(), line, problem };
    let (front, body) = split(text).map_err(|problem| error(1, problem.to_owned()))?;
    let matter: FrontMatter = serde_saphyr::from_str(front).map_err(|cause| {
        let line = cause.location().map_or(0, |location| usize::try_from(location.line()).unwrap_or(0));
        error(line + 1, said_by(&cause))
    })?;
    let at = |field: &str, problem: String| {
        let prefix = format!("{field}:");
        error(front.lines().position(|line| line.starts_with(&prefix)).map_or(1, |index| index + 2), problem)
    };
    for (field, value) in [("id", &matter.id), ("title", &matter.title), ("locale", &matter.locale)] {
        if value.trim().is_empty() {
            return Err(at(field, format!("`{field}` is empty, write one")));
        }
    }
    if matter.questions.len() > QUESTIONS_MAX {
        return Err(at("questions", format!("more than {QUESTIONS_MAX} questions, keep the most different ones")));
    }
    if body.trim().is_empty() {
        return Err(error(
            front.lines().count() + 2,
            "the article has no text below its front matter, write it".into(),
        ));
    }
    let day = |field: &str, value: &Option<String>, absent: Day| match value {
        None => Ok(absent),
        Some(text) => Day::parse(text).ok_or_else(|| at(field, format!("`{text}` is no day, write YYYY-MM-DD"))),
    };
    let (valid_from, valid_to) =
        (day("valid_from", &matter.valid_from, Day::FIRST)?, day("valid_to", &matter.valid_to, Day::LAST)?);
    if valid_from > valid_to {
        return Err(at("valid_to", "`valid_to` lies before `valid_from`, so the article never holds".to_owned()));
    }
    Ok(Article {
        id: matter.id,
        title: matter.title,
        locale: matter.locale,
        markets: matter.markets,
        audience: matter.audience,
        valid_from,
        valid_to,
        source: matter.source,
        questions: matter.questions,
        body: body.to_owned(),
    })
}

/// An article as it stands in a file: [`parse`] reads the same out of it.
///
/// # Errors
/// When its front matter cannot be written as YAML, which is our bug.
pub fn write(article: &Article) -> Result<String, serde_saphyr::ser_error::Error> {
    let front = serde_saphyr::to_string(&FrontMatter {
        id: article.id.clone(),
        title: article.title.clone(),
        locale: article.locale.clone(),
        markets: article.markets.clone(),
        audience: article.audience,
        valid_from: article.valid_from.written(),
        valid_to: article.valid_to.written(),
        source: article.source.clone(),
        questions: article.questions.clone(),
    })?;
    Ok(format!("---\n{}\n---\n\n{}\n", front.trim_end(), article.body.trim()))
}

/// What the YAML reader said, without the place, which the error has already, and without the source, which follows on further lines.
pub(crate) fn said_by(cause: &serde_saphyr::Error) -> String {
    let said = cause.to_string();
    let first = said.lines().next().unwrap_or_default();
    let placed = first.split_once(" column ").and_then(|(_, rest)| rest.split_once(": "));
    placed.map_or(first, |(_, problem)| problem).trim().to_owned()
}

/// Front matter and body, without the fences.
fn split(text: &str) -> Result<(&str, &str), &'static str> {
    const MISSING: &str = "no front matter, begin the file with a line `---`";
    const OPEN: &str = "the front matter does not end, close it with a line `---`";
    let rest = text.strip_prefix("---").ok_or(MISSING)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n').ok_or(MISSING)?;
    let mut length = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let (front, fenced) = rest.split_at_checked(length).ok_or(OPEN)?;
            return Ok((front, fenced.strip_prefix(line).unwrap_or_default()));
        }
        length += line.len();
    }
    Err(OPEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nid: late-fee\ntitle: What if I pay late?\nlocale: en\nmarkets: [DE]\nvalid_from: 2026-01-01\n\
        questions:\n  - late fee\n---\n\nIt costs 5 EUR.\n";

    #[test]
    fn an_article_is_read_with_its_defaults() {
        let expected = Article {
            id: "late-fee".to_owned(),
            title: "What if I pay late?".to_owned(),
            locale: "en".to_owned(),
            markets: vec!["DE".to_owned()],
            audience: Audience::Customer,
            valid_from: Day(20_260_101),
            valid_to: Day::LAST,
            source: None,
            questions: vec!["late fee".to_owned()],
            body: "\nIt costs 5 EUR.\n".to_owned(),
        };
        assert_eq!(parse("late-fee.md", GOOD), Ok(expected.clone()));
        assert_eq!(parse("late-fee.md", &GOOD.replace('\n', "\r\n")).map(|article| article.id), Ok(expected.id));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut article = parse("late-fee.md", GOOD).unwrap();
        for title in
            ["What if I pay late?", "yes", "- no: \"1\" # 'x'", "null", "2026-01-01", "a\\b {{ x }}", "Ā ñ 返金"]
        {
            title.clone_into(&mut article.title);
            article.questions = vec![title.to_owned(), "a: b".to_owned(), "? [".to_owned()];
            article.body = "It costs 5 EUR.\n\n---\n\n## More\n\n- a".to_owned();
            let mut read = parse("late-fee.md", &write(&article).unwrap()).unwrap();
            read.body = read.body.trim().to_owned();
            assert_eq!(read, article, "{title}");
        }
    }

    #[test]
    fn an_error_names_file_and_line() {
        let cases = [
            (GOOD.replace("locale: en", "locales: en"), 4, "locales"),
            (GOOD.replace("title: What if I pay late?\n", ""), 6, "missing field `title`"),
            (GOOD.replace("2026-01-01", "2026-02-30"), 6, "no day"),
            (GOOD.replace("2026-01-01", "2026-01-01\nvalid_to: 2025-12-31"), 7, "before"),
            (GOOD.replace("id: late-fee", "id: ''"), 2, "empty"),
            (GOOD.replace("\nIt costs 5 EUR.\n", ""), 9, "no text"),
            (GOOD.replace("---\n", ""), 1, "no front matter"),
            (GOOD.replace("---\n\nIt", "\nIt"), 1, "does not end"),
            (GOOD.replace("markets: [DE]", "markets: DE"), 5, ""),
        ];
        for (text, line, word) in cases {
            let error = parse("a.md", &text).unwrap_err();
            assert_eq!((error.file.as_str(), error.line), ("a.md", line), "{error}\n{text}");
            assert!(error.problem.contains(word) && !error.problem.contains("column"), "{error}");
        }
    }

    #[test]
    fn a_day_is_a_day_of_the_calendar() {
        assert_eq!(Day::parse("2024-02-29"), Some(Day(20_240_229)));
        for text in ["2023-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "20260101", "2026-01-01T00", "+026-01-01"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
        assert!(Day::parse("2026-12-31") < Day::parse("2027-01-01"));
    }
}
