//! The node kinds and fields of the Java and Kotlin grammars under one enumeration.
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
    AnnotatedExpression = "annotated_expression",
    AnnotatedLambda = "annotated_lambda",
    AnnotatedType = "annotated_type",
    Annotation = "annotation",
    AnnotationArgumentList = "annotation_argument_list",
    AnnotationTypeBody = "annotation_type_body",
    AnnotationTypeDeclaration = "annotation_type_declaration",
    AnnotationTypeElement = "annotation_type_element_declaration",
    AnonymousFunction = "anonymous_function",
    AnonymousInitializer = "anonymous_initializer",
    ArrayAccess = "array_access",
    ArrayCreation = "array_creation_expression",
    ArrayInitializer = "array_initializer",
    ArrayType = "array_type",
    AsExpression = "as_expression",
    Assignment = "assignment",
    AssignmentExpression = "assignment_expression",
    Asterisk = "asterisk",
    BinaryExpression = "binary_expression",
    BinaryInteger = "binary_integer_literal",
    Block = "block",
    BlockComment = "block_comment",
    BooleanType = "boolean_type",
    BreakStatement = "break_statement",
    CallExpression = "call_expression",
    CallableReference = "callable_reference",
    CastExpression = "cast_expression",
    CatchBlock = "catch_block",
    CatchClause = "catch_clause",
    CatchFormalParameter = "catch_formal_parameter",
    CatchType = "catch_type",
    CharacterLiteral = "character_literal",
    ClassBody = "class_body",
    ClassDeclaration = "class_declaration",
    ClassLiteral = "class_literal",
    ClassModifier = "class_modifier",
    ClassParameter = "class_parameter",
    ClassParameters = "class_parameters",
    CollectionLiteral = "collection_literal",
    CompactConstructor = "compact_constructor_declaration",
    CompanionObject = "companion_object",
    ConstantDeclaration = "constant_declaration",
    ConstructorBody = "constructor_body",
    ConstructorDeclaration = "constructor_declaration",
    ConstructorDelegationCall = "constructor_delegation_call",
    ConstructorInvocation = "constructor_invocation",
    ContinueStatement = "continue_statement",
    DecimalFloat = "decimal_floating_point_literal",
    DecimalInteger = "decimal_integer_literal",
    DelegationSpecifier = "delegation_specifier",
    DelegationSpecifiers = "delegation_specifiers",
    Dimensions = "dimensions",
    DoStatement = "do_statement",
    DoWhileStatement = "do_while_statement",
    ElementValueArray = "element_value_array_initializer",
    ElementValuePair = "element_value_pair",
    EnhancedForStatement = "enhanced_for_statement",
    EnumBody = "enum_body",
    EnumBodyDeclarations = "enum_body_declarations",
    EnumClassBody = "enum_class_body",
    EnumConstant = "enum_constant",
    EnumDeclaration = "enum_declaration",
    EnumEntry = "enum_entry",
    Error = "ERROR",
    ExplicitConstructorInvocation = "explicit_constructor_invocation",
    ExplicitDelegation = "explicit_delegation",
    ExpressionStatement = "expression_statement",
    ExtendsInterfaces = "extends_interfaces",
    False = "false",
    FieldAccess = "field_access",
    FieldDeclaration = "field_declaration",
    FileAnnotation = "file_annotation",
    FinallyBlock = "finally_block",
    FinallyClause = "finally_clause",
    FloatLiteral = "float_literal",
    FloatingPointType = "floating_point_type",
    ForStatement = "for_statement",
    FormalParameter = "formal_parameter",
    FormalParameters = "formal_parameters",
    FunctionBody = "function_body",
    FunctionDeclaration = "function_declaration",
    FunctionModifier = "function_modifier",
    FunctionType = "function_type",
    FunctionValueParameters = "function_value_parameters",
    GenericType = "generic_type",
    Getter = "getter",
    Guard = "guard",
    HexFloat = "hex_floating_point_literal",
    HexInteger = "hex_integer_literal",
    Identifier = "identifier",
    IfExpression = "if_expression",
    IfStatement = "if_statement",
    Import = "import",
    ImportDeclaration = "import_declaration",
    InExpression = "in_expression",
    IndexExpression = "index_expression",
    InferredParameters = "inferred_parameters",
    InfixExpression = "infix_expression",
    InstanceofExpression = "instanceof_expression",
    IntegralType = "integral_type",
    InterfaceBody = "interface_body",
    InterfaceDeclaration = "interface_declaration",
    Interpolation = "interpolation",
    IsExpression = "is_expression",
    Label = "label",
    LabeledExpression = "labeled_expression",
    LabeledStatement = "labeled_statement",
    LambdaExpression = "lambda_expression",
    LambdaLiteral = "lambda_literal",
    LambdaParameters = "lambda_parameters",
    LineComment = "line_comment",
    LocalVariableDeclaration = "local_variable_declaration",
    MarkerAnnotation = "marker_annotation",
    MethodDeclaration = "method_declaration",
    MethodInvocation = "method_invocation",
    MethodReference = "method_reference",
    Modifiers = "modifiers",
    ModuleDeclaration = "module_declaration",
    MultiVariableDeclaration = "multi_variable_declaration",
    MultilineStringLiteral = "multiline_string_literal",
    NavigationExpression = "navigation_expression",
    NonNullableType = "non_nullable_type",
    NullLiteral = "null_literal",
    NullableType = "nullable_type",
    NumberLiteral = "number_literal",
    ObjectCreation = "object_creation_expression",
    ObjectDeclaration = "object_declaration",
    ObjectLiteral = "object_literal",
    OctalInteger = "octal_integer_literal",
    PackageDeclaration = "package_declaration",
    PackageHeader = "package_header",
    Parameter = "parameter",
    ParameterModifier = "parameter_modifier",
    ParameterModifiers = "parameter_modifiers",
    ParenthesizedExpression = "parenthesized_expression",
    ParenthesizedType = "parenthesized_type",
    Pattern = "pattern",
    PrimaryConstructor = "primary_constructor",
    PropertyDeclaration = "property_declaration",
    PropertyDelegate = "property_delegate",
    QualifiedIdentifier = "qualified_identifier",
    RangeExpression = "range_expression",
    RangeTest = "range_test",
    ReceiverParameter = "receiver_parameter",
    RecordDeclaration = "record_declaration",
    RecordPattern = "record_pattern",
    RecordPatternBody = "record_pattern_body",
    RecordPatternComponent = "record_pattern_component",
    Resource = "resource",
    ReturnExpression = "return_expression",
    ReturnStatement = "return_statement",
    ScopedIdentifier = "scoped_identifier",
    ScopedTypeIdentifier = "scoped_type_identifier",
    SecondaryConstructor = "secondary_constructor",
    Setter = "setter",
    Shebang = "shebang",
    SpreadExpression = "spread_expression",
    SpreadParameter = "spread_parameter",
    StaticInitializer = "static_initializer",
    StringContent = "string_content",
    StringInterpolation = "string_interpolation",
    StringLiteral = "string_literal",
    Super = "super",
    SuperExpression = "super_expression",
    SuperInterfaces = "super_interfaces",
    Superclass = "superclass",
    SwitchBlockGroup = "switch_block_statement_group",
    SwitchExpression = "switch_expression",
    SwitchLabel = "switch_label",
    SwitchRule = "switch_rule",
    SynchronizedStatement = "synchronized_statement",
    This = "this",
    ThisExpression = "this_expression",
    ThrowExpression = "throw_expression",
    ThrowStatement = "throw_statement",
    True = "true",
    TryExpression = "try_expression",
    TryStatement = "try_statement",
    TryWithResources = "try_with_resources_statement",
    TypeAlias = "type_alias",
    TypeArguments = "type_arguments",
    TypeConstraints = "type_constraints",
    TypeIdentifier = "type_identifier",
    TypeList = "type_list",
    TypeModifiers = "type_modifiers",
    TypeParameters = "type_parameters",
    TypePattern = "type_pattern",
    TypeProjection = "type_projection",
    TypeTest = "type_test",
    UnaryExpression = "unary_expression",
    UnderscorePattern = "underscore_pattern",
    UpdateExpression = "update_expression",
    UseSiteTarget = "use_site_target",
    UserType = "user_type",
    ValueArgument = "value_argument",
    ValueArguments = "value_arguments",
    VariableDeclaration = "variable_declaration",
    VariableDeclarator = "variable_declarator",
    VarianceModifier = "variance_modifier",
    VoidType = "void_type",
    WhenEntry = "when_entry",
    WhenExpression = "when_expression",
    WhenSubject = "when_subject",
    WhileStatement = "while_statement",
    Wildcard = "wildcard",
    YieldStatement = "yield_statement",
    TernaryExpression = "ternary_expression",
    // The spellings below are those of `token`, which keeps them apart from the named kinds.
    TokenBy = "token by",
    TokenClass = "token class",
    TokenComma = "token ,",
    TokenDefault = "token default",
    TokenDot = "token .",
    TokenDoubleColon = "token ::",
    TokenElse = "token else",
    TokenEquals = "token =",
    TokenIn = "token in",
    TokenInterface = "token interface",
    TokenIs = "token is",
    TokenNew = "token new",
    TokenNotIn = "token !in",
    TokenStar = "token *",
    TokenStatic = "token static",
    TokenVal = "token val",
    TokenVar = "token var",
    TokenOther = "token",
}

spelled! {
    /// The role of a node in its parent.
    Field,
    Alternative = "alternative",
    Argument = "argument",
    Arguments = "arguments",
    Array = "array",
    Body = "body",
    Condition = "condition",
    Consequence = "consequence",
    Constructor = "constructor",
    Declarator = "declarator",
    Dimensions = "dimensions",
    Element = "element",
    Member = "field",
    Index = "index",
    Init = "init",
    Key = "key",
    Label = "label",
    Left = "left",
    Name = "name",
    Object = "object",
    Operand = "operand",
    Operator = "operator",
    Parameters = "parameters",
    Pattern = "pattern",
    Resources = "resources",
    Right = "right",
    Type = "type",
    TypeArguments = "type_arguments",
    Update = "update",
    Value = "value",
}

impl Kind {
    /// True for punctuation and keywords.
    pub(super) fn is_token(self) -> bool {
        matches!(
            self,
            Kind::TokenBy
                | Kind::TokenClass
                | Kind::TokenComma
                | Kind::TokenDefault
                | Kind::TokenDot
                | Kind::TokenDoubleColon
                | Kind::TokenElse
                | Kind::TokenEquals
                | Kind::TokenIn
                | Kind::TokenInterface
                | Kind::TokenIs
                | Kind::TokenNew
                | Kind::TokenNotIn
                | Kind::TokenStar
                | Kind::TokenStatic
                | Kind::TokenVal
                | Kind::TokenVar
                | Kind::TokenOther
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
        static TABLES: [OnceLock<Tables>; 2] = [const { OnceLock::new() }; 2];
        TABLES[usize::from(grammar == Grammar::Kotlin)].get_or_init(|| Tables::build(&grammar.language()))
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
    fn keywords_are_told_apart_from_nodes_and_fields_are_found() {
        for grammar in [Grammar::Java, Grammar::Kotlin] {
            let language = grammar.language();
            let tables = Tables::of(grammar);
            assert_eq!(tables.kind(language.id_for_node_kind("class_declaration", true)), Kind::ClassDeclaration);
            assert_eq!(tables.kind(language.id_for_node_kind("class", false)), Kind::TokenClass);
            assert_eq!(tables.field(language.field_id_for_name("operator")), Field::Operator);
            assert_eq!(tables.kind(u16::MAX), Kind::Error);
        }
    }
}
