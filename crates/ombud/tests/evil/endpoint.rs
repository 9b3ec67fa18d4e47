//! Where does the hijacked model listen? Behind the same protocol as any other: what is asked arrives as a chat completion, and anything may come back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::adversary::{Emission, Model, Seen, Wire};

/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// Longer than any of our deadlines.
const STALL: Duration = Duration::from_millis(1_500);

/// What it is at the moment, and what it has answered since it was looked at.
#[derive(Debug, Default)]
struct Seat {
    model: Option<Model>,
    emitted: Vec<Emission>,
    /// What it was asked, as it came over the wire.
    asked: Vec<String>,
}

/// A server for some workers, each with a seat of its own.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    seats: Arc<Vec<Mutex<Seat>>>,
    _serving: JoinSet<()>,
}

impl Endpoint {
    pub async fn open(workers: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seats: Arc<Vec<Mutex<Seat>>> = Arc::new((0..workers).map(|_| Mutex::default()).collect());
        let mut serving = JoinSet::new();
        let shared = Arc::clone(&seats);
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let seats = Arc::clone(&shared);
                // Whoever hangs up ends his own connection alone.
                open.spawn(async move { drop(serve(stream, &seats).await) });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self { url, seats, _serving: serving })
    }

    /// The address for a worker's model.
    pub fn of(&self, worker: usize) -> String {
        format!("{}/{worker}/v1", self.url)
    }

    pub fn seat(&self, worker: usize, model: Model) {
        if let Some(seat) = self.seats.get(worker) {
            *lock(seat) = Seat { model: Some(model), ..Seat::default() };
        }
    }

    /// What was asked since the last look.
    pub fn asked(&self, worker: usize) -> Vec<String> {
        self.seats.get(worker).map(|seat| std::mem::take(&mut lock(seat).asked)).unwrap_or_default()
    }

    /// What was answered since the last look.
    pub fn emitted(&self, worker: usize) -> Vec<Emission> {
        self.seats.get(worker).map(|seat| std::mem::take(&mut lock(seat).emitted)).unwrap_or_default()
    }
}

fn lock(seat: &Mutex<Seat>) -> std::sync::MutexGuard<'_, Seat> {
    seat.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, seats: &[Mutex<Seat>]) -> anyhow::Result<()> {
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let Some((worker, body)) = request(&mut stream, &mut bytes).await? else { return Ok(()) };
        let prompt = body.pointer("/messages/1/content").and_then(Value::as_str).unwrap_or_default();
        let seen = Seen::of(prompt);
        let wire = {
            let mut seat = lock(seats.get(worker).context("a seat")?);
            let emission = seat.model.as_mut().context("somebody sits there")?.answer(&seen);
            let wire = emission.wire.clone();
            seat.emitted.push(emission);
            seat.asked.push(prompt.to_owned());
            wire
        };
        let (status, body) = match wire {
            Wire::Text(text) => {
                let message = json!({"role": "assistant", "content": text});
                (200, json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string().into_bytes())
            }
            Wire::Json(body) => (200, body.to_string().into_bytes()),
            Wire::Bytes(status, body) => (status, body),
            Wire::Noise => {
                stream.write_all(b"\x00\x01 this is no protocol\r\n\r\n").await?;
                return Ok(());
            }
            Wire::Silence => {
                tokio::time::sleep(STALL).await;
                return Ok(());
            }
        };
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
    }
}

/// The worker that asks, and the body; none when the connection is over.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> anyhow::Result<Option<(usize, Value)>> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let total = end + 4 + length.unwrap_or_default();
            if bytes.len() >= total {
                let path = head.split_whitespace().nth(1).unwrap_or_default();
                let worker = path.split('/').find_map(|part| part.parse().ok()).context("a worker's path")?;
                let body = serde_json::from_slice(bytes.get(end + 4..total).unwrap_or_default())?;
                bytes.drain(..total);
                return Ok(Some((worker, body)));
            }
        }
        anyhow::ensure!(bytes.len() < REQUEST_BYTES_MAX, "a request is too long");
        if stream.read_buf(bytes).await? == 0 {
            return Ok(None);
        }
    }
}
