package capabilities

import "github.com/invopop/jsonschema"

// Network is a mobile-money operator in one country. Its id is the same for
// every provider: operator and country, such as "moov_tg".
type Network struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Country  string   `json:"country"` // ISO 3166-1 alpha-2
	Currency Currency `json:"currency"`
}

// NetworkID is the id of a Network in an input.
type NetworkID string

// JSONSchema implements the schema reflector's customisation.
func (NetworkID) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Extras: map[string]any{"x-role": RoleNetwork}}
}

// Reference is the merchant's own unique id of one payment.
type Reference string

// JSONSchema implements the schema reflector's customisation.
func (Reference) JSONSchema() *jsonschema.Schema { return referenceSchema(RoleReference) }

// OriginalReference is the Reference of an earlier payment, which is given
// back.
type OriginalReference string

// JSONSchema implements the schema reflector's customisation.
func (OriginalReference) JSONSchema() *jsonschema.Schema {
	return referenceSchema(RoleOriginalReference)
}

func referenceSchema(r Role) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^[A-Za-z0-9_-]+$`, Extras: map[string]any{"x-role": r}}
}
