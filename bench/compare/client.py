"""Does and times the operations of the comparison with MLMD's C++ core or with MLflow, through their Python clients.

Started by the program beside it with the name of the client, the number of models, the largest number of writers,
and two files for the databases; without files, the core's databases are in memory. It prints a line of JSON when the
databases are filled, and then one for each line of JSON that it reads:

  {"op": "find", "seconds": 0.4}     calls in turn, of which it prints the durations in nanoseconds
  {"writers": 16, "seconds": 0.8}    writers at once: how many writes ended in time, how many failed, the longest

The first database is only read. The writers of a file are processes, which are forked before a database is open.
"""
import json
import multiprocessing
import os
import platform
import queue
import shutil
import signal
import sys
import threading
import time

clock = time.perf_counter_ns


class Core:
    """A database through ml_metadata.MetadataStore."""

    lacks = ()

    @staticmethod
    def version():
        import ml_metadata

        return f"ml-metadata {ml_metadata.__version__}, Python {platform.python_version()}"

    def __init__(self, file):
        import ml_metadata
        from ml_metadata import proto

        self.ml_metadata, self.proto = ml_metadata, proto
        config = proto.ConnectionConfig()
        if file:
            config.sqlite.filename_uri = file
            config.sqlite.connection_mode = proto.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        else:
            config.fake_database.SetInParent()
        self.store = ml_metadata.MetadataStore(config)
        model = self.type(proto.ContextType, "kf.RegisteredModel", "description", "owner")
        self.model_type = self.store.put_context_type(model)
        self.version_type = self.store.put_context_type(self.type(proto.ContextType, "kf.ModelVersion", "author"))
        self.artifact_type = self.store.put_artifact_type(self.type(proto.ArtifactType, "kf.ModelArtifact"))

    @staticmethod
    def type(kind, name, *properties):
        from ml_metadata.proto import metadata_store_pb2

        t = kind(name=name)
        for p in properties:
            t.properties[p] = metadata_store_pb2.STRING
        return t

    def model(self, name, owner):
        m = self.proto.Context(type_id=self.model_type, name=name)
        m.properties["description"].string_value = "card fraud"
        m.properties["owner"].string_value = owner
        return m

    def fill(self, models):
        self.ids = self.store.put_contexts([self.model(*m) for m in models])

    def write(self, name):
        return self.store.put_contexts([self.model(name, "new")])[0]

    def register(self, name):
        model = self.write(name)
        version = self.proto.Context(type_id=self.version_type, name=f"{model}:v1")
        version.properties["author"].string_value = "ada"
        (version,) = self.store.put_contexts([version])
        self.store.put_parent_contexts([self.proto.ParentContext(child_id=version, parent_id=model)])
        artifact = self.proto.Artifact(type_id=self.artifact_type, name=f"{version}:weights", uri="s3://models/fraud/1")
        (artifact,) = self.store.put_artifacts([artifact])
        self.store.put_attributions_and_associations(
            [self.proto.Attribution(context_id=version, artifact_id=artifact)], []
        )

    def get(self, i, name):
        return self.store.get_contexts_by_id([self.ids[i]])

    def find(self, name):
        return self.store.get_context_by_type_and_name("kf.RegisteredModel", name)

    def page(self, size):
        return self.list(size, "type = 'kf.RegisteredModel'")

    def filter(self, owner):
        return self.list(100, f"type = 'kf.RegisteredModel' AND properties.owner.string_value = '{owner}'")

    def list(self, size, condition):
        return self.store.get_contexts(self.ml_metadata.ListOptions(limit=size, filter_query=condition))


class MLflow:
    """A database through MlflowClient, which uses it without a server."""

    lacks = ("get",)  # a model has no ID besides its name

    @staticmethod
    def version():
        import mlflow
        import mlflow.store.model_registry.sqlalchemy_store  # which each writer would import by itself
        import mlflow.store.tracking.sqlalchemy_store
        import sqlalchemy
        import sqlite3

        return (
            f"MLflow {mlflow.__version__}, SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version}, "
            f"Python {platform.python_version()}"
        )

    def __init__(self, file):
        from mlflow import MlflowClient

        self.client = MlflowClient(tracking_uri="sqlite:///" + file, registry_uri="sqlite:///" + file)
        self.page(1)  # makes the tables

    def fill(self, models):
        for name, owner in models:
            self.client.create_registered_model(name, tags={"owner": owner}, description="card fraud")

    def write(self, name):
        self.client.create_registered_model(name, tags={"owner": "new"}, description="card fraud")

    def register(self, name):
        self.write(name)
        self.client.create_model_version(name, source="s3://models/fraud/1", tags={"author": "ada"})

    def find(self, name):
        return self.client.get_registered_model(name)

    def page(self, size):
        return self.client.search_registered_models(max_results=size)

    def filter(self, owner):
        return self.client.search_registered_models(f"tags.owner = '{owner}'", max_results=100)


clients = {"core": Core, "mlflow": MLflow}


def write_until(store, label, begin, end, lock=None):
    """Writes models from begin until end, in nanoseconds of the clock. A write that ends later does not count."""
    result = {"stored": 0, "failed": 0, "longest": 0, "failure": ""}
    time.sleep(max(0, begin - clock()) / 1e9)
    n, now = 0, clock()
    while now < end:
        n += 1
        try:
            if lock:
                with lock:
                    store.write(f"{label}-{n}")
            else:
                store.write(f"{label}-{n}")
            failure = ""
        except Exception as e:
            failure = " ".join(str(e).split())[:100] or repr(e)
        began, now = now, clock()
        result["longest"] = max(result["longest"], now - began)
        if failure:
            result["failed"], result["failure"] = result["failed"] + 1, failure
        elif now <= end:
            result["stored"] += 1
    return result


def writer_process(number, client, file, mine, others):
    """Runs in a process of its own until the pipe closes."""
    for other in others:
        other.close()  # so that only the main process holds the pipes open
    store = None
    while True:
        try:
            order = mine.recv()
        except EOFError:
            return
        if store is None:
            store = client(file)
            mine.send({})
        else:
            mine.send(write_until(store, f"{order['label']}-{number}", order["begin"], order["end"]))


class Writers:
    def __init__(self, client, file, count):
        fork = multiprocessing.get_context("fork")
        self.pipes = []
        for number in range(count):
            main, mine = fork.Pipe()
            self.pipes.append(main)
            args = (number, client, file, mine, list(self.pipes))
            fork.Process(target=writer_process, args=args, daemon=True).start()
            mine.close()

    def open(self):
        for pipe in self.pipes:
            pipe.send({})
        for pipe in self.pipes:
            pipe.recv()

    def run(self, count, label, begin, end):
        for pipe in self.pipes[:count]:
            pipe.send({"label": label, "begin": begin, "end": end})
        return [pipe.recv() for pipe in self.pipes[:count]]


class Threads:
    """The writers of a database in memory, which only one store has. They take turns."""

    def __init__(self, store):
        self.store, self.lock = store, threading.Lock()

    def run(self, count, label, begin, end):
        results = [None] * count

        def write(number):
            results[number] = write_until(self.store, f"{label}-{number}", begin, end, self.lock)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(count)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return results


class Session:
    def __init__(self, client, models, files, writers):
        self.client, self.count, self.calls = client, models, 0
        made = [(f"model-{i}", f"owner-{i // 10}") for i in range(models)]
        if files:
            self.writers = writers
            self.reads = client(files[0])
            self.reads.fill(made)
            shutil.copyfile(*files)
            self.writes = client(files[1])
            self.writers.open()
        else:
            self.reads, self.writes = client(""), client("")
            self.reads.fill(made)
            self.writes.fill(made)
            self.writers = Threads(self.writes)

    def call(self, op):
        """Returns how many entities op found, and how many it should have."""
        self.calls += 1
        i = self.calls * 7919 % self.count
        if op == "register":
            self.writes.register(f"registered-{self.calls}")
            return 1, 1
        if op == "get":
            return len(self.reads.get(i, f"model-{i}")), 1
        if op == "find":
            return self.reads.find(f"model-{i}").name == f"model-{i}", 1
        if op == "page":
            return len(self.reads.page(100)), min(100, self.count)
        if op == "filter":
            return len(self.reads.filter(f"owner-{i // 10}")), 10
        raise ValueError(f"no operation {op}")

    def times(self, op, seconds):
        took, end = [], clock() + int(seconds * 1e9)
        while not took or clock() < end:
            began = clock()
            found, want = self.call(op)
            took.append(clock() - began)
            if found != want:
                raise ValueError(f"{op} found {found} entities, want {want}")
        return {"took": took}

    def write(self, count, seconds):
        self.calls += 1
        begin = clock() + 20_000_000  # until then all writers have their order
        results = self.writers.run(count, f"written-{self.calls}", begin, begin + int(seconds * 1e9))
        return {
            "stored": sum(r["stored"] for r in results),
            "failed": sum(r["failed"] for r in results),
            "longest": max(r["longest"] for r in results),
            "failure": max(r["failure"] for r in results),
        }

    def answer(self, request):
        if "writers" in request:
            return self.write(request["writers"], request["seconds"])
        if request["op"] in self.client.lacks:
            return {"lacking": True}
        return self.times(request["op"], request["seconds"])


def listen():
    """Returns a queue of the lines of the input. At its end the process and its writers end, whatever they do."""
    lines = queue.SimpleQueue()

    def read():
        for line in sys.stdin:
            lines.put(line)
        for writer in multiprocessing.active_children():
            writer.kill()
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that started this one closes the pipe
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_LOGGING_LEVEL="ERROR")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print

    def send(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        client = clients[sys.argv[1]]
        try:
            version = client.version()
        except ImportError as e:
            send({"missing": str(e)})
            return
        files = sys.argv[4:]
        writers = Writers(client, files[1], int(sys.argv[3])) if files else None
        lines = listen()  # a thread, so it comes after the processes are forked
        session = Session(client, int(sys.argv[2]), files, writers)
        send({"version": version})
        while True:
            send(session.answer(json.loads(lines.get())))
    except Exception as e:
        send({"error": f"{type(e).__name__}: {e}"})
        raise


if __name__ == "__main__":
    main()
