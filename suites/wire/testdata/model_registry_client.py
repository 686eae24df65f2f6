"""Runs the model registry's own client for Python of the years in which it spoke to an MLMD server.

    model_registry_client.py FOLDER ADDRESS register MODEL VERSION
    model_registry_client.py FOLDER ADDRESS describe MODEL TEXT
    model_registry_client.py FOLDER ADDRESS read MODEL VERSION

FOLDER is where the package model-registry is installed. read prints what the client sees as JSON.
"""

import json
import sys

folder, address, command, name, argument = sys.argv[1:]
sys.path.insert(0, folder)

from model_registry import ModelRegistry  # noqa: E402

host, port = address.rsplit(":", 1)
registry = ModelRegistry(host, int(port), "ada")


def seen(entity):
    hidden = ("create_time_since_epoch", "last_update_time_since_epoch")
    return {k: getattr(v, "name", v) for k, v in vars(entity).items() if k[0] != "_" and k not in hidden}


if command == "register":
    registry.register_model(
        name,
        "s3://" + name,
        version=argument,
        description="by the older client",
        model_format_name="onnx",
        model_format_version="1",
        storage_key="key",
        storage_path="path",
        service_account_name="account",
    )
elif command == "describe":
    model = registry.get_registered_model(name)
    model.description = argument
    registry._api.upsert_registered_model(model)
else:
    model = registry.get_registered_model(name)
    version = registry.get_model_version(name, argument)
    json.dump(
        {
            "model": seen(model),
            "version": seen(version),
            "artifact": seen(registry.get_model_artifact(name, argument)),
            "models": [m.name for m in registry._api.get_registered_models()],
            "versions": [v.name for v in registry._api.get_model_versions(model.id)],
            "artifacts": [a.name for a in registry._api.get_model_artifacts(version.id)],
        },
        sys.stdout,
    )
