//! References in templates and expressions of Terraform, such as `aws_subnet.a[0].id`.

/// Words that are not references.
const KEYWORDS: [&str; 9] = [
    "else", "endfor", "endif", "false", "for", "if", "in", "null", "true",
];

/// The steps of a reference: names, and each index as `[]`.
pub(super) type Traversal = Vec<String>;

/// Returns whether a step is an index, in one of its forms.
pub(super) fn is_index(step: &str) -> bool {
    matches!(step, "[]" | "*") || step.bytes().all(|it| it.is_ascii_digit())
}

/// Returns the references in text with `${}`.
pub(super) fn of_template(text: &str) -> Vec<Traversal> {
    scanned(text, true).found
}

/// Returns the references in an expression.
pub(super) fn of_expression(text: &str) -> Vec<Traversal> {
    scanned(text, false).found
}

/// Returns whether text with `${}`, or an expression, has a bracket or a quote that does not match.
pub(super) fn is_unbalanced(text: &str, is_template: bool) -> bool {
    scanned(text, is_template).is_unbalanced
}

/// Returns the functions that text with `${}`, or an expression, calls. Those of providers are absent.
pub(super) fn functions(text: &str, is_template: bool) -> Vec<String> {
    scanned(text, is_template).functions
}

fn scanned(text: &str, is_template: bool) -> Scanner {
    let mut scanner = Scanner::new(text);
    match is_template {
        true => scanner.template(false),
        false => scanner.expression(None),
    }
    scanner
}

struct Scanner {
    text: Vec<char>,
    at: usize,
    found: Vec<Traversal>,
    functions: Vec<String>,
    is_unbalanced: bool,
    /// The variables of `for`.
    bound: Vec<String>,
}

fn is_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

impl Scanner {
    fn new(text: &str) -> Scanner {
        Scanner {
            text: text.chars().collect(),
            at: 0,
            found: Vec::new(),
            functions: Vec::new(),
            is_unbalanced: false,
            bound: Vec::new(),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        text.chars()
            .enumerate()
            .all(|(n, c)| rest.get(n) == Some(&c))
    }

    fn skip_while(&mut self, is_skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        self.skip_while(is_part);
        self.text[start..self.at].iter().collect()
    }

    /// Reads text up to its end, or up to the quote that ends it.
    fn template(&mut self, is_quoted: bool) {
        while let Some(c) = self.peek() {
            match c {
                '"' if is_quoted => {
                    self.at += 1;
                    return;
                }
                '\\' if is_quoted => self.at += 2,
                '$' | '%' => {
                    let start = self.at;
                    self.skip_while(|it| it == c);
                    if self.peek() != Some('{') {
                        continue;
                    }
                    self.at += 1;
                    // Two signs are a literal one.
                    if self.at - start != 3 {
                        self.expression(Some('}'));
                    }
                }
                _ => self.at += 1,
            }
        }
        self.is_unbalanced |= is_quoted;
    }

    /// Reads an expression up to its end, or up to the bracket that closes it.
    fn expression(&mut self, close: Option<char>) {
        let mut open = Vec::new();
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    self.template(true);
                }
                '{' | '(' | '[' => {
                    open.push(c);
                    self.at += 1;
                }
                '}' | ')' | ']' => {
                    self.at += 1;
                    let opened = open.pop();
                    let expected = match opened {
                        Some('(') => Some(')'),
                        Some('[') => Some(']'),
                        Some(_) => Some('}'),
                        None => close,
                    };
                    self.is_unbalanced |= expected != Some(c);
                    if opened.is_none() && close.is_some() {
                        return;
                    }
                }
                '#' => self.skip_while(|it| it != '\n'),
                '/' if self.starts_with("//") => self.skip_while(|it| it != '\n'),
                '/' if self.starts_with("/*") => {
                    while self.at < self.text.len() && !self.starts_with("*/") {
                        self.at += 1;
                    }
                    self.at += 2;
                }
                // An attribute of the result of an expression.
                '.' => {
                    self.at += 1;
                    self.name();
                }
                c if is_start(c) => self.traversal(open.last() == Some(&'{')),
                c if c.is_ascii_digit() => self.skip_while(is_part),
                _ => self.at += 1,
            }
        }
        self.is_unbalanced |= close.is_some() || !open.is_empty();
    }

    fn traversal(&mut self, is_in_object: bool) {
        let first = self.name();
        let has_namespace = self.starts_with("::");
        while self.starts_with("::") {
            self.at += 2;
            self.name();
        }
        if self.next_is("(") {
            self.functions.extend((!has_namespace).then_some(first));
            return;
        }
        let mut steps = vec![first];
        loop {
            match self.peek() {
                Some('.') if !self.starts_with("...") => {
                    self.at += 1;
                    match self.peek() {
                        Some('*') => {
                            self.at += 1;
                            steps.push("*".to_owned());
                        }
                        _ => steps.push(self.name()),
                    }
                }
                Some('[') => {
                    self.at += 1;
                    self.expression(Some(']'));
                    steps.push("[]".to_owned());
                }
                _ => break,
            }
        }
        if let [only] = steps.as_slice() {
            if only == "for" {
                return self.bind();
            }
            let is_key = is_in_object && (self.next_is(":") || self.next_is("="));
            if KEYWORDS.contains(&only.as_str()) || is_key {
                return;
            }
        }
        if !self.bound.contains(&steps[0]) {
            self.found.push(steps);
        }
    }

    /// Reads the variables of `for`.
    fn bind(&mut self) {
        loop {
            self.skip_while(|it| it.is_whitespace() || it == ',');
            let name = self.name();
            if name.is_empty() || name == "in" {
                return;
            }
            self.bound.push(name);
        }
    }

    fn next_is(&self, text: &str) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut rest = rest.iter().skip_while(|it| it.is_whitespace());
        text.chars().all(|c| rest.next() == Some(&c))
    }
}

#[cfg(test)]
mod tests {
    use super::{functions, of_expression, of_template};

    #[test]
    fn references_are_found_in_any_expression() {
        for (text, wanted) in [
            ("plain", ""),
            ("${aws_subnet.a.id}", "aws_subnet.a.id"),
            ("x-${var.team}-${local.b[0].c}", "var.team local.b.[].c"),
            ("$${var.a} %%{ if var.b }", ""),
            ("$$${var.a}", "var.a"),
            ("%{ if var.a == \"x\" ~}b%{ endif }", "var.a"),
            (
                "%{ for it in var.list }${it.id} ${it}%{ endfor }",
                "var.list",
            ),
            (
                "${aws_subnet.a[*].id} ${aws_subnet.b.*.id}",
                "aws_subnet.a.[].id aws_subnet.b.*.id",
            ),
            (
                "${data.aws_ami.it[var.n].id}",
                "var.n data.aws_ami.it.[].id",
            ),
            ("${cidrsubnet(var.cidr, 8, 1)}", "var.cidr"),
            ("${one(aws_a.b[*].c).d}", "aws_a.b.[].c"),
            (
                "${jsonencode({ a = var.b, \"c\" = 1.5, d : true })}",
                "var.b",
            ),
            (
                "${[for k, v in var.map : \"${k}-${v.id}\" if v != null]}",
                "var.map",
            ),
            ("${provider::aws::arn_parse(var.arn).region}", "var.arn"),
            ("${var.a ? \"\\\"${var.b}\" : null}", "var.a var.b"),
            ("${/* var.a */ var.b}", "var.b"),
            ("${nope}", "nope"),
        ] {
            let found: Vec<String> = of_template(text).iter().map(|it| it.join(".")).collect();
            assert_eq!(found.join(" "), wanted, "{text}");
        }
        assert_eq!(of_expression("aws_a.b")[0].join("."), "aws_a.b");
    }

    #[test]
    fn functions_of_terraform_are_found() {
        let text = "${jsonencode([for it in var.a : upper(it)])} ${provider::aws::arn_parse(var.b)} sum(1)";
        assert_eq!(functions(text, true), ["jsonencode", "upper"]);
    }
}
