//! Where does the configuration come from? Defaults, then the file, then `OMBUD_SECTION_FIELD`, then `--set section.field=value`.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Config, SECTIONS};

/// Why the configuration cannot be used; the operator can fix it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("`{}` cannot be read, give another file with `--config`", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The file, or a value in it, is wrong.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A value from the environment or a flag is wrong.
    #[error("{origin}: {message}")]
    Value {
        /// Variable or flag.
        origin: String,
        /// What is wrong.
        message: String,
    },
    /// A value is needed.
    #[error("`{key}` is not set: put it into ombud.toml or set {variable}; {advice}")]
    Missing {
        /// `section.field`.
        key: String,
        /// Environment variable.
        variable: String,
        /// What to put there.
        advice: &'static str,
    },
}

/// What overrides the file.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// The file; `ombud.toml` in the working folder if it is there and nothing else was named.
    pub(crate) file: Option<PathBuf>,
    /// `section.field=value`.
    pub(crate) settings: Vec<String>,
}

/// The file that is read when none is named.
const FILE: &str = "ombud.toml";

/// Reads the configuration.
///
/// # Errors
/// [`ConfigError`] with file and line, variable or flag; the operator can fix it.
pub(crate) fn load(overrides: &Overrides) -> Result<Config, ConfigError> {
    load_with(overrides, environment)
}

/// The name of a knob's environment variable.
pub(crate) fn variable(section: &str, field: &str) -> String {
    format!("OMBUD_{}_{}", section.to_uppercase(), field.to_uppercase())
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The token with which somebody of the company speaks to a server, if the environment has one.
pub(crate) fn staff_token() -> Option<String> {
    environment("OMBUD_STAFF_TOKEN")
}

/// The user's folder for what can be fetched again, as the XDG base directory specification has it; none on a machine without a home.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    cache_folder_with(environment)
}

fn cache_folder_with(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    // A relative path is to be ignored.
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

fn load_with(overrides: &Overrides, environment: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    let (path, text) = read(overrides.file.as_deref())?;
    // The file alone first, so that its mistakes are shown with its lines.
    let file: Config = toml::from_str(&text).map_err(|error| syntax(&path, &text, &error))?;
    let mut merged = Table::try_from(&file)
        .map_err(|error| ConfigError::Value { origin: path.display().to_string(), message: error.to_string() })?;
    for section in SECTIONS {
        for field in section.fields {
            let name = variable(section.name, field.name);
            if let Some(text) = environment(&name) {
                set(&mut merged, section.name, field.name, &text, &name)?;
            }
        }
    }
    for setting in &overrides.settings {
        let origin = format!("--set {setting}");
        let wrong =
            || ConfigError::Value { origin: origin.clone(), message: "write it as `section.field=value`".to_owned() };
        let (key, text) = setting.split_once('=').ok_or_else(wrong)?;
        let (section, field) = key.trim().split_once('.').ok_or_else(wrong)?;
        set(&mut merged, section, field, text.trim(), &origin)?;
    }
    merged.try_into().map_err(|error: toml::de::Error| ConfigError::Value {
        origin: "configuration".to_owned(),
        message: error.message().to_owned(),
    })
}

fn read(named: Option<&Path>) -> Result<(PathBuf, String), ConfigError> {
    let path = named.unwrap_or_else(|| Path::new(FILE)).to_owned();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok((path, String::new())),
        Err(source) => Err(ConfigError::File { path, source }),
    }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    ConfigError::Syntax { path: path.to_owned(), line, message: error.message().to_owned() }
}

/// Sets one knob from text, in the type that it has.
fn set(table: &mut Table, section: &str, field: &str, text: &str, origin: &str) -> Result<(), ConfigError> {
    let wrong = |message: String| ConfigError::Value { origin: origin.to_owned(), message };
    let known = table.get_mut(section).and_then(Value::as_table_mut).and_then(|section| section.get_mut(field));
    let value = known.ok_or_else(|| wrong(format!("there is no `{section}.{field}`, see `ombud config-reference`")))?;
    *value = match value {
        Value::Integer(_) => {
            Value::Integer(text.parse().map_err(|_| wrong(format!("`{text}` is not a whole number")))?)
        }
        Value::Boolean(_) => {
            Value::Boolean(text.parse().map_err(|_| wrong(format!("`{text}` is neither `true` nor `false`")))?)
        }
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| Value::String(part.to_owned()))
                .collect(),
        ),
        _ => Value::String(text.to_owned()),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> Overrides {
        let path = std::env::temp_dir().join(format!("ombud-config-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Overrides { file: Some(path), settings: Vec::new() }
    }

    fn nothing(_name: &str) -> Option<String> {
        None
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let mut overrides = file("order", "[server]\nlisten = \"a\"\nstreams_max = 1\n[model]\nname = \"a\"\n");
        let environment = |name: &str| match name {
            "OMBUD_SERVER_LISTEN" => Some("b".to_owned()),
            "OMBUD_MODEL_NAME" => Some("b".to_owned()),
            "OMBUD_SERVER_TRUSTED_PROXIES" => Some("10.0.0.0/8, ::1".to_owned()),
            _ => None,
        };
        overrides.settings.push("server.listen=c".to_owned());
        let config = load_with(&overrides, environment).unwrap();
        assert_eq!(
            (config.server.listen.as_str(), config.server.streams_max, config.model.name.as_str()),
            ("c", 1, "b")
        );
        assert_eq!(config.server.trusted_proxies, ["10.0.0.0/8", "::1"]);
    }

    #[test]
    fn a_typo_is_shown_with_its_line() {
        let overrides = file("typo", "[server]\n\nlisen = \"127.0.0.1:1\"\n");
        let error = load_with(&overrides, nothing).unwrap_err().to_string();
        assert!(error.contains("typo.toml:3:") && error.contains("lisen"), "{error}");
        let overrides = file("section", "[sever]\nlisten = \"127.0.0.1:1\"\n");
        let error = load_with(&overrides, nothing).unwrap_err().to_string();
        assert!(error.contains("section.toml:1:") && error.contains("sever"), "{error}");
    }

    #[test]
    fn a_wrong_value_names_where_it_came_from() {
        let environment = |name: &str| (name == "OMBUD_SERVER_STREAMS_MAX").then(|| "many".to_owned());
        let error = load_with(&file("env", ""), environment).unwrap_err().to_string();
        assert_eq!(error, "OMBUD_SERVER_STREAMS_MAX: `many` is not a whole number");
        for setting in ["server.lisen=x", "listen=x", "server.listen"] {
            let overrides = Overrides { settings: vec![setting.to_owned()], ..file("set", "") };
            let error = load_with(&overrides, nothing).unwrap_err().to_string();
            assert!(error.starts_with(&format!("--set {setting}: ")), "{error}");
        }
    }

    #[test]
    fn what_can_be_fetched_again_lies_where_the_user_keeps_such_things() {
        let home = |name: &str| (name == "HOME").then(|| "/h/ombud".to_owned());
        let relative = |name: &str| (name == "XDG_CACHE_HOME").then(|| "cache".to_owned()).or_else(|| home(name));
        let absolute = |name: &str| (name == "XDG_CACHE_HOME").then(|| "/cache".to_owned()).or_else(|| home(name));
        assert_eq!(cache_folder_with(home), Some(PathBuf::from("/h/ombud/.cache")));
        assert_eq!(cache_folder_with(relative), Some(PathBuf::from("/h/ombud/.cache")));
        assert_eq!(cache_folder_with(absolute), Some(PathBuf::from("/cache")));
        assert_eq!(cache_folder_with(nothing), None);
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let overrides = Overrides { file: Some(PathBuf::from("/nowhere/ombud.toml")), settings: Vec::new() };
        assert!(matches!(load_with(&overrides, nothing), Err(ConfigError::File { .. })));
    }
}
