"""The scope in which the values of a template are evaluated."""

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

from cfn_emulator.engine.api import Api
from cfn_emulator.engine.intrinsics import condition, referenced_names
from cfn_emulator.engine.resource import Resource


class Scope(parsing.ResourceMap):
    """The parameters, conditions and resources of one state of a stack."""

    def load(self):
        self.api = Api.of(self._region_name)
        self.mappings = self._template.get("Mappings", {})
        self.conditions = self._template.get("Conditions", {})
        if self._region_name.startswith("cn-"):
            self._parsed_resources |= {"AWS::Partition": "aws-cn", "AWS::URLSuffix": "amazonaws.com.cn"}
        if self._region_name.startswith("us-gov-"):
            self._parsed_resources |= {"AWS::Partition": "aws-us-gov"}
        self.resolved_parameters = {}
        self.no_echo_parameter_keys = []
        slots = self._template.get("Parameters", {})
        unknown = set(self.input_parameters) - set(slots)
        if unknown:
            raise ValidationError(message=f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template")
        empty = [name for name, slot in slots.items() if self.input_parameters.get(name, slot.get("Default")) is None]
        if empty:
            raise ValidationError(message=f"Parameters: [{', '.join(empty)}] must have values")
        for name, slot in slots.items():
            value = self.input_parameters.get(name, slot.get("Default"))
            self.resolved_parameters[name] = self.parameter(slot["Type"], str(value))
        self._parsed_resources |= self.resolved_parameters
        self.lazy_condition_map = {name: condition(name, self) for name in self.conditions}

    def parameter(self, kind, value):
        """Resolves the value of a parameter; `templates` has checked its constraints."""
        if kind.startswith("AWS::SSM::Parameter::Value"):
            value = self.api.parameter(value)
        return [item.strip() for item in value.split(",")] if "List" in kind else value

    def wanted(self):
        """Returns the resources whose condition is true, dependencies first."""
        resources = {
            name: resource
            for name, resource in self._resource_json_map.items()
            if "Condition" not in resource or self.lazy_condition_map[resource["Condition"]]
        }
        ordered = {}

        def visit(name, path):
            if name in ordered:
                return
            if name in path:
                raise ValidationError(message=f"Circular dependency between resources: {[*path, name]}")
            needs = resources[name].get("DependsOn", [])
            needs = {needs} if isinstance(needs, str) else set(needs)
            unknown = needs - set(self._resource_json_map)
            if unknown:
                raise ValidationError(message=f"Unresolved resource dependencies {sorted(unknown)} in {name}")
            for need in sorted((needs | referenced_names(resources[name].get("Properties", {}))) & set(resources)):
                visit(need, [*path, name])
            ordered[name] = resources[name]

        for name in resources:
            visit(name, [])
        return ordered

    def __getitem__(self, name):
        if name not in self._parsed_resources:
            raise ValidationError(message=f"Template error: {name} does not exist")
        return self._parsed_resources[name]

    def __iter__(self):
        return iter([name for name, value in self._parsed_resources.items() if isinstance(value, Resource)])
