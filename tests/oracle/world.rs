//! Everything the properties run on: the catalog, the formats and the policies of the repository, read by the oracle,
//! and a filter of the crate for each policy.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use dmv_redact::Filter;

use crate::catalog::{Catalog, is_envelope};
use crate::format::Format;
use crate::policy::Policy;
use crate::predict::Setting;
use crate::values::Samples;

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::read);

pub(crate) const EVERYTHING: &str = "everything";

pub(crate) struct World {
    pub(crate) catalog: Catalog,
    pub(crate) formats: Vec<Format>,
    pub(crate) policies: Vec<Arc<Ruled>>,
    pub(crate) samples: Samples,
}

/// One policy twice: as the oracle reads it and as the crate does.
pub(crate) struct Ruled {
    pub(crate) name: String,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) policy: Policy,
    pub(crate) filter: Filter,
}

impl World {
    fn read() -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let catalog = Catalog::read(&text(&home.join("schemas/catalog.toml")));
        let formats: Vec<Format> = listed(&home.join("schemas"))
            .into_iter()
            .map(|folder| folder.join("format.toml"))
            .filter(|file| file.is_file())
            .map(|file| Format::read(&text(&file)))
            .collect();
        assert!(!formats.is_empty(), "no format in schemas/");
        let policies = listed(&home.join("policies"));
        let policies =
            policies.iter().filter(|file| file.extension().is_some_and(|e| e == "toml")).map(|file| ruled(file));
        let mut policies: Vec<Arc<Ruled>> = policies.collect();
        policies.push(Ruled::from_text(EVERYTHING, &everything(&catalog, false)));
        let noticed = everything(&catalog, false).replacen("claims = []", "on-shape-violation = \"notice\"", 1);
        policies.push(Ruled::from_text("everything, and told where a shape is violated", &noticed));
        policies.push(Ruled::from_text("everything generalised", &everything(&catalog, true)));
        World { samples: Samples::draw(&catalog), catalog, formats, policies }
    }

    pub(crate) fn setting<'w>(&'w self, policy: &'w Policy) -> Setting<'w> {
        Setting { catalog: &self.catalog, formats: &self.formats, policy }
    }
}

impl Ruled {
    pub(crate) fn from_text(name: &str, text: &str) -> Arc<Self> {
        let filter = Filter::builder().policy_text("oracle", text).build().unwrap_or_else(|e| panic!("{e}\n{text}"));
        Arc::new(Ruled {
            name: name.to_owned(),
            text: text.to_owned(),
            policy: Policy::read(text, Path::new("")),
            filter,
        })
    }
}

/// A policy that no state should have: under it every mapped path of every format is released by somebody.
pub(crate) fn everything(catalog: &Catalog, generalised: bool) -> String {
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

fn ruled(file: &Path) -> Arc<Ruled> {
    let filter = Filter::builder().policy_path(file).build().expect("a policy of the repository loads");
    let text = text(file);
    Arc::new(Ruled {
        policy: Policy::read(&text, file.parent().expect("a folder")),
        text,
        name: file.file_stem().expect("a name").to_string_lossy().into_owned(),
        filter,
    })
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}
