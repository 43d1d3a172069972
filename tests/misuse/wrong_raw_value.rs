use ssm_synth::resource::RawResource;

struct Mine;

fn main() {
    let _ = RawResource::new().cfn("AWS::SQS::Queue").property("QueueName", Mine);
    let _ = RawResource::new().tags([("Team", 1)]);
}
