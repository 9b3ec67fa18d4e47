//! How is a knob declared once: its documentation, type and default?

/// One section of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// Its knobs.
    pub(crate) fields: &'static [Field],
}

/// One knob.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Its name in the section.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) about: &'static str,
}

/// Declares a section as a struct with defaults that refuses unknown fields, and its description.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident [$key:literal] { $( $(#[doc = $doc:literal])+ $field:ident : $kind:ty = $default:expr ; )+ }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $( $(#[doc = $doc])+ pub(crate) $field: $kind, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $name {
            /// Its description.
            pub(crate) const SECTION: $crate::config::Section = $crate::config::Section {
                name: $key,
                about: concat!($($about),+),
                fields: &[ $( $crate::config::Field { name: stringify!($field), about: concat!($($doc),+) } ),+ ],
            };
        }
    };
}
pub(crate) use section;
