"""Validates bills of materials against the published JSON schema, and prints what the library reads.

Usage: validate_bills.py BILL...
"""

import json
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as f:
        text = f.read()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if error is not None:
        sys.exit(f"{file}: {error}")
    bom = Bom.from_json(json.loads(text))
    bom.validate()
    main = bom.metadata.component
    print(json.dumps([main.type.value, main.name, main.version, sorted(c.name for c in bom.components)]))
