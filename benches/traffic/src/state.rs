//! How a state lays its messages out: drawn once from the seed, and then the same in all its messages.

use crate::part::{Body, Part};
use crate::random::{Random, hash, share};

/// Codes of the states as ORIs begin with them, the largest first: they answer most.
pub(crate) const CODES: [&str; 50] = [
    "CA", "TX", "FL", "NY", "PA", "IL", "OH", "GA", "NC", "MI", "NJ", "VA", "WA", "AZ", "TN", "MA", "IN", "MO", "MD",
    "WI", "CO", "MN", "SC", "AL", "LA", "KY", "OR", "OK", "CT", "UT", "IA", "NV", "AR", "KS", "MS", "NM", "NB", "ID",
    "WV", "HI", "NH", "ME", "RI", "MT", "DE", "SD", "ND", "AK", "VT", "WY",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Nlets,
    Niem60,
    Niem52,
    /// Licenses as mobile driver licenses, everything else in NIEM 6.0.
    Mdl,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) code: &'static str,
    seed: u64,
    pub(crate) json_format: Format,
    pub(crate) xml_format: Format,
    pub(crate) json: JsonLayout,
    pub(crate) xml: XmlLayout,
    is_in_schema_order: bool,
    is_header_last: bool,
    /// Whether objects have ids, and a registration refers to its holder.
    pub(crate) has_ids: bool,
    pub(crate) has_compact_dates: bool,
    pub(crate) ssn_has_dashes: bool,
    /// Letters before the digits of a license number, and how many of these.
    pub(crate) license_letters: usize,
    pub(crate) license_digits: usize,
    /// Elements that no format names.
    pub(crate) local_elements: usize,
    /// Characters of a line of base64; none, no lines.
    pub(crate) image_line: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct JsonLayout {
    pub(crate) indent: Option<&'static str>,
    pub(crate) has_spaces: bool,
    pub(crate) has_arrays_of_one: bool,
    pub(crate) escapes_slashes: bool,
    pub(crate) escapes_letters: bool,
    pub(crate) context: ContextPlace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContextPlace {
    First,
    Last,
    Nowhere,
}

#[derive(Debug)]
pub(crate) struct XmlLayout {
    pub(crate) has_declaration: bool,
    pub(crate) line_end: &'static str,
    pub(crate) indent: &'static str,
    /// Namespaces that no message of the state needs, by their places in the format's table.
    pub(crate) unneeded: u32,
    /// For each namespace of the format; empty for the default namespace.
    pub(crate) prefixes: Vec<String>,
    pub(crate) declared: Declared,
    pub(crate) escape: Escape,
    pub(crate) has_apostrophes: bool,
}

/// Where namespaces are declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Declared {
    AtRoot,
    BelowRoot,
    /// Where the prefix is first needed, over and over.
    WhereUsed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    Needed,
    Everything,
    Cdata,
}

impl State {
    pub(crate) fn new(seed: u64, place: usize) -> Self {
        let code = CODES[place];
        let seed = hash(seed, &["state", code]);
        let mut random = Random::new(seed);
        let mut of = |shares: &[usize]| {
            let mut at = random.below(shares.iter().sum());
            shares.iter().position(|share| at.checked_sub(*share).map(|rest| at = rest).is_none()).unwrap_or(0)
        };
        let json_format = [Format::Niem60, Format::Niem52, Format::Mdl][of(&[45, 30, 25])];
        let xml_format = [Format::Nlets, Format::Niem60, Format::Niem52][of(&[70, 15, 15])];
        let (indent, has_spaces) =
            [(None, false), (None, true), (Some("  "), true), (Some("    "), true)][of(&[82, 12, 5, 1])];
        let context = [ContextPlace::First, ContextPlace::Last, ContextPlace::Nowhere][of(&[84, 6, 10])];
        let json = JsonLayout {
            indent,
            has_spaces,
            context,
            has_arrays_of_one: of(&[60, 40]) == 1,
            escapes_slashes: of(&[80, 20]) == 1,
            escapes_letters: of(&[70, 30]) == 1,
        };
        let (line_end, indent) =
            [("", ""), ("\n", "  "), ("\n", "    "), ("\n", "\t"), ("\r\n", "  ")][of(&[72, 12, 2, 8, 6])];
        let has_ids = of(&[75, 25]) == 1;
        let local_elements = [0, 1, 2, 4][of(&[50, 30, 15, 5])];
        let needs = |prefix: &str| match prefix {
            "st" => local_elements > 0,
            "structures" | "xsi" => has_ids,
            _ => true,
        };
        let namespaces = crate::layouts::namespaces(xml_format).iter().enumerate();
        let unneeded = namespaces.filter(|(_, (prefix, _))| !needs(prefix)).map(|(place, _)| 1 << place).sum();
        let xml = XmlLayout {
            unneeded,
            has_declaration: of(&[25, 75]) == 1,
            line_end,
            indent,
            prefixes: prefixes(xml_format, of(&[70, 14, 8, 8]), &mut of),
            declared: [Declared::AtRoot, Declared::BelowRoot, Declared::WhereUsed][of(&[84, 12, 4])],
            escape: [Escape::Needed, Escape::Everything, Escape::Cdata][of(&[60, 20, 20])],
            has_apostrophes: of(&[92, 8]) == 1,
        };
        Self {
            code,
            seed,
            json_format,
            xml_format,
            json,
            xml,
            is_in_schema_order: of(&[70, 30]) == 1,
            is_header_last: of(&[90, 10]) == 1,
            has_ids,
            has_compact_dates: of(&[85, 15]) == 1,
            ssn_has_dashes: of(&[40, 60]) == 1,
            license_letters: of(&[30, 60, 10]),
            license_digits: [7, 8, 9, 12][of(&[30, 40, 20, 10])],
            local_elements,
            image_line: [None, Some(76), Some(64)][of(&[65, 25, 10])],
        }
    }

    /// How likely a fact is told: `usual` on average, and in some states never.
    pub(crate) fn likelihood(&self, fact: &str, usual: f64) -> f64 {
        let drawn = share(self.seed, &["fact", fact]);
        match drawn {
            _ if usual >= 1.0 => 1.0,
            0.0..0.12 => 0.0,
            0.88..1.0 => (usual * 2.0).min(1.0),
            _ => (usual * (0.6 + 0.8 * drawn)).min(0.98),
        }
    }

    /// A choice out of a few that the state has made once.
    pub(crate) fn choice(&self, what: &str, count: usize) -> usize {
        (hash(self.seed, &["choice", what]) % count as u64) as usize
    }

    /// Puts parts into the state's order.
    pub(crate) fn arrange(&self, part: &mut Part) {
        let Body::Parts(parts) = &mut part.body else { return };
        let parent = part.name;
        parts.sort_by_cached_key(|part| {
            if part.name.ends_with("MessageHeader") || part.name.to_ascii_lowercase().ends_with("messagemetadata") {
                if self.is_header_last { u64::MAX } else { 0 }
            } else if self.is_in_schema_order {
                1
            } else {
                hash(self.seed, &["order", parent, part.name])
            }
        });
        parts.iter_mut().for_each(|part| self.arrange(part));
    }
}

fn prefixes(format: Format, style: usize, of: &mut impl FnMut(&[usize]) -> usize) -> Vec<String> {
    let own = crate::layouts::namespaces(format);
    // The root's namespace has attributes in one format, and attributes have no default namespace.
    let default = match style {
        2 => "nc",
        3 if format != Format::Nlets => own[0].0,
        _ => "",
    };
    let foreign = ["ns", "a", "p", "q"][of(&[1, 1, 1, 1])];
    let prefix = |(place, (prefix, _)): (usize, &(&'static str, &'static str))| match style {
        // A prefix that is bound from the start is written as it is.
        _ if *prefix == "xsi" => (*prefix).to_owned(),
        1 => format!("{foreign}{place}"),
        _ if *prefix == default => String::new(),
        _ => (*prefix).to_owned(),
    };
    own.iter().enumerate().map(prefix).collect()
}
