"""The calls of deployments, and their simulation with a policy."""
