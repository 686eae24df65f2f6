//go:build linux

package cluster_test

import (
	"slices"
	"testing"

	"github.com/mlmd-go/sdk/pkg/store"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

func TestConformance(t *testing.T) {
	c := theCluster(t)
	shared := c.nodes[0].open(t, c.fresh())
	for _, one := range storetest.Cases() {
		t.Run(one.Name, func(t *testing.T) {
			if one.CorruptsStore || slices.Contains(one.Requires, storetest.EmptyStore) {
				own := c.nodes[0].open(t, c.fresh(), store.WithMaxConns(4))
				one.Check(t, own, append(storetest.EngineCapabilities(), storetest.EmptyStore))
				return
			}
			one.Check(t, shared, storetest.EngineCapabilities())
		})
	}
}
