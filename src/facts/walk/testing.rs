//! What the tests of the languages share.

use proptest::prelude::*;

use crate::facts::dump::dump;
use crate::facts::module::Module;

/// Compares the dump of each sample with the accepted one.
macro_rules! samples {
    ($($name:ident: $($dialect:ident)? $text:literal;)*) => {$(
        #[test]
        fn $name() {
            let module = lower($text $(, Dialect::$dialect)?).unwrap();
            insta::with_settings!({ description => $text, omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($name), $crate::facts::dump::dump(&module, $text));
            });
        }
    )*};
}
pub(in crate::facts) use samples;

/// Any text, and texts of words that a grammar knows, so that more than errors comes out.
pub(in crate::facts) fn texts(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let scraps = prop::collection::vec(prop::sample::select(words), 0..60).prop_map(|words| words.concat());
    prop_oneof![any::<String>(), scraps]
}

/// Few enough cases for a test of every language.
pub(in crate::facts) fn cases() -> ProptestConfig {
    ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() }
}

/// Every span of the module lies in the text and on character boundaries, and what reads modules can read it.
pub(in crate::facts) fn check(module: &Module, text: &str) {
    let spans = module.exprs.iter().map(|e| e.span);
    let spans = spans.chain(module.stmts.iter().map(|s| s.span)).chain(module.syntax_errors.iter().copied());
    let spans = spans.chain(module.funcs.iter().flat_map(|f| [f.span, f.name_span]));
    let spans = spans.chain(module.classes.iter().flat_map(|c| [c.span, c.name_span]));
    for span in spans.chain(module.imports.iter().map(|i| i.span)) {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
    }
    crate::program::Index::build(module);
    dump(module, text);
}
