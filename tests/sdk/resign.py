"""Signs recorded requests anew with the vendor's own signer, and names those that it signs in another way.

    resign.py BUCKET

Each line of standard input is a request as it was sent: {method, url, headers}. A request is signed for the moment
that it was signed for, with the key local/local. Each line of output is {operation, difference}, where difference is
null or both texts.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

from alibabacloud_oss_v2.signer.vectors_v4 import VectorsSignerV4
from alibabacloud_oss_v2.types import CaseInsensitiveDict, Credentials, HttpRequest, OperationInput, SigningContext
from alibabacloud_oss_v2.vectors.endpoints import VectorsEndpointProvider

ACCOUNT = "1234567890"

# What the signer itself adds.
ADDED = ["authorization", "date", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"]


def signed(bucket, recorded):
    """The headers that the SDK adds to a request."""
    sent = CaseInsensitiveDict(recorded["headers"])
    others = CaseInsensitiveDict({name: value for name, value in sent.items() if name.lower() not in ADDED})
    time = datetime.datetime.strptime(sent["x-oss-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    request = HttpRequest(recorded["method"], recorded["url"], headers=others)
    context = SigningContext(
        product="oss",
        region="cn-hangzhou",
        bucket=bucket,
        request=request,
        credentials=Credentials("local", "local", sent.get("x-oss-security-token")),
        signing_time=time,
    )
    VectorsSignerV4(ACCOUNT).sign(context)
    return request.headers


def url(bucket, recorded):
    """Where the SDK would send a request, the query left out; only a host with a name can hold a bucket."""
    parts = urlsplit(recorded["url"])
    if not parts.netloc.endswith(".test"):
        return recorded["url"].split("?")[0]
    provider = VectorsEndpointProvider(endpoint=urlsplit("http://oss.test"), account_id=ACCOUNT)
    return provider.build_url(OperationInput("any", recorded["method"], bucket=bucket))


def difference(bucket, recorded):
    sent, ours = CaseInsensitiveDict(recorded["headers"]), signed(bucket, recorded)
    pairs = [(name, sent.get(name), ours.get(name)) for name in ADDED]
    pairs.append(("url", recorded["url"].split("?")[0], url(bucket, recorded)))
    return [pair for pair in pairs if pair[1] != pair[2]] or None


def main():
    (bucket,) = sys.argv[1:]
    for line in sys.stdin:
        recorded = json.loads(line)
        operation = urlsplit(recorded["url"]).query
        print(json.dumps({"operation": operation, "difference": difference(bucket, recorded)}))


if __name__ == "__main__":
    main()
