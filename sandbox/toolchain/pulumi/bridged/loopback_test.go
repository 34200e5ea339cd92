package bridged

import "testing"

func TestRefusesWhatIsNotThisMachine(t *testing.T) {
	for _, address := range []string{
		"https://api.github.com/", "http://10.0.0.1:4566", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"//127.0.0.1@example.com", "http://[2001:db8::1]", "ecs.amazonaws.com", "http://%zz",
	} {
		if Check("X", address) == nil {
			t.Errorf("%s passes", address)
		}
	}
	for _, address := range []string{"http://127.0.0.1:4566", "http://localhost:4567/api/v3/", "http://[::1]:1", "http://x.localhost"} {
		if err := Check("X", address); err != nil {
			t.Error(err)
		}
	}
}

func TestRequire(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"nothing set":         {},
		"another service":     {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_ECS": "https://ecs.amazonaws.com"},
		"ignored":             {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
		"GitHub is elsewhere": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "GITHUB_BASE_URL": "https://api.github.com/"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "GITHUB_BASE_URL"} {
				t.Setenv(name, variables[name])
			}
			if Require("AWS_ENDPOINT_URL") == nil {
				t.Error("passes")
			}
		})
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if err := Require("AWS_ENDPOINT_URL"); err != nil {
		t.Error(err)
	}
}
