// Runs all packs of cdk-nag: nag.cjs DIRECTORY TEMPLATE... Each template is a stack. Two stacks of the CDK follow for comparison.
// DIRECTORY receives the cloud assembly with the report.
// Without AWS's own validator, which tests/validators.py runs.
process.env.CDK_VALIDATION = 'false';

const path = require('path');
const cdk = require('aws-cdk-lib');
const ec2 = require('aws-cdk-lib/aws-ec2');
const iam = require('aws-cdk-lib/aws-iam');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const nag = require('cdk-nag');

const PACKS = [
  'AwsSolutionsChecks',
  'HIPAASecurityChecks',
  'NIST80053R4Checks',
  'NIST80053R5Checks',
  'PCIDSS321Checks',
  'ServerlessChecks',
];

// The example in the documentation of BastionHostLinux: a VPC with the defaults of the CDK.
function bastion(stack) {
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  new ec2.BastionHostLinux(stack, 'Bastion', { vpc });
}

// The default stack of ssm-synth, as a CDK user writes it.
function byHand(stack) {
  const subnetType = ec2.SubnetType.PRIVATE_ISOLATED;
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'private', subnetType }],
  });
  const services = ec2.InterfaceVpcEndpointAwsService;
  vpc.addInterfaceEndpoint('Ssm', { service: services.SSM });
  vpc.addInterfaceEndpoint('Messages', { service: services.SSM_MESSAGES });
  const policy = iam.ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore');
  const assumedBy = new iam.ServicePrincipal('ec2.amazonaws.com');
  new ec2.Instance(stack, 'Instance', {
    vpc,
    vpcSubnets: { subnetType },
    role: new iam.Role(stack, 'Role', { assumedBy, managedPolicies: [policy] }),
    instanceType: new ec2.InstanceType('t3.micro'),
    machineImage: ec2.MachineImage.latestAmazonLinux2023(),
    requireImdsv2: true,
    blockDevices: [{ deviceName: '/dev/xvda', volume: ec2.BlockDeviceVolume.ebs(8, { encrypted: true }) }],
  });
}

const [outdir, ...templates] = process.argv.slice(2);
const app = new cdk.App({ outdir, analyticsReporting: false });
for (const templateFile of templates) {
  new CfnInclude(new cdk.Stack(app, path.basename(templateFile, '.json')), 'Template', { templateFile });
}
bastion(new cdk.Stack(app, 'BastionHostLinux'));
byHand(new cdk.Stack(app, 'ByHand'));
for (const pack of PACKS) cdk.Validations.of(app).addPlugins(new nag[pack](app));
try {
  app.synth();
} catch (error) {
  // The report has the findings.
  if (!String(error).includes('ValidationFailed')) throw error;
}
