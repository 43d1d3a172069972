use ssm_synth::Handle;
use ssm_synth::resource::Topic;

fn attributes(topic: Handle<Topic>) {
    let _ = topic.attr("Arn");
    let _ = Topic::new().topic_name(topic);
}

fn main() {}
