//! Does a file speak of a machine, name a package registry, or switch a test off?

use super::{Breach, Repository};

/// Folders of somebody's machine, taken apart so that this list does not break its own rule.
const MACHINE_FOLDERS: &[(&str, &str)] = &[("/ho", "me/"), ("/ro", "ot/"), ("/Use", "rs/"), ("/wo", "rk/")];
/// Hosts of package registries and mirrors, taken apart likewise.
const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("crates", ".io"),
    ("registry", ".npmjs"),
    ("registry", ".yarnpkg"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("deb", ".debian.org"),
    ("proxy", ".golang.org"),
];
/// Files that a package client writes; it needs its registry's name.
const WRITTEN_BY_CLIENTS: &[&str] = &["Cargo.lock"];
/// Calls of web test runners that switch tests off, or all others.
const WEB_SWITCHES: &[&str] = &[".skip(", ".only(", ".todo(", "xit(", "fit("];

const TEXT_ENDINGS: &[&str] = &[
    "rs",
    "toml",
    "md",
    "yaml",
    "yml",
    "json",
    "ts",
    "tsx",
    "js",
    "mjs",
    "css",
    "html",
    "sql",
    "cedar",
    "sh",
    "txt",
    "lock",
    "jsonl",
    "csv",
    "run",
    "npmrc",
    "gitignore",
];

pub(super) fn check(repository: &Repository<'_>) -> anyhow::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for path in repository.files.iter().filter(|path| is_text(path)) {
        breaches.extend(breaches_of(path, &repository.workspace.read(path)?));
    }
    for source in &repository.sources {
        let message = "a switched-off test: assert today's wrong answer instead and say so";
        breaches.extend(source.switched_off.iter().map(|line| Breach::new(&source.path, *line, message)));
    }
    Ok(breaches)
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit('.').next().unwrap_or(name);
    TEXT_ENDINGS.contains(&ending)
}

fn breaches_of(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let is_web_test = path.contains(".test.") || path.contains(".spec.");
    for (index, line) in text.lines().enumerate() {
        let mut breach = |message: String| breaches.push(Breach::new(path, index + 1, message));
        for (start, end) in MACHINE_FOLDERS {
            if names_folder(line, &format!("{start}{end}")) {
                breach(format!("`{start}{end}` is a folder of one machine: use a path relative to the repository"));
            }
        }
        for (start, end) in REGISTRY_HOSTS {
            let host = format!("{start}{end}");
            if line.contains(&host) && !WRITTEN_BY_CLIENTS.contains(&path) {
                breach(format!("`{host}` is a registry's host: package clients know where they fetch from"));
            }
        }
        if let Some(switch) = WEB_SWITCHES.iter().find(|switch| is_web_test && line.contains(**switch)) {
            breach(format!("`{switch}` switches tests off"));
        }
    }
    breaches
}

/// Whether the folder stands at the beginning of a path, so that `docs/home/` is not taken for one.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|start| start.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || "._-/*}".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, line: &str) -> usize {
        breaches_of(path, line).len()
    }

    #[test]
    fn folders_of_a_machine_are_found() {
        let home = ["/ho", "me/"].concat();
        assert_eq!(breaches("README.md", &format!("see {home}anna/ombud")), 1);
        assert_eq!(breaches("README.md", &format!("\"{home}anna\"")), 1);
        assert_eq!(breaches("README.md", &format!("see docs{home}page.md")), 0);
    }

    #[test]
    fn hosts_of_registries_are_found_outside_of_cargos_own_file() {
        let host = ["registry", ".npmjs", ".org"].concat();
        assert_eq!(breaches("web/package-lock.json", &format!("\"resolved\": \"https://{host}/x\"")), 1);
        let index = ["crates", ".io-index"].concat();
        assert_eq!(breaches("Cargo.lock", &format!("source = \"{index}\"")), 0);
    }

    #[test]
    fn switched_off_web_tests_are_found() {
        let skipped = ["it.sk", "ip('x')"].concat();
        assert_eq!(breaches("web/src/chat.test.ts", &skipped), 1);
        assert_eq!(breaches("web/src/chat.ts", &skipped), 0);
    }

    #[test]
    fn only_texts_are_read() {
        assert!(is_text("web/.npmrc") && is_text(".ci/run") && is_text("a/b.rs"));
        assert!(!is_text("web/logo.png"));
    }
}
