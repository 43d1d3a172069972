"""Random networks on AWS, a simulator of their packets, and the same networks built from Linux namespaces."""
