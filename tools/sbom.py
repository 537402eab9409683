"""Write the list of everything that Relevo is made of, as CycloneDX 1.6 JSON (SECURITY.md, Y2).

Every pin of ``requirements.lock`` and of ``viewer/package-lock.json``, with licence and hashes: what ships,
what comes with an extra, and what only builds and tests it (``scope`` excluded). The same locks give the same
bytes.
No list of known weaknesses is asked here: that needs a service of somebody else; give the file to one.
"""

import argparse
import hashlib
import json
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tools.licences import LicenceUnknown, Package, Use, allowed, every_package
from tools.paths import CACHE, VIEWER

OUT = CACHE / "relevo.cdx.json"


def main() -> int:
    """Write the list; 0 if every licence in it is allowed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=OUT, help="where to write it (default: .cache)")
    out: Path = parser.parse_args().output
    try:
        packages = every_package()
    except LicenceUnknown as error:
        print(f"sbom: {error}", file=sys.stderr)
        return 1
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(bom(packages), indent=1) + "\n", encoding="utf-8")
    refused = [one for one in packages if not allowed(one)]
    for one in refused:
        print(
            f"sbom: {one.name} {one.version} has a licence that is not allowed: {one.licence}",
            file=sys.stderr,
        )
    print(f"sbom: {len(packages)} packages in {out}; known weaknesses were not looked up", file=sys.stderr)
    return 1 if refused else 0


def bom(packages: list[Package]) -> dict[str, Any]:
    """The document; its serial number is made of what it lists."""
    # npm may have one package in several places; where one of them ships, it ships.
    latest = {(one.ecosystem, one.name, one.version): one for one in sorted(packages, key=_is_shipped)}
    components = [_component(one) for _, one in sorted(latest.items())]
    told = hashlib.sha256(json.dumps(components).encode()).hexdigest()
    version = json.loads((VIEWER / "package.json").read_text(encoding="utf-8"))["version"]
    subject = {"type": "application", "bom-ref": "relevo", "name": "relevo", "version": version}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(told[:32], version=4)}",
        "version": 1,
        "metadata": {"component": subject | {"licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": components,
    }


def _is_shipped(package: Package) -> bool:
    return package.use is Use.SHIPPED


def _component(package: Package) -> dict[str, Any]:
    # A package URL: the at sign of npm's scopes is escaped, the slash is not.
    purl = f"pkg:{package.ecosystem}/{quote(package.name)}@{quote(package.version)}"
    compound = " " in package.licence
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "scope": package.use.value,
        "hashes": [{"alg": kind, "content": value} for kind, value in package.hashes],
        "licenses": [{"expression": package.licence} if compound else {"license": {"id": package.licence}}],
        "purl": purl,
    }


if __name__ == "__main__":
    sys.exit(main())
