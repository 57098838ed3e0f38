"""What a test does to the stored objects: objects.py ls PREFIX | alter KEY | rm KEY | put-back KEY. Changed objects are kept under kept/."""
import os
import sys
import warnings

import boto3

warnings.filterwarnings("ignore")
bucket = os.environ["S3_BUCKET"]
s3 = boto3.client(
    "s3", endpoint_url="https://127.0.0.1:" + os.environ.get("S3_PORT", "9000"), verify=False, region_name="us-east-1",
    aws_access_key_id=os.environ["S3_KEY"], aws_secret_access_key="any")
verb, key = sys.argv[1:]


def read(name):
    return s3.get_object(Bucket=bucket, Key=name)["Body"].read()


if verb == "ls":
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
        for found in page.get("Contents", []):
            print(found["Key"], found["Size"])
elif verb == "put-back":
    s3.put_object(Bucket=bucket, Key=key, Body=read("kept/" + key))
else:
    body = read(key)
    s3.put_object(Bucket=bucket, Key="kept/" + key, Body=body)
    if verb == "rm":
        s3.delete_object(Bucket=bucket, Key=key)
    elif verb == "alter":
        # One page, as a disk would spoil it: in the middle, and of the length it had.
        at, page = len(body) // 2, min(8192, len(body) // 4)
        s3.put_object(Bucket=bucket, Key=key, Body=body[:at] + bytes(b ^ 0xFF for b in body[at:at + page]) + body[at + page:])
    else:
        sys.exit("unknown verb " + verb)
