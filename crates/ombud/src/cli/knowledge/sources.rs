//! Which documents are meant: those of a folder, a file, a page, the pages of a sitemap?

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use ombud_connect::HttpPages;
use ombud_ingest::{Format, document, sitemap};
use ombud_ports::Pages as _;

/// Documents of one run.
pub(super) const DOCUMENTS_MAX: usize = 2_000;
/// Folders inside of each other.
const DEPTH_MAX: usize = 20;

/// A document that can be got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// Where it comes from, as the history calls it: `folder/path`, or its address.
    pub(super) name: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    File(PathBuf, Format),
    Page { url: String, host: Option<String> },
}

/// What was found, and whether it is all there is.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) documents: Vec<Source>,
    /// Collections of which everything was named: what is missing in them is gone.
    pub(super) whole: Vec<String>,
}

/// What a source holds.
pub(super) struct Got {
    pub(super) bytes: Vec<u8>,
    pub(super) format: Format,
    pub(super) charset: Option<String>,
    /// Where the public can read it.
    pub(super) public: Option<String>,
}

impl Sources {
    /// A folder, a file, or the address of a page.
    pub(super) fn add(&mut self, named: &str) -> anyhow::Result<()> {
        if named.contains("://") {
            self.documents
                .push(Source { name: named.to_owned(), place: Place::Page { url: named.to_owned(), host: None } });
            return self.check();
        }
        let path = std::path::absolute(named).with_context(|| format!("`{named}` is no path"))?;
        let about = std::fs::metadata(&path).with_context(|| format!("there is neither file nor folder `{named}`"))?;
        if about.is_dir() {
            let collection = name_of(&path)?;
            walk(&path, &mut |file, format| {
                let inside = file.strip_prefix(&path).unwrap_or(file).to_string_lossy().replace('\\', "/");
                self.documents.push(Source {
                    name: format!("{collection}/{inside}"),
                    place: Place::File(file.to_owned(), format),
                });
                self.check()
            })?;
            self.whole.push(collection);
            return Ok(());
        }
        let format =
            Format::of_name(named).with_context(|| format!("`{named}` is none of .md, .html, .htm, .pdf and .docx"))?;
        let folder = path.parent().map(name_of).transpose()?.unwrap_or_default();
        self.documents.push(Source { name: format!("{folder}/{}", name_of(&path)?), place: Place::File(path, format) });
        self.check()
    }

    /// The pages of a sitemap and of those that it names, all of one host.
    pub(super) async fn add_sitemap(&mut self, url: &str, pages: &HttpPages) -> anyhow::Result<usize> {
        let host = sitemap::host_of(url)
            .with_context(|| format!("`{url}` is no address, write it as `https://host/sitemap.xml`"))?;
        let (mut open, mut read, mut foreign) = (vec![url.to_owned()], 0_usize, 0);
        while let Some(next) = open.pop() {
            read += 1;
            if read > sitemap::SITEMAPS_MAX {
                bail!("`{url}` leads to more than {} sitemaps, name one of them", sitemap::SITEMAPS_MAX);
            }
            let page = pages.page(&next).await?;
            if sitemap::host_of(&page.url).as_deref() != Some(&host) {
                bail!("`{next}` goes on to another host, name its own sitemap");
            }
            let found =
                sitemap::read(&String::from_utf8_lossy(&page.bytes), &next).with_context(|| format!("`{next}`"))?;
            foreign += found.foreign;
            open.extend(found.sitemaps);
            for url in found.pages {
                let name = url.clone();
                self.documents.push(Source { name, place: Place::Page { url, host: Some(host.clone()) } });
            }
            self.check()?;
        }
        let (scheme, _) = url.split_once("://").unwrap_or(("https", ""));
        self.whole.push(format!("{scheme}://{host}"));
        Ok(foreign)
    }

    fn check(&self) -> anyhow::Result<()> {
        if self.documents.len() > DOCUMENTS_MAX {
            bail!("more than {DOCUMENTS_MAX} documents, bring them in parts");
        }
        Ok(())
    }

    /// In the order of their names, each once.
    pub(super) fn sorted(mut self) -> Self {
        self.documents.sort_by(|one, other| one.name.cmp(&other.name));
        self.documents.dedup_by(|one, other| one.name == other.name);
        self
    }
}

impl Source {
    /// Gets the document.
    ///
    /// # Errors
    /// When it cannot be got, is too large, or is in no format that is read; whoever keeps it can fix it.
    pub(super) async fn get(&self, pages: Option<&HttpPages>) -> anyhow::Result<Got> {
        match &self.place {
            Place::File(path, format) => {
                let size = std::fs::metadata(path).map(|about| about.len()).unwrap_or_default();
                if size > u64::try_from(document::BYTES_MAX).unwrap_or(u64::MAX) {
                    return Err(document::ReadError::TooLarge.into());
                }
                let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
                Ok(Got { bytes, format: *format, charset: None, public: None })
            }
            Place::Page { url, host } => {
                let page = pages.context("there is no client for pages")?.page(url).await?;
                let is_elsewhere = host.as_ref().is_some_and(|host| sitemap::host_of(&page.url).as_ref() != Some(host));
                if is_elsewhere {
                    bail!("it goes on to another host, `{}`", page.url);
                }
                let path = page.url.split(['?', '#']).next().unwrap_or_default();
                let format = Format::of_media_type(&page.media_type).or_else(|| Format::of_name(path));
                let format = format.with_context(|| format!("`{}` is no document that is read", page.media_type))?;
                let charset = page.media_type.split(';').find_map(|part| part.trim().strip_prefix("charset="));
                let charset = charset.map(|name| name.trim_matches('"').to_owned());
                Ok(Got { bytes: page.bytes, format, charset, public: Some(url.clone()) })
            }
        }
    }

    pub(super) const fn is_page(&self) -> bool {
        matches!(self.place, Place::Page { .. })
    }
}

fn name_of(path: &Path) -> anyhow::Result<String> {
    let name =
        path.file_name().with_context(|| format!("`{}` has no name, name a folder inside of it", path.display()))?;
    Ok(name.to_string_lossy().into_owned())
}

/// All documents below a folder. Links are not followed, so that a folder cannot reach out of itself; what begins with a dot is left out.
fn walk(folder: &Path, take: &mut impl FnMut(&Path, Format) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut open = vec![(folder.to_owned(), 0_usize)];
    while let Some((current, depth)) = open.pop() {
        let failed = || format!("cannot read the folder `{}`", current.display());
        for entry in std::fs::read_dir(&current).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().with_context(failed)?);
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                if depth == DEPTH_MAX {
                    bail!("`{}` lies more than {DEPTH_MAX} folders deep", path.display());
                }
                open.push((path, depth + 1));
            } else if let Some(format) = Format::of_name(&name).filter(|_| kind.is_file()) {
                take(&path, format)?;
            }
        }
    }
    Ok(())
}
