//! Does a page of the documentation name every key that a file may have? The type that reads the file is asked for them.

use serde::de::DeserializeOwned;

/// Keys that a type takes; those of a type that refuses unknown ones, else none.
#[must_use]
pub fn keys_of<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>(r#"{"?": null}"#) else { return Vec::new() };
    // unknown field `?`, expected one of `name`, `turns`
    error.to_string().split('`').skip(3).step_by(2).map(ToOwned::to_owned).collect()
}

/// Keys of a type that a section of a page, named by its heading, does not name as code.
#[must_use]
pub fn unnamed_keys<T: DeserializeOwned>(page: &str, heading: &str) -> Vec<String> {
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).unwrap_or_default();
    keys_of::<T>().into_iter().filter(|key| !section.contains(&format!("`{key}`"))).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shop {
        #[serde(rename = "called")]
        _name: String,
        #[serde(rename = "open")]
        _open: bool,
    }

    #[test]
    fn the_keys_of_a_type_are_those_that_its_files_have() {
        assert_eq!(keys_of::<Shop>(), ["called", "open"]);
        let page = "# Shops\n\n## Keys\n\n`called` is the name.\n\n## Hours\n\n`open`\n";
        assert_eq!(unnamed_keys::<Shop>(page, "Keys"), ["open"]);
        assert_eq!(unnamed_keys::<Shop>(page, "Hours"), ["called"]);
    }
}
