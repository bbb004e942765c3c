"""What `sam build` made is packed once: equal functions share an archive, whenever their files were written."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

from reelhouse.local.deploy import pack

TEMPLATE = """
Globals: { Function: { CodeUri: . } }
Resources:
  First: { Type: "AWS::Serverless::Function", Properties: { CodeUri: First } }
  Second: { Type: "AWS::Serverless::Function", Properties: { CodeUri: Second } }
  Layer: { Type: "AWS::Serverless::LayerVersion", Properties: { ContentUri: Layer } }
  Tables: { Type: "AWS::CloudFormation::Stack", Properties: { TemplateURL: Tables/template.yaml } }
  Bucket: { Type: "AWS::S3::Bucket" }
"""


def test_functions_with_the_same_code_share_an_archive(tmp_path: Path) -> None:
    code = {"lambdas/step.py": b"def handler(event, context): ...", "CODE_VERSION": b"1"}
    for folder, files in {"First": code, "Second": code, "Layer": {"python/package.py": b""}}.items():
        for name, body in files.items():
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            os.utime(path, (len(folder), len(folder)))
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")

    pack(template)

    written = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    first, second, layer, tables, _ = (resource.get("Properties", {}) for resource in written.values())
    assert first["CodeUri"] == second["CodeUri"] != layer["ContentUri"]
    assert tables == {"TemplateURL": "Tables/template.yaml"}
    with zipfile.ZipFile(tmp_path / first["CodeUri"]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == code
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    # Only what is deployed is kept.
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        {first["CodeUri"], layer["ContentUri"], template.name}
    )
