//! The parts of a file that could not be read.

use tree_sitter::Node;

use crate::syntax::Span;

/// How many are listed; a file with more is in another language.
const MAX_ERRORS: usize = 100;

/// The spans of the outermost ERROR and MISSING nodes, but for those of which nothing is lost.
pub(super) fn spans(root: Node<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut cursor = root.walk();
    // The nodes above the cursor's.
    let mut above: Vec<Node<'_>> = Vec::new();
    loop {
        let node = cursor.node();
        let is_leaf = node.is_error() || node.is_missing();
        if is_leaf && !above.last().is_some_and(|parent| is_harmless(node, *parent)) {
            note(&mut spans, Span::new(node.start_byte(), node.end_byte()));
        }
        if spans.len() >= MAX_ERRORS {
            return spans;
        }
        if !is_leaf && node.has_error() && cursor.goto_first_child() {
            above.push(node);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return spans;
            }
            above.pop();
        }
    }
}

/// True for what is valid in the language, unknown to the grammar, and no loss: the nodes around it say what
/// they say without it.
fn is_harmless(node: Node<'_>, parent: Node<'_>) -> bool {
    let first = node.child(0).map_or("", |child| child.kind());
    match parent.kind() {
        // `Terms & conditions`, `href="/a?b=c&d=e"`.
        "jsx_element" => first == "&",
        "string" => first == "&" && parent.parent().is_some_and(|above| above.kind() == "jsx_attribute"),
        // `<Fade in>`, `<Row delete={f} />`.
        "jsx_opening_element" | "jsx_self_closing_element" => {
            matches!(first, "in" | "delete" | "as" | "default" | "for" | "class" | "if" | "new" | "typeof" | "with")
        }
        // ``styled.div<{ open: boolean }>`…` ``: a missing `!`.
        "non_null_expression" => node.is_missing(),
        // `export type * from "./models"`.
        "export_statement" => first == "type" && node.child_count() == 1,
        // `isReady: (string) => boolean`, where the parameter is called `string`.
        "class_body" | "interface_body" | "object_type" | "arrow_function" | "function_declaration" => {
            first == "=>" && node.child_count() > 1
        }
        "formal_parameters" => {
            let after = parent.next_sibling();
            node.is_missing() && after.and_then(|after| after.child(0)).is_some_and(|first| first.kind() == "=>")
        }
        // `x.Methods = [method]` in C#, where the grammar takes `method` for the beginning of an attribute.
        "collection_expression" => node.is_error() && node.child_count() <= 1,
        // `case Result.Ok(User user) ->`: the type of a component of a record.
        "argument_list" => {
            first == "type_identifier"
                && node.child_count() == 1
                && parent.parent().and_then(|call| call.parent()).is_some_and(|above| above.kind() == "switch_label")
        }
        _ => false,
    }
}

/// Adds one, unless there are too many.
pub(super) fn note(errors: &mut Vec<Span>, span: Span) {
    if errors.len() < MAX_ERRORS {
        errors.push(span);
    }
}

/// Puts them in source order.
pub(super) fn finish(errors: &mut Vec<Span>) {
    errors.sort_unstable();
    errors.dedup();
}
