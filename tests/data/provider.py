"""A client of version 5 of the protocol that Terraform uses to call a provider.

https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol

Requires only the Python package grpcio: this module encodes the few messages.
"""
import os
import subprocess

# The provider does not start without it; it is not a secret (go-plugin's "magic cookie").
COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

# The severity of a diagnostic.
ERROR = 1

# Nothing listens on this address, so a provider that calls AWS while it plans gets no response.
NOWHERE = "http://127.0.0.1:1"


class Provider:
    """A provider's process. Use it in a `with` statement."""

    def __init__(self, binary, schema):
        import grpc

        env = {**os.environ, "TF_PLUGIN_MAGIC_COOKIE": COOKIE, "PLUGIN_PROTOCOL_VERSIONS": "5",
               "AWS_EC2_METADATA_DISABLED": "true"}
        self.process = subprocess.Popen([binary], env=env, text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        # The handshake: core version, protocol version, network, address, `grpc`.
        _, _, network, address, *_ = self.process.stdout.readline().strip().split("|")
        self.channel = grpc.insecure_channel(f"unix:{address}" if network == "unix" else address)
        self._configure(schema["provider"]["block"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def _call(self, method, request):
        call = self.channel.unary_unary(f"/tfplugin5.Provider/{method}",
                                        request_serializer=bytes, response_deserializer=bytes)
        return list(fields(call(request)))

    def _configure(self, block):
        endpoints = block["block_types"]["endpoints"]["block"]["attributes"]
        config = {name: None for name in block["attributes"]}
        config |= {name: [] for name in block["block_types"]}
        config |= {"region": "us-east-1", "access_key": "none", "secret_key": "none", "max_retries": 1,
                   "skip_credentials_validation": True, "skip_requesting_account_id": True,
                   "skip_metadata_api_check": "true", "endpoints": [dict.fromkeys(endpoints, NOWHERE)]}
        # PrepareProviderConfig is left out: it only validates.
        self._call("Configure", field(1, b"1.11.4") + field(2, dynamic(config)))

    def replaced_by(self, type_name, prior, proposed, config):
        """The dotted paths that require a replacement, and the first error of the plan."""
        response = self._call("PlanResourceChange", field(1, type_name.encode()) + field(2, dynamic(prior))
                              + field(3, dynamic(proposed)) + field(4, dynamic(config)))
        errors = [dict(fields(data)) for number, data in response if number == 4]
        errors = [it[2].decode() for it in errors if it.get(1) == ERROR]
        return {path_of(data) for number, data in response if number == 2}, next(iter(errors), None)


def path_of(data):
    """An attribute path without the keys of lists and maps."""
    steps = (step for _, step in fields(data))
    return ".".join(name.decode() for step in steps for number, name in fields(step) if number == 1)


def dynamic(value):
    """A `DynamicValue`: a value in MessagePack."""
    return field(1, packed(value))


def packed(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, str):
        text = value.encode()
        return b"\xdb" + len(text).to_bytes(4, "big") + text
    count = len(value).to_bytes(4, "big")
    if isinstance(value, list):
        return b"\xdd" + count + b"".join(map(packed, value))
    return b"\xdf" + count + b"".join(packed(key) + packed(inner) for key, inner in value.items())


def field(number, data):
    """A length-delimited field of a Protocol Buffers message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(data):
    """The fields of a Protocol Buffers message, as numbers and values."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            yield key >> 3, number()
        else:
            length = number()
            yield key >> 3, data[at:at + length]
            at += length
