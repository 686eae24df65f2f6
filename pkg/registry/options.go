package registry

// An Option configures a [Client]. Both [New] and [Dial] take it.
type Option interface {
	DialOption
	applyClient(*clientConfig)
}

// A DialOption configures the connection that [Dial] makes.
type DialOption interface {
	applyDial(*dialConfig)
}

// clientConfig holds the options of a client.
type clientConfig struct {
	prefix string
}

type clientOption func(*clientConfig)

func (f clientOption) applyClient(o *clientConfig) { f(o) }
func (f clientOption) applyDial(d *dialConfig)     { f(&d.client) }

type dialOption func(*dialConfig)

func (f dialOption) applyDial(d *dialConfig) { f(d) }

// WithTypePrefix makes the client use types whose names begin with prefix
// instead of "kf.". Stores created before 2024-02-26 have "odh." or "kfmr.".
// The types of a store are not renamed, and a client sees the entities of one
// prefix only.
func WithTypePrefix(prefix string) Option {
	return clientOption(func(o *clientConfig) { o.prefix = prefix })
}
