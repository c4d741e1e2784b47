//! Real values, from lists that others made: names, places, addresses, vehicles. `.ci/real-values` fetches them and runs this
//! test, which prints how many of each element are lost.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use super::world::World;

/// Of so many values of one element one may be lost.
const ONE_IN: usize = 1000;

#[test]
#[ignore = "the lists are fetched by .ci/real-values"]
fn fewer_than_one_in_a_thousand_real_values_is_lost() {
    let folder = PathBuf::from(env::var("REAL_VALUES").expect("REAL_VALUES names the folder of the lists"));
    // A file is called after its element and, behind a `+`, after its list.
    let mut lists: BTreeMap<String, Vec<(String, Vec<String>)>> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some((element, list)) = name.split_once('+') else { continue };
        let text = fs::read_to_string(&path).unwrap();
        let values = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lists.entry(element.to_owned()).or_default().push((list.to_owned(), values));
    }
    assert!(lists.len() >= 15, "too few lists: {:?}", lists.keys());
    let world = World::new();
    let mut faults = Vec::new();
    println!("{:<32}{:<24}{:>9}{:>7}{:>10}", "element", "list", "values", "lost", "%");
    for (element, lists) in &lists {
        let (mut all, mut all_lost) = (0, 0);
        for (list, values) in lists {
            let lost = world.lost(element, values);
            let share = 100.0 * lost.len() as f64 / values.len() as f64;
            let shown: Vec<&String> = lost.iter().take(6).collect();
            println!("{element:<32}{list:<24}{:>9}{:>7}{share:>10.4}  {shown:?}", values.len(), lost.len());
            (all, all_lost) = (all + values.len(), all_lost + lost.len());
        }
        if all_lost * ONE_IN >= all {
            faults.push(format!("{element}: {all_lost} of {all}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
