package lockstep

import (
	"strings"
	"testing"
)

func TestThisBinaryIsItsOwnArm(t *testing.T) {
	if IsArm() {
		t.Fatal("the test itself is taken for an arm")
	}
	o := options(t, "serve")
	var err error
	if o.Command, err = Self(); err != nil {
		t.Fatal(err)
	}
	if _, err := Repeat(t.Context(), scenario(t, "fixed"), 0, o); err != nil {
		t.Error(err)
	}
}

func TestAnArmWithoutACoordinatorFails(t *testing.T) {
	var out, errs strings.Builder
	if code := Main(scenarios(), strings.NewReader(""), &out, &errs); code != 1 || !strings.Contains(errs.String(), errHungUp.Error()) {
		t.Errorf("exit %d with %q, want 1 and why", code, errs.String())
	}
}
