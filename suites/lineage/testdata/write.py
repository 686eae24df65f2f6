"""Stores a training with the MLMD client, in the SQLite file that is the argument."""

import sys

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

config = pb.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
store = metadata_store.MetadataStore(config)

dataset = pb.ArtifactType(name="kf.DataSet")
dataset.properties["description"] = pb.STRING
dataset_type = store.put_artifact_type(dataset)
model_type = store.put_artifact_type(pb.ArtifactType(name="system.Model"))
train_type = store.put_execution_type(pb.ExecutionType(name="system.ContainerExecution"))
run_type = store.put_context_type(pb.ContextType(name="system.PipelineRun"))
pipeline_type = store.put_context_type(pb.ContextType(name="system.Pipeline"))

[pipeline] = store.put_contexts([pb.Context(type_id=pipeline_type, name="fraud")])
run = pb.Context(type_id=run_type, name="monday")
data = pb.Artifact(type_id=dataset_type, name="payments", uri="s3://payments", state=pb.Artifact.LIVE)
data.properties["description"].string_value = "from Python"
model = pb.Artifact(type_id=model_type, name="weights", uri="s3://weights", state=pb.Artifact.PENDING)


def event(kind, key):
    e = pb.Event(type=kind, milliseconds_since_epoch=1700000000000)
    e.path.steps.add().key = key
    e.path.steps.add().index = 0
    return e


_, _, [run_id] = store.put_execution(
    pb.Execution(type_id=train_type, name="train", last_known_state=pb.Execution.COMPLETE),
    [(data, event(pb.Event.DECLARED_INPUT, "rows")), (model, event(pb.Event.OUTPUT, "model"))],
    [run],
)
store.put_parent_contexts([pb.ParentContext(child_id=run_id, parent_id=pipeline)])
