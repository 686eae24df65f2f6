package admission

import "sync"

// A Room bounds what clients hold for as long as they like, such as replies that
// they do not receive. When it is full, the client that holds most gives way. It
// is safe for concurrent use.
type Room struct {
	limit int64

	mu    sync.Mutex
	held  int64
	names map[string]*occupant
}

// An occupant is what the connections of a name hold.
type occupant struct {
	held        int64
	connections map[string]*connectionRoom
}

// A connectionRoom is what one connection holds.
type connectionRoom struct {
	held  int64
	stays map[*stay]struct{}
}

type stay struct {
	client Client
	size   int64
	end    func()
}

// NewRoom returns a Room for a sum of sizes.
func NewRoom(limit int64) *Room {
	return &Room{limit: limit, names: make(map[string]*occupant)}
}

// Enter takes part of the room for the client, until leave is called. If the room
// is full, it calls the end functions of others, which must return at once, and
// counts them as gone. It reports false if no other client holds more.
func (r *Room) Enter(client Client, size int64, end func()) (leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.held+size > r.limit {
		if !r.evict(client, size) {
			return nil, false
		}
	}
	s := &stay{client, size, end}
	o := r.names[client.Name]
	if o == nil {
		o = &occupant{connections: make(map[string]*connectionRoom)}
		r.names[client.Name] = o
	}
	c := o.connections[client.Connection]
	if c == nil {
		c = &connectionRoom{stays: make(map[*stay]struct{})}
		o.connections[client.Connection] = c
	}
	c.stays[s] = struct{}{}
	r.held, o.held, c.held = r.held+size, o.held+size, c.held+size
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.remove(s)
	}, true
}

// Forget removes what a connection, of whatever name, holds.
func (r *Room) Forget(connection string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, o := range r.names {
		c := o.connections[connection]
		if c == nil {
			continue
		}
		r.held, o.held = r.held-c.held, o.held-c.held
		delete(o.connections, connection)
		if len(o.connections) == 0 {
			delete(r.names, name)
		}
	}
}

// evict ends what one of the connection that holds most, of the name that holds
// most, holds. It reports false if the client would then hold more than that.
func (r *Room) evict(client Client, size int64) bool {
	most := greatest(r.names, func(o *occupant) int64 { return o.held })
	if most == nil {
		return false
	}
	conn := greatest(most.connections, func(c *connectionRoom) int64 { return c.held })
	own := r.names[client.Name]
	if own != most {
		if own != nil && most.held <= own.held+size || most.held <= size {
			return false
		}
	} else {
		mine := own.connections[client.Connection]
		if mine != nil && conn.held <= mine.held+size || conn.held <= size {
			return false
		}
	}
	for s := range conn.stays {
		r.remove(s)
		s.end()
		return true
	}
	return false
}

// remove removes a stay, unless it has been removed.
func (r *Room) remove(s *stay) {
	o := r.names[s.client.Name]
	if o == nil {
		return
	}
	c := o.connections[s.client.Connection]
	if c == nil {
		return
	}
	if _, stays := c.stays[s]; !stays {
		return
	}
	delete(c.stays, s)
	r.held, o.held, c.held = r.held-s.size, o.held-s.size, c.held-s.size
	if len(c.stays) == 0 {
		delete(o.connections, s.client.Connection)
	}
	if len(o.connections) == 0 {
		delete(r.names, s.client.Name)
	}
}
