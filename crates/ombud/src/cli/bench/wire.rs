//! How are HTTP/1.1 messages told apart on a kept-alive connection? Just enough of RFC 9112 for a load generator and a stand-in, so that
//! neither takes the processor from what is measured.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a start line with its headers.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A request or an answer.
#[derive(Debug)]
pub(super) struct Message {
    /// The first line.
    pub(super) start: String,
    /// The body, chunks put together.
    pub(super) body: Vec<u8>,
}

/// One end of a connection.
pub(super) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// How long a body is.
enum Length {
    Bytes(usize),
    Chunks,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Without it the last packet of a message may wait for an acknowledgement; a socket that cannot be told is only slower.
        let _ = stream.set_nodelay(true);
        Self { stream, buffer: Vec::with_capacity(4 << 10) }
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.stream.write_all(message).await
    }

    /// The next message; none when the other end closed the connection between two.
    pub(super) async fn receive(&mut self) -> Result<Option<Message>> {
        let head_bytes = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if self.buffer.len() > HEAD_BYTES_MAX {
                return Err(wrong("the head of a message is too long"));
            }
            if !self.more().await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        };
        let head: Vec<u8> = self.buffer.drain(..head_bytes).collect();
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let body = match length(lines)? {
            Length::Bytes(bytes) => self.take(bytes).await?,
            Length::Chunks => self.chunks().await?,
        };
        Ok(Some(Message { start, body }))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line().await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let bytes = usize::from_str_radix(size, 16).map_err(|_| wrong("a chunk has no length"))?;
            if body.len().saturating_add(bytes) > BODY_BYTES_MAX {
                return Err(wrong("a body is too long"));
            }
            let mut chunk = self.take(bytes + 2).await?;
            chunk.truncate(bytes);
            body.append(&mut chunk);
            if bytes == 0 {
                return Ok(body);
            }
        }
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > HEAD_BYTES_MAX || !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn take(&mut self, bytes: usize) -> Result<Vec<u8>> {
        if bytes > BODY_BYTES_MAX {
            return Err(wrong("a body is too long"));
        }
        while self.buffer.len() < bytes {
            if !self.more().await? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..bytes).collect())
    }

    /// Reads what there is; false at the end of the connection.
    async fn more(&mut self) -> Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn length<'a>(headers: impl Iterator<Item = &'a str>) -> Result<Length> {
    let mut length = Length::Bytes(0);
    for header in headers {
        let Some((name, value)) = header.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Bytes(value.trim().parse().map_err(|_| wrong("`Content-Length` is no number"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            return Ok(Length::Chunks);
        }
    }
    Ok(length)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn received(parts: &'static [&'static str]) -> Vec<(String, String)> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sending = async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            for part in parts {
                stream.write_all(part.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let receiving = async {
            let mut wire = Wire::new(listener.accept().await.unwrap().0);
            let mut all = Vec::new();
            while let Some(message) = wire.receive().await.unwrap() {
                all.push((message.start, String::from_utf8(message.body).unwrap()));
            }
            all
        };
        tokio::join!(sending, receiving).1
    }

    #[tokio::test]
    async fn messages_that_arrive_together_or_in_parts_are_told_apart() {
        let got = received(&[
            "POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r",
            "\n2;x=1\r\nuv\r\n0\r\n\r\nGET /b HT",
            "TP/1.1\r\nhost: x\r\n\r",
            "\n",
        ])
        .await;
        let want = [("POST /a HTTP/1.1", "abc"), ("HTTP/1.1 200 OK", "xyzuv"), ("GET /b HTTP/1.1", "")];
        let want: Vec<(String, String)> =
            want.iter().map(|(start, body)| ((*start).to_owned(), (*body).to_owned())).collect();
        assert_eq!(got, want);
    }
}
