package registry

// An Option changes what a [Client] does. [New] and [Dial] take it.
type Option interface {
	DialOption
	applyClient(*options)
}

// A DialOption changes how [Dial] reaches a server.
type DialOption interface {
	applyDial(*dialing)
}

// options are those of a client.
type options struct {
	prefix string
}

type clientOption func(*options)

func (f clientOption) applyClient(o *options) { f(o) }
func (f clientOption) applyDial(d *dialing)   { f(&d.client) }

type dialOption func(*dialing)

func (f dialOption) applyDial(d *dialing) { f(d) }

// WithTypePrefix makes the client use types whose names begin with prefix instead
// of "kf.": "odh." and "kfmr." are those that stores before 2024-02-26 have. A
// store keeps what it has; a client sees one prefix only.
func WithTypePrefix(prefix string) Option {
	return clientOption(func(o *options) { o.prefix = prefix })
}
