//! Catalogs that load, but let through more than their author probably meant, or have names that nothing uses.

use super::finding::{Code, Finding};
use dmv_redact_model::catalog::{
    Catalog, CatalogSpans, DPPA_HIGHLY_RESTRICTED, DPPA_PERSONAL, GROUP_PREFIX, Kind, Membership, Sensitivity,
};
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::{Formats, NodeId, Syntax, Trie};
use dmv_redact_model::policy::{Effect, Period, Policy, PolicyFiles, PolicySpans, Rule};

pub(super) const SHAPE_ADMITS_EVERYTHING: Code =
    Code::warning("shape-admits-everything", "a data element whose shape takes any text whatever");
pub(super) const ELEMENT_AMENDED: Code = Code::note("element-amended", "a data element isn't as it was declared first");
pub(super) const AMENDMENT_PERMITS: Code =
    Code::warning("amendment-permits", "a permit releases a data element because an amendment puts it into a group");
pub(super) const ELEMENT_NOT_MAPPED: Code = Code::note("element-not-mapped", "a data element that no format leads to");
pub(super) const GROUP_EMPTY: Code = Code::warning("group-empty", "a group that no data element is in");

/// All codes of findings in catalogs.
pub(super) const ALL: [&Code; 5] =
    [&SHAPE_ADMITS_EVERYTHING, &ELEMENT_AMENDED, &AMENDMENT_PERMITS, &ELEMENT_NOT_MAPPED, &GROUP_EMPTY];

/// Texts that have nothing in common. A shape that accepts them all accepts nearly anything.
const ANYTHING: [&str; 4] = [
    "Met him at 12:30; he said \"no\" & left (see p. 4).",
    "x <= y ~ {z}; a|b \\ c^2 = 100% $5 #7 @9 !?",
    "un \u{E9}t\u{E9} \u{E0} la plage",
    "_*+[]'`",
];

/// Lints a catalog; `catalog` has it and all others merged.
pub(super) fn lint(document: &Document<'_>, catalog: &Catalog, formats: &Formats) -> Result<Vec<Finding>, ConfigError> {
    let written = CatalogSpans::read(document)?;
    let mut found = Vec::new();
    let tries: Vec<&Trie> = formats
        .iter()
        .flat_map(|format| [Syntax::Xml, Syntax::Json].into_iter().filter_map(|syntax| format.trie(syntax)))
        .collect();
    for name in &written.elements {
        let (Some(id), span) = (catalog.find(name.get_ref()), name.span()) else { continue };
        let Some(element) = catalog.element(id) else { continue };
        let takes_texts = !matches!(element.kind(), Kind::Image | Kind::Record);
        if takes_texts && ANYTHING.iter().all(|text| element.shape().conforms(text)) {
            let message = format!("the shape of `{}` takes any text whatever", element.id());
            let help = "say what its values look like: `shape = '...'`";
            found.push(Finding::new(&SHAPE_ADMITS_EVERYTHING, document.error(&span, message).help(help)));
        }
        let is_mapped =
            tries.iter().any(|trie| trie.node(NodeId::ENTRY).is_some_and(|entry| entry.elements.contains(&id)));
        if !is_mapped {
            let message = format!("no format leads to `{}`", element.id());
            found.push(Finding::new(&ELEMENT_NOT_MAPPED, document.error(&span, message)));
        }
    }
    for (name, keys) in &written.amended {
        let keys = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let message = match keys.as_str() {
            "" => format!("`{}` is amended, and nothing of it is changed", name.get_ref()),
            keys => format!("`{}` is amended: {keys}", name.get_ref()),
        };
        found.push(Finding::new(&ELEMENT_AMENDED, document.error(&name.span(), message)));
    }
    for group in &written.groups {
        if catalog.select(&format!("{GROUP_PREFIX}{}", group.get_ref())).is_empty() {
            let message = format!("no data element is in the group `{}`", group.get_ref());
            let error = document.error(&group.span(), message).help("name it in the `groups` of its elements");
            found.push(Finding::new(&GROUP_EMPTY, error));
        }
    }
    Ok(found)
}

/// Tells of the permits of a policy that release an element only because a catalog puts it into a group.
pub(super) fn lint_permits(
    documents: &[Document<'_>],
    catalog: &Catalog,
    policy_files: &PolicyFiles,
    policy: &Policy,
) -> Result<Vec<Finding>, ConfigError> {
    let all: Vec<Document<'_>> = documents.iter().copied().chain([dmv_redact::shipped::CATALOG]).collect();
    let all = all.iter().map(CatalogSpans::read).collect::<Result<Vec<_>, _>>()?;
    let memberships: Vec<&Membership> = all.iter().flat_map(|spans| &spans.memberships).collect();
    let rules = PolicySpans::read(policy_files)?.rules;
    let is_permit = |rule: &Rule| rule.is_in_force(Period::default()) && matches!(rule.effect, Effect::Permit(_));
    let permits = || policy.rules().iter().zip(&rules).filter(|(rule, _)| is_permit(rule));
    let mut found = Vec::new();
    for (document, written) in documents.iter().zip(&all) {
        for (name, _) in &written.amended {
            let Some((id, element)) = catalog.find(name.get_ref()).and_then(|id| Some((id, catalog.element(id)?)))
            else {
                continue;
            };
            let named = |amends: bool| {
                let own = memberships.iter().filter(move |own| own.id == element.id() && own.amends == amends);
                own.flat_map(|own| &own.groups).map(String::as_str)
            };
            let of_rank = match element.sensitivity() {
                Sensitivity::None => &[][..],
                Sensitivity::Personal => &[DPPA_PERSONAL],
                Sensitivity::HighlyRestricted => &[DPPA_PERSONAL, DPPA_HIGHLY_RESTRICTED],
            };
            let is_new = |group: &str| {
                named(true).any(|own| own == group)
                    && !named(false).any(|own| own == group)
                    && !of_rank.contains(&group)
            };
            let by_amendment = |selector: &str| selector.strip_prefix(GROUP_PREFIX).is_some_and(is_new);
            let gain = permits().filter(|(_, spans)| {
                let mut selectors =
                    spans.elements.iter().filter(|selector| catalog.select(&selector.name).contains(&id));
                selectors.clone().next().is_some() && selectors.all(|selector| by_amendment(&selector.name))
            });
            let gain: Vec<String> = gain.map(|(rule, _)| format!("`{}`", rule.id)).collect();
            if !gain.is_empty() {
                let message = format!(
                    "`{}` is released by {} of the policy, because it is put into a group here",
                    element.id(),
                    gain.join(", ")
                );
                found.push(Finding::new(&AMENDMENT_PERMITS, document.error(&name.span(), message)));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// The findings in a catalog that is added to the built-in one.
    fn found(text: &str) -> Vec<String> {
        let document = Document { file: "c.toml", text };
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[document]).unwrap());
        let formats = Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap();
        let found = lint(&document, &catalog, &formats).unwrap();
        found.iter().map(|finding| format!("{} [{}]", finding.error, finding.code.name)).collect()
    }

    const NOT_MAPPED: &str = "c.toml:2:6: no format leads to `x.y` [element-not-mapped]";

    #[test]
    fn p7_a_shape_that_takes_anything_is_told() {
        let open = "[[element]]\nid = 'x.y'\nshape = '(?u:[^\\x00])*'";
        let told = "c.toml:2:6: the shape of `x.y` takes any text whatever; say what its values look like: `shape = '...'` \
                    [shape-admits-everything]";
        assert_eq!(found(open), [told, NOT_MAPPED]);
        assert_eq!(found("[[element]]\nid = 'x.y'\nshape = '[A-Z]{1,3}'"), [NOT_MAPPED]);
        assert_eq!(found("[[element]]\nid = 'x.y'\nkind = 'image'"), [NOT_MAPPED]);
    }

    #[test]
    fn a_group_that_nothing_is_in_is_told() {
        let told =
            "c.toml:2:6: no data element is in the group `g`; name it in the `groups` of its elements [group-empty]";
        assert_eq!(found("[[group]]\nid = 'g'\ntitle = 'G'"), [told]);
        let filled = "[[group]]\nid = 'g'\ntitle = 'G'\n[[element]]\nid = 'x.y'\nkind = 'image'\ngroups = ['g']";
        assert_eq!(found(filled), [NOT_MAPPED.replace("2:6", "5:6")]);
    }

    #[test]
    fn the_built_in_catalog_has_nothing_to_warn_of() {
        let built_in = dmv_redact::shipped::CATALOG;
        let catalog = Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
        let found =
            lint(&built_in, &catalog, &Formats::load(dmv_redact::shipped::FORMATS, &[], &catalog).unwrap()).unwrap();
        let warnings: Vec<_> = found.iter().filter(|finding| finding.code != &ELEMENT_NOT_MAPPED).collect();
        assert!(warnings.is_empty(), "{warnings:#?}");
    }
}
