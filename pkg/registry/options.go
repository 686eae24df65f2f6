package registry

// An Option changes what a [Client] does. [New] and [Dial] take it.
type Option interface {
	DialOption
	applyClient(*clientConfig)
}

// A DialOption changes how [Dial] reaches a server.
type DialOption interface {
	applyDial(*dialConfig)
}

// clientConfig are those of a client.
type clientConfig struct {
	prefix string
}

type clientOption func(*clientConfig)

func (f clientOption) applyClient(o *clientConfig) { f(o) }
func (f clientOption) applyDial(d *dialConfig)     { f(&d.client) }

type dialOption func(*dialConfig)

func (f dialOption) applyDial(d *dialConfig) { f(d) }

// WithTypePrefix makes the client use types whose names begin with prefix instead
// of "kf.": "odh." and "kfmr." are those that stores before 2024-02-26 have. A
// store keeps what it has; a client sees one prefix only.
func WithTypePrefix(prefix string) Option {
	return clientOption(func(o *clientConfig) { o.prefix = prefix })
}
