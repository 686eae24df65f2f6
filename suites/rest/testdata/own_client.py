"""Drives the entities of another spec by the client that openapi-python-client made of its document."""

import sys

from feature_store import Client
from feature_store.api.feature_group import create_feature_group, get_feature_group, get_feature_groups, update_feature_group
from feature_store.api.feature_table import create_feature_group_feature_table, find_feature_table, get_feature_group_feature_tables
from feature_store.models import (
    Error,
    FeatureGroup,
    FeatureGroupCreate,
    FeatureGroupUpdate,
    FeatureTableCreate,
    MetadataStringValue,
    MetadataStringValueMetadataType,
    FeatureTableCreateCustomProperties,
    QuerySource,
    QuerySourceKind,
    TableFormat,
)

client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)

group = create_feature_group.sync(client=client, body=FeatureGroupCreate(name="clicks", team="web-team"))
assert isinstance(group, FeatureGroup), group
assert [g.name for g in get_feature_groups.sync(client=client).items] == ["payments", "clicks"]

changed = update_feature_group.sync(group.id, client=client, body=FeatureGroupUpdate(description="what is clicked"))
assert changed.description == "what is clicked" and changed.team == "web-team", changed
assert get_feature_group.sync(group.id, client=client) == changed

properties = FeatureTableCreateCustomProperties()
properties["owner"] = MetadataStringValue(MetadataStringValueMetadataType.METADATASTRINGVALUE, "ada")
table = create_feature_group_feature_table.sync(
    group.id,
    client=client,
    body=FeatureTableCreate(
        name="pages", feature_group_id=group.id, format_=TableFormat.CSV, rows=3, tags=["daily"], custom_properties=properties,
        source=QuerySource(kind=QuerySourceKind.QUERY, sql="SELECT 1"),
    ),
)
assert isinstance(table.source, QuerySource) and table.source.sql == "SELECT 1", table
assert table.rows == 3 and table.custom_properties["owner"].string_value == "ada", table
assert get_feature_group_feature_tables.sync(group.id, client=client).items == [table]
assert find_feature_table.sync(client=client, name="pages", parent_resource_id=group.id) == table

again = create_feature_group.sync(client=client, body=FeatureGroupCreate(name="clicks", team="web-team"))
assert isinstance(again, Error) and again.code == "Conflict", again
