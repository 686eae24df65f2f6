"""Serves the published C++ core of MLMD over gRPC, for tests that compare with it.

The package ml-metadata carries the original store; its functions take and return serialized messages. This server hands each
method of ml_metadata.MetadataStoreService to the function of the same name and answers with the status that comes back.

One process serves many stores that know nothing of each other: a call that carries the metadata "mlmd-store: NAME" goes to the
store of that name, which is made by its first call. The service mlmd.reference.Stores has two methods, both with empty messages:
Ping, so that a client can tell that names are understood, and Drop, which forgets the store that the call names. The methods that
the original server does not implement are UNIMPLEMENTED here too.

Needs Python 3.9 to 3.11 with the packages ml-metadata and grpcio; setup.sh makes such an environment.
"""

import argparse
import signal
import sys
import threading
from concurrent import futures
from urllib import parse

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as core
from ml_metadata.proto import metadata_store_pb2

SERVICE = "ml_metadata.MetadataStoreService"
STORES = "mlmd.reference.Stores"
STORE_KEY = "mlmd-store"
NOT_SERVED = frozenset(["GetParentContextsByContexts", "GetChildrenContextsByContexts", "GetLineageGraph"])
STATUS = {code.value[0]: code for code in grpc.StatusCode}


def sqlite(text, name):
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = text + ("-" + name if name else "")
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def server_and_database(text, name):
    url = parse.urlsplit("//" + text)
    database = url.path.lstrip("/") + ("_" + name if name else "")
    return url.hostname, url.port, database, dict(parse.parse_qsl(url.query))


def mysql(text, name):
    host, port, database, query = server_and_database(text, name)
    config = metadata_store_pb2.ConnectionConfig()
    config.mysql.host, config.mysql.port, config.mysql.database = host, port or 3306, database
    config.mysql.user, config.mysql.password = query.get("user", "root"), query.get("password", "")
    return config


def postgres(text, name):
    host, port, database, query = server_and_database(text, name)
    config = metadata_store_pb2.ConnectionConfig()
    config.postgresql.host, config.postgresql.port, config.postgresql.dbname = host, str(port or 5432), database
    config.postgresql.user, config.postgresql.password = query.get("user", "postgres"), query.get("password", "")
    config.postgresql.ssloption.sslmode = "disable"
    return config


def memory(_text, _name):
    config = metadata_store_pb2.ConnectionConfig()
    config.fake_database.SetInParent()
    return config


class Store:
    """One store of the core. It is one connection, so calls take turns."""

    def __init__(self, config):
        self._config = config.SerializeToString()
        self._store = None
        self._turn = threading.Lock()

    def call(self, function, request):
        with self._turn:
            if self._store is None:
                self._store = core.CreateMetadataStore(self._config, b"")
            return function(self._store, request)


class StorePerCall:
    """Opens the database anew for every call, as the original server does."""

    def __init__(self, config):
        self._config = config.SerializeToString()

    def call(self, function, request):
        return function(core.CreateMetadataStore(self._config, b""), request)


class Stores:
    """The stores by name; the store without a name is the one that plain clients use."""

    def __init__(self, configure, make):
        self._configure, self._make = configure, make
        self._named = {}
        self._turn = threading.Lock()

    def get(self, name):
        with self._turn:
            if name not in self._named:
                self._named[name] = self._make(self._configure(name))
            return self._named[name]

    def drop(self, name):
        with self._turn:
            self._named.pop(name, None)


def store_name(context):
    return dict(context.invocation_metadata()).get(STORE_KEY, "")


class Front(grpc.GenericRpcHandler):
    """Finds the function of the core that a method stands for."""

    def __init__(self, stores):
        self._stores = stores

    def service(self, details):
        service, _, method = details.method.lstrip("/").partition("/")
        if service == STORES and method in ("Ping", "Drop"):
            return grpc.unary_unary_rpc_method_handler(self._drop if method == "Drop" else self._ping)
        if service != SERVICE or method in NOT_SERVED or not hasattr(core, method):
            return None
        return grpc.unary_unary_rpc_method_handler(self._forward(getattr(core, method)))

    def _forward(self, function):
        def handle(request, context):
            try:
                reply, message, code = self._stores.get(store_name(context)).call(function, request)
            except RuntimeError as error:  # the database could not be opened
                context.abort(grpc.StatusCode.INTERNAL, str(error))
            if code:
                context.abort(STATUS[code], message.decode("utf-8", "replace"))
            return reply

        return handle

    def _drop(self, _request, context):
        self._stores.drop(store_name(context))
        return b""

    def _ping(self, _request, _context):
        return b""


def arguments():
    parser = argparse.ArgumentParser(description="Serves the published core of MLMD over gRPC; in memory unless a database is named.")
    parser.add_argument("--address", default="127.0.0.1:8080", help="host and port; port 0 takes a free one")
    database = parser.add_mutually_exclusive_group()
    database.add_argument("--sqlite", metavar="FILE")
    database.add_argument("--mysql", metavar="HOST:PORT/DATABASE?user=U&password=P")
    database.add_argument("--postgres", metavar="HOST:PORT/DATABASE?user=U&password=P")
    parser.add_argument("--connection-per-call", action="store_true", help="open the database for every call, as the original server does")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the program at the other end of standard input")
    args = parser.parse_args()
    if args.connection_per_call and not (args.sqlite or args.mysql or args.postgres):
        parser.error("--connection-per-call needs a database: in memory nothing would be kept between two calls")
    return args


def configuration(args):
    for text, configure in ((args.sqlite, sqlite), (args.mysql, mysql), (args.postgres, postgres)):
        if text:
            return lambda name: configure(text, name)
    return lambda name: memory("", name)


def main():
    args = arguments()
    stores = Stores(configuration(args), StorePerCall if args.connection_per_call else Store)
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=limits)
    server.add_generic_rpc_handlers((Front(stores),))
    port = server.add_insecure_port(args.address)
    server.start()
    print("serving", args.address.rpartition(":")[0] + ":" + str(port), flush=True)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: server.stop(1))
    if args.until_stdin_closes:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), server.stop(1)), daemon=True).start()
    server.wait_for_termination()
    return 0


if __name__ == "__main__":
    sys.exit(main())
