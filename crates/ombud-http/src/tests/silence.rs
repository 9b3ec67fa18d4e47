//! Nothing a customer wrote is ever logged, at any level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::world::World;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_a_customer_wrote_his_code_and_his_token_are_in_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let world = World::demo();
    let (token, id) = world.conversation().await;
    let root = format!("/api/v1/conversations/{id}");
    let texts = ["Rumpelstiltskin lives here", "I want to talk to a person, Rumpelstiltskin"];
    for text in texts {
        world.post_with_key(&format!("{root}/messages"), &token, "k-Rumpelstiltskin", json!({"text": text})).await;
    }
    world.post(&format!("{root}/messages"), &token, json!({"text": 7, "Rumpelstiltskin": 1})).await;
    world.post(&format!("{root}/step_up"), &token, json!({"code": "493021"})).await;
    world.get("/api/v1/demo/outbox?customer_id=Rumpelstiltskin", "").await;
    world.get("/api/v1/Rumpelstiltskin", &token).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("request answered") && log.contains("/api/v1/conversations/{id}/messages"), "{log}");
    for secret in ["Rumpelstiltskin", "493021", &token] {
        assert!(!log.contains(secret), "{secret} in:\n{log}");
    }
}
