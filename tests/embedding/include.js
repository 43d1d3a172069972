// A CDK app that includes templates, NAME=LOGICAL_ID each: NAME.json as the stack NAME, in which it tags the resource of
// this logical id and makes an output of it.
const { App, CfnOutput, LegacyStackSynthesizer, Stack, Tags } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const app = new App({ analyticsReporting: false });
for (const [name, logicalId] of process.argv.slice(2).map((it) => it.split("="))) {
  const stack = new Stack(app, name, { synthesizer: new LegacyStackSynthesizer() });
  const resource = new CfnInclude(stack, "Included", { templateFile: `${name}.json` }).getResource(logicalId);
  Tags.of(resource).add("Owner", "platform");
  new CfnOutput(stack, "Taken", { value: resource.ref });
}
app.synth();
