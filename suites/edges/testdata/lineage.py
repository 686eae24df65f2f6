"""Reads or writes a training run with the published Python client, and prints JSON.

The store is a server (--address) or a SQLite file that the published core opens in this process (--file).
"""
import argparse
import json

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb


def path_of(event):
    return [s.index if s.WhichOneof("value") == "index" else s.key for s in event.path.steps]


def read(s, run):
    """Prints what the client finds about the execution with the ID."""
    events = s.get_events_by_execution_ids([run])
    names = {a.id: a.name for a in s.get_artifacts_by_id([e.artifact_id for e in events])}
    contexts = s.get_contexts_by_execution(run)
    options = pb.LineageSubgraphQueryOptions(
        starting_executions=pb.LineageSubgraphQueryOptions.StartingNodes(filter_query=f"id = {run}"),
        max_num_hops=1, direction=pb.LineageSubgraphQueryOptions.Direction.BIDIRECTIONAL)
    graph = s.get_lineage_subgraph(options)
    return {
        "events": sorted([pb.Event.Type.Name(e.type), names[e.artifact_id], path_of(e)] for e in events),
        "contexts": sorted(c.name for c in contexts),
        "graph": {
            "artifacts": sorted(a.name for a in graph.artifacts),
            "executions": sorted(e.name for e in graph.executions),
            "contexts": sorted(c.name for c in graph.contexts),
            "events": len(graph.events),
            "associations": len(graph.associations),
        },
    }


def write(s, name, project):
    """Stores a run with two inputs, an output and a context, of types that the Go program registered."""
    def artifact(type_name, suffix):
        return pb.Artifact(type_id=s.get_artifact_type(type_name).id, name=f"{name}-{suffix}")

    def event(kind, *steps):
        e = pb.Event(type=kind)
        for step in steps:
            if isinstance(step, int):
                e.path.steps.add().index = step
            else:
                e.path.steps.add().key = step
        return e

    [context] = s.get_contexts_by_id([project])
    run = pb.Execution(type_id=s.get_execution_type("training.TrainingRun").id, name=f"{project}:{name}")
    run_id, artifacts, contexts = s.put_execution(
        run,
        [
            (artifact("training.Dataset", "b"), event(pb.Event.INPUT, "examples", 1)),
            (artifact("training.Dataset", "a"), event(pb.Event.INPUT, "examples", 0)),
            (artifact("training.Dataset", "column"), event(pb.Event.INPUT, "features", "age")),
            (artifact("training.Dataset", "other"), event(pb.Event.INPUT)),
            (artifact("training.ModelVersion", "model"), event(pb.Event.OUTPUT)),
        ],
        [pb.Context(type_id=context.type_id, name=context.name)], reuse_context_if_already_exist=True)
    assert contexts == [project], contexts
    return {"run": run_id, "artifacts": artifacts}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", metavar="HOST:PORT")
    parser.add_argument("--file", metavar="FILE")
    parser.add_argument("--read", metavar="RUN", type=int)
    parser.add_argument("--write", metavar="NAME")
    parser.add_argument("--project", metavar="ID", type=int)
    args = parser.parse_args()
    if args.address:
        host, _, port = args.address.rpartition(":")
        config = pb.MetadataStoreClientConfig(host=host, port=int(port), client_timeout_sec=30)
    else:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = args.file
    s = metadata_store.MetadataStore(config)
    print(json.dumps(read(s, args.read) if args.read else write(s, args.write, args.project)))


if __name__ == "__main__":
    main()
