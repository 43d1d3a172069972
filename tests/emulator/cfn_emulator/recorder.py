"""Records the calls of an emulator: one JSON object per line with the access key, service, region, operation and parameters.

Requests of the query protocol keep their flat parameters, such as `TagSpecification.1.ResourceType`. An S3 request has its
bucket, its key and the subresource, from which `operation` is put together: `PUT bucket?versioning`.
"""

import io
import json
import re
import threading
from urllib.parse import parse_qsl, unquote

from cfn_emulator.settings import SETTINGS

CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
# Query parameters of S3 that select no subresource.
OPTIONS = {"x-id", "list-type", "prefix", "max-keys", "delimiter", "encoding-type", "continuation-token", "max-buckets"}


class Recorder:
    """A WSGI application that records the calls of another one, if EMULATOR_RECORD names a file."""

    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        found = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        if SETTINGS.record and found:
            size = int(environ.get("CONTENT_LENGTH") or 0)
            # A chunked body has no length; only uploads to S3 have one.
            body = environ["wsgi.input"].read(size) if size else b""
            if size:
                environ["wsgi.input"] = io.BytesIO(body)
            key, region, service = found.groups()
            operation, parameters = call_of(environ, service, body)
            line = {"key": key, "service": service, "region": region, "operation": operation, "parameters": parameters}
            with self.lock, open(SETTINGS.record, "a") as file:
                file.write(json.dumps(line) + "\n")
        return self.application(environ, start_response)


def call_of(environ, service, body):
    """Returns the operation and the parameters of a request."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    if found := re.fullmatch(r"/service/\w+/operation/(\w+)", environ["PATH_INFO"]):
        # The CBOR protocol; no caller needs its parameters.
        return found[1], {}
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    if service == "s3":
        return s3_call(environ, query)
    form = {**query, **dict(parse_qsl(body.decode(), keep_blank_values=True))}
    operation = form.pop("Action", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
    form.pop("Version", None)
    return operation, form


def s3_call(environ, query):
    host = environ.get("HTTP_HOST", "")
    virtual = re.match(r"([^.:]+)\.(?:s3|127|localhost)", host)
    path = unquote(environ["PATH_INFO"]).lstrip("/")
    bucket, key = (virtual[1], path) if virtual else (path.partition("/")[0], path.partition("/")[2])
    selected = sorted(set(query) - OPTIONS)
    place = "object" if key else "bucket" if bucket else "account"
    operation = f"{environ['REQUEST_METHOD']} {place}" + (f"?{selected[0]}" if selected else "")
    return operation, {"Bucket": bucket, "Key": key}
