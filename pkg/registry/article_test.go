package registry

import "testing"

func TestWithArticle(t *testing.T) {
	for name, want := range map[string]string{
		"Prompt": "a Prompt", "EvaluationReport": "an EvaluationReport", "Answer": "an Answer", "URLSource": "a URLSource",
		"User":    "a User",
		"MLModel": "an MLModel", "kf.ModelVersion": "a kf.ModelVersion", "odh.x": "an odh.x", "Über": "a Über", "": "a ",
		"I": "an I",
	} {
		if got := withArticle(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
