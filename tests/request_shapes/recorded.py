"""Recorded calls: the parameters as objects, and what the API rejects by form."""

import botocore.exceptions

from request_shapes import model
from request_shapes.check import errors

# The names of the services' models, where signatures use others.
MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}


def problems(calls):
    """Yields the errors of calls that `cfn_emulator.recorder` recorded, without repetitions."""
    found = {}
    for call in calls:
        if call["service"] in ("s3", "route53") or not call["parameters"]:
            # The recorder keeps no bodies of XML, and no parameters of the CBOR protocol.
            continue
        service = model(MODELS.get(call["service"], call["service"]))
        try:
            shape = service.operation_model(call["operation"]).input_shape
        except botocore.exceptions.OperationNotFoundError:
            found[f"{call['service']} has no operation {call['operation']}"] = None
            continue
        name = f"{call['service']}:{call['operation']}"
        value, unread = call["parameters"], []
        # A service can accept several protocols; only a query is flat.
        if service.protocol != "json" and not any(isinstance(it, (dict, list)) for it in value.values()):
            value, unread = unflattened(value, shape, service.protocol)
        wrong = [*errors(value, shape, name), *(f"{name}: `{it}` is not a parameter" for it in unread)]
        found |= dict.fromkeys(wrong)
    return list(found)


def unflattened(parameters, shape, protocol):
    """Returns the parameters of a query as the structure of the shape, and the names that it does not have."""
    unread = dict(parameters)
    return read(unread, shape, "", protocol) or {}, sorted(unread)


def read(parameters, shape, prefix, protocol):
    """Takes the parameters below a prefix; returns `None` if there are none."""
    if not any(name == prefix or name.startswith(f"{prefix}.") or not prefix for name in parameters):
        return None
    match shape.type_name:
        case "structure":
            found = {}
            for name, member in shape.members.items():
                inner = f"{prefix}.{wire_name(name, member, protocol)}".lstrip(".")
                value = read(parameters, member, inner, protocol)
                if value is not None:
                    found[name] = value
            return found
        case "list":
            flat = protocol == "ec2" or shape.serialization.get("flattened")
            if not flat:
                prefix = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
            found = []
            while (item := read(parameters, shape.member, f"{prefix}.{len(found) + 1}", protocol)) is not None:
                found.append(item)
            return found
        case "map":
            if not shape.serialization.get("flattened"):
                prefix = f"{prefix}.entry"
            found = {}
            while (key := parameters.pop(f"{prefix}.{len(found) + 1}.key", None)) is not None:
                found[key] = read(parameters, shape.value, f"{prefix}.{len(found) + 1}.value", protocol)
            return found
    return parameters.pop(prefix, None)


def wire_name(name, member, protocol):
    """Returns the name of a member in a query."""
    written = member.serialization
    if protocol != "ec2":
        return written.get("name", name)
    if "queryName" in written:
        return written["queryName"]
    name = written.get("name", name)
    return name[0].upper() + name[1:]
