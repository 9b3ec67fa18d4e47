//! Which pages does a site say that it has? Sitemaps and their indexes (sitemaps.org protocol 0.9), of the site's own host only.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

/// Pages of all sitemaps of a run; the protocol allows 50,000 for one.
pub const PAGES_MAX: usize = 2_000;
/// Sitemaps that an index may name.
pub const SITEMAPS_MAX: usize = 50;

/// What a sitemap names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Pages of the site, in the order of the file.
    pub pages: Vec<String>,
    /// Further sitemaps of the site.
    pub sitemaps: Vec<String>,
    /// What lies elsewhere or is no address, and is left out.
    pub foreign: usize,
}

/// Why a sitemap cannot be read; whoever keeps the site can fix it.
#[derive(Debug, thiserror::Error)]
pub enum SitemapError {
    /// No XML.
    #[error("it is no sitemap: {0}")]
    Broken(String),
    /// Nothing in it.
    #[error("it names no page of `{0}`")]
    Empty(String),
    /// More than a run reads.
    #[error("it names more than {PAGES_MAX} pages or {SITEMAPS_MAX} further sitemaps, name a smaller one")]
    TooMany,
}

/// Reads a sitemap that was found at `url`.
///
/// # Errors
/// [`SitemapError`]; whoever keeps the site can fix it.
pub fn read(xml: &str, url: &str) -> Result<Sitemap, SitemapError> {
    let host = host_of(url).unwrap_or_default();
    let mut reader = Reader::from_str(xml);
    let (mut found, mut inside, mut loc): (Sitemap, Option<bool>, Option<String>) = (Sitemap::default(), None, None);
    loop {
        match reader.read_event().map_err(|error| SitemapError::Broken(error.to_string()))? {
            Event::Start(start) => match start.local_name().as_ref() {
                "url" => inside = Some(true),
                "sitemap" => inside = Some(false),
                "loc" if inside.is_some() => loc = Some(String::new()),
                _ => {}
            },
            Event::Text(text) => {
                if let Some(loc) = &mut loc {
                    loc.push_str(&text.xml_content(XmlVersion::Explicit1_0));
                }
            }
            Event::GeneralRef(name) => {
                if let (Some(loc), "amp") = (&mut loc, name.as_ref()) {
                    loc.push('&');
                }
            }
            Event::End(end) if end.local_name().as_ref() == "loc" => {
                let Some(address) = loc.take() else { continue };
                let address = address.trim().to_owned();
                if host_of(&address).as_deref() != Some(&host) {
                    found.foreign += 1;
                } else if inside == Some(true) {
                    found.pages.push(address);
                } else {
                    found.sitemaps.push(address);
                }
            }
            Event::Eof => break,
            _ => {}
        }
        if found.pages.len() > PAGES_MAX || found.sitemaps.len() > SITEMAPS_MAX {
            return Err(SitemapError::TooMany);
        }
    }
    if found.pages.is_empty() && found.sitemaps.is_empty() { Err(SitemapError::Empty(host)) } else { Ok(found) }
}

/// Host and port of an `http` or `https` address, in lower case; none of another.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // What stands before an `@` names a user and is no host.
    let host = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "https://shop.example/sitemap.xml";

    fn sitemap(addresses: &[&str]) -> String {
        let urls: String =
            addresses.iter().map(|url| format!("<url><loc> {url} </loc><priority>1</priority></url>")).collect();
        format!("<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>")
    }

    #[test]
    fn pages_of_the_same_host_are_taken() {
        let xml = sitemap(&[
            "https://shop.example/a?x=1&amp;y=2",
            "https://evil.example/b",
            "https://shop.example@evil.example/c",
            "file:///etc/passwd",
            "https://SHOP.example/d",
        ]);
        let found = read(&xml, AT).unwrap();
        assert_eq!(found.pages, ["https://shop.example/a?x=1&y=2", "https://SHOP.example/d"]);
        assert_eq!((found.sitemaps.len(), found.foreign), (0, 3));
    }

    #[test]
    fn an_index_names_further_sitemaps() {
        let xml = "<sitemapindex><sitemap><loc>https://shop.example/help.xml</loc></sitemap></sitemapindex>";
        assert_eq!(read(xml, AT).unwrap().sitemaps, ["https://shop.example/help.xml"]);
    }

    #[test]
    fn nothing_and_too_much_is_refused() {
        assert!(matches!(read("<html><body>404</body></html>", AT), Err(SitemapError::Empty(_))));
        assert!(matches!(read("<urlset><url></loc>", AT), Err(SitemapError::Broken(_))));
        let many = vec!["https://shop.example/a"; PAGES_MAX + 1];
        assert!(matches!(read(&sitemap(&many), AT), Err(SitemapError::TooMany)));
        assert_eq!(read(&sitemap(&many[..PAGES_MAX]), AT).unwrap().pages.len(), PAGES_MAX);
    }
}
