"""Calls every method of the published Python client and prints what it answers, a line a call.

Without --address the client calls the published core in its own process; the answers of a server must be the same lines.
Times are left out: their order is checked here, their values differ in every run. A method of the client that is not called
is an error, so that a newer client cannot pass by what this program does not know.
"""
import argparse
import sys

from google.protobuf import json_format
from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

TIMES = {"create_time_since_epoch", "last_update_time_since_epoch", "milliseconds_since_epoch"}
NOT_CALLED = {"pipeline_asset"}  # a property without a call


def plain(value):
    """Turns an answer into text that does not depend on times or on the order in maps."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(plain(v) for v in value) + "]"
    if hasattr(value, "DESCRIPTOR"):
        copy = type(value)()
        copy.CopyFrom(value)
        forget_times(copy)
        return json_format.MessageToJson(copy, indent=None, sort_keys=True, preserving_proto_field_name=True)
    return repr(value)


def forget_times(message):
    for field, value in message.ListFields():
        if field.name in TIMES:
            assert value > 0, f"{field.full_name} is {value}"
            message.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for v in value if field.label == field.LABEL_REPEATED else [value]:
                forget_times(v)


class Recorder:
    """A store whose calls are printed."""

    def __init__(self, store):
        self.store, self.called = store, set()

    def __getattr__(self, name):
        method = getattr(self.store, name)

        def call(*args, **kwargs):
            self.called.add(name)
            try:
                answer = method(*args, **kwargs)
            except errors.StatusError as error:
                # what follows the first sentence may be a dump of the request in a form of the library's own
                print(f"{name}: {type(error).__name__}", flush=True)
                return None
            print(f"{name}: {plain(answer)}", flush=True)
            return answer

        return call

    def check(self):
        methods = {n for n in dir(type(self.store)) if not n.startswith("_")} - NOT_CALLED
        missing = sorted(methods - self.called)
        if missing:
            sys.exit(f"methods of the client that were not called: {missing}")


def types(s):
    model = pb.ArtifactType(name="Model", version="v1", description="a model", external_id="type-model")
    model.properties["accuracy"], model.properties["steps"], model.properties["owner"] = pb.DOUBLE, pb.INT, pb.STRING
    model.properties["layout"], model.properties["live"] = pb.STRUCT, pb.BOOLEAN
    train = pb.ExecutionType(name="Trainer", external_id="type-trainer")
    train.properties["image"] = pb.STRING
    project = pb.ContextType(name="Project", external_id="type-project")
    project.properties["goal"] = pb.STRING
    ids = s.put_artifact_type(model), s.put_execution_type(train), s.put_context_type(project)
    assert s.put_artifact_type(model) == ids[0]
    model.properties["more"] = pb.STRING
    s.put_artifact_type(model)  # refused: a field is new
    s.put_artifact_type(model, can_add_fields=True)
    s.put_execution_type(pb.ExecutionType(name="Trainer"), can_omit_fields=True)
    s.put_context_type(pb.ContextType())  # refused: no name

    s.get_artifact_type("Model", "v1")
    s.get_artifact_type("Model")  # refused: another version
    s.get_execution_type("Trainer")
    s.get_context_type("Project")
    s.get_artifact_types(), s.get_execution_types(), s.get_context_types()
    s.get_artifact_types_by_id([ids[0]]), s.get_execution_types_by_id([ids[1]]), s.get_context_types_by_id([ids[2], 12345])
    s.get_artifact_types_by_external_ids(["type-model"])
    s.get_execution_types_by_external_ids(["type-trainer"])
    s.get_context_types_by_external_ids(["type-project"])
    s.get_context_types_by_external_ids(["nobody"])
    return ids


def nodes(s, ids):
    model = pb.Artifact(type_id=ids[0], uri="s3://models/1", name="fraud", external_id="fraud-1", state=pb.Artifact.LIVE)
    model.properties["accuracy"].double_value, model.properties["steps"].int_value = 0.5, 1 << 40
    model.properties["owner"].string_value, model.properties["live"].bool_value = "Ada Žofie 日本", True
    model.properties["layout"].struct_value.update({"layers": [1, 2, {"kind": "dense"}], "none": None})
    model.custom_properties["note"].string_value = "it's 100% \"new\"\n"
    other = pb.Artifact(type_id=ids[0], uri="s3://models/2", name="spam")
    [fraud, spam] = s.put_artifacts([model, other])
    [run] = s.put_executions([pb.Execution(type_id=ids[1], name="run", last_known_state=pb.Execution.RUNNING)])
    [project, parent] = s.put_contexts([pb.Context(type_id=ids[2], name="risk"), pb.Context(type_id=ids[2], name="bank")])
    s.put_artifacts([pb.Artifact(type_id=ids[0], name="fraud")])  # refused: the name is taken
    s.put_artifacts([pb.Artifact(type_id=12345)])  # refused: no such type
    s.put_artifacts([pb.Artifact(id=12345, type_id=ids[0])])  # refused: no such artifact
    s.put_contexts([pb.Context(type_id=ids[2])])  # refused: no name

    changed = pb.Artifact(id=fraud, type_id=ids[0], uri="s3://models/3")
    changed.properties["steps"].int_value = 3
    s.put_artifacts([changed], field_mask_paths=["uri", "properties.steps"])
    s.put_executions([pb.Execution(id=run, type_id=ids[1], last_known_state=pb.Execution.COMPLETE)], field_mask_paths=["last_known_state"])
    s.put_contexts([pb.Context(id=project, type_id=ids[2], name="risk", external_id="risk-1")])

    s.get_artifacts_by_id([fraud, spam, 12345]), s.get_executions_by_id([run]), s.get_contexts_by_id([project])
    s.get_artifacts_and_types_by_artifact_ids([fraud])
    s.get_artifacts_by_type("Model", "v1"), s.get_executions_by_type("Trainer"), s.get_contexts_by_type("Project")
    s.get_artifacts_by_type("Nothing")
    s.get_artifact_by_type_and_name("Model", "fraud", "v1")
    s.get_execution_by_type_and_name("Trainer", "run"), s.get_context_by_type_and_name("Project", "risk")
    s.get_context_by_type_and_name("Project", "nothing")
    s.get_artifacts_by_uri("s3://models/3")
    s.get_artifacts_by_external_ids(["fraud-1"]), s.get_contexts_by_external_ids(["risk-1"])
    s.get_executions_by_external_ids(["nobody"])
    return fraud, spam, run, project, parent


def edges(s, ids, fraud, spam, run, project, parent):
    path = pb.Event.Path(steps=[pb.Event.Path.Step(key="model"), pb.Event.Path.Step(index=0)])
    s.put_events([pb.Event(artifact_id=fraud, execution_id=run, type=pb.Event.OUTPUT, path=path)])
    s.put_events([pb.Event(artifact_id=fraud, execution_id=12345, type=pb.Event.OUTPUT)])  # refused: no such execution
    s.put_attributions_and_associations(
        [pb.Attribution(artifact_id=fraud, context_id=project)], [pb.Association(execution_id=run, context_id=project)])
    s.put_parent_contexts([pb.ParentContext(child_id=project, parent_id=parent)])
    s.put_parent_contexts([pb.ParentContext(child_id=project, parent_id=parent)])  # refused: it is there
    s.get_events_by_artifact_ids([fraud]), s.get_events_by_execution_ids([run])
    s.get_contexts_by_artifact(fraud), s.get_contexts_by_execution(run), s.get_contexts_by_artifact(spam)
    s.get_artifacts_by_context(project), s.get_executions_by_context(project)
    s.get_parent_contexts_by_context(project), s.get_children_contexts_by_context(parent)

    made = pb.Artifact(type_id=ids[0], uri="s3://models/4", name="made", external_id="made-1")
    used = pb.Artifact(id=spam, type_id=ids[0], uri="s3://models/2")
    again = pb.Execution(type_id=ids[1], name="again")
    s.put_execution(
        again, [(made, pb.Event(type=pb.Event.OUTPUT)), (used, pb.Event(type=pb.Event.INPUT))],
        [pb.Context(type_id=ids[2], name="risk")], reuse_context_if_already_exist=True)
    s.put_execution(pb.Execution(type_id=ids[1], name="again"), [], [])  # refused: the name is taken
    s.put_lineage_subgraph(
        [pb.Execution(type_id=ids[1], name="third")],
        [pb.Artifact(type_id=ids[0], name="third-in"), pb.Artifact(type_id=ids[0], name="third-out")],
        [pb.Context(type_id=ids[2], name="risk")],
        [(0, 0, pb.Event(type=pb.Event.INPUT)), (0, 1, pb.Event(type=pb.Event.OUTPUT))],
        reuse_context_if_already_exist=True)
    s.put_lineage_subgraph([], [], [], [(0, 0, pb.Event(type=pb.Event.INPUT))])  # refused: there is no execution 0


def lists(s, fraud):
    options, order = metadata_store.ListOptions, metadata_store.OrderByField
    s.get_artifacts(), s.get_executions(), s.get_contexts()
    s.get_artifacts(options(limit=2, order_by=order.ID, is_asc=False))
    s.get_contexts(options(order_by=order.CREATE_TIME))
    s.get_executions(options(filter_query='name = "again" AND last_known_state IS NULL'))
    s.get_artifacts(options(filter_query='properties.steps.int_value = 3 AND contexts_a.name = "risk"'))
    s.get_artifacts(options(filter_query="uri LIKE 's3://models/%'", order_by=order.ID))
    s.get_artifacts(options(filter_query="nonsense ="))  # refused
    starts = pb.LineageSubgraphQueryOptions(
        starting_artifacts=pb.LineageSubgraphQueryOptions.StartingNodes(filter_query=f"id = {fraud}"), max_num_hops=2)
    s.get_lineage_subgraph(starts)
    s.get_lineage_subgraph(starts, ["artifacts", "events"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", metavar="HOST:PORT", help="the server; without it, the core in this process")
    parser.add_argument("--ca", metavar="FILE", help="certificates that the server's must come from: TLS")
    parser.add_argument("--cert", metavar="FILE", help="this client's certificate: mutual TLS")
    parser.add_argument("--key", metavar="FILE", help="its key")
    args = parser.parse_args()
    if args.address:
        host, _, port = args.address.rpartition(":")
        config = pb.MetadataStoreClientConfig(host=host, port=int(port), client_timeout_sec=30)
        for file, field in ((args.ca, "custom_ca"), (args.cert, "server_cert"), (args.key, "client_key")):
            if file:
                with open(file, encoding="ascii") as f:
                    setattr(config.ssl_config, field, f.read())
    else:
        config = pb.ConnectionConfig(fake_database=pb.FakeDatabaseConfig())
    s = Recorder(metadata_store.MetadataStore(config))
    ids = types(s)
    fraud, spam, run, project, parent = nodes(s, ids)
    edges(s, ids, fraud, spam, run, project, parent)
    lists(s, fraud)
    s.check()


if __name__ == "__main__":
    main()
