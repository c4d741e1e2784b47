//! The parts that a schema allows, breadth first: of a schema that is too large, or endless, what is nearest to the root
//! is listed, and where it goes on is marked.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::{PartId, PartTree};
use crate::schema::{Content, Name, SchemaModel};

/// The most parts that are listed of a schema, and how deep.
const MAX_LISTED: usize = 4000;
const MAX_DEPTH: usize = 24;

/// Adds what a schema allows at and below the root.
pub(crate) fn add_schema<S: SchemaModel>(schema: &S, root: S::Position, tree: &mut PartTree) {
    let mut positions: HashMap<PartId, S::Position> = HashMap::from([(PartTree::ROOT, root)]);
    let mut queue = VecDeque::from([(PartTree::ROOT, 0)]);
    // Many parts have the same content.
    let mut contents: BTreeMap<S::Position, Content<S::Position>> = BTreeMap::new();
    while let Some((id, depth)) = queue.pop_front() {
        let Some(position) = positions.get(&id).cloned() else { continue };
        let is_endless = is_above(tree, &positions, id, &position);
        let content = contents.entry(position).or_insert_with_key(|position| schema.content(position));
        let is_cut = is_endless || depth >= MAX_DEPTH || tree.parts.len() >= MAX_LISTED;
        let Some(part) = tree.part_mut(id) else { continue };
        part.has_value |= content.has_value;
        part.value_type = content.value_type;
        part.is_open |= content.is_open;
        part.is_cut |= content.is_cut;
        part.notes.extend(&content.notes);
        if is_cut && content.parts.iter().any(|part| !is_left_out(&part.name)) {
            part.is_cut = true;
            continue;
        }
        for child in &content.parts {
            if child.pattern.is_some() {
                // A pattern of names is no name: the schema lets others be here.
                if let Some(part) = tree.part_mut(id) {
                    part.is_open = true;
                }
                continue;
            }
            if tree.is_machinery(&child.name) || is_left_out(&child.name) || child.is_of_derived_type {
                continue;
            }
            let Some(added) = tree.child(id, child.name.clone()) else {
                if let Some(part) = tree.part_mut(id) {
                    part.is_cut = true;
                }
                break;
            };
            if let Some(part) = tree.part_mut(added) {
                part.notes.extend(&child.notes);
                part.is_declared = true;
                part.is_repeated |= child.is_repeated;
            }
            if positions.insert(added, child.position.clone()).is_none() {
                queue.push_back((added, depth + 1));
            }
        }
    }
}

/// What no mapping names: attributes that every element may have, members of JSON-LD, and an array in an array.
fn is_left_out(name: &Name) -> bool {
    name.is_machinery() || name.is_json_ld() || name.local == "[]"
}

/// Whether a part has the content of one that it is in.
fn is_above<P: Ord>(tree: &PartTree, positions: &HashMap<PartId, P>, id: PartId, position: &P) -> bool {
    let mut at = tree.part(id).and_then(|part| part.parent);
    while let Some(above) = at {
        if positions.get(&above) == Some(position) {
            return true;
        }
        at = tree.part(above).and_then(|part| part.parent);
    }
    false
}
