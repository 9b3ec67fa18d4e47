//! Where does the master key come from, and what does a server do about erasures and clocks while it runs?

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ombud_domain::{TenantId, TimestampUs};
use ombud_ports::Clock as _;
use ombud_store::vault::erasure::EXPIRED_MAX;
use ombud_store::{MasterKey, Store, VaultSettings};
use ombud_turn::Assistant;

use crate::clock::SystemClock;
use crate::config::{Config, Privacy};
use crate::wiring::{FORGET_PAUSE, missing};

/// Between two looks at what somebody else has erased: so long may it stay in this process's memory.
const ERASED_PAUSE: Duration = Duration::from_secs(1);
/// Time for the command that prints the master key.
const COMMAND_WAIT: Duration = Duration::from_secs(30);
/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// The keys of the configuration; none when no master key is named.
pub(crate) async fn vault(config: &Config) -> anyhow::Result<Option<VaultSettings>> {
    let Some(master) = master(&config.privacy).await? else { return Ok(None) };
    if config.privacy.keys_url.is_empty() {
        let advice = "a master key is set, so name the database of the keys, such as `sqlite:keys/ombud-keys.db`";
        return Err(missing("privacy", "keys_url", advice).into());
    }
    if config.privacy.keys_url == config.database.url {
        bail!(
            "`privacy.keys_url` is the ledger's own database: keys beside what they seal protect nothing, name another"
        );
    }
    Ok(Some(VaultSettings { keys_url: config.privacy.keys_url.clone(), master }))
}

async fn master(privacy: &Privacy) -> anyhow::Result<Option<MasterKey>> {
    let Privacy { master_key_file: file, master_key: text, master_key_command: command, .. } = privacy;
    let (origin, text) = match (file.as_str(), text.as_str(), command.as_str()) {
        ("", "", "") => return Ok(None),
        (file, "", "") => (format!("`{file}`"), read(Path::new(file))?),
        ("", text, "") => ("`privacy.master_key`".to_owned(), text.to_owned()),
        ("", "", command) => ("`privacy.master_key_command`".to_owned(), printed(command).await?),
        _ => bail!(
            "the master key comes from one place: set one of `privacy.master_key_file`, `master_key`, `master_key_command`"
        ),
    };
    MasterKey::parse(&text).map(Some).context(origin)
}

/// The text of a key's file.
pub(crate) fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| {
        format!("the master key `{}` cannot be read; make one with `ombud keys master FILE`", file.display())
    })
}

async fn printed(command: &str) -> anyhow::Result<String> {
    let mut shell = tokio::process::Command::new("sh");
    let output = shell.arg("-c").arg(command).kill_on_drop(true).output();
    let output = tokio::time::timeout(COMMAND_WAIT, output).await;
    let output = output.context("`privacy.master_key_command` does not end")?.context("`sh` cannot be run")?;
    if !output.status.success() {
        bail!("`privacy.master_key_command` failed ({})", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Throws away again what a copy of the keys that was put back has brought up.
pub(crate) async fn erase_again(store: &Store, tenant: &TenantId) -> anyhow::Result<()> {
    let again = store.erase_again(tenant).await.context("what was erased cannot be looked up")?;
    if again > 0 {
        tracing::warn!(
            keys = again,
            "the keys database was put back from a copy: keys of erased customers are thrown away again"
        );
    }
    Ok(())
}

/// Forgets what others have erased, for as long as the server runs.
pub(crate) async fn follow_erasures(store: &Store, assistant: &Assistant, tenant: &TenantId) {
    let mut seen = 0;
    loop {
        match store.erased_since(tenant, seen).await {
            Ok((version, conversations)) => {
                seen = version;
                for id in conversations.iter().filter_map(|id| id.parse().ok()) {
                    assistant.forget(id);
                }
                // Whose they were is not known any more.
                if !conversations.is_empty() {
                    assistant.forget_records();
                }
            }
            Err(error) => tracing::warn!(%error, "what was erased cannot be looked up, it is tried again"),
        }
        tokio::time::sleep(ERASED_PAUSE).await;
    }
}

/// Erases what is older than its time, for as long as the server runs.
pub(crate) async fn keep_clocks(store: &Store, clock: &SystemClock, (tenant, days): (&TenantId, u32)) {
    if days == 0 {
        return std::future::pending().await;
    }
    loop {
        let now = clock.now();
        let before = TimestampUs(now.0.saturating_sub(i64::from(days).saturating_mul(DAY_US)));
        let taken = match store.expire_conversations(tenant, before, now).await {
            Ok(receipt) => receipt.map_or(0, |receipt| receipt.conversations.len()),
            Err(error) => {
                tracing::warn!(%error, "old conversations are not erased, it is tried again");
                0
            }
        };
        if taken > 0 {
            tracing::info!(conversations = taken, "old conversations were erased");
        }
        let is_full = i64::try_from(taken).unwrap_or(i64::MAX) >= EXPIRED_MAX;
        tokio::time::sleep(if is_full { ERASED_PAUSE } else { FORGET_PAUSE }).await;
    }
}
