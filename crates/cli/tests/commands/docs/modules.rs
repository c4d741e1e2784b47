//! The modules of `src` and which of them use which, read off the sources: docs/architecture.md shows just these.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{codes, home, read, rows};

/// The modules at the top of `src`, and what `lib.rs` exports of each: `crate::Filter` is of `filter`.
fn modules() -> (BTreeSet<String>, BTreeMap<String, String>) {
    let root = read("src/lib.rs");
    let named = |line: &str| {
        Some(line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
    };
    let modules = root.lines().filter_map(named).collect();
    let mut exports = BTreeMap::new();
    for (module, names) in
        root.lines().filter_map(|line| line.strip_prefix("pub use ")?.strip_suffix(';')?.split_once("::"))
    {
        for name in names.trim_matches(['{', '}']).split(", ") {
            exports.insert(name.to_owned(), module.to_owned());
        }
    }
    (modules, exports)
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
        let declared = [parent.join("mod.rs"), parent.with_extension("rs"), parent.join("lib.rs")];
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

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Which modules each module uses.
fn dependencies() -> Graph {
    let (modules, exports) = modules();
    let mut graph: Graph = modules.iter().map(|module| (module.clone(), BTreeSet::new())).collect();
    let mut texts = Vec::new();
    sources(&home().join("src"), &mut texts);
    for (path, text) in texts {
        let path = path.strip_prefix(home().join("src")).unwrap();
        let module = Path::new(path.components().next().unwrap().as_os_str()).file_stem().unwrap().to_str().unwrap();
        let Some(uses) = graph.get_mut(module) else { continue };
        for name in below_crate(&text) {
            let used = modules.get(name).or_else(|| exports.get(name));
            let used = used.unwrap_or_else(|| panic!("{}: what is crate::{name}?", path.display()));
            uses.extend(Some(used.clone()).filter(|used| used != module));
        }
    }
    graph
}

#[test]
fn the_modules_depend_on_one_another_as_is_drawn() {
    let text = read("docs/architecture.md");
    let part = text.split("\n## Modules\n").nth(1).unwrap().split("\n#").next().unwrap();
    let graph = dependencies();
    let mut above = BTreeSet::new();
    for row in rows(part) {
        let [module] = codes(row[0])[..] else { continue };
        let drawn: BTreeSet<String> = codes(row[2]).into_iter().map(str::to_owned).collect();
        assert_eq!(graph.get(module), Some(&drawn), "what `{module}` uses, and what the table says");
        assert!(drawn.is_subset(&above), "`{module}` uses what is below it in the table");
        above.insert(module.to_owned());
    }
    assert!(above.iter().eq(graph.keys()), "{above:?}");
}
