//! What of an index lies on disk? Its numbers as they lie in memory, so that they can be mapped, and one description of them.
//!
//! Whether the files are those that were written is checked by whoever keeps them ([`crate::artefact`]); here only that they fit together. Numbers that
//! lead nowhere are left out by the search.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::Directory as _;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError};

use super::attributes::{AttributeSets, StoredSet};
use super::bytes::Bytes;
use super::graph::{Graph, GraphSettings};
use super::held::Vectors;
use super::rows::{ENTRY_BYTES, Rows};

const DESCRIPTION: &str = "vectors.json";
const CODES: &str = "vectors.codes";
const ENTRIES: &str = "vectors.entries";
const BASE: &str = "vectors.links";
const UPPER: &str = "vectors.links-above";
const FIRSTS: &str = "vectors.firsts";

/// Why a part of an index that lies in files of ours cannot be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum IndexFileError {
    /// The folder cannot be written or read; the operator looks after its disk and rights.
    #[error("the file `{file}` of an index cannot be written or read")]
    Io {
        /// Which file.
        file: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The folder cannot be opened; the operator looks after its rights.
    #[error("the folder of an index cannot be opened")]
    Folder(#[from] OpenDirectoryError),
    /// A file is not there or cannot be mapped.
    #[error("a file of an index cannot be opened, delete the index, it is built anew")]
    Open(#[from] OpenReadError),
    /// Files do not fit together.
    #[error("the file `{file}` of an index does not fit the others, delete the index, it is built anew")]
    Malformed {
        /// Which file.
        file: &'static str,
    },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    dimension: usize,
    sets: Vec<StoredSet>,
    graph: Option<StoredGraph>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredGraph {
    links: usize,
    build_width: usize,
    search_width: usize,
    entry: u32,
}

impl Vectors {
    /// Writes all of it into a folder.
    ///
    /// # Errors
    /// [`IndexFileError::Io`]; the operator looks after the disk.
    pub fn write(&self, folder: &Path) -> Result<(), IndexFileError> {
        let graph = self.graph.as_ref().map(|graph| StoredGraph {
            links: graph.settings.links,
            build_width: graph.settings.build_width,
            search_width: graph.settings.search_width,
            entry: graph.entry,
        });
        let description = Description { dimension: self.rows.dimension, sets: self.sets.stored(), graph };
        let description = serde_json::to_vec(&description)
            .map_err(|cause| IndexFileError::Io { file: DESCRIPTION, source: cause.into() })?;
        let write = |file: &'static str, bytes: &[u8]| {
            let written = File::create(folder.join(file)).and_then(|mut file| file.write_all(bytes));
            written.map_err(|source| IndexFileError::Io { file, source })
        };
        write(DESCRIPTION, &description)?;
        write(CODES, self.rows.codes.as_slice())?;
        write(ENTRIES, self.rows.entries.as_slice())?;
        if let Some(graph) = &self.graph {
            write(BASE, graph.base.as_slice())?;
            write(UPPER, graph.upper.as_slice())?;
            write(FIRSTS, graph.firsts.as_slice())?;
        }
        Ok(())
    }

    /// Maps what was written into a folder; nothing of it is read before it is searched.
    ///
    /// # Errors
    /// [`IndexFileError`] when a file is not there, cannot be mapped or does not fit the others; the operator deletes the index, so that it is built anew.
    pub fn open(folder: &Path) -> Result<Self, IndexFileError> {
        let directory = MmapDirectory::open(folder)?;
        let map = |file: &'static str| {
            let bytes = directory.open_read(Path::new(file))?.read_bytes();
            bytes.map_err(|source| IndexFileError::Io { file, source })
        };
        let description: Description =
            serde_json::from_slice(&map(DESCRIPTION)?).map_err(|_| IndexFileError::Malformed { file: DESCRIPTION })?;
        let dimension = description.dimension;
        let rows = Rows { dimension, codes: Bytes::mapped(map(CODES)?), entries: Bytes::mapped(map(ENTRIES)?) };
        let fits = |file: &'static str, bytes: &Bytes, expected: Option<usize>| match expected {
            Some(expected) if expected == bytes.as_slice().len() => Ok(()),
            _ => Err(IndexFileError::Malformed { file }),
        };
        let count = rows.count();
        fits(ENTRIES, &rows.entries, count.checked_mul(ENTRY_BYTES))?;
        fits(CODES, &rows.codes, count.checked_mul(dimension))?;
        let graph = match description.graph {
            None => None,
            Some(StoredGraph { links, build_width, search_width, entry }) => {
                let settings = GraphSettings { links, build_width, search_width };
                let mut graph = Graph::new(settings);
                if graph.settings != settings {
                    return Err(IndexFileError::Malformed { file: DESCRIPTION });
                }
                graph.base = Bytes::mapped(map(BASE)?);
                graph.upper = Bytes::mapped(map(UPPER)?);
                graph.firsts = Bytes::mapped(map(FIRSTS)?);
                graph.entry = entry;
                fits(BASE, &graph.base, count.checked_mul(8 * links))?;
                fits(FIRSTS, &graph.firsts, count.checked_mul(4))?;
                Some(graph)
            }
        };
        Ok(Self { rows, sets: AttributeSets::read(description.sets), graph })
    }
}
