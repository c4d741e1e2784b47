//! The matrix in all its forms: they say the same, the page is whole and alone, and nothing a policy holds acts in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use dmv_redact_testing::shipped_policies;
use scraper::{Html, Selector};
use serde_json::Value;
use tempfile::TempDir;

use crate::command;

fn matrix(policy: Option<&Path>, form: &str) -> String {
    let mut command = command(&["matrix", "--output", form]);
    if let Some(policy) = policy {
        command.arg("--policy").arg(policy);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn policies() -> Vec<Option<std::path::PathBuf>> {
    let files = shipped_policies();
    assert!(files.len() > 1);
    files.into_iter().map(Some).chain([None]).collect()
}

fn strings<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    value.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap()).collect()
}

/// The words of every cell, by rows.
fn words(json: &Value) -> Vec<Vec<&str>> {
    let cells = strings(&json["cells"], "summary");
    let row = |row: &Value| -> Vec<&str> {
        row["cells"].as_array().unwrap().iter().map(|number| cells[number.as_u64().unwrap() as usize]).collect()
    };
    json["elements"].as_array().unwrap().iter().map(row).collect()
}

fn select(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn text(element: scraper::ElementRef<'_>) -> String {
    element.text().collect()
}

#[test]
fn all_forms_say_the_same() {
    for policy in policies() {
        let policy = policy.as_deref();
        let json: Value = serde_json::from_str(&matrix(policy, "json")).unwrap();
        let expected = words(&json);
        let elements = strings(&json["elements"], "element");
        let told = strings(&json["cells"], "told");
        let columns = json["columns"].as_array().unwrap().len();
        assert!(columns > 0 && expected.iter().all(|row| row.len() == columns));

        let html = Html::parse_document(&matrix(policy, "html"));
        let rows: Vec<_> = html.select(&select("#matrix tbody tr:not(.group)")).collect();
        let (head, cell) = (select("th[scope=row] code"), select("td"));
        let bold = select("b");
        let why: Vec<_> = html.select(&select("ol.why > li")).collect();
        assert_eq!(rows.len(), elements.len());
        // The page puts groups together; within one the order is the catalog's.
        for row in rows {
            let element = text(row.select(&head).next().unwrap());
            let place = elements.iter().position(|own| **own == element).unwrap();
            let number = json["elements"][place]["cells"].as_array().unwrap();
            for (at, cell) in row.select(&cell).enumerate() {
                let number = number[at].as_u64().unwrap() as usize;
                assert_eq!(text(cell), format!("{}{}", expected[place][at], number + 1), "{element}");
                assert_eq!(cell.value().attr("data-why"), why[number].value().id());
                assert_eq!(text(why[number].select(&bold).next().unwrap()), told[number]);
            }
        }

        let csv = matrix(policy, "csv");
        let mut table = csv::Reader::from_reader(csv.as_bytes());
        let lines: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
        assert_eq!(lines.len(), columns * elements.len());
        for (at, line) in lines.iter().enumerate() {
            let (column, row) = (at / elements.len(), at % elements.len());
            assert_eq!((&line[8], &line[11]), (elements[row], expected[row][column]));
        }

        let markdown = matrix(policy, "md");
        let rows: Vec<Vec<&str>> = markdown
            .lines()
            .take_while(|line| *line != "## Why")
            .filter(|line| line.starts_with('|'))
            .map(|line| line.split('|').map(str::trim).collect())
            .skip(2)
            .collect();
        assert_eq!(rows.len(), elements.len());
        for (row, expected) in rows.iter().zip(&expected) {
            let words = row[3..row.len() - 1].iter().map(|cell| cell.split(' ').next().unwrap());
            let words: Vec<&str> = words.map(|word| if word == "-" { "never" } else { word }).collect();
            let expected: Vec<&str> = expected.iter().map(|word| word.split(' ').next().unwrap()).collect();
            assert_eq!(words, expected);
        }
    }
}

#[test]
fn the_page_is_whole_alone_and_accessible() {
    for policy in policies() {
        let page = matrix(policy.as_deref(), "html");
        let html = Html::parse_document(&page);
        assert!(html.errors.is_empty(), "{:?}", html.errors);
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
        for element in html.select(&select("*")) {
            for (name, value) in element.value().attrs() {
                let leads_out = ["src", "srcset", "data", "action", "style"].contains(&name) || name.starts_with("on");
                assert!(!leads_out, "{name}={value}");
                assert!(name != "href" || value.starts_with('#'), "{name}={value}");
            }
        }
        assert!(html.select(&select("link, img, iframe, object, embed, base")).next().is_none());
        let style = text(html.select(&select("style")).next().unwrap());
        assert!(!style.contains("url(") && !style.contains("@import"));
        // Every id is one, and whatever leads to one leads somewhere.
        let mut ids: Vec<&str> = html.select(&select("[id]")).filter_map(|element| element.value().id()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for link in html.select(&select("a")) {
            let target = link.value().attr("href").unwrap().trim_start_matches('#');
            assert!(ids.binary_search(&target).is_ok());
            assert_eq!(link.value().attr("aria-describedby"), Some(target));
        }
        assert!(html.select(&select("th")).all(|head| head.value().attr("scope").is_some()));
        assert!(
            html.select(&select("input"))
                .all(|input| input.parent().unwrap().value().as_element().unwrap().name() == "label")
        );
        // What an instrument specifies has no box, but one that stands for it.
        let boxes: Vec<_> = html.select(&select("#claims input")).map(|input| input.value()).collect();
        let listed = |attribute: &str| -> BTreeSet<&str> {
            let elements = boxes.iter().filter_map(|input| input.attr(attribute));
            elements.flat_map(|list| list.split('|')).filter(|claim| !claim.is_empty()).collect()
        };
        let (own, implied) = (listed("value"), listed("data-implies"));
        assert!(own.iter().all(|claim| !claim.contains(' ')) && own.is_disjoint(&implied));
        for case in html.select(&select("ol.why li[data-with]")) {
            let asked = ["data-with", "data-without"].map(|name| case.value().attr(name).unwrap().split('|'));
            let mut asked = asked.into_iter().flatten().filter(|claim| !claim.is_empty());
            assert!(asked.all(|claim| own.contains(claim) || implied.contains(claim)));
        }
        // Every list of duties is of some column, and there for a reader without the script.
        let heads: Vec<&str> =
            html.select(&select("#matrix thead th")).filter_map(|head| head.value().attr("data-duties")).collect();
        let led: BTreeSet<&str> = heads.iter().flat_map(|list| list.split_whitespace()).collect();
        assert!(led.iter().all(|list| ids.binary_search(list).is_ok()));
        assert_eq!(led.len(), ids.iter().filter(|id| id.starts_with("duties-")).count());
        let button = select(".group button");
        assert!(html.select(&button).all(|button| button.value().attr("aria-expanded").is_some()));
        assert!(html.select(&select("table > caption")).next().is_some());
    }
}

/// What somebody writes into a title, to act in a browser, a spreadsheet, a terminal or a review. Ids are words, and texts one line of what can be seen: this is what is left to write.
const HOSTILE: &str = r#"
[policy]
name = "<script>alert(1)</script>"
version = "</style><img src=x onerror=alert(1)>"
title = "\"><script>alert(2)</script>|[31m"
claims = ["w"]
[agencies.a]
title = "=HYPERLINK(\"http://example.invalid\")<b>&'\"| x"
ori = ["AZ*"]
[[permit]]
id = "p"
title = "</code><script>alert(3)</script>-->]]>"
agencies = ["a"]
elements = ["person.name"]
requires = ["w"]
basis = "=cmd|' /C calc'!A0"
"#;

#[test]
fn nothing_in_a_policy_acts_where_it_is_shown() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, HOSTILE).unwrap();
    let page = matrix(Some(&path), "html");
    let html = Html::parse_document(&page);
    assert!(html.errors.is_empty(), "{:?}", html.errors);
    assert_eq!(html.select(&select("script")).count(), 1);
    assert_eq!(html.select(&select("style")).count(), 1);
    assert_eq!(html.select(&select("img")).count(), 0);
    let title = text(html.select(&select(".rules td")).nth(1).unwrap());
    assert_eq!(title, "</code><script>alert(3)</script>-->]]>");
    let markdown = matrix(Some(&path), "md");
    assert!(!markdown.contains('<') || markdown.matches('<').count() == markdown.matches("<br>").count());
    let csv = matrix(Some(&path), "csv");
    let mut table = csv::Reader::from_reader(csv.as_bytes());
    for line in table.records() {
        assert!(line.unwrap().iter().all(|field| !field.starts_with(['=', '+', '-', '@'])));
    }
}

#[test]
fn the_baseline_fits_a_terminal_of_100_columns() {
    let shown = matrix(None, "text");
    assert!(shown.lines().all(|line| line.chars().count() <= 100));
    let line = |begin: &str| {
        shown.lines().find(|line| line.starts_with(begin)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    // The last classes have no room beside the others: they stand below them.
    assert_eq!(line("  photo "), ["photo", "-", "-", "-", "claim", "(2)"]);
    assert_eq!(shown.lines().filter(|line| line.trim_end() == "person" || line.contains("motor-vehicle")).count(), 3);
    assert!(
        shown.contains("(2) held with judicial-warrant without approved; full with approved and judicial-warrant\n")
    );
}
