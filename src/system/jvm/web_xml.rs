//! `WEB-INF/web.xml`: where the servlet container mounts the resources of JAX-RS.

use crate::files::{self, Tree};

/// Servlets that answer with the resources of JAX-RS, by a part of their class or name.
const JAX_RS: [&str; 6] =
    ["jersey", "resteasy", "CXFServlet", "HttpServletDispatcher", "ws.rs.core.Application", "ServletContainer"];

/// The prefix of all JAX-RS paths of the module in a folder: `/rest` of `<url-pattern>/rest/*</url-pattern>`.
pub(super) fn prefix(tree: &Tree, root: &str) -> Option<String> {
    let folder = if root.is_empty() { String::new() } else { format!("{root}/") };
    let id = tree.find(&format!("{folder}src/main/webapp/WEB-INF/web.xml"))?;
    mounted(&files::read(tree.file(id)).ok()?)
}

fn mounted(text: &str) -> Option<String> {
    let is_jax = |name: &str| {
        let declared = elements(text, "servlet").into_iter().find(|s| element(s, "servlet-name") == Some(name));
        JAX_RS.iter().any(|known| name.contains(known) || declared.is_some_and(|s| s.contains(known)))
    };
    let mapping =
        elements(text, "servlet-mapping").into_iter().find(|m| element(m, "servlet-name").is_some_and(is_jax))?;
    let pattern = element(mapping, "url-pattern")?.strip_suffix("/*")?;
    (!pattern.is_empty()).then(|| pattern.to_string())
}

fn elements<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    text.split(open.as_str())
        .skip(1)
        .filter_map(|rest| rest.split_once(close.as_str()))
        .map(|(inside, _)| inside)
        .collect()
}

fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    elements(text, name).first().map(|inside| inside.trim())
}

#[cfg(test)]
mod tests {
    use super::mounted;

    #[test]
    fn the_servlet_of_jersey_is_mounted_by_its_mapping() {
        let text = "<web-app><servlet><servlet-name>api</servlet-name><servlet-class>org.glassfish.jersey.servlet.ServletContainer</servlet-class></servlet>\
            <servlet-mapping><servlet-name>other</servlet-name><url-pattern>/x/*</url-pattern></servlet-mapping>\
            <servlet-mapping><servlet-name>api</servlet-name><url-pattern>/rest/*</url-pattern></servlet-mapping></web-app>";
        assert_eq!(mounted(text).as_deref(), Some("/rest"));
        assert_eq!(mounted(&text.replace("/rest/*", "/*")), None);
        assert_eq!(mounted("<web-app></web-app>"), None);
    }
}
