"""Acts on an OSS Vectors service through the vendor's own SDK.

    vectors.py put|list|get PORT BUCKET INDEX

States come in and go out as JSON: {key: [[the bits of each float32], metadata]}. `put` makes bucket and index and
stores the state; `list` gives all that is stored, page by page; `get` gives what is stored under the state's keys.
"""

import json
import socket
import struct
import sys

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2 import vectors

ACCOUNT = "1234567890"


def resolve_names_below_localhost():
    """The SDK puts the bucket into the host's name, and not every system knows that *.localhost is this machine."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *rest, **named):
        return resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **named)

    socket.getaddrinfo = getaddrinfo


def client(port):
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider("local", "local")
    config.region = "cn-hangzhou"
    config.account_id = ACCOUNT
    config.endpoint = f"http://localhost:{port}"
    config.retry_max_attempts = 1
    return vectors.Client(config)


def number(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def bits(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def element(key, numbers, metadata):
    return {"key": key, "data": {"float32": [number(one) for one in numbers]}, "metadata": metadata}


def state(elements):
    return {one["key"]: [[bits(value) for value in one["data"]["float32"]], one["metadata"]] for one in elements}


def chunks(items, size):
    return (items[start : start + size] for start in range(0, len(items), size))


def put(service, bucket, index, wanted):
    dimension = len(next(iter(wanted.values()))[0])
    service.put_vector_bucket(vectors.models.PutVectorBucketRequest(bucket=bucket))
    service.put_vector_index(
        vectors.models.PutVectorIndexRequest(
            bucket=bucket, index_name=index, data_type="float32", dimension=dimension, distance_metric="euclidean"
        )
    )
    described = service.get_vector_index(vectors.models.GetVectorIndexRequest(bucket=bucket, index_name=index)).index
    assert (described["indexName"], described["dimension"]) == (index, dimension), described
    elements = [element(key, *value) for key, value in wanted.items()]
    for some in chunks(elements, 500):
        request = vectors.models.PutVectorsRequest(bucket=bucket, index_name=index, vectors=some)
        assert service.put_vectors(request).status_code == 200


def listed(service, bucket, index):
    request = vectors.models.ListVectorsRequest(
        bucket=bucket, index_name=index, max_results=100, return_data=True, return_metadata=True
    )
    pages = [page.vectors for page in service.list_vectors_paginator().iter_page(request)]
    assert len(pages) > 1, "all on one page"
    return [one for page in pages for one in page]


def got(service, bucket, index, keys):
    for some in chunks(keys, 100):
        request = vectors.models.GetVectorsRequest(
            bucket=bucket, index_name=index, keys=some, return_data=True, return_metadata=True
        )
        yield from service.get_vectors(request).vectors


def main():
    action, port, bucket, index = sys.argv[1:]
    resolve_names_below_localhost()
    service = client(port)
    if action == "put":
        put(service, bucket, index, json.load(sys.stdin))
    elif action == "list":
        json.dump(state(listed(service, bucket, index)), sys.stdout)
    elif action == "get":
        json.dump(state(got(service, bucket, index, list(json.load(sys.stdin)))), sys.stdout)
    else:
        sys.exit(f"unknown action {action}")


if __name__ == "__main__":
    main()
