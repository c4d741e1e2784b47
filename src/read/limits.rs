//! Limits on messages, checked before memory or time is spent on them (P8).

use dmv_redact_model::config::ConfigError;

/// How large a message may be in each direction. What exceeds a limit is withheld with the reason `limit`.
///
/// ```
/// # use dmv_redact::{Filter, Limits};
/// let mut limits = Limits::default();
/// limits.message_bytes = 1 << 20;
/// let filter = Filter::builder().limits(limits).build()?;
/// # Ok::<(), dmv_redact::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one message. Default 16 MiB; 1 GiB is the most that can be set.
    pub message_bytes: usize,
    /// Nesting depth of elements, objects and arrays. Default 128.
    pub depth: usize,
    /// Bytes of one name, its prefix included. Default 1,024.
    pub name_bytes: usize,
    /// Attributes of one element, namespace declarations included. Default 256.
    pub attributes: usize,
    /// Namespace declarations in scope at one point. Default 256.
    pub namespaces: usize,
    /// Elements, or members of objects, in the whole message. Default 262,144.
    pub members: usize,
}

impl Limits {
    /// Every limit by its name in settings.
    fn by_name(&mut self) -> [(&'static str, &mut usize); 6] {
        [
            ("message-bytes", &mut self.message_bytes),
            ("depth", &mut self.depth),
            ("name-bytes", &mut self.name_bytes),
            ("attributes", &mut self.attributes),
            ("namespaces", &mut self.namespaces),
            ("members", &mut self.members),
        ]
    }

    /// Every limit: its name in settings, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.clone().by_name().map(|(name, limit)| (name, *limit)).into_iter()
    }

    /// Sets one limit from `NAME=NUMBER`, as on the command line or in a settings file: `message-bytes`, `depth`,
    /// `name-bytes`, `attributes`, `namespaces` or `members`.
    ///
    /// # Errors
    /// When there is no such limit (the error suggests the nearest name), or the number is invalid.
    pub fn set(&mut self, setting: &str) -> Result<(), ConfigError> {
        let Some((name, number)) = setting.split_once('=') else {
            return Err(error(format!("`{setting}` is not NAME=NUMBER")));
        };
        let number = number.parse().map_err(|_| error(format!("`{number}` is no number")))?;
        let mut limits = self.by_name();
        match limits.iter_mut().find(|(known, _)| *known == name) {
            Some((_, limit)) => **limit = number,
            None => {
                let names = limits.iter().map(|(name, _)| *name);
                return Err(error(format!("unknown limit `{name}`")).nearest(name, names));
            }
        }
        Ok(())
    }
}

fn error(message: String) -> ConfigError {
    ConfigError::of_file("--limit", message)
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 << 20,
            depth: 128,
            name_bytes: 1024,
            attributes: 256,
            namespaces: 256,
            members: 1 << 18,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_every_limit_can_be_set_by_name() {
        let mut limits = Limits::default();
        for name in ["message-bytes", "depth", "name-bytes", "attributes", "namespaces", "members"] {
            assert!(limits.set(&format!("{name}=7")).is_ok());
        }
        let seven = Limits { message_bytes: 7, depth: 7, name_bytes: 7, attributes: 7, namespaces: 7, members: 7 };
        assert_eq!(limits, seven);
        for (bad, message) in [
            ("depht=7", "--limit: unknown limit `depht`; did you mean `depth`?"),
            ("depth=-1", "--limit: `-1` is no number"),
            ("depth", "--limit: `depth` is not NAME=NUMBER"),
        ] {
            assert_eq!(limits.set(bad).map_err(|error| error.to_string()), Err(message.to_owned()));
        }
    }
}
