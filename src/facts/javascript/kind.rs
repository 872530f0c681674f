//! The node kinds of the three grammars under one enumeration.

use crate::facts::walk::kinds;

kinds! {
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
}

impl Kind {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::module::Language;
    use crate::facts::walk::{Field, Tables};
    use crate::syntax::code::Grammar;

    #[test]
    fn keywords_are_told_apart_from_nodes_of_the_same_name_and_fields_are_found() {
        for grammar in [Grammar::JavaScript, Grammar::TypeScript, Grammar::Tsx] {
            let language = grammar.language();
            let tables = Tables::<Kind>::build(grammar, Language::TypeScript);
            assert_eq!(tables.kind(language.id_for_node_kind("class", true)), Kind::Class);
            assert_eq!(tables.kind(language.id_for_node_kind("class", false)), Kind::Token);
            assert_eq!(tables.kind(language.id_for_node_kind("async", false)), Kind::TokenAsync);
            assert_eq!(tables.field(language.field_id_for_name("function")), Field::Function);
            assert_eq!(tables.kind(u16::MAX), Kind::Error);
        }
    }
}
