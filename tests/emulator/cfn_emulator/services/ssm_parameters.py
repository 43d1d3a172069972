"""Systems Manager parameters of the `/aws/service/` namespace."""

from moto.core.utils import utcnow
from moto.ssm.models import Parameter, SimpleSystemManagerBackend

from cfn_emulator.moto_patch import replaces


@replaces(SimpleSystemManagerBackend, "put_parameter")
def put_parameter(self, name, *args, **kwargs):
    """Lets a test publish `/aws/service/...` parameters, which only AWS can write."""
    if not name.startswith("/aws/service/"):
        return put_parameter.original(self, name, *args, **kwargs)
    versions = self._parameters[name]
    versions.append(
        Parameter(
            account_id=self.account_id,
            name=name,
            value=args[1],
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=utcnow(),
            version=versions[-1].version + 1 if versions else 1,
            data_type="aws:ec2:image",
        )
    )
    return versions[-1]
