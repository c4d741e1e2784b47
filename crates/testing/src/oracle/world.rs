//! Everything the properties run on: the catalog, the formats and the policies of the repository, read by the oracle,
//! and a filter of the crate for each policy.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use dmv_redact::{Filter, FilterBuilder};

use super::format::Format;
use super::predict::Setting;
use super::token::TOKEN_KEY;
use super::values::Samples;
use crate::catalog::{Catalog, is_envelope};
use crate::policy::Policy;
use crate::{folders, root, shipped_policies, text};

/// Read once.
pub static WORLD: LazyLock<World> = LazyLock::new(World::read);

/// The name of the policy that permits every element to everybody.
pub const EVERYTHING: &str = "everything";

/// Formats of a user's own, beside the shipped ones. What a format extends is before it.
pub const OWN: [(&str, &str); 3] = [
    ("variants.toml", include_str!("formats/variants.toml")),
    ("extension.toml", include_str!("formats/extension.toml")),
    ("rootless.toml", include_str!("formats/rootless.toml")),
];

/// A builder of filters that know the world's own formats.
pub fn builder() -> FilterBuilder {
    OWN.iter()
        .fold(Filter::builder().token_key_bytes(TOKEN_KEY), |builder, (name, text)| builder.format_bytes(*name, *text))
}

/// What the properties run on.
pub struct World {
    /// The catalog.
    pub catalog: Catalog,
    /// The formats.
    pub formats: Vec<Format>,
    /// The policies.
    pub policies: Vec<Arc<Ruled>>,
    pub(crate) samples: Samples,
}

/// One policy twice: as the oracle reads it and as the crate does.
pub struct Ruled {
    /// Its name.
    pub name: String,
    /// As it is written.
    pub text: String,
    /// As the oracle reads it.
    pub policy: Policy,
    /// As the filter reads it.
    pub filter: Filter,
}

impl World {
    fn read() -> Self {
        let home = root();
        let catalog = Catalog::shipped();
        let mut formats: Vec<Format> = folders(&home.join("schemas"))
            .into_iter()
            .map(|folder| folder.join("format.toml"))
            .filter(|file| file.is_file())
            .map(|file| Format::read(&text(&file), &[]))
            .collect();
        assert!(!formats.is_empty(), "no format in schemas/");
        for (_, text) in OWN {
            formats.push(Format::read(text, &formats));
        }
        let mut policies: Vec<Arc<Ruled>> = shipped_policies().iter().map(|file| ruled(file, &catalog)).collect();
        policies.push(Ruled::from_text(EVERYTHING, &everything(&catalog, false), &catalog));
        let noticed = everything(&catalog, false).replacen("claims = []", "on-shape-violation = \"notice\"", 1);
        policies.push(Ruled::from_text("everything, and told where a shape is violated", &noticed, &catalog));
        let lawful = noticed.replace("elements", "legal-notice = \"LIMITED BY LAW: S. 1.\"\nelements");
        policies.push(Ruled::from_text("everything, and told of the law", &lawful, &catalog));
        policies.push(Ruled::from_text("everything generalised", &everything(&catalog, true), &catalog));
        // The same, with tokens in place of all that is less than full.
        let own = ["year", "zip5", "last4", "mask"].map(|word| format!("= {word:?}"));
        let tokens = own.iter().fold(everything(&catalog, true), |text, own| text.replace(own, "= \"token\""));
        policies.push(Ruled::from_text("everything as tokens", &tokens, &catalog));
        let shared = tokens.replacen("claims = []", "tokens = \"policy\"", 1);
        policies.push(Ruled::from_text("everything as tokens that all share", &shared, &catalog));
        World { samples: Samples::draw(&catalog), catalog, formats, policies }
    }

    /// What messages under a policy are judged by.
    pub fn setting<'w>(&'w self, policy: &'w Policy) -> Setting<'w> {
        Setting { catalog: &self.catalog, formats: &self.formats, policy }
    }
}

impl Ruled {
    /// Whether it writes tokens, which redacting once more takes for values like any other.
    pub fn has_tokens(&self) -> bool {
        self.text.contains("\"token\"")
    }

    /// A policy that is written here.
    pub fn from_text(name: &str, text: &str, catalog: &Catalog) -> Arc<Self> {
        let filter = builder().policy_text("oracle", text).build().unwrap_or_else(|e| panic!("{e}\n{text}"));
        Arc::new(Ruled {
            name: name.to_owned(),
            text: text.to_owned(),
            policy: Policy::read(text, Path::new(""), catalog),
            filter,
        })
    }

    /// The same policy on a date.
    pub fn on(&self, date: &str, catalog: &Catalog) -> Arc<Self> {
        let table = self.text.parse().expect("a policy is TOML");
        Arc::new(Ruled {
            name: format!("on {date}\n{}", self.name),
            text: self.text.clone(),
            policy: Policy::on(date, &table, Path::new(""), catalog),
            filter: self.filter.clone(),
        })
    }
}

/// A policy that no state should have: under it every mapped path of every format is released by somebody.
pub fn everything(catalog: &Catalog, generalised: bool) -> String {
    let elements: Vec<&String> = catalog.elements.keys().filter(|id| !is_envelope(id)).collect();
    let alone = |id: &str| catalog.elements.keys().filter(|other| catalog.covers(id, other)).count() == 1;
    let treated = elements.iter().filter(|id| generalised && alone(id));
    let treated =
        treated.filter_map(|id| Some(format!("{id:?} = {:?}", catalog.elements[*id].kind.closest_treatment()?)));
    let treated = treated.collect::<Vec<_>>().join(", ");
    format!(
        "[policy]\nname = \"everything\"\nversion = \"1\"\nclaims = []\n[agencies.any]\ntitle = \"Any\"\nori = [\"*\"]\n\
         [[permit]]\nid = \"everything\"\nagencies = [\"any\"]\nelements = {elements:?}\nas = {{ {treated} }}\n"
    )
}

fn ruled(file: &Path, catalog: &Catalog) -> Arc<Ruled> {
    let filter = builder().policy_path(file).build().expect("a policy of the repository loads");
    let text = text(file);
    Arc::new(Ruled {
        policy: Policy::read(&text, file.parent().expect("a folder"), catalog),
        text,
        name: file.file_stem().expect("a name").to_string_lossy().into_owned(),
        filter,
    })
}
