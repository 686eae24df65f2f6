"""Drives the published Python client of the model registry against the server at the URL in the first argument."""

import asyncio
import json
import pathlib
import sys
import tempfile
import types
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import mr_openapi
from model_registry import ModelRegistry
from model_registry.types import DataSet, DocArtifact, Metric, ModelArtifact, Parameter
from model_registry.utils import OCIParams

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
if release == "0.3.11":
    kinds["metric"] = Metric(name="auc", value=0.93, step=3)
for name, x in kinds.items():
    stored = run(api.upsert_model_version_artifact(x, v.id))
    same(name, stored.name, x.name)
    if name == "metric":
        same("step", (stored.value, stored.step), (0.93, 3))
if release != "0.3.11":
    # Its Metric has an integer for a step, which its own request refuses: only the layer below can send one.
    async def log():
        async with api.get_client() as client:
            metric = mr_openapi.Metric(name="auc", value=0.93, step="3")
            return await client.upsert_model_version_artifact(v.id, mr_openapi.Artifact(metric))

    metric = run(log()).actual_instance
    kinds["metric"] = Metric.from_basemodel(metric)
    same("step", (metric.value, metric.step, kinds["metric"].step), (0.93, "3", 3))
listed = run(api.get_model_version_artifacts(v.id))
same("artifacts", sorted(x.name for x in listed), sorted(["card", "fraud"] + [x.name for x in kinds.values()]))
same("artifacts by filter", [x.name for x in run(api.get_artifacts(filter_query="name = 'card'"))], ["card"])
same("model by id", run(api.get_registered_model_by_id(m.id)).name, "fraud")
same("model by external id", run(api.get_registered_model_by_params(external_id="none")), None)
same("version by id", run(api.get_model_version_by_id(v.id)).name, "v1")
same("version by params", run(api.get_model_version_by_params(registered_model_id=m.id, name="v1")).id, v.id)
same("artifact by id", run(api.get_model_artifact_by_id(a.id)).uri, "s3://elsewhere")
same("artifact by params", run(api.get_model_artifact_by_params(name="fraud", model_version_id=v.id)).id, a.id)
same("artifacts of a version", [x.id for x in run(api.get_model_artifacts(v.id))], [a.id])
same("all model artifacts", len(run(api.get_model_artifacts())), 7)
loose = run(api.upsert_model_artifact(ModelArtifact(name="loose", uri="s3://loose")))
same("an artifact of no version", (loose.name, loose.uri), ("loose", "s3://loose"))


def in_thread(coroutine):
    with ThreadPoolExecutor() as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def use():
    """Registers from within a running loop, as notebooks do."""
    notebook = ModelRegistry(host, int(port), author="ada", is_secure=False, async_runner=in_thread)
    return notebook.register_model("async", "s3://a", version="1", model_format_name="onnx", model_format_version="1")


same("async use", asyncio.run(use()).name, "async")

# Uploads go to a stand-in for the OCI tools, and the hub is one that answers from memory: there is no network.
layers = types.ModuleType("olot.basics")
layers.oci_layers_on_top = lambda *args, **kwargs: None
sys.modules.update({"olot": types.ModuleType("olot"), "olot.basics": layers})
sent = []


class Tools:
    def is_available(self):
        return True

    def pull(self, image, folder, **kwargs):
        sent.append(("pull", image))

    def push(self, folder, ref, **kwargs):
        sent.append(("push", ref))


with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "weights").write_text("0.5")
    up = reg.upload_artifact_and_register_model(
        "uploaded", folder, version="1", model_format_name="onnx", model_format_version="1",
        upload_params=OCIParams("base", "registry.local/uploaded:1", custom_oci_backend=Tools()),
    )
same("upload", (up.name, sent), ("uploaded", [("pull", "base"), ("push", "registry.local/uploaded:1")]))
same("its place", reg.get_model_artifact("uploaded", "1").uri, "oci://registry.local/uploaded:1")

hub = types.ModuleType("huggingface_hub")
card = types.SimpleNamespace(to_dict=lambda: {"license": "mit", "tags": ["x"]})
hub.HfApi = lambda: types.SimpleNamespace(
    model_info=lambda repo, revision: types.SimpleNamespace(id=repo, author="org", cardData=card))
hub.hf_hub_url = lambda repo, path, revision: f"https://hub.local/{repo}/{revision}/{path}"
hub.utils = types.SimpleNamespace(RepositoryNotFoundError=KeyError, RevisionNotFoundError=IndexError)
sys.modules["huggingface_hub"] = hub
hf = reg.register_hf_model("org/m", "w.onnx", version="1", model_format_name="onnx", model_format_version="1")
same("hub", hf.name, "org/m")
props = reg.get_model_version("org/m", "1").custom_properties
same("hub metadata", (props["model_author"], props["license"]), ("org", "mit"))

logged = ""
if release == "0.3.11":
    with reg.start_experiment_run(experiment_name="tuning") as exp:  # with run_name it never creates one
        exp.log_param("lr", "0.1")
        exp.log_metric("loss", 0.5, step=1)
        exp.log_dataset("train", uri="s3://train", source_type="s3", source="bucket")
        logged, name = exp.info.id, exp.info.name
    same("logs", sorted(x.name for x in reg.get_experiment_run_logs(run_id=logged)), ["loss", "lr", "train"])
    same("experiments", [x.name for x in reg.get_experiments()], ["tuning"])
    same("runs", [x.id for x in reg.get_experiment_runs(experiment_name="tuning")], [logged])
    same("run", reg.get_experiment_run(logged).name, name)
    with reg.start_experiment_run(experiment_name="tuning", run_id=logged) as exp:
        exp.log_metric("loss", 0.25, step=2)
    logs = {x.name: x for x in reg.get_experiment_run_logs(run_name=name, experiment_name="tuning")}
    same("the last value", logs["loss"].value, 0.25)
    same("create_experiment", reg.create_experiment("other").name, "other")
print(json.dumps({"release": release, "model": m.id, "version": v.id, "kinds": sorted(kinds), "run": logged}))
