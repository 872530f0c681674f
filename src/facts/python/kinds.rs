//! The grammar's node kinds and fields as enums, resolved once from names to numbers.
//!
//! Names are looked up per grammar, not per node: lowering then dispatches on a small table instead
//! of comparing strings.

use std::sync::OnceLock;

use crate::facts::module::BinaryOp;
use crate::syntax::code::Grammar;

macro_rules! kinds {
    ($($name:pat => $kind:ident,)*) => {
        /// What lowering tells apart; several node kinds may share one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            $($kind,)*
            /// A node that only passes its expressions on.
            Clause,
            /// A node without a form of its own.
            Unknown,
            /// Something the parser could not read.
            Error,
            /// An operator token.
            Op(BinaryOp),
            /// The token `async`.
            Async,
            /// A comment, or a token that says nothing by itself.
            Skip,
        }

        fn named(name: &str) -> Kind {
            match name {
                $($name => Kind::$kind,)*
                "comment" | "line_continuation" | "keyword_separator" | "positional_separator" | "string_end"
                | "import_prefix" | "type_conversion" => Kind::Skip,
                "pair" | "for_in_clause" | "if_clause" | "chevron" | "with_item" | "format_specifier" => Kind::Clause,
                _ => Kind::Unknown,
            }
        }
    };
}

kinds! {
    "identifier" => Identifier,
    "dotted_name" => DottedName,
    "string" => String,
    "concatenated_string" => Concatenated,
    "string_start" => StringStart,
    "string_content" => StringContent,
    "interpolation" | "format_expression" => Interpolation,
    "integer" | "float" => Number,
    "true" => True,
    "false" => False,
    "none" => None,
    "ellipsis" => Ellipsis,
    "attribute" => Attribute,
    "subscript" => Subscript,
    "call" => Call,
    "argument_list" => ArgumentList,
    "keyword_argument" => KeywordArgument,
    "list_splat" | "list_splat_pattern" => ListSplat,
    "dictionary_splat" | "dictionary_splat_pattern" => DictSplat,
    "await" => Await,
    "binary_operator" | "boolean_operator" => Binary,
    "comparison_operator" => Comparison,
    "not_operator" => Not,
    "unary_operator" => Unary,
    "conditional_expression" => Conditional,
    "named_expression" => NamedExpression,
    "as_pattern" => AsPattern,
    "lambda" => Lambda,
    "list" | "set" | "tuple" | "expression_list" | "pattern_list" | "tuple_pattern" | "list_pattern" => List,
    "dictionary" => Dictionary,
    "parenthesized_expression" | "as_pattern_target" => Wrapper,
    "type" => Type,
    "generic_type" => GenericType,
    "type_parameter" => TypeParameter,
    "union_type" => UnionType,
    "member_type" => MemberType,
    "typed_parameter" | "typed_default_parameter" | "default_parameter" => Parameter,
    "parameters" | "lambda_parameters" => Parameters,
    "case_pattern" => CasePattern,
    "union_pattern" => UnionPattern,
    "aliased_import" => AliasedImport,
    "wildcard_import" => Wildcard,
    "relative_import" => RelativeImport,
    "block" => Block,
    "decorator" => Decorator,
    "with_clause" => WithClause,
    "elif_clause" => Elif,
    "else_clause" => Else,
    "except_clause" | "except_group_clause" => Except,
    "finally_clause" => Finally,
    "case_clause" => Case,
    "module" => Module,
    "expression_statement" => ExpressionStatement,
    "assignment" => Assignment,
    "augmented_assignment" => AugmentedAssignment,
    "type_alias_statement" => TypeAlias,
    "return_statement" => Return,
    "raise_statement" => Raise,
    "delete_statement" | "assert_statement" | "print_statement" | "exec_statement" => Operands,
    "pass_statement" => Nothing,
    "global_statement" | "nonlocal_statement" => Global,
    "break_statement" => Break,
    "continue_statement" => Continue,
    "if_statement" => If,
    "match_statement" => Match,
    "for_statement" => For,
    "while_statement" => While,
    "try_statement" => Try,
    "with_statement" => With,
    "function_definition" => Function,
    "class_definition" => Class,
    "decorated_definition" => Decorated,
    "import_statement" => Import,
    "future_import_statement" => FutureImport,
    "import_from_statement" => ImportFrom,
}

impl Kind {
    /// Lowered by `stmt`, not by `expr`.
    pub(super) fn is_statement(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Module
                | Block
                | ExpressionStatement
                | Assignment
                | AugmentedAssignment
                | TypeAlias
                | Return
                | Raise
                | Operands
                | Nothing
                | Global
                | Break
                | Continue
                | If
                | Match
                | For
                | While
                | Try
                | With
                | Function
                | Class
                | Decorated
                | Import
                | FutureImport
                | ImportFrom
        )
    }

    /// A token rather than a node.
    pub(super) fn is_token(self) -> bool {
        matches!(self, Kind::Op(_) | Kind::Async | Kind::Skip)
    }
}

fn token(name: &str) -> Kind {
    Kind::Op(match name {
        "+" | "+=" => BinaryOp::Add,
        "-" | "-=" => BinaryOp::Sub,
        "*" | "*=" => BinaryOp::Mul,
        "/" | "//" | "/=" | "//=" => BinaryOp::Div,
        "%" | "%=" => BinaryOp::Mod,
        "**" | "**=" => BinaryOp::Pow,
        "<<" | "<<=" => BinaryOp::Shl,
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "|" | "|=" => BinaryOp::BitOr,
        "==" | "is" => BinaryOp::Eq,
        "!=" | "<>" | "is not" => BinaryOp::Ne,
        "<" | "<=" => BinaryOp::Lt,
        ">" | ">=" => BinaryOp::Gt,
        "in" => BinaryOp::In,
        "not in" => BinaryOp::NotIn,
        "@" | "@=" | ">>" | ">>=" | "&" | "&=" | "^" | "^=" | "~" => BinaryOp::Other,
        "async" => return Kind::Async,
        _ => return Kind::Skip,
    })
}

macro_rules! fields {
    ($($name:literal => $field:ident,)*) => {
        /// The fields that lowering asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Field {
            $($field,)*
            /// No field, or one that the node's kind already tells.
            None,
        }

        fn field(name: &str) -> Field {
            match name {
                $($name => Field::$field,)*
                _ => Field::None,
            }
        }
    };
}

fields! {
    "alias" => Alias,
    "alternative" => Alternative,
    "attribute" => Attribute,
    "body" => Body,
    "cause" => Cause,
    "condition" => Condition,
    "consequence" => Consequence,
    "definition" => Definition,
    "expression" => Expression,
    "function" => Function,
    "guard" => Guard,
    "left" => Left,
    "module_name" => ModuleName,
    "name" => Name,
    "object" => Object,
    "return_type" => ReturnType,
    "right" => Right,
    "subject" => Subject,
    "superclasses" => Superclasses,
    "type" => Type,
    "value" => Value,
}

/// The grammar's numbers, resolved.
pub(super) struct Tables {
    kinds: Vec<Kind>,
    fields: Vec<Field>,
}

impl Tables {
    /// The tables of the Python grammar, computed on first use.
    pub(super) fn get() -> &'static Tables {
        static TABLES: OnceLock<Tables> = OnceLock::new();
        TABLES.get_or_init(|| {
            let language = Grammar::Python.language();
            let kind_of = |id: u16| match language.node_kind_for_id(id) {
                Some(name) if language.node_kind_is_named(id) => named(name),
                Some(name) => token(name),
                None => Kind::Unknown,
            };
            let field_of = |id: u16| language.field_name_for_id(id).map_or(Field::None, field);
            let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
            Tables {
                kinds: (0..count(language.node_kind_count())).map(kind_of).collect(),
                fields: (0..=count(language.field_count())).map(field_of).collect(),
            }
        })
    }

    /// The kind of a node by its number; numbers outside the grammar are error nodes.
    pub(super) fn kind(&self, id: u16) -> Kind {
        self.kinds.get(usize::from(id)).copied().unwrap_or(Kind::Error)
    }

    /// The field by its number.
    pub(super) fn field(&self, id: Option<std::num::NonZeroU16>) -> Field {
        id.and_then(|id| self.fields.get(usize::from(id.get()))).copied().unwrap_or(Field::None)
    }
}
