package mobipay

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
)

// extra is one value of the object extra, in which MobiPay takes what only some
// networks want.
type extra struct {
	name  string // as MobiPay and the table of networks call it
	value string
}

// extras marshal as one object, in their order: it is the order that is signed.
type extras []extra

// MarshalJSON implements json.Marshaler.
func (e extras) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, one := range e {
		if i > 0 {
			b.WriteByte(',')
		}
		pair, err := json.Marshal(map[string]string{one.name: one.value})
		if err != nil {
			return nil, err
		}
		b.Write(pair[1 : len(pair)-1])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (e extras) has(name string) bool {
	return slices.ContainsFunc(e, func(one extra) bool { return one.name == name })
}

// words say what a field of extra is.
type words struct {
	field string // of our inputs
	what  string
	// general says that it may be given to any network: it tells who the customer
	// is. The others steer what happens, so a network that has no use for them
	// is most likely another one than the caller had in mind.
	general bool
	// form is what a value has to look like, and formed says it; any may be given
	// where there is none.
	form   *regexp.Regexp
	formed string
}

var (
	bankCode = regexp.MustCompile(`^[0-9]{3,9}$`)
	bic      = regexp.MustCompile(`^[A-Za-z0-9]{8}([A-Za-z0-9]{3})?$`)
)

// wordsFor returns the words for a field of extra, by MobiPay's name.
func wordsFor(name string) (words, bool) {
	w, known := map[string]words{
		"customer_name":       {field: "customer_name", what: "the customer's full name", general: true},
		"customer_email":      {field: "customer_email", what: "the customer's e-mail address", general: true},
		"otp":                 {field: "otp", what: "the code that the customer got from the operator"},
		"return_url":          {field: "return_url", what: "where the customer goes after paying"},
		"bank_code":           {field: "bank", what: "the bank's code", form: bankCode, formed: "a bank code of 3 to 9 digits"},
		"bic":                 {field: "bank", what: "the bank's BIC", form: bic, formed: "a BIC of 8 or 11 letters and digits"},
		"customer_doc_type":   {field: "customer_doc_type", what: "the kind of the customer's document"},
		"customer_doc_number": {field: "customer_doc_number", what: "the number of the customer's document"},
	}[name]
	return w, known
}

// bankIn is the field in which a network takes the bank; none if it takes none.
func (r *rule) bankIn() string {
	for _, name := range slices.Concat(r.Requires, r.Takes) {
		if w, _ := wordsFor(name); w.field == "bank" {
			return name
		}
	}
	return ""
}

// inputs are names of extra's fields as our inputs call them.
func inputs(names []string) []string {
	var fields []string
	for _, name := range names {
		w, _ := wordsFor(name)
		fields = append(fields, w.field)
	}
	return fields
}
