//! Where is everything? The root, its files as git sees them, and its crates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The checkout that xtask works on.
pub(crate) struct Workspace {
    /// Folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
}

/// One crate of ours, as its manifest declares it.
pub(crate) struct CrateManifest {
    /// Path of the manifest, relative to the root.
    pub(crate) path: String,
    /// Names of normal and build dependencies.
    pub(crate) dependencies: Vec<String>,
    /// Names of dependencies of tests and examples.
    pub(crate) dev_dependencies: Vec<String>,
}

impl Workspace {
    /// Finds the workspace that this binary was built from.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.parent().context("xtask has no parent folder; run it inside the repository")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// Absolute path of a file named relative to the root.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Whether a file or folder of this name, relative to the root, exists.
    pub(crate) fn has(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// Reads a text file named relative to the root.
    pub(crate) fn read(&self, relative: &str) -> anyhow::Result<String> {
        std::fs::read_to_string(self.path(relative)).with_context(|| format!("cannot read `{relative}`"))
    }

    /// Files that are in git or would be added, relative to the root, sorted; deleted ones are left out.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<String>> {
        let output = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&self.root)
            .output()
            .context("cannot run `git`; install it")?;
        if !output.status.success() {
            bail!("`git ls-files` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let listed = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let mut files: Vec<String> =
            listed.split('\0').filter(|name| !name.is_empty() && self.has(name)).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Our crates by name, from `crates/*/Cargo.toml` and `xtask/Cargo.toml`.
    pub(crate) fn crates(&self) -> anyhow::Result<BTreeMap<String, CrateManifest>> {
        let mut crates = BTreeMap::new();
        let mut manifests = vec!["xtask/Cargo.toml".to_owned()];
        for entry in std::fs::read_dir(self.path("crates")).context("cannot list `crates`")? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let manifest = format!("crates/{name}/Cargo.toml");
            if self.has(&manifest) {
                manifests.push(manifest);
            }
        }
        for path in manifests {
            let text = self.read(&path)?;
            let (name, manifest) = CrateManifest::parse(&path, &text)?;
            crates.insert(name, manifest);
        }
        Ok(crates)
    }
}

impl CrateManifest {
    /// Parses a manifest; gives the crate's name with it.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<(String, Self)> {
        let table: toml::Table = text.parse().with_context(|| format!("`{path}` is not TOML"))?;
        let name = table
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(toml::Value::as_str)
            .with_context(|| format!("`{path}` names no package"))?
            .to_owned();
        let mut dependencies = keys_of(&table, "dependencies");
        dependencies.extend(keys_of(&table, "build-dependencies"));
        if let Some(targets) = table.get("target").and_then(toml::Value::as_table) {
            for target in targets.values().filter_map(toml::Value::as_table) {
                dependencies.extend(keys_of(target, "dependencies"));
            }
        }
        let dev_dependencies = keys_of(&table, "dev-dependencies");
        Ok((name, Self { path: path.to_owned(), dependencies, dev_dependencies }))
    }
}

fn keys_of(table: &toml::Table, section: &str) -> Vec<String> {
    let section = table.get(section).and_then(toml::Value::as_table);
    section.map(|entries| entries.keys().cloned().collect()).unwrap_or_default()
}
