"""A strict AWS emulator: moto with a CloudFormation engine that rejects what it does not emulate. See README.md."""
