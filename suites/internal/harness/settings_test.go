package harness

import (
	"reflect"
	"testing"
)

func TestTheArmsGetTheSettingsThatTheRunStores(t *testing.T) {
	settings := map[string]any{"Batch": map[string]any{"Bytes": 1.0}}
	s := &Suite{o: Options{Settings: settings}}
	if got := s.lockstepOptions(0).Settings; !reflect.DeepEqual(got, settings) {
		t.Errorf("the arms get %v, want %v", got, settings)
	}
}
