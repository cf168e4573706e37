"""The manifest of a release in a form for archives: RO-Crate 1.2 (JSON-LD) with the terms of W3C PROV.

``ro-crate-metadata.json`` says nothing that ``manifest.json`` doesn't say. Each report is an activity that used a
notebook, wagekit and data, and generated files; the data and notebooks are not in the crate, so they are described
without being parts of it. What PROV calls an entity, an activity and an agent is a ``File``, a ``CreateAction`` and an
``Organization`` of RO-Crate as well.

References: RO-Crate Metadata Specification 1.2, sections *Root Data Entity* and *Provenance of entities*; W3C
Recommendation *PROV-O: The PROV Ontology* (2013).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from wagekit.builds.manifest import FILE as MANIFEST
from wagekit.builds.manifest import TABLES, FileEntry, Input, Manifest
from wagekit.files import replacing
from wagekit.options import Language

FILE = "ro-crate-metadata.json"

_SPECIFICATION = "https://w3id.org/ro/crate/1.2"
_CONTEXT = [
    f"{_SPECIFICATION}/context",
    {
        "prov": "http://www.w3.org/ns/prov#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "sha256": "https://schema.org/sha256",
        **{
            f"prov:{term}": {"@type": "@id"}
            for term in ("used", "wasGeneratedBy", "wasAssociatedWith", "wasAttributedTo", "hadPlan")
        },
        "prov:endedAtTime": {"@type": "xsd:dateTime"},
        "prov:generatedAtTime": {"@type": "xsd:dateTime"},
    },
]
_KINDS: Mapping[str, str] = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "description": "由 wagekit {version} 编制的发布文件，调查年份 {wave} 年，共 {count} 个文件。",
        "no_licence": "未声明许可；使用前请联系发布单位。",
        "action": "编制 {name}",
        "tables": "数据表",
        "data": "{name}（{wave} 年）",
        "unnamed": "发布单位未注明",
        "manifest": "文件清单",
    },
    "en": {
        "description": "Release made with wagekit {version}, survey year {wave}, {count} files.",
        "no_licence": "No licence is stated; ask the publisher before use.",
        "action": "Making of {name}",
        "tables": "tables",
        "data": "{name} ({wave})",
        "unnamed": "Publisher not named",
        "manifest": "Manifest",
    },
}

Entity = dict[str, Any]


def crate(manifest: Manifest) -> str:
    """The RO-Crate metadata of a release as JSON-LD. The same manifest gives the same text.

    Parameters
    ----------
    manifest : of the release; where it names no licence a sentence says so.
    """
    words, licence = _WORDS[manifest.language], manifest.licence
    files = [_file(entry) for entry in manifest.entries]
    actions, plans, data = _actions(manifest, words)
    publisher = {
        "@id": "#publisher",
        "@type": ["Organization", "prov:Agent"],
        "name": manifest.publisher or words["unnamed"],
    }
    listed = {
        "@id": MANIFEST,
        "@type": "File",
        "name": words["manifest"],
        "encodingFormat": "application/json",
    }
    root = {
        "@id": "./",
        "@type": ["Dataset", "prov:Entity"],
        "name": manifest.title,
        "description": words["description"].format(
            version=manifest.wagekit, wave=manifest.wave, count=len(manifest.entries)
        ),
        "datePublished": _text(manifest.built),
        "temporalCoverage": str(manifest.wave),
        "inLanguage": "zh-CN" if manifest.language == "zh" else "en",
        "license": {"@id": licence} if licence else words["no_licence"],
        "publisher": _to(publisher),
        "prov:wasAttributedTo": _to(publisher),
        "hasPart": [_to(file) for file in [*files, listed]],
        "mentions": [_to(action) for action in actions],
    }
    descriptor = {
        "@id": FILE,
        "@type": "CreativeWork",
        "about": _to(root),
        "conformsTo": {"@id": _SPECIFICATION},
    }
    licences = [{"@id": licence, "@type": "CreativeWork", "name": licence}] if licence else []
    graph = [descriptor, root, *files, listed, *actions, *plans, *data, *_software(manifest), publisher, *licences]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, ensure_ascii=False, indent=1) + "\n"


def write_crate(manifest: Manifest, folder: str | os.PathLike[str]) -> Path:
    """Write ``ro-crate-metadata.json`` into a release.

    Parameters
    ----------
    manifest : of the release.
    folder : of the release; the one beside it while it is being built.

    Raises
    ------
    ReleaseError
        If it can't be written.
    """
    path = Path(folder) / FILE
    with replacing(path) as beside:
        beside.write_text(crate(manifest), encoding="utf-8", newline="\n")
    return path


def _file(entry: FileEntry) -> Entity:
    return {
        "@id": entry.file,
        "@type": ["File", "prov:Entity"],
        "name": entry.file,
        "encodingFormat": _KINDS.get(Path(entry.file).suffix.lower(), "application/octet-stream"),
        "contentSize": str(entry.bytes),
        "sha256": entry.sha256,
        "dateCreated": _text(entry.made),
        "prov:generatedAtTime": _text(entry.made),
        "prov:wasGeneratedBy": {"@id": _action_id(entry)},
    }


def _actions(manifest: Manifest, words: Mapping[str, str]) -> tuple[list[Entity], list[Entity], list[Entity]]:
    """One activity for each report and one for the tables; the notebooks and the data that they used."""
    plans: dict[str, Entity] = {}
    data: dict[str, Entity] = {}
    actions: list[Entity] = []
    for made_by in sorted({entry.made_by for entry in manifest.entries}):
        made = [entry for entry in manifest.entries if entry.made_by == made_by]
        first = made[0]
        used = [_data(each, words) for each in first.inputs]
        data.update({entity["@id"]: entity for entity in used})
        instruments: list[Entity] = [{"@id": "#wagekit"}, {"@id": "#python"}]
        plan: Entity = {}
        if first.notebook:
            entity = _notebook(first)
            plans[entity["@id"]] = entity
            instruments.insert(0, _to(entity))
            plan = {"prov:hadPlan": _to(entity)}
        actions.append(
            {
                "@id": _action_id(first),
                "@type": ["CreateAction", "prov:Activity"],
                "name": words["action"].format(name=words["tables"] if made_by == TABLES else made_by),
                "identifier": first.fingerprint,
                "description": " ".join(f"{name}={value}" for name, value in sorted(first.parameters.items())),
                "instrument": instruments,
                "object": [_to(entity) for entity in used],
                "result": [{"@id": entry.file} for entry in made],
                "endTime": _text(first.made),
                "agent": {"@id": "#publisher"},
                "prov:used": [_to(entity) for entity in used],
                "prov:endedAtTime": _text(first.made),
                "prov:wasAssociatedWith": {"@id": "#publisher"},
                **plan,
            }
        )
    return actions, [plans[key] for key in sorted(plans)], [data[key] for key in sorted(data)]


def _notebook(entry: FileEntry) -> Entity:
    return {
        "@id": f"#notebook-{_word(entry.notebook)}",
        "@type": ["SoftwareSourceCode", "prov:Plan"],
        "name": entry.notebook,
        "programmingLanguage": {"@id": "#python"},
    }


def _data(read: Input, words: Mapping[str, str]) -> Entity:
    """What was read: not a part of the crate, named by its digest where that is published."""
    named = words["data"].format(name=read.name, wave=read.wave) if read.wave is not None else read.name
    parts = _word("-".join([read.name, *([str(read.wave)] if read.wave is not None else []), *read.part]))
    entity: Entity = {
        "@id": f"#data-{parts}" + (f"-{read.sha256[:12]}" if read.sha256 else ""),
        "@type": ["CreativeWork", "prov:Entity"],
        "name": " ".join([named, *read.part]),
    }
    return {**entity, "sha256": read.sha256} if read.sha256 else entity


def _software(manifest: Manifest) -> Sequence[Entity]:
    libraries = [
        {
            "@id": f"#library-{_word(name)}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }
        for name, version in sorted(manifest.libraries.items())
    ]
    wagekit = {
        "@id": "#wagekit",
        "@type": ["SoftwareApplication", "prov:SoftwareAgent"],
        "name": "wagekit",
        "softwareVersion": manifest.wagekit,
        "softwareRequirements": [_to(library) for library in libraries],
    }
    if manifest.commit:
        wagekit["identifier"] = manifest.commit
    python = {"@id": "#python", "@type": "ComputerLanguage", "name": "Python", "version": manifest.python}
    return [wagekit, python, *libraries]


def _action_id(entry: FileEntry) -> str:
    return f"#making-{_word(entry.made_by)}"


def _word(text: str) -> str:
    """A text as part of an identifier: letters, digits and a few signs as they are, others by their number."""
    return "".join(letter if letter.isalnum() or letter in "-_." else f"~{ord(letter):x}" for letter in text)


def _to(entity: Mapping[str, Any]) -> Entity:
    return {"@id": entity["@id"]}


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
