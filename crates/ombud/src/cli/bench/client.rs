//! How does a simulated customer speak with a server? Over one kept-alive connection of his own.

use std::fmt::Write as _;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::wire::{Message, Wire};

/// One connection, made when it is needed.
pub(super) struct Client {
    address: SocketAddr,
    wire: Option<Wire>,
    request: String,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) const fn new(address: SocketAddr) -> Self {
        Self { address, wire: None, request: String::new() }
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.exchange(("GET", path), "", "").await
    }

    /// Posts JSON; `headers` are whole lines, each with its end.
    pub(super) async fn post(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer> {
        self.exchange(("POST", path), headers, body).await
    }

    /// A connection that failed is dropped: nothing is sent twice.
    async fn exchange(&mut self, (method, path): (&str, &str), headers: &str, body: &str) -> Result<Answer> {
        self.request.clear();
        // Writing to a String cannot fail.
        let _ = write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.address,
            body.len()
        );
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::new(TcpStream::connect(self.address).await?),
        };
        wire.send(self.request.as_bytes()).await?;
        let Message { start, body } = wire.receive().await?.ok_or(ErrorKind::UnexpectedEof)?;
        let status = start.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::new(ErrorKind::InvalidData, "an answer without a status"))?;
        self.wire = Some(wire);
        Ok(Answer { status, body })
    }
}
