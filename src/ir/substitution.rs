//! The text of `Fn::Sub`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html>

/// A part of the text of `Fn::Sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubPart<'t> {
    /// Literal text.
    Text(&'t str),
    /// The inside of `${!Name}`, which stands for `${Name}`.
    Literal(&'t str),
    /// The inside of `${Name}` or `${Name.Attribute}`.
    Name(&'t str),
}

/// Splits the text of `Fn::Sub`. An unclosed `${` is literal text.
pub(crate) fn sub_parts(format: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        let name = name.trim();
        parts.push(SubPart::Text(before));
        parts.push(match name.strip_prefix('!') {
            Some(literal) => SubPart::Literal(literal),
            None => SubPart::Name(name),
        });
        rest = behind;
    }
    parts.push(SubPart::Text(rest));
    parts.retain(|it| *it != SubPart::Text(""));
    parts
}

#[cfg(test)]
mod tests {
    use super::SubPart::{Literal, Name, Text};
    use super::sub_parts;

    #[test]
    fn names_literals_and_unclosed_text_are_apart() {
        let parts = sub_parts("a${ B.C }${!d}${e");
        assert_eq!(parts, [Text("a"), Name("B.C"), Literal("d"), Text("${e")]);
        assert_eq!(sub_parts(""), []);
    }
}
