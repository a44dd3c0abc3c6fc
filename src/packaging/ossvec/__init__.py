"""The ossvec program, and its local OSS Vectors service for tests in Python.

    import ossvec

    with ossvec.Service() as service:
        service.run("put-vectors", "vectors.jsonl", "--index-name", "docs", "--create-index",
                    "--distance-metric", "cosine")
        client = service.client()  # needs the package alibabacloud-oss-v2
"""

from ossvec._program import program
from ossvec._service import Service

__all__ = ["Service", "program"]
