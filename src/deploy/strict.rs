//! Detection of truncated responses, which the SDK parses as complete ones.

use aws_sdk_cloudformation::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_cloudformation::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cloudformation::error::BoxError;

/// Rejects truncated XML. Otherwise, a stack with a truncated description appears not to exist.
#[derive(Debug)]
pub(super) struct Strict;

impl Intercept for Strict {
    fn name(&self) -> &'static str {
        "Strict"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // Proxies can return error pages in any format.
        if response.status().is_server_error() {
            return Ok(());
        }
        let content_type = response.headers().get("content-type");
        match response.body().bytes() {
            Some(body) if is_xml(content_type) && !is_complete(body) => {
                Err("truncated response".into())
            }
            _ => Ok(()),
        }
    }
}

/// Returns whether the SDK parses a response as XML. Other parsers reject truncated responses.
fn is_xml(content_type: Option<&str>) -> bool {
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    !content_type.contains("json") && !content_type.contains("cbor")
}

/// Returns whether an XML document ends with its root element.
fn is_complete(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else {
        return false;
    };
    let mut rest = text.trim_start();
    while let Some(inside) = rest.strip_prefix("<?").or(rest.strip_prefix("<!--")) {
        let end = if rest.starts_with("<?") { "?>" } else { "-->" };
        match inside.split_once(end) {
            Some((_, last_event)) => rest = last_event.trim_start(),
            None => return false,
        }
    }
    let Some(root) = rest.strip_prefix('<') else {
        return false;
    };
    let name = root
        .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .next();
    let end = text.trim_end();
    match name {
        Some(name) if !name.is_empty() => {
            let alone = root
                .trim_end()
                .split_once('>')
                .is_some_and(|(tag, last_event)| tag.ends_with('/') && last_event.is_empty());
            alone || end.ends_with(&format!("</{name}>"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_xml_must_end_as_xml() {
        for content_type in [None, Some("text/xml"), Some("text/xml; charset=utf-8")] {
            assert!(is_xml(content_type), "{content_type:?}");
        }
        for content_type in [
            "application/json",
            "application/x-amz-json-1.1",
            "application/cbor",
            "Application/JSON; charset=utf-8",
        ] {
            assert!(!is_xml(Some(content_type)), "{content_type}");
        }
    }

    #[test]
    fn a_document_ends_with_its_root() {
        for whole in [
            "<a><b>1</b></a>",
            "<?xml version=\"1.0\"?>\n<a xmlns=\"x\">\n</a>\n",
            "<!-- c --><a/>",
        ] {
            assert!(is_complete(whole.as_bytes()), "{whole}");
            for end in 0..whole.trim_end().len() {
                assert!(!is_complete(&whole.as_bytes()[..end]), "{}", &whole[..end]);
            }
        }
        assert!(!is_complete(b"<html>") && !is_complete(b"{}") && !is_complete(b""));
    }
}
