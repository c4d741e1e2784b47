//! The crates of the workspace, the modules in each of them, and which of them use which, read off the manifests and the
//! sources: docs/architecture.md shows just these crates, and nothing depends on anything in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact_testing::{folders, root, text};
use toml::{Table, Value};

use super::{codes, rows};

/// The first of each, then what it uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// A crate of the workspace.
struct Crate {
    /// Without `dmv-redact-`.
    name: String,
    /// Its folder of sources.
    sources: PathBuf,
    /// The crates of the workspace that it uses, outside of its tests.
    uses: BTreeSet<String>,
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let manifest: Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let tables = targets.filter_map(|target| target.get("dependencies")).chain(manifest.get("dependencies"));
        let names = tables.flat_map(|table| table.as_table().unwrap().keys());
        let own = names.filter(|name| name.starts_with("dmv-redact"));
        Self {
            name: short(manifest["package"]["name"].as_str().unwrap()),
            sources: folder.join("src"),
            uses: own.map(|name| short(name)).collect(),
        }
    }

    /// The source of its root.
    fn top(&self) -> String {
        let files = ["lib.rs", "main.rs"].map(|name| self.sources.join(name));
        let top = files.iter().find(|file| file.is_file()).unwrap();
        shipped(&fs::read_to_string(top).unwrap())
    }
}

/// What the table calls a crate.
fn short(package: &str) -> String {
    package.strip_prefix("dmv-redact-").unwrap_or(package).to_owned()
}

fn crates() -> Vec<Crate> {
    let mut folders = folders(&root().join("crates"));
    folders.extend([
        root().to_owned(),
        root().join("bindings/c"),
        root().join("bindings/java/native"),
        root().join("bindings/python"),
    ]);
    folders.iter().map(|folder| Crate::read(folder)).collect()
}

/// The modules at the top of a crate.
fn modules(top: &str) -> BTreeSet<String> {
    let named = |line: &str| {
        let line = ["pub(crate) ", "pub "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
        Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    top.lines().filter_map(named).collect()
}

/// What the root of a crate has from each of its modules: `crate::Filter` is of `filter`.
fn imports(top: &str, modules: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut imports = BTreeMap::new();
    for statement in top.split("use ").skip(1) {
        let statement = statement.split(';').next().unwrap();
        let Some((module, names)) = statement.split_once("::").filter(|(module, _)| modules.contains(*module)) else {
            continue;
        };
        for name in names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty()) {
            imports.insert(name.to_owned(), module.to_owned());
        }
    }
    imports
}

/// Whether the root of a crate itself declares a name, or has it from another crate.
fn is_of_the_top(top: &str, name: &str) -> bool {
    let words = || top.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words().any(|word| word == name)
}

/// A source without comments and without what only its tests have.
fn shipped(source: &str) -> String {
    let own = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    own.lines().filter_map(|line| line.split("//").next()).map(|line| format!("{line}\n")).collect()
}

/// The files of a folder that ship: those of modules that are declared for tests alone are left out.
fn sources(folder: &Path, texts: &mut Vec<(PathBuf, String)>) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let (stem, parent) = (path.file_stem().unwrap().to_str().unwrap(), path.parent().unwrap());
        let declared =
            [parent.join("mod.rs"), parent.with_extension("rs"), parent.join("lib.rs"), parent.join("main.rs")];
        let is_test = |file: &PathBuf| {
            fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("#[cfg(test)]\nmod {stem};")))
        };
        if declared.iter().any(is_test) {
        } else if path.is_dir() {
            sources(&path, texts);
        } else {
            let text = shipped(&fs::read_to_string(&path).unwrap());
            texts.push((path, text));
        }
    }
}

/// The first name of each path below `crate::` in a source, in `use` lists too.
fn below_crate(source: &str) -> Vec<&str> {
    let name = |path: &'_ str| path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    let mut names = Vec::new();
    for path in source.split("crate::").skip(1) {
        let Some(list) = path.strip_prefix('{') else {
            names.push(&path[..name(path)]);
            continue;
        };
        let (mut depth, mut begin) = (0, 0);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' | ',' if depth == 0 => {
                    let path = list[begin..at].trim_start();
                    names.extend(Some(&path[..name(path)]).filter(|name| !name.is_empty()));
                    begin = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names
}

/// Which modules each module at the top of a crate uses.
fn dependencies(own: &Crate) -> Graph {
    let top = own.top();
    let modules = modules(&top);
    let imports = imports(&top, &modules);
    let mut graph: Graph = modules.iter().map(|module| (module.clone(), BTreeSet::new())).collect();
    let mut texts = Vec::new();
    sources(&own.sources, &mut texts);
    for (path, text) in texts {
        let path = path.strip_prefix(&own.sources).unwrap();
        let module = Path::new(path.components().next().unwrap().as_os_str()).file_stem().unwrap().to_str().unwrap();
        let Some(uses) = graph.get_mut(module) else { continue };
        for name in below_crate(&text) {
            match modules.get(name).or_else(|| imports.get(name)) {
                Some(used) => uses.extend(Some(used.clone()).filter(|used| used != module)),
                None => assert!(is_of_the_top(&top, name), "{}: what is crate::{name}?", path.display()),
            }
        }
    }
    graph
}

/// Those that are in a circle, or lead to one: what is left when whatever uses nothing more is taken away.
fn in_circles(graph: &Graph) -> Graph {
    let mut left = graph.clone();
    loop {
        let done: Vec<String> =
            left.iter().filter(|(_, uses)| uses.is_empty()).map(|(module, _)| module.clone()).collect();
        if done.is_empty() {
            return left;
        }
        for module in &done {
            left.remove(module);
            for uses in left.values_mut() {
                uses.remove(module);
            }
        }
    }
}

#[test]
fn the_modules_of_each_crate_depend_on_one_another_in_no_circle() {
    let found = crates().into_iter().map(|own| (in_circles(&dependencies(&own)), own.name));
    let circles: Vec<(Graph, String)> = found.filter(|(circle, _)| !circle.is_empty()).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_modules_depend_on_one_another_as_is_drawn() {
    let page = text("docs/architecture.md");
    let part = page.split("\n## Modules\n").nth(1).unwrap().split("\n#").next().unwrap();
    let crates = crates();
    let mut above = BTreeSet::new();
    for row in rows(part) {
        let [name] = codes(row[0])[..] else { continue };
        let own = crates.iter().find(|own| own.name == name);
        let own = own.unwrap_or_else(|| panic!("the table has a crate `{name}` that isn't there"));
        let drawn: BTreeSet<String> = codes(row[2]).into_iter().map(str::to_owned).collect();
        assert_eq!(own.uses, drawn, "what `{name}` uses, and what the table says");
        assert!(!row[1].trim().is_empty(), "the table doesn't say what `{name}` does");
        assert!(drawn.is_subset(&above), "`{name}` uses what is below it in the table");
        above.insert(name.to_owned());
    }
    let all: BTreeSet<String> = crates.into_iter().map(|own| own.name).collect();
    assert_eq!(above, all);
}

/// The lints of the workspace, which forbid unsafe code and deny what may panic, hold for a crate only if it says so.
#[test]
fn p8_every_crate_is_under_the_lints_of_the_workspace() {
    let mut manifests = folders(&root().join("crates"));
    manifests.extend([root().to_owned(), root().join("examples")]);
    for folder in manifests {
        let manifest: Table = fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        let own = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        assert_eq!(own, Some(true), "{}", folder.display());
    }
    let workspace: Table = text("Cargo.toml").parse().unwrap();
    let lint = |tool: &str, name: &str| workspace["workspace"]["lints"][tool][name].as_str().map(str::to_owned);
    assert_eq!(lint("rust", "unsafe_code").as_deref(), Some("forbid"));
    for name in ["unwrap_used", "expect_used", "panic", "indexing_slicing", "string_slice", "unreachable"] {
        assert_eq!(lint("clippy", name).as_deref(), Some("deny"), "{name}");
    }
}
