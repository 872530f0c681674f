//! The node kinds and fields of the three grammars under one enumeration.
//!
//! Each grammar numbers its kinds and fields differently. A table per grammar, built once, turns the
//! numbers into [`Kind`] and [`Field`], so that lowering never compares strings.

use std::sync::OnceLock;

use crate::syntax::code::Grammar;

/// Declares an enumeration with its spelling in the grammars.
macro_rules! spelled {
    ($(#[$doc:meta])* $enum:ident, $($variant:ident = $text:literal),* $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $enum {
            $($variant,)*
            /// Anything that lowering does not tell apart.
            Other,
        }

        impl $enum {
            fn of(text: &str) -> Self {
                match text {
                    $($text => $enum::$variant,)*
                    _ => $enum::Other,
                }
            }
        }
    };
}

spelled! {
    /// A kind of node. Keywords and operators that matter have kinds of their own (`Token…`).
    Kind,
    AbstractClassDeclaration = "abstract_class_declaration",
    AbstractMethodSignature = "abstract_method_signature",
    AccessibilityModifier = "accessibility_modifier",
    AmbientDeclaration = "ambient_declaration",
    Array = "array",
    ArrayPattern = "array_pattern",
    ArrayType = "array_type",
    ArrowFunction = "arrow_function",
    AsExpression = "as_expression",
    AssignmentExpression = "assignment_expression",
    AssignmentPattern = "assignment_pattern",
    AugmentedAssignment = "augmented_assignment_expression",
    AwaitExpression = "await_expression",
    BinaryExpression = "binary_expression",
    BreakStatement = "break_statement",
    CallExpression = "call_expression",
    Class = "class",
    ClassDeclaration = "class_declaration",
    ClassHeritage = "class_heritage",
    ClassStaticBlock = "class_static_block",
    Comment = "comment",
    ComputedPropertyName = "computed_property_name",
    ContinueStatement = "continue_statement",
    DebuggerStatement = "debugger_statement",
    Decorator = "decorator",
    DoStatement = "do_statement",
    EmptyStatement = "empty_statement",
    EnumAssignment = "enum_assignment",
    EnumDeclaration = "enum_declaration",
    Error = "ERROR",
    ExportClause = "export_clause",
    ExportSpecifier = "export_specifier",
    ExportStatement = "export_statement",
    ExpressionStatement = "expression_statement",
    ExtendsClause = "extends_clause",
    ExtendsTypeClause = "extends_type_clause",
    False = "false",
    FieldDefinition = "field_definition",
    ForInStatement = "for_in_statement",
    ForStatement = "for_statement",
    FunctionDeclaration = "function_declaration",
    FunctionExpression = "function_expression",
    FunctionSignature = "function_signature",
    GeneratorFunction = "generator_function",
    GeneratorFunctionDeclaration = "generator_function_declaration",
    GenericType = "generic_type",
    HashBangLine = "hash_bang_line",
    HtmlComment = "html_comment",
    Identifier = "identifier",
    IfStatement = "if_statement",
    ImplementsClause = "implements_clause",
    Import = "import",
    ImportAlias = "import_alias",
    ImportClause = "import_clause",
    ImportRequireClause = "import_require_clause",
    ImportSpecifier = "import_specifier",
    ImportStatement = "import_statement",
    IndexSignature = "index_signature",
    InstantiationExpression = "instantiation_expression",
    InterfaceDeclaration = "interface_declaration",
    InternalModule = "internal_module",
    IntersectionType = "intersection_type",
    JsxClosingElement = "jsx_closing_element",
    JsxText = "jsx_text",
    LabeledStatement = "labeled_statement",
    LexicalDeclaration = "lexical_declaration",
    LiteralType = "literal_type",
    LookupType = "lookup_type",
    MemberExpression = "member_expression",
    MetaProperty = "meta_property",
    MethodDefinition = "method_definition",
    MethodSignature = "method_signature",
    Module = "module",
    NamedImports = "named_imports",
    NamespaceExport = "namespace_export",
    NamespaceImport = "namespace_import",
    NestedIdentifier = "nested_identifier",
    NestedTypeIdentifier = "nested_type_identifier",
    NewExpression = "new_expression",
    NonNullExpression = "non_null_expression",
    Null = "null",
    Number = "number",
    Object = "object",
    ObjectAssignmentPattern = "object_assignment_pattern",
    ObjectPattern = "object_pattern",
    ObjectType = "object_type",
    OptionalParameter = "optional_parameter",
    OverrideModifier = "override_modifier",
    Pair = "pair",
    PairPattern = "pair_pattern",
    ParenthesizedExpression = "parenthesized_expression",
    ParenthesizedType = "parenthesized_type",
    PredefinedType = "predefined_type",
    PrivatePropertyIdentifier = "private_property_identifier",
    PropertyIdentifier = "property_identifier",
    PropertySignature = "property_signature",
    PublicFieldDefinition = "public_field_definition",
    ReadonlyType = "readonly_type",
    Regex = "regex",
    RequiredParameter = "required_parameter",
    RestPattern = "rest_pattern",
    ReturnStatement = "return_statement",
    SatisfiesExpression = "satisfies_expression",
    SequenceExpression = "sequence_expression",
    ShorthandProperty = "shorthand_property_identifier",
    ShorthandPropertyPattern = "shorthand_property_identifier_pattern",
    SpreadElement = "spread_element",
    StatementBlock = "statement_block",
    StatementIdentifier = "statement_identifier",
    String = "string",
    StringFragment = "string_fragment",
    SubscriptExpression = "subscript_expression",
    Super = "super",
    SwitchCase = "switch_case",
    SwitchDefault = "switch_default",
    SwitchStatement = "switch_statement",
    TemplateLiteralType = "template_literal_type",
    TemplateString = "template_string",
    TemplateSubstitution = "template_substitution",
    TemplateType = "template_type",
    TernaryExpression = "ternary_expression",
    This = "this",
    ThisType = "this_type",
    ThrowStatement = "throw_statement",
    True = "true",
    TryStatement = "try_statement",
    TupleType = "tuple_type",
    TypeAliasDeclaration = "type_alias_declaration",
    TypeAnnotation = "type_annotation",
    TypeArguments = "type_arguments",
    TypeAssertion = "type_assertion",
    TypeIdentifier = "type_identifier",
    TypeParameters = "type_parameters",
    TypeQuery = "type_query",
    UnaryExpression = "unary_expression",
    Undefined = "undefined",
    UnionType = "union_type",
    UpdateExpression = "update_expression",
    UsingDeclaration = "using_declaration",
    VariableDeclaration = "variable_declaration",
    VariableDeclarator = "variable_declarator",
    WhileStatement = "while_statement",
    WithStatement = "with_statement",
    // The spellings below are those of `token`, which keeps them apart from the named kinds.
    TokenAsync = "token async",
    TokenAwait = "token await",
    TokenComma = "token ,",
    TokenDefault = "token default",
    TokenEquals = "token =",
    TokenGet = "token get",
    TokenReadonly = "token readonly",
    TokenSet = "token set",
    TokenStar = "token *",
    TokenStatic = "token static",
    TokenStaticGet = "token static get",
    TokenOther = "token",
}

spelled! {
    /// The role of a node in its parent.
    Field,
    Alias = "alias",
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declaration = "declaration",
    Decorator = "decorator",
    Finalizer = "finalizer",
    Function = "function",
    Handler = "handler",
    Increment = "increment",
    Index = "index",
    Initializer = "initializer",
    Key = "key",
    Kind = "kind",
    Label = "label",
    Left = "left",
    Module = "module",
    Name = "name",
    Object = "object",
    Operator = "operator",
    Parameter = "parameter",
    Parameters = "parameters",
    Pattern = "pattern",
    Property = "property",
    ReturnType = "return_type",
    Right = "right",
    Source = "source",
    Type = "type",
    TypeArguments = "type_arguments",
    Value = "value",
}

impl Kind {
    /// True for punctuation and keywords.
    pub(super) fn is_token(self) -> bool {
        matches!(
            self,
            Kind::TokenAsync
                | Kind::TokenAwait
                | Kind::TokenComma
                | Kind::TokenDefault
                | Kind::TokenEquals
                | Kind::TokenGet
                | Kind::TokenReadonly
                | Kind::TokenSet
                | Kind::TokenStar
                | Kind::TokenStatic
                | Kind::TokenStaticGet
                | Kind::TokenOther
        )
    }

    /// True for a declaration or statement.
    pub(super) fn is_statement(self) -> bool {
        matches!(
            self,
            Kind::AbstractClassDeclaration
                | Kind::AmbientDeclaration
                | Kind::BreakStatement
                | Kind::ClassDeclaration
                | Kind::ContinueStatement
                | Kind::DebuggerStatement
                | Kind::DoStatement
                | Kind::EmptyStatement
                | Kind::EnumDeclaration
                | Kind::ExportStatement
                | Kind::ExpressionStatement
                | Kind::ForInStatement
                | Kind::ForStatement
                | Kind::FunctionDeclaration
                | Kind::FunctionSignature
                | Kind::GeneratorFunctionDeclaration
                | Kind::HashBangLine
                | Kind::IfStatement
                | Kind::ImportAlias
                | Kind::ImportStatement
                | Kind::InterfaceDeclaration
                | Kind::InternalModule
                | Kind::LabeledStatement
                | Kind::LexicalDeclaration
                | Kind::Module
                | Kind::ReturnStatement
                | Kind::StatementBlock
                | Kind::SwitchStatement
                | Kind::ThrowStatement
                | Kind::TryStatement
                | Kind::TypeAliasDeclaration
                | Kind::UsingDeclaration
                | Kind::VariableDeclaration
                | Kind::WhileStatement
                | Kind::WithStatement
        )
    }
}

/// The kinds and fields of one grammar by number.
pub(super) struct Tables {
    kinds: Vec<Kind>,
    fields: Vec<Field>,
}

impl Tables {
    /// The tables of `grammar`, built at the first call.
    pub(super) fn of(grammar: Grammar) -> &'static Tables {
        static TABLES: [OnceLock<Tables>; 3] = [const { OnceLock::new() }; 3];
        let slot = match grammar {
            Grammar::TypeScript => 1,
            Grammar::Tsx => 2,
            _ => 0,
        };
        TABLES[slot].get_or_init(|| Tables::build(&grammar.language()))
    }

    fn build(language: &tree_sitter::Language) -> Tables {
        let kind = |id: u16| {
            let text = language.node_kind_for_id(id).unwrap_or_default();
            if language.node_kind_is_named(id) {
                return Kind::of(text);
            }
            match Kind::of(&format!("token {text}")) {
                Kind::Other => Kind::TokenOther,
                token => token,
            }
        };
        let field = |id: u16| language.field_name_for_id(id).map_or(Field::Other, Field::of);
        Tables {
            kinds: (0..language.node_kind_count()).filter_map(|id| u16::try_from(id).ok()).map(kind).collect(),
            fields: (0..=language.field_count()).filter_map(|id| u16::try_from(id).ok()).map(field).collect(),
        }
    }

    /// The kind of a node. ERROR nodes have a number outside every table.
    pub(super) fn kind(&self, id: u16) -> Kind {
        self.kinds.get(usize::from(id)).copied().unwrap_or(if id == u16::MAX { Kind::Error } else { Kind::Other })
    }

    /// The role of a node, by the number of its field.
    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(usize::from(id.get()))).copied().unwrap_or(Field::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_told_apart_from_nodes_of_the_same_name() {
        for grammar in [Grammar::JavaScript, Grammar::TypeScript, Grammar::Tsx] {
            let language = grammar.language();
            let tables = Tables::of(grammar);
            assert_eq!(tables.kind(language.id_for_node_kind("class", true)), Kind::Class);
            assert_eq!(tables.kind(language.id_for_node_kind("class", false)), Kind::TokenOther);
            assert_eq!(tables.kind(language.id_for_node_kind("async", false)), Kind::TokenAsync);
            assert_eq!(tables.kind(u16::MAX), Kind::Error);
        }
    }

    #[test]
    fn fields_are_found_in_every_grammar() {
        for grammar in [Grammar::JavaScript, Grammar::TypeScript, Grammar::Tsx] {
            let language = grammar.language();
            let id = language.field_id_for_name("function");
            assert_eq!(Tables::of(grammar).field(id), Field::Function);
        }
    }
}
