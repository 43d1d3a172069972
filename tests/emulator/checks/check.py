"""The collector of failed expectations in one case."""

from botocore.exceptions import ClientError
from harness.outcomes import Failure


class Check:
    """Collects expectations that do not hold; `close` fails the case with all of them."""

    def __init__(self):
        self.failures = []

    def __call__(self, holds, text, detail=""):
        if not holds:
            self.failures.append(f"{text}: {detail}")

    def equal(self, found, wanted, text):
        self(found == wanted, text, f"{found!r}, expected {wanted!r}")

    def rejects_call(self, code, call, **parameters):
        """Expects an error of this code from a call of the API."""
        try:
            self(False, f"{code} is returned", call(**parameters))
        except ClientError as error:
            found = error.response["Error"]
            self(found["Code"] == code, f"{code} is returned", found)

    def close(self):
        if self.failures:
            raise Failure("\n".join(self.failures))
