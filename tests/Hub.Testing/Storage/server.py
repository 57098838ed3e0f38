"""An S3 server over TLS for tests: moto's, with the keys looked at and faults on demand."""
import os
import threading

os.environ.setdefault("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true")
os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", "1048576")

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from moto.moto_server.werkzeug_app import create_backend_app

# One line: the code, and after how many writes the storage is full (0).
FAULT = "/tmp/fault"
ANSWERS = {
    "ExpiredToken": ("400 Bad Request", "The provided token has expired."),
    "InvalidAccessKeyId": ("403 Forbidden", "The access key id you provided does not exist in our records."),
    # A quota of Ceph's, a quota of MinIO's, and MinIO's disks.
    "QuotaExceeded": ("403 Forbidden", ""),
    "XMinioAdminBucketQuotaExceeded": ("400 Bad Request", "Bucket quota exceeded"),
    "XMinioStorageFull": ("507 Insufficient Storage", "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed."),
}
FULL = ("QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull")
COUNT = threading.Lock()


def fault(writes):
    """The code of the fault for a request; a full storage is read and deleted from as ever."""
    with COUNT:
        try:
            with open(FAULT, encoding="ascii") as file:
                code, left = file.read().split()
        except FileNotFoundError:
            return ""
        if code not in FULL:
            return code
        if not writes:
            return ""
        if int(left) == 0:
            return code
        with open(FAULT, "w", encoding="ascii") as file:
            file.write(f"{code} {int(left) - 1}")
        return ""


class Shim:
    def __init__(self, app, key):
        self.app, self.key = app, key

    def __call__(self, environ, start_response):
        query = environ.get("QUERY_STRING", "")
        code = fault(environ["REQUEST_METHOD"] == "PUT" or (environ["REQUEST_METHOD"] == "POST" and not query.startswith("delete")))
        if not code and f"Credential={self.key}/" not in environ.get("HTTP_AUTHORIZATION", ""):
            code = "InvalidAccessKeyId"
        if not code:
            return self.app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, message = ANSWERS[code]
        body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'.encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]


app = create_backend_app("s3")
app.test_client().put("/" + os.environ["S3_BUCKET"], headers={"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request"})
server = wsgi.Server(("0.0.0.0", int(os.environ.get("S3_PORT", "9000"))), Shim(app, os.environ["S3_KEY"]), numthreads=16, timeout=30)
server.ssl_adapter = BuiltinSSLAdapter("/tls/tls.crt", "/tls/tls.key")
print("ready", flush=True)
server.start()
