"""Drives the published Python client of the model registry against the server at the URL in the first argument."""

import asyncio
import json
import sys
from importlib.metadata import version

from model_registry import ModelRegistry
from model_registry.types import DataSet, DocArtifact, Metric, Parameter

host, port = sys.argv[1].rsplit(":", 1)
release = version("model-registry")


def same(what, got, want):
    if got != want:
        raise SystemExit(f"{what}: got {got!r}, want {want!r}")


reg = ModelRegistry(host, int(port), author="ada", is_secure=False)

m = reg.register_model(
    "fraud", "s3://bucket/fraud/1", version="v1", model_format_name="onnx", model_format_version="1",
    storage_key="key", storage_path="path", service_account_name="account", description="the first",
    metadata={"auc": 0.93, "epochs": 7, "stage": "prod", "ok": True},
)
same("name", m.name, "fraud")
same("owner", m.owner, "ada")
try:
    reg.register_model("fraud", "s3://b", version="v1", model_format_name="onnx", model_format_version="1")
    raise SystemExit("the version was registered twice")
except Exception as e:  # its type differs from release to release
    if "already exists" not in str(e):
        raise
for n in range(2, 8):
    reg.register_model("fraud", f"s3://bucket/fraud/{n}", version=f"v{n}", model_format_name="onnx", model_format_version="1")

found = reg.get_registered_model("fraud")
same("id", found.id, m.id)
same("missing", reg.get_registered_model("other"), None)
v = reg.get_model_version("fraud", "v1")
same("version", (v.name, v.author, v.description), ("v1", "ada", "the first"))
same("metadata", v.custom_properties, {"auc": 0.93, "epochs": 7, "stage": "prod", "ok": True})
same("missing version", reg.get_model_version("fraud", "v9"), None)
a = reg.get_model_artifact("fraud", "v1")
same("artifact", (a.name, a.uri, a.model_format_name, a.storage_key), ("fraud", "s3://bucket/fraud/1", "onnx", "key"))

same("all versions", [x.name for x in reg.get_model_versions("fraud")], [f"v{n}" for n in range(1, 8)])
same("pages", [x.name for x in reg.get_model_versions("fraud").page_size(3)], [f"v{n}" for n in range(1, 8)])
same("a full page", [x.name for x in reg.get_model_versions("fraud").page_size(7)], [f"v{n}" for n in range(1, 8)])
down = [x.name for x in reg.get_model_versions("fraud").page_size(2).order_by_id().descending()]
same("descending", down, [f"v{n}" for n in range(7, 0, -1)])
for order in ("order_by_creation_time", "order_by_update_time"):
    pages = getattr(reg.get_model_versions("fraud").page_size(2), order)()
    same(order, sorted(x.name for x in pages), [f"v{n}" for n in range(1, 8)])
same("models", [x.name for x in reg.get_registered_models()], ["fraud"])

v.description = "changed"
v.custom_properties = {"auc": 0.95}
v = reg.update(v)
same("update", (v.description, v.custom_properties), ("changed", {"auc": 0.95}))
m.description = "a model"
same("update of the model", reg.update(m).description, "a model")
a.uri = "s3://elsewhere"
same("update of the artifact", reg.update(a).uri, "s3://elsewhere")

# The calls below the public ones, which other programs use.
api = reg._api
run = reg.async_runner if hasattr(reg, "async_runner") else asyncio.run
doc = run(api.upsert_model_version_artifact(DocArtifact(name="card", uri="s3://card"), v.id))
same("document", (doc.name, doc.uri), ("card", "s3://card"))
again = run(api.upsert_model_version_artifact(DocArtifact(id=doc.id, name="card", uri="s3://card/2"), v.id))
same("document again", (again.id, again.uri), (doc.id, "s3://card/2"))
kinds = {
    "parameter": Parameter(name="lr", value="0.1", parameter_type="number"),
    "dataset": DataSet(name="train", uri="s3://train"),
}
if release == "0.3.11":  # later releases want the step of a metric as a string, which no server sends
    kinds["metric"] = Metric(name="auc", value=0.93, step=3)
for name, x in kinds.items():
    stored = run(api.upsert_model_version_artifact(x, v.id))
    same(name, stored.name, x.name)
listed = run(api.get_model_version_artifacts(v.id))
same("artifacts", sorted(x.name for x in listed), sorted(["card", "fraud"] + [x.name for x in kinds.values()]))
print(json.dumps({"release": release, "model": m.id, "version": v.id, "kinds": sorted(kinds)}))
