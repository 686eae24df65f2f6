"""Reads run events with the published client and prints what it has read.

Usage: read_events.py SCHEMA EVENTS…, where SCHEMA is the schema of our facets and EVENTS has an event in each line.
"""

import fileinput
import functools
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker
from openlineage.client import event_v2, facet_v2
from openlineage.client.serde import Serde
from rfc3987_syntax import is_valid_syntax_iri

STANDARD = {
    ("job", "documentation"): facet_v2.documentation_job.DocumentationJobFacet,
    ("dataset", "documentation"): facet_v2.documentation_dataset.DocumentationDatasetFacet,
    ("dataset", "version"): facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
    ("dataset", "schema"): facet_v2.schema_dataset.SchemaDatasetFacet,
}
OWN = {("run", "mlmd_execution"): "MLMDExecutionRunFacet", ("dataset", "mlmd_artifacts"): "MLMDArtifactsDatasetFacet"}

with open(sys.argv[1], encoding="utf-8") as f:
    schema = json.load(f)


@functools.cache
def uri(text):
    if not is_valid_syntax_iri(text):
        raise ValueError(f"{text!r} is not a URI")
    return text


def fields(values):
    return [
        facet_v2.schema_dataset.SchemaDatasetFacetFields(**{**f, "fields": fields(f.get("fields", []))}) for f in values
    ]


def facets(kind, values):
    out = {}
    for name, value in values.items():
        uri(value["_producer"]), uri(value["_schemaURL"])
        if (kind, name) in STANDARD:
            members = dict(value)
            made_by, made_as = members.pop("_producer"), members.pop("_schemaURL")
            if "fields" in members:
                members["fields"] = fields(members["fields"])
            facet = STANDARD[kind, name](producer=made_by, **members)
            if facet._schemaURL != made_as:
                raise ValueError(f"{name}: schema {made_as}, but the client has {facet._schemaURL}")
            out[name] = facet
        else:
            part = OWN[kind, name]
            if value["_schemaURL"] != f"{schema['$id']}#/$defs/{part}":
                raise ValueError(f"{name}: schema {value['_schemaURL']}")
            Draft202012Validator({**schema, "$ref": f"#/$defs/{part}"}, format_checker=FormatChecker()).validate(value)
            out[name] = value
    return out


def datasets(make, values):
    return [make(**{**d, "facets": facets("dataset", d.get("facets", {}))}) for d in values]


def without_empty(value):
    """Removes empty containers, which the client writes where we write nothing."""
    if isinstance(value, dict):
        return {k: w for k, v in value.items() if (w := without_empty(v)) not in ({}, [])}
    if isinstance(value, list):
        return [without_empty(v) for v in value]
    return value


for line in fileinput.input(sys.argv[2:], encoding="utf-8"):
    written = json.loads(line)
    members = dict(written)
    made_as = members.pop("schemaURL")
    uri(members["producer"])
    members["eventType"] = event_v2.RunState(members["eventType"])
    members["run"] = event_v2.Run(**{**members["run"], "facets": facets("run", members["run"].get("facets", {}))})
    members["job"] = event_v2.Job(**{**members["job"], "facets": facets("job", members["job"].get("facets", {}))})
    members["inputs"] = datasets(event_v2.InputDataset, members["inputs"])
    members["outputs"] = datasets(event_v2.OutputDataset, members["outputs"])
    event = event_v2.RunEvent(**members)
    if event.schemaURL != made_as:
        raise ValueError(f"schema {made_as}, but the client has {event.schemaURL}")
    read = json.loads(Serde.to_json(event))
    if without_empty(read) != without_empty(written):
        raise ValueError(f"written {written}, but read {read}")
    inputs, outputs = ([d.name for d in ds] for ds in (event.inputs, event.outputs))
    print(json.dumps([event.eventType.value, event.job.name, inputs, outputs]))
