package relation

// A Link names neighbors of an entity of type F along one edge. It is an argument
// of registry.Record, Link and Unlink, which do not change it.
type Link[F any] Links

// Links is a [Link] from an entity of any type.
type Links struct {
	Relation *Relation
	Target   int // the index in Relation.To
	Nodes    []Node
}

// A Node is one end of a link: a value or an ID.
type Node struct {
	Value any // a pointer, nil if only the ID is known
	ID    string
	Key   string // the last step of the event's path, if the edge has a KeyStep
}

// To returns the link to the given entities. An entity with an ID is linked as it
// is stored. Others are stored first: registry.Record and Link upsert them.
func (e *Edge[F, T]) To(targets ...T) Link[F] {
	l := Link[F]{Relation: e.relation, Target: e.target, Nodes: make([]Node, len(targets))}
	for i, t := range targets {
		l.Nodes[i].Value = t
	}
	return l
}

// ToID returns the link to the stored entities with the given IDs.
func (e *Edge[F, T]) ToID(ids ...string) Link[F] {
	l := Link[F]{Relation: e.relation, Target: e.target, Nodes: make([]Node, len(ids))}
	for i, id := range ids {
		l.Nodes[i].ID = id
	}
	return l
}

// At returns the link to one entity under a key, which becomes the last step of
// the event's path. Only edges whose events have such a step take a key.
func (e *Edge[F, T]) At(key string, target T) Link[F] {
	return Link[F]{Relation: e.relation, Target: e.target, Nodes: []Node{{Value: target, Key: key}}}
}
