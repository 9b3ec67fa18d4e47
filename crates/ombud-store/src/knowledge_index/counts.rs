//! What was counted of each article, one behind the other: in memory, or mapped from a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use ombud_retrieval::{Article, Counting, Outside, Vocabulary, chunks, counts};
use tantivy::Directory as _;
use tantivy::directory::MmapDirectory;

use crate::across::across;
use crate::vectors::{Bytes, IndexFileError};

const RECORDS: &str = "counts.records";
const ENDS: &str = "counts.ends";
/// Bytes of the place behind a record.
const END_BYTES: usize = 8;
/// Articles whose records are in memory together while they are written.
const ARTICLES_AT_ONCE: usize = 1_024;

/// Records by their numbers.
#[derive(Debug, Default)]
pub(super) struct Counts {
    records: Bytes,
    ends: Bytes,
}

/// Articles and topics outside, which stand behind them.
pub(super) type OfLanguage<'a> = (&'a Vocabulary, &'a [Article], &'a [Outside]);

/// Changes with what is written.
pub(super) fn format() -> String {
    counts::format()
}

impl Counts {
    /// Of the languages one behind the other, in memory.
    pub(super) fn build(languages: &[OfLanguage<'_>]) -> Self {
        let mut counts = Self::default();
        let (records, ends) = (counts.records.to_mut(), counts.ends.to_mut());
        // Memory takes all that is written.
        drop(write(languages, records, ends));
        counts
    }

    /// Written into a folder.
    pub(super) fn build_in(folder: &Path, languages: &[OfLanguage<'_>]) -> Result<(), IndexFileError> {
        let failed = |file: &'static str| move |source| IndexFileError::Io { file, source };
        let create = |file: &'static str| File::create(folder.join(file)).map(BufWriter::new).map_err(failed(file));
        let (mut records, mut ends) = (create(RECORDS)?, create(ENDS)?);
        write(languages, &mut records, &mut ends).map_err(failed(RECORDS))?;
        records.flush().map_err(failed(RECORDS))?;
        ends.flush().map_err(failed(ENDS))
    }

    /// Maps what was written into a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, IndexFileError> {
        let directory = MmapDirectory::open(folder)?;
        let map = |file: &'static str| {
            let bytes = directory.open_read(Path::new(file))?.read_bytes();
            bytes.map(Bytes::mapped).map_err(|source| IndexFileError::Io { file, source })
        };
        Ok(Self { records: map(RECORDS)?, ends: map(ENDS)? })
    }

    /// Nothing where there is no such record.
    pub(super) fn record(&self, number: usize) -> &[u8] {
        let end = |number: usize| {
            let bytes = self.ends.as_slice().get(number * END_BYTES..)?.first_chunk::<END_BYTES>()?;
            usize::try_from(u64::from_le_bytes(*bytes)).ok()
        };
        let from = if number == 0 { Some(0) } else { end(number - 1) };
        let range = from.zip(end(number)).map(|(from, to)| from..to);
        range.and_then(|range| self.records.as_slice().get(range)).unwrap_or_default()
    }
}

fn write(languages: &[OfLanguage<'_>], records: &mut impl Write, ends: &mut impl Write) -> io::Result<()> {
    let mut end = 0_u64;
    let mut put = |record: &[u8]| {
        end += record.len() as u64;
        records.write_all(record)?;
        ends.write_all(&end.to_le_bytes())
    };
    for (vocabulary, articles, outside) in languages {
        let counting = Counting::of(vocabulary, articles, outside, chunks);
        for some in articles.chunks(ARTICLES_AT_ONCE) {
            for record in across(some, |article| counting.article(article, &chunks(article))) {
                put(&record)?;
            }
        }
        for topic in *outside {
            put(&counting.topic(topic))?;
        }
    }
    Ok(())
}
