//! Where do tests get a PostgreSQL? A private, empty cluster in a temporary folder, on a free port of this machine.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::programs;

/// Where Debian keeps one folder per major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
const READY_TRIES_MAX: u32 = 300;
const TRY_EVERY: Duration = Duration::from_millis(100);
/// The role that owns the cluster; it exists inside of it only.
const ROLE: &str = "ombud";

/// A running cluster; stopped and deleted when dropped.
pub(crate) struct Cluster {
    server: Child,
    programs: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    /// What `OMBUD_TEST_POSTGRES_URL` is set to.
    pub(crate) url: String,
}

/// The account to run as when we are root: PostgreSQL refuses to.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

/// Folder of the newest installed PostgreSQL's programs.
pub(crate) fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN_FOLDER).ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version = folder.file_name()?.to_str()?.parse().ok()?;
            folder.join("bin/initdb").is_file().then(|| (version, folder.join("bin")))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

impl Cluster {
    /// Starts a cluster from the programs in this folder.
    pub(crate) fn start(programs: &Path) -> anyhow::Result<Self> {
        let account = account()?;
        let folder = std::env::temp_dir().join(format!("ombud-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        if let Some(account) = account {
            chown(&folder, Some(account.user), Some(account.group)).context("cannot hand the folder to PostgreSQL")?;
        }
        let data = folder.join("data");
        let mut initdb = as_account(programs.join("initdb"), account);
        initdb.args([
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--username",
            ROLE,
            "--pgdata",
        ]);
        programs::output(initdb.arg(&data)).context("cannot make a PostgreSQL cluster")?;
        let port = free_port()?;
        let mut server = as_account(programs.join("postgres"), account);
        server.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={port}")]);
        // Nothing here must survive a power cut.
        server.args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200"]);
        let log = fs::File::create(folder.join("log"))?;
        let server = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let url = format!("postgres://{ROLE}@127.0.0.1:{port}/postgres");
        let mut cluster = Self { server, programs: programs.to_path_buf(), folder, account, url };
        cluster.wait_until_ready(port)?;
        Ok(cluster)
    }

    fn wait_until_ready(&mut self, port: u16) -> anyhow::Result<()> {
        for _try in 0..READY_TRIES_MAX {
            let mut question = Command::new(self.programs.join("pg_isready"));
            question.args(["--quiet", "--host=127.0.0.1", &format!("--port={port}")]);
            if question.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL ended ({status}): {log}");
            }
            sleep(TRY_EVERY);
        }
        bail!("PostgreSQL did not come up; its log is in `{}`", self.folder.join("log").display())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_account(self.programs.join("pg_ctl"), self.account);
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.folder.join("data"));
        if programs::output(&mut stop).is_err() {
            let _already_gone = self.server.kill();
        }
        let _already_gone = self.server.wait();
        let _left_for_the_system = fs::remove_dir_all(&self.folder);
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port on the loopback address")?;
    Ok(listener.local_addr()?.port())
}

fn account() -> anyhow::Result<Option<Account>> {
    if number(&["-u"])? != 0 {
        return Ok(None);
    }
    let name = if number(&["-u", "postgres"]).is_ok() { "postgres" } else { "nobody" };
    Ok(Some(Account { user: number(&["-u", name])?, group: number(&["-g", name])? }))
}

fn number(arguments: &[&str]) -> anyhow::Result<u32> {
    let printed = programs::output(Command::new("id").args(arguments))?;
    printed.trim().parse().with_context(|| format!("`id` printed `{}`", printed.trim()))
}

fn as_account(program: PathBuf, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    if let Some(account) = account {
        command.uid(account.user).gid(account.group).current_dir("/");
    }
    command
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_private_cluster_listens_and_leaves_nothing_behind() {
        let Some(folder) = installed() else {
            assert!(!programs::demands_everything(), "PostgreSQL is not installed");
            return;
        };
        let cluster = Cluster::start(&folder).unwrap();
        let address = cluster.url.trim_start_matches("postgres://ombud@").trim_end_matches("/postgres").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        let data = cluster.folder.clone();
        drop(cluster);
        assert!(TcpStream::connect(&address).is_err());
        assert!(!data.exists());
    }
}
