use ssm_synth::resource::MetadataOptions;

fn main() {
    let _ = MetadataOptions::new().http_tokens("mandatory");
}
