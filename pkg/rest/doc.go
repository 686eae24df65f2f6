// Package rest serves the entities of a registry over HTTP, as JSON. An [API],
// which is generated from a spec, says which entities are served, under which
// paths, and with which members.
package rest
