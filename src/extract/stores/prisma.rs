//! The datasource of a Prisma schema.

use super::{Setting, StoreUse};
use crate::files::{self, Tree, folder_of};
use crate::program::{Evaluator, Site};
use crate::syntax::{FileId, Place, Span};

/// Where a schema stands below a folder of the code that uses it.
const PLACES: [&str; 4] = ["prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma", "db/schema.prisma"];

/// Fills in what the nearest schema says; none when there is no schema.
pub(super) fn datasource(ev: &Evaluator<'_>, site: Site, tree: &Tree, base: StoreUse) -> Option<StoreUse> {
    let mut folder = folder_of(&ev.program.unit(site.unit).path);
    loop {
        let found = PLACES.iter().find_map(|place| {
            tree.find(&if folder.is_empty() { (*place).to_string() } else { format!("{folder}/{place}") })
        });
        if let Some(file) = found {
            let text = files::read(tree.file(file)).ok()?;
            return Some(fill(&text, file, base));
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder_of(folder);
    }
}

/// <https://www.prisma.io/docs/orm/reference/prisma-schema-reference#datasource>
fn fill(text: &str, file: FileId, mut base: StoreUse) -> StoreUse {
    let mut inside = false;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let code = line.split("//").next().filter(|_| !line.contains("://")).unwrap_or(line);
        let trimmed = code.trim();
        if trimmed.starts_with("datasource ") {
            inside = true;
        } else if inside && trimmed.starts_with('}') {
            break;
        }
        let Some((key, value)) = trimmed.split_once('=').filter(|_| inside) else { continue };
        let indent = line.len() - line.trim_start().len();
        let place = Place::new(file, Span::new(start + indent, start + line.trim_end().len()));
        let quoted = value.split('"').nth(1);
        match (key.trim(), quoted) {
            ("provider", Some(name)) => base.engine = Some(Setting::literal(name, place)),
            ("url", Some(name)) if value.trim_start().starts_with("env(") => {
                base.url = Some(Setting::variable(name, place));
            }
            ("url", Some(url)) => base.url = Some(Setting::literal(url, place)),
            ("schemas", Some(_)) => {
                let names: Vec<&str> = value.split('"').skip(1).step_by(2).collect();
                base.schema = Some(Setting::literal(&names.join(","), place));
            }
            _ => {}
        }
    }
    base
}
