//! A server that is told to stop finishes what is under way, on a real socket.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::world::World;
use crate::serve;

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinSet<std::io::Result<()>>,
}

impl Running {
    async fn start(world: &World, connections_max: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, connections_max, world.app.clone(), async {
            let _ = stopped.await;
        }));
        Self { address, stop: Some(stop), server }
    }

    fn stop(&mut self) {
        drop(self.stop.take());
    }

    async fn ended(&mut self) {
        let ended = tokio::time::timeout(std::time::Duration::from_secs(10), self.server.join_next()).await;
        ended.expect("the server ends").unwrap().unwrap().unwrap();
    }
}

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn post(path: &str, token: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn a_turn_under_way_is_answered_before_the_server_ends() {
    let world = World::new();
    let token = world.signed_in("C-1");
    let opened = world.post("/api/v1/conversations", &token, json!({})).await;
    let id = opened.body["id"].as_str().unwrap().to_owned();
    let mut running = Running::start(&world, 8).await;
    // A page that follows must not hold the server up.
    let mut page = TcpStream::connect(running.address).await.unwrap();
    let follow = format!(
        "GET /api/v1/conversations/{id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: 0\r\n\r\n"
    );
    page.write_all(follow.as_bytes()).await.unwrap();
    page.read_exact(&mut [0; 64]).await.unwrap();
    // Neither may a connection that never says anything.
    let _silent = TcpStream::connect(running.address).await.unwrap();
    let mut asking = TcpStream::connect(running.address).await.unwrap();
    let request = post(&format!("/api/v1/conversations/{id}/messages"), &token, r#"{"text": "where is my parcel?"}"#);
    world.gate.close();
    let asked = exchange(&mut asking, &request);
    let stopping = async {
        world.gate.reached(1).await;
        running.stop();
        tokio::task::yield_now().await;
        world.gate.open();
    };
    let (answer, ()) = tokio::join!(asked, stopping);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let mut rest = Vec::new();
    page.read_to_end(&mut rest).await.unwrap();
    running.ended().await;
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_place() {
    let world = World::new();
    let mut running = Running::start(&world, 1).await;
    let first = TcpStream::connect(running.address).await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    let request = "GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    second.write_all(request.as_bytes()).await.unwrap();
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), second.read(&mut [0; 16])).await;
    assert!(waited.is_err(), "the only place is taken");
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    running.stop();
    running.ended().await;
}
