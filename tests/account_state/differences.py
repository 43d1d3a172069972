"""Compares two states."""

import json


def differences(left, right, path=""):
    """Returns the differences between two states as lines."""
    if isinstance(left, dict) and isinstance(right, dict):
        lines = []
        for key in sorted(left.keys() | right.keys()):
            here = f"{path} / {key}" if path else key
            if key not in left:
                lines.append(f"{here}: only in Terraform: {json.dumps(right[key], sort_keys=True)}")
            elif key not in right:
                lines.append(f"{here}: only in CloudFormation: {json.dumps(left[key], sort_keys=True)}")
            else:
                lines += differences(left[key], right[key], here)
        return lines
    if isinstance(left, list) and isinstance(right, list) and left != right:
        only_left = [item for item in left if item not in right]
        only_right = [item for item in right if item not in left]
        if only_left or only_right:
            return [f"{path}: CloudFormation has {json.dumps(item, sort_keys=True)}" for item in only_left] + [
                f"{path}: Terraform has {json.dumps(item, sort_keys=True)}" for item in only_right
            ]
    if left != right:
        return [f"{path}: CloudFormation {json.dumps(left)}, Terraform {json.dumps(right)}"]
    return []
