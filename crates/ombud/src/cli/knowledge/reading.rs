//! How is a document read that somebody may have made to harm its reader? On a thread of its own, with a deep stack, for a bounded time.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use ombud_ingest::{Document, Format, document};

/// Time for one document.
const READ_S_MAX: u64 = 60;
/// Markup is walked level by level on the stack.
const STACK_BYTES: usize = 64 << 20;

/// Reads a document. One that takes too long is left to its thread, which ends with the program.
///
/// # Errors
/// When it cannot be read, takes too long, or its reader fails; the other documents are read all the same.
pub(super) fn read(format: Format, bytes: Vec<u8>, charset: Option<String>) -> anyhow::Result<Document> {
    let (send, receive) = mpsc::channel();
    let work = move || {
        // Nobody listens any more when it took too long.
        let _ = send.send(document::read(format, &bytes, charset.as_deref()));
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work).context("no thread to read it on")?;
    match receive.recv_timeout(Duration::from_secs(READ_S_MAX)) {
        Ok(read) => Ok(read?),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(anyhow!("reading it takes longer than {READ_S_MAX} s")),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(anyhow!("its reader failed, which is a mistake of ours")),
    }
}
