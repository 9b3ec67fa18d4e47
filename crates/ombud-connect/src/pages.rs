//! Which page is behind an address? Only public ones unless told otherwise, a few redirects, so many bytes, so much time.
//!
//! An address is typed by a person or stands in a sitemap that somebody else wrote: it must not reach what only this machine can reach. Names are
//! resolved once, and the connection goes to the address that was looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ombud_ports::{Page, PageError, Pages};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Url};

use crate::client::{BodyError, ConnectError, for_pages, read_body};

/// Bytes of a page.
pub const PAGE_BYTES_MAX: usize = 20 << 20;
/// Redirects of a page.
pub const REDIRECTS_MAX: usize = 5;
/// Time for a page with all its redirects, seconds.
const PAGE_S_MAX: u64 = 30;

/// Which addresses may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the public network.
    Public,
    /// Those of this machine and its networks too.
    Private,
}

/// Gets pages over HTTP.
#[derive(Debug, Clone)]
pub struct HttpPages {
    client: Client,
    reach: Reach,
}

impl HttpPages {
    /// A client that reaches what it may.
    ///
    /// # Errors
    /// [`ConnectError`]; the operator can fix it.
    pub fn new(reach: Reach) -> Result<Self, ConnectError> {
        let resolver: Option<Arc<PublicOnly>> = (reach == Reach::Public).then(|| Arc::new(PublicOnly));
        Ok(Self { client: for_pages(resolver)?, reach })
    }

    /// The address, if it may be fetched. Its parser has put every writing of a number into one form.
    fn checked(&self, text: &str) -> Result<Url, PageError> {
        let url = Url::parse(text.trim()).map_err(|_| PageError::Address(text.to_owned()))?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
        let host = host.ok_or_else(|| PageError::Address(text.to_owned()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(PageError::Address(text.to_owned()));
        }
        let literal: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let is_private = literal.is_some_and(|address| !is_public(address));
        if self.reach == Reach::Public && is_private { Err(PageError::Private(url.to_string())) } else { Ok(url) }
    }

    async fn follow(&self, first: &str) -> Result<Page, PageError> {
        let mut url = self.checked(first)?;
        for _ in 0..=REDIRECTS_MAX {
            let response = self.client.get(url.clone()).send().await.map_err(|error| unreached(&url, error))?;
            let status = response.status();
            if status.is_redirection() {
                let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok());
                let next = next.and_then(|next| url.join(next).ok());
                let next = next.ok_or_else(|| PageError::Status { url: url.to_string(), status: status.as_u16() })?;
                url = self.checked(next.as_str())?;
                continue;
            }
            if !status.is_success() {
                return Err(PageError::Status { url: url.to_string(), status: status.as_u16() });
            }
            let media_type = response.headers().get(CONTENT_TYPE).and_then(|told| told.to_str().ok());
            let media_type = media_type.unwrap_or_default().to_owned();
            let bytes = read_body(response, PAGE_BYTES_MAX).await.map_err(|error| match error {
                BodyError::TooLarge => PageError::TooLarge(url.to_string(), PAGE_BYTES_MAX >> 20),
                BodyError::Lost(error) => unreached(&url, error),
            })?;
            return Ok(Page { url: url.to_string(), media_type, bytes });
        }
        Err(PageError::TooManyRedirects(first.to_owned(), REDIRECTS_MAX))
    }
}

fn unreached(url: &Url, error: reqwest::Error) -> PageError {
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return PageError::Private(url.to_string());
        }
        cause = error.source();
    }
    PageError::Unreached { url: url.to_string(), source: Box::new(error) }
}

#[async_trait]
impl Pages for HttpPages {
    async fn page(&self, url: &str) -> Result<Page, PageError> {
        let late = |error| PageError::Unreached { url: url.to_owned(), source: Box::new(error) };
        tokio::time::timeout(Duration::from_secs(PAGE_S_MAX), self.follow(url)).await.map_err(late)?
    }
}

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

/// Resolves names, and leaves out addresses that are not public.
#[derive(Debug)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address is one of the public network: none of the registries of special purposes (RFC 6890 and those that update it).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast();
    let [first, second, third, _] = address.octets();
    let special = special
        || first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 198 && (second == 18 || second == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, fourth, fifth, sixth, high, low] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    // An IPv4 address inside: mapped, compatible, translated (RFC 6052), 6to4 (RFC 3056).
    let is_low = [first, second, third, fourth, fifth].iter().all(|segment| *segment == 0);
    if is_low && (sixth == 0xffff || sixth == 0) {
        return sixth == 0xffff && is_public_v4(embedded(high, low));
    }
    if first == 0x64 && second == 0xff9b {
        return is_public_v4(embedded(high, low));
    }
    if first == 0x2002 {
        return is_public_v4(embedded(second, third));
    }
    // Global unicast is 2000::/3; of it 2001::/23 and the documentation's 2001:db8::/32 and 3fff::/20 are special.
    let is_global = first & 0xe000 == 0x2000;
    let is_special = first == 0x2001 && (second < 0x200 || second == 0xdb8) || first == 0x3fff && second < 0x1000;
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse as _, Redirect};
    use axum::routing::get;

    use super::*;

    async fn site() -> String {
        let page = || async { ([(CONTENT_TYPE, "text/html; charset=utf-8")], "<p>Hello.").into_response() };
        let app = Router::new()
            .route("/page", get(page))
            .route("/moved", get(|| async { Redirect::temporary("/page") }))
            .route("/round", get(|| async { Redirect::temporary("/round") }))
            .route("/file", get(|| async { Redirect::temporary("file:///etc/passwd") }))
            .route("/large", get(|| async { vec![b'a'; PAGE_BYTES_MAX + 1] }))
            .route("/gone", get(|| async { StatusCode::GONE }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = async move { axum::serve(listener, app).await.unwrap() };
        #[expect(clippy::disallowed_methods, reason = "the test's own site, which ends with it")]
        tokio::spawn(serving);
        format!("http://{address}")
    }

    #[tokio::test]
    async fn a_page_is_got_within_its_bounds() {
        let (site, pages) = (site().await, HttpPages::new(Reach::Private).unwrap());
        let page = pages.page(&format!("{site}/moved")).await.unwrap();
        let expected = Page {
            url: format!("{site}/page"),
            media_type: "text/html; charset=utf-8".to_owned(),
            bytes: b"<p>Hello.".to_vec(),
        };
        assert_eq!(page, expected);
        let error = |path: &str| {
            let (url, pages) = (format!("{site}{path}"), pages.clone());
            async move { pages.page(&url).await.unwrap_err() }
        };
        assert!(matches!(error("/round").await, PageError::TooManyRedirects(_, REDIRECTS_MAX)));
        assert!(matches!(error("/file").await, PageError::Address(_)));
        assert!(matches!(error("/large").await, PageError::TooLarge(..)));
        assert!(matches!(error("/gone").await, PageError::Status { status: 410, .. }));
    }

    #[tokio::test]
    async fn what_only_this_machine_reaches_is_not_got() {
        let (site, pages) = (site().await, HttpPages::new(Reach::Public).unwrap());
        let port = site.rsplit(':').next().unwrap();
        for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]
        {
            let error = pages.page(&format!("http://{host}:{port}/page")).await.unwrap_err();
            assert!(matches!(error, PageError::Private(_)), "{host}: {error:?}");
        }
        for address in ["ftp://shop.example/a", "file:///etc/passwd", "shop.example", "http://user:word@shop.example/"]
        {
            assert!(matches!(pages.page(address).await, Err(PageError::Address(_))), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_special_ones() {
        for address in ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808", "2002:808:808::1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "::7f00:1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
