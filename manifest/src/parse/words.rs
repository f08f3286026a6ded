//! Words for people, for what the scanner finds wrong.

use granit_parser::{ErrorKind, ScanError};

/// Says in a whole sentence what is wrong.
pub(super) fn sentence(error: &ScanError) -> String {
    use ErrorKind as Kind;
    let known = match error.kind() {
        Kind::UnknownAnchor => "This alias (*) names an anchor (&) that is not defined before it.",
        Kind::RecursionLimitExceeded => "This is nested too deeply.",
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation | Kind::TabAtBlockScalarStart => {
            "There is a tab in the indentation; YAML wants spaces."
        }
        Kind::UnclosedQuotedScalar | Kind::DocumentIndicatorInQuotedScalar => {
            "A quote is opened here and never closed."
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => "A bracket is opened here and never closed.",
        Kind::MismatchedFlowCollectionEnd { .. } | Kind::MisplacedFlowCollectionEnd => {
            "This bracket closes nothing that is open."
        }
        Kind::ExpectedFlowMappingSeparator => "A `,` or `}` is missing before this.",
        Kind::ExpectedFlowSequenceSeparator => "A `,` or `]` is missing before this.",
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement => {
            "There is a second `: ` in one line; put the value in quotes, or begin a new line."
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            "A `:` is missing after this key, or the line is not indented like its neighbours."
        }
        Kind::InvalidIndentation
        | Kind::MappingKeyNotAllowed
        | Kind::ExpectedBlockMappingKey
        | Kind::ExpectedBlockSequenceEntry
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::InvalidQuotedScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::InvalidBlockScalarIndent => "This line is not indented like its neighbours.",
        Kind::UnexpectedCharacter { character } => {
            return format!("A value cannot begin with `{}`; put it in quotes.", character.escape_default());
        }
        Kind::UnknownQuotedScalarEscape | Kind::InvalidQuotedScalarHexEscape | Kind::InvalidUnicodeEscape => {
            "YAML does not know this escape; a backslash is written twice in double quotes."
        }
        _ => return format!("This is not YAML: {}.", error.info().trim_end_matches('.')),
    };
    known.to_owned()
}
