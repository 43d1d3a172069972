"""The requests of CloudFormation's handlers for the resources of a template, compared with botocore's service models."""

import functools

import botocore.loaders
import botocore.model

from request_shapes.build import Builder
from request_shapes.calls import CALLS
from request_shapes.check import errors


@functools.cache
def model(service):
    loader = botocore.loaders.create_loader()
    return botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)


def problems(template):
    """Yields the properties without a parameter, and the parameters that the API would reject by form."""
    for name, resource in template["Resources"].items():
        of = CALLS.get(resource["Type"])
        if of is None:
            yield f"{name}: {resource['Type']} has no calls in request_shapes/calls.py"
            continue
        inputs = {operation: model(of.service).operation_model(operation).input_shape for operation in of.operations}
        builder = Builder(of, inputs)
        requests = builder.build(resource.get("Properties", {}), template)
        for prop in builder.unmapped:
            yield f"{name}: `{prop}` of {resource['Type']} is not a parameter of {', '.join(of.operations)}"
        for operation, request in requests.items():
            for error in errors(request, inputs[operation], f"{of.service}:{operation}", of.given):
                yield f"{name}: {error}"
