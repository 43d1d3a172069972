"""The CloudFormation engine: templates, intrinsic functions, and the base of all resource types."""
