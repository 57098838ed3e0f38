"""The bill of materials of one image as CycloneDX 1.6, checked against its schema. Reads a JSON object from standard input:

image, id   its name, and its id at the engine
packages    what dpkg-query wrote: name, version, architecture, source and its version on a line, between tabs
programs    the text of each .deps.json, .NET's own list of what a program was published with
"""
import base64
import json
import sys

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

RUNTIME_PACK = "runtimepack."


def debian(lines):
    for line in lines.splitlines():
        name, version, architecture, source, source_version = line.split("\t")
        url = PackageURL("deb", "debian", name, version, {"arch": architecture, "distro": "trixie"})
        # Advisories are about sources.
        yield Component(name=name, version=version, type=ComponentType.LIBRARY, purl=url, bom_ref=url.to_string(),
                        properties=[Property(name="hub:source", value=f"{source}@{source_version}")])


def nuget(text):
    for entry, library in json.loads(text)["libraries"].items():
        name, version = entry.split("/")
        if library["type"] == "project":
            continue
        # The runtime itself: "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/10.0.12"
        name = name.removeprefix(RUNTIME_PACK)
        url = PackageURL("nuget", None, name, version)
        # "sha512-" and base64; empty for the runtime
        digest = library.get("sha512", "").removeprefix("sha512-")
        hashes = [HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())] if digest else []
        yield Component(name=name, version=version, type=ComponentType.LIBRARY, purl=url, bom_ref=url.to_string(), hashes=hashes)


def main():
    asked = json.load(sys.stdin)
    bom = Bom()
    root = bom.metadata.component = Component(name=asked["image"], version=asked["id"], type=ComponentType.CONTAINER, bom_ref=asked["image"])
    parts = {part.bom_ref.value: part for part in debian(asked["packages"])}
    for program in asked["programs"]:
        parts.update((part.bom_ref.value, part) for part in nuget(program))
    if not parts:
        sys.exit("error: the image tells of no package")
    bom.components.update(parts.values())
    bom.register_dependency(root, parts.values())
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem:
        sys.exit(f"error: what was written is no CycloneDX: {problem}")
    print(text)


main()
