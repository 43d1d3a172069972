//! Outputs of the modules of a plan, to which fixes refer.

/// An output of a module that is an attribute of one resource, or a list of them.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "report"), allow(dead_code))] // fixes refer to it
pub(crate) struct ModuleOutput {
    /// The module, without the keys of its instances, such as `module.network.`.
    pub(crate) module: String,
    pub(crate) name: String,
    /// The reference in the module, such as `aws_vpc.this[0].id` or, of a list, `aws_subnet.private`.
    pub(crate) of: String,
    /// Whether it is a list of IDs, as far as its use shows.
    pub(crate) is_list: bool,
}

#[cfg_attr(not(feature = "report"), allow(dead_code))]
impl ModuleOutput {
    /// Returns the address of a module without the keys of its instances.
    pub(crate) fn path(module: &str) -> String {
        let mut depth = 0;
        let kept = module.chars().filter(|c| {
            depth += i32::from(*c == '[');
            let is_outside = depth == 0;
            depth -= i32::from(*c == ']');
            is_outside
        });
        kept.collect()
    }

    /// Returns the reference to a value of the module, such as `vpc_id` or `private_subnets[0]`.
    pub(crate) fn reference(&self, value: &str) -> Option<String> {
        // A plan does not show functions around the reference. Their result would have another name.
        let word = value.rsplit(['.', '_']).next().unwrap_or(value);
        let is_named = self.name.rsplit('_').next() == Some(word);
        if self.of == value && is_named {
            return Some(self.name.clone());
        }
        let index = value.strip_prefix(&self.of)?.strip_suffix(".id")?;
        let is_number = index.strip_prefix('[')?.strip_suffix(']')?.parse::<usize>();
        (self.is_list && is_number.is_ok()).then(|| format!("{}{index}", self.name))
    }
}
