//! Nodes that a name alone doesn't lead to: patterns of names, and variants, which one of their parts tells.

use super::namespace::NamespaceId;
use super::trie::{Node, NodeId, PathStep, Target, Trie};
use crate::catalog::trim;

/// A part whose predicates hold.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    /// Its node.
    pub(super) node: NodeId,
    /// What is asked, by its place in the node's `asks`, and the values of which it has one.
    pub(super) predicates: Vec<(usize, Vec<String>)>,
}

/// A child of any name that a pattern with one `*` allows.
#[derive(Debug, Clone)]
pub(super) struct Wildcard {
    pub(super) node: NodeId,
    pub(super) namespace: NamespaceId,
    pub(super) attribute: bool,
    /// What is before and after the `*`.
    pub(super) before: Box<str>,
    pub(super) after: Box<str>,
}

/// The most nodes of a trie: paths without predicates stand below every variant, which may multiply (P8).
const MAX_NODES: usize = 100_000;

/// The most characters of a name that a pattern allows, and the most digits in the place of its `*`: fewer than a Social
/// Security number has.
const MAX_WILD_NAME_BYTES: usize = 64;
const MAX_WILD_DIGITS: usize = 8;

impl Wildcard {
    /// Whether it allows a name. What the sender may choose freely is short, and plain (P5).
    pub(super) fn allows(&self, namespace: NamespaceId, attribute: bool, local: &[u8]) -> bool {
        let inside =
            local.strip_prefix(self.before.as_bytes()).and_then(|rest| rest.strip_suffix(self.after.as_bytes()));
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_short = |inside: &[u8]| {
            let digits = inside.iter().filter(|byte| byte.is_ascii_digit()).count();
            !inside.is_empty() && inside.iter().all(is_plain) && digits <= MAX_WILD_DIGITS
        };
        self.namespace == namespace
            && self.attribute == attribute
            && local.len() <= MAX_WILD_NAME_BYTES
            && inside.is_some_and(is_short)
    }

    /// Whether some name could be allowed by both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let begins = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
        let ends = |one: &str, other: &str| one.ends_with(other) || other.ends_with(one);
        self.namespace == other.namespace
            && self.attribute == other.attribute
            && begins(&self.before, &other.before)
            && ends(&self.after, &other.after)
    }
}

/// What a part says of itself, read before it is known what it is; reused from part to part.
#[derive(Debug, Default)]
pub struct Answers {
    /// For each child or attribute that is asked, whether it was there.
    seen: Vec<bool>,
    /// For each predicate of each variant, whether it holds.
    holds: Vec<bool>,
}

impl Answers {
    /// Begins with a part of this node.
    pub fn begin(&mut self, node: &Node) {
        self.seen.clear();
        self.seen.resize(node.asks.len(), false);
        self.holds.clear();
        self.holds.resize(node.variants.iter().map(|variant| variant.predicates.len()).sum(), false);
    }

    /// Notes what the child or attribute at a place says; `None` if that is no plain value. Returns whether it is the
    /// first there: one that is there twice says nothing.
    pub fn note(&mut self, node: &Node, place: usize, value: Option<&str>) -> bool {
        let is_second = self.seen.get_mut(place).is_none_or(|seen| std::mem::replace(seen, true));
        let value = value.map(trim).filter(|_| !is_second);
        let predicates = node.variants.iter().flat_map(|variant| &variant.predicates);
        for ((_, values), holds) in predicates.zip(&mut self.holds).filter(|((asked, _), _)| *asked == place) {
            *holds = value.is_some_and(|value| values.iter().any(|own| own == value));
        }
        !is_second
    }

    /// The node of the variant whose predicates all hold; that of the part itself if there is none.
    pub fn variant(&self, node: &Node) -> NodeId {
        let mut holds = self.holds.iter();
        let mut fitting = None;
        for variant in &node.variants {
            let own = holds.by_ref().take(variant.predicates.len());
            // To the end of its own, which `all` wouldn't read.
            if own.filter(|holds| !**holds).count() == 0 {
                fitting = Some(variant.node);
            }
        }
        fitting.unwrap_or(node.id)
    }
}

impl Trie {
    /// The children and attributes that tell what a part is, where they are mapped without predicates.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Node> {
        let asked = self.nodes.iter().flat_map(|node| node.asks.iter().map(move |step| (node.id, step)));
        asked.filter_map(|(node, step)| self.node(self.child_by_step(node, step)?))
    }

    /// The child that tells what a part of this node is, by its place among those that are asked.
    pub fn discriminator(&self, node: &Node, place: usize) -> Option<&Node> {
        let asks = |variant: &&Variant| variant.predicates.iter().any(|(asked, _)| *asked == place);
        let variant = node.variants.iter().find(asks)?;
        self.node(self.child_by_step(variant.node, node.asks.get(place)?)?)
    }

    /// The child of `parent` for a pattern of names, added if missing. `namespace` is that of its name. `None` if another
    /// pattern there allows some of the same names.
    pub(super) fn wildcard_or_insert(
        &mut self,
        parent: NodeId,
        step: &PathStep,
        namespace: NamespaceId,
    ) -> Option<NodeId> {
        let (before, after) = step.local.split_once('*')?;
        let local = format!("{}:{}", step.namespace.index(), step.local).into();
        let own = PathStep { namespace: NamespaceId::PATTERN, attribute: step.attribute, local };
        if let Some(known) = self.child_by_step(parent, &own) {
            return Some(known);
        }
        let (before, after) = (before.into(), after.into());
        let node = NodeId::at(self.nodes.len());
        let wildcard = Wildcard { node, namespace: step.namespace, attribute: step.attribute, before, after };
        if self.node(parent)?.wildcards.iter().any(|other| other.overlaps(&wildcard)) {
            return None;
        }
        self.child_or_insert(parent, own, namespace);
        self.node_mut(parent)?.wildcards.push(wildcard);
        let child = self.node_mut(node)?;
        (child.name, child.is_wild) = (step.local.clone(), true);
        Some(node)
    }

    /// What the part at `node` is where predicates hold, added if missing. `None` if those of another variant can hold
    /// at the same time.
    pub(super) fn variant_or_insert(
        &mut self,
        node: NodeId,
        predicates: Vec<(PathStep, Vec<String>)>,
    ) -> Option<NodeId> {
        let own = self.node_mut(node)?;
        let asked = predicates.into_iter().map(|(step, values)| {
            let known = own.asks.iter().position(|asked| *asked == step);
            let place = known.unwrap_or(own.asks.len());
            if known.is_none() {
                own.asks.push(step);
            }
            (place, values)
        });
        let mut predicates: Vec<_> = asked.collect();
        predicates.sort();
        if let Some(known) = own.variants.iter().find(|variant| variant.predicates == predicates) {
            return Some(known.node);
        }
        let differ = |other: &Variant| {
            let mut pairs = predicates.iter().flat_map(|own| other.predicates.iter().map(move |other| (own, other)));
            pairs.any(|(own, other)| own.0 == other.0 && !own.1.iter().any(|value| other.1.contains(value)))
        };
        if !own.variants.iter().all(differ) {
            return None;
        }
        let (name, namespace) = (own.name.clone(), own.namespace);
        let (is_qname, is_wild) = (own.is_qname, own.is_wild);
        let local = format!("{}", own.variants.len()).into();
        let step = PathStep { namespace: NamespaceId::PATTERN, attribute: false, local };
        let variant = self.child_or_insert(node, step, namespace);
        self.node_mut(node)?.variants.push(Variant { node: variant, predicates });
        let own = self.node_mut(variant)?;
        (own.name, own.is_qname, own.is_wild, own.is_variant) = (name, is_qname, is_wild, true);
        Some(variant)
    }

    /// Gives every variant what is mapped without predicates at its place: that is of every such part.
    ///
    /// # Errors
    /// A node that is mapped both ways, or one where there are too many (P8).
    pub(super) fn spread_variants(&mut self) -> Result<(), NodeId> {
        let mut at = 0;
        // Copies are added after what they are copied from, and have variants of their own.
        while let Some(node) = self.nodes.get(at) {
            let (from, variants) = (node.id, node.variants.clone());
            for variant in variants {
                self.merge(from, variant.node)?;
            }
            at += 1;
        }
        Ok(())
    }

    /// Adds what is mapped at and below `from` to what is at and below `into`, which is elsewhere or a variant of it.
    fn merge(&mut self, from: NodeId, into: NodeId) -> Result<(), NodeId> {
        let (Some(own), Some(other)) = (self.node(from), self.node(into)) else { return Ok(()) };
        // What tells a part goes out with it, whatever it is elsewhere.
        if !other.discriminates.is_empty() {
            return Ok(());
        }
        let is_value = |node: &Node| node.target != Target::Container;
        let is_leaf = |node: &Node| matches!(node.target, Target::Leaf(_));
        if is_value(own) && is_value(other) || is_leaf(own) && other.continues || is_leaf(other) && own.continues {
            return Err(into);
        }
        if self.nodes.len() > MAX_NODES {
            return Err(into);
        }
        let Node { target, role, attribute, nillable, is_nested, continues, is_qname, embedded, .. } = *own;
        let Node { notice, legal_notice, .. } = *own;
        let (placeholder, layouts) = (own.placeholder.clone(), own.layouts.clone());
        let discriminates = own.discriminates.clone();
        let own_variants: Vec<_> =
            own.variants.iter().map(|variant| (variant.node, self.predicates(own, variant))).collect();
        let is_own = |child: &NodeId| own_variants.iter().any(|(variant, _)| variant == child);
        let children: Vec<_> = own.children.iter().filter(|(_, child)| !is_own(child)).cloned().collect();
        let patterns: Vec<_> = own.wildcards.iter().map(|wildcard| (wildcard.node, wildcard.clone())).collect();
        let is_variant_of = own_variants.iter().any(|(variant, _)| *variant == into);
        let (mut notice_into, mut legal_notice_into) = (None, None);
        for (step, child) in children {
            let namespace = self.node(child).map_or(NamespaceId::NONE, |child| child.namespace);
            let pattern = patterns.iter().find(|(node, _)| *node == child);
            let below = match pattern {
                None => self.child_or_insert(into, step, namespace),
                Some((_, Wildcard { namespace: of_step, attribute, before, after, .. })) => {
                    let local = format!("{before}*{after}").into();
                    let step = PathStep { namespace: *of_step, attribute: *attribute, local };
                    self.wildcard_or_insert(into, &step, namespace).ok_or(into)?
                }
            };
            self.merge(child, below)?;
            if notice == Some(child) {
                notice_into = Some(below);
            }
            if legal_notice == Some(child) {
                legal_notice_into = Some(below);
            }
        }
        if !is_variant_of {
            for (variant, predicates) in own_variants {
                let below = self.variant_or_insert(into, predicates).ok_or(into)?;
                self.merge(variant, below)?;
            }
        }
        let Some(other) = self.node_mut(into) else { return Ok(()) };
        if other.target == Target::Container {
            other.target = target;
        }
        other.role = other.role.or(role);
        other.attribute = other.attribute.or(attribute);
        other.placeholder = other.placeholder.take().or(placeholder);
        other.notice = other.notice.or(notice_into);
        other.legal_notice = other.legal_notice.or(legal_notice_into);
        other.embedded = other.embedded.or(embedded);
        other.nillable |= nillable;
        other.is_nested |= is_nested;
        other.continues |= continues;
        other.is_qname |= is_qname;
        other.discriminates = discriminates;
        if other.layouts.is_empty() {
            other.layouts = layouts;
        }
        Ok(())
    }

    /// The predicates of a variant, by the steps of what they ask.
    fn predicates(&self, node: &Node, variant: &Variant) -> Vec<(PathStep, Vec<String>)> {
        let asked = variant.predicates.iter();
        asked.filter_map(|(place, values)| Some((node.asks.get(*place)?.clone(), values.clone()))).collect()
    }
}
