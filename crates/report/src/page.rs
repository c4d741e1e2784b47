//! The shell of a page for a browser: one file, which loads no other. maud escapes every text.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page, as it is made.
pub(crate) struct Page<'p> {
    pub(crate) title: &'p str,
    pub(crate) style: &'static str,
    /// Its only script, at its end.
    pub(crate) script: Option<&'static str>,
    pub(crate) body: Markup,
}

/// Defense in depth: even if a text were not escaped, the page would load nothing, and without a script it would run nothing.
const STATIC_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const SCRIPT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

impl Page<'_> {
    /// The page as HTML.
    pub(crate) fn into_html(self) -> String {
        let Self { title, style, script, body } = self;
        let security_policy = if script.is_some() { SCRIPT_POLICY } else { STATIC_POLICY };
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(security_policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(style)) }
                }
                body {
                    (body)
                    @if let Some(script) = script { script { (PreEscaped(script)) } }
                }
            }
        };
        page.into_string() + "\n"
    }
}
