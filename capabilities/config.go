package capabilities

import (
	"fmt"
	"reflect"
)

// Target is where a provider is to send its requests. The operator's
// configuration chooses it, never an input.
type Target struct {
	Environment string `json:"environment"`
	BaseURL     string `json:"base_url"`
}

// A configuration is a struct of strings whose tags declare each setting:
//
//	Password string `env:"ACME_PASSWORD" secret:"true" required:"true" hint:"in the dashboard under API keys"`
func configFields(t reflect.Type) ([]ConfigField, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("capabilities: %s is no struct of settings", t)
	}
	var fields []ConfigField
	for i := range t.NumField() {
		f := t.Field(i)
		c := ConfigField{
			Env:      f.Tag.Get("env"),
			Hint:     f.Tag.Get("hint"),
			Secret:   f.Tag.Get("secret") == "true",
			Required: f.Tag.Get("required") == "true",
		}
		if !f.IsExported() || f.Type.Kind() != reflect.String || c.Env == "" || c.Hint == "" {
			return nil, fmt.Errorf("capabilities: %s.%s: a setting is an exported string with the tags env and hint", t, f.Name)
		}
		fields = append(fields, c)
	}
	return fields, nil
}

func setConfig(config reflect.Value, values map[string]string) {
	for i := range config.NumField() {
		config.Field(i).SetString(values[config.Type().Field(i).Tag.Get("env")])
	}
}
